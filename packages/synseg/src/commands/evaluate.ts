/** `synseg evaluate`: the score of a checkpoint, with the protocol that it was measured under. */
import * as train from '@synseg/train';
import { EVALUATE_OPTIONS } from '@synseg/train/options';
import { command } from '../context.ts';
import { among } from '../flags.ts';
import { CHECKPOINT_FLAGS, modelOf } from '../model.ts';
import { grouped } from '../text.ts';

export const EVALUATE_FLAGS = { ...CHECKPOINT_FLAGS, ...EVALUATE_OPTIONS };

export const evaluate = command({
  name: 'EVALUATE_FLAGS',
  flags: EVALUATE_FLAGS,
  needed: ['root'],
  help: `
Examples:
  $ synseg evaluate --model runs/a/best --root exports/animals.zip
  $ synseg evaluate --model runs/a/best --dataset camvid --root data/camvid --split test
  $ synseg evaluate --model runs/a/best --dataset ccp --root data/ccp --limit 100 --sheet worst.png --json
  $ synseg evaluate --model CIDAS/clipseg-rd64-refined --dataset index-png --root data/mine --views 5
  $ synseg evaluate --dataset index-jsonl --root data/photos --split val --sets nyu,voc --json
  $ synseg evaluate --model CIDAS/clipseg-rd64-refined --dataset voc21 --root data/VOCdevkit --protocol tcl
  $ synseg evaluate --model CIDAS/clipseg-rd64-refined --dataset voc21 --root data/VOCdevkit \\
      --thresholds 0.1:0.6:0.1 --report out/report.html --results out/voc21.json

--protocol measures as a published evaluation did: how pictures are resampled and cut into
windows, statistics, prompt templates, scores, refinement, background. Each of its options
can be given beside it, as in --protocol tcl --no-refine --windows stride=112. The report
states the whole protocol, and which options are not those of the one that was named.

Without --dataset, the data is what an annotation tool exports, as synseg inspect reads
it; what it was found to be is said. Layouts by name: camvid and ccp as their folders are;
index-png, a folder with images, index PNGs of the same names and a classes.json;
index-jsonl, several sets in one folder, each scored by itself; coco-json, instances as
COCO and synseg video --coco write them; and benchmarks
as their archives extract: voc21 (with background) and voc20, context60 and context59,
coco-object, coco-stuff, cityscapes, ade20k.

A long run with --results FILE goes on from that file after a kill. Parts of the list in
several processes (--offset, --limit, each with its own --results) add up to exactly the
score of one run with --join FILE,FILE,…

The background of a benchmark or of a set of index-jsonl is a class: where no label reaches
its threshold, the checkpoint's or --threshold. Elsewhere, without --threshold, each pixel
takes the label that segment gives it. Compare scores only where the protocol, which
the result states, is equal.
`,
  async run({ note, progress, signal, work }, flags) {
    const { dataset, root, sheet, maps, matrix, report, results } = flags;
    progress.show(0, 'loading');
    const { evaluate: measure = train.evaluate } = work;
    const score = await measure(modelOf(flags, note), {
      ...among(EVALUATE_OPTIONS, flags),
      ...{ dataset, root, signal },
      onFound: (description) => note(`${root}: ${description}`),
      onProgress: ({ done, total, failed }) => {
        const losses = failed === 0 ? '' : `, ${grouped(failed)} failed`;
        progress.show(done / total, `${grouped(done)}/${grouped(total)} pictures${losses}`);
      },
    });
    const written = [sheet, maps, matrix, report, results].filter((path) => path !== undefined);
    const notes = written.length === 0 ? '' : `\n\nwrote ${written.join(', ')}`;
    return { json: score, text: `${train.formatScore(score)}${notes}` };
  },
});
