/** What `--help` says beside the options. */

/** Of the program. */
export const HELP = `
Examples:
  $ synseg-train phrases captions.tsv --out phrases.jsonl
  $ synseg-train train --data phrases.jsonl --init CIDAS/clipseg-rd64-refined --out runs/a --steps 10000 --batch-size 256
  $ synseg-train evaluate --model runs/a/last --dataset camvid --root data/camvid
  $ synseg-train export runs/a/best --out model --precision fp16

With --json, JSON goes to stdout, also for a failure ({"error": {code, message}}); progress and warnings go to stderr.

Exit codes:
  0    done; of "train" also after Ctrl-C
  1    failed: the data, the model, the device or a file
  2    the command line or the config file makes no sense
  130  ended by Ctrl-C; of "train" by a second one
`;

/** Of `create`. */
export const CREATE_HELP = `
Examples:
  $ synseg-train create captions.jsonl --out nano
  $ synseg-train train --data captions.jsonl --objective contrastive --init nano --out runs/encoders --evaluate-pairs held-out.jsonl
  $ synseg-train train --data captions.jsonl --recipe tags --init runs/encoders/best --out runs/head

What is written segments, though at random. --objective contrastive teaches its encoders, every other objective its decoder.
`;

/** Of `train`. */
export const TRAIN_HELP = `
Examples:
  $ synseg-train train --data "shards/{00000..00099}.tar" --phrases phrases.jsonl --init CIDAS/clipseg-rd64-refined --out runs/a
  $ synseg-train train --data tags.jsonl --init random --trunk ./backbone --recipe tags --steps 200 --batch-size 16 --out runs/b --json | tail -1
  $ synseg-train train --config run.json --steps 20000 --resume
  $ synseg-train train --data photos --objective masks --init ./checkpoint --out runs/c --augment flip,crop=0.5:1 --evaluate camvid:data/camvid:val

Every option of train() may stand in the config file, under its name there; a flag wins over it. A .ts file needs Deno,
Node 22.18 or later, or 23.6 or later. The configuration with all defaults goes to stderr and to config.json of the run.

Output:
  --json prints a line per step: step, losses, total, gradientNorm, imagesPerSecond, … The last line is the last of them
  with what came of the run: interrupted, seconds, out, checkpoint, best.

Ctrl-C finishes the step, saves, and ends with 0; a second one ends at once. --resume goes on from there, or from the last
save, bit for bit.
`;

/** Of `phrases`. */
export const PHRASES_HELP = `
Examples:
  $ synseg-train phrases cc12m.tsv --out phrases.jsonl                       # url<TAB>caption, no header
  $ synseg-train phrases annotations/captions_train2017.json --out phrases.jsonl --top 50 --json
  $ synseg-train exclusions > mine.txt; synseg-train phrases cc12m.tsv --exclude mine.txt --out phrases.jsonl

Memory does not grow with the file. Ctrl-C leaves no file.
`;

/** Of `evaluate`. */
export const EVALUATE_HELP = `
Examples:
  $ synseg-train evaluate --model runs/a/best --dataset camvid --root data/camvid --split test
  $ synseg-train evaluate --model runs/a/best --dataset ccp --root data/ccp --limit 100 --sheet worst.png --json
  $ synseg-train evaluate --model CIDAS/clipseg-rd64-refined --dataset index-png --root data/mine --views 5

A data set is a folder of pictures, index PNGs of the same names, and a classes.json. Each pixel takes the label with the
highest activation. The protocol is part of the result: compare only what was got under the same.
`;

/** Of `export`. */
export const EXPORT_HELP = `
Examples:
  $ synseg-train export runs/a/best --out model
  $ synseg-train export runs/a/step-5000 --out model --precision fp16 --overwrite
  $ synseg segment photo.jpg --model model --labels road,car
`;
