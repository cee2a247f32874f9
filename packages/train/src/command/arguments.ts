/** The command line of `synseg-train`: commands, options, and their checks. The only file that imports commander. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_LIMITS } from '@synseg/core/guards';
import { DATASETS } from '../evaluate/datasets.ts';
import { CAPTION_FORMATS } from '../phrases/caption-records.ts';
import { PARAMETER_GROUPS } from '../step-graph/layout.ts';
import type { CreateFlags } from './create-command.ts';
import type { EvaluateFlags } from './evaluate-command.ts';
import type { ExportFlags } from './export-command.ts';
import { CREATE_HELP, EVALUATE_HELP, EXPORT_HELP, HELP, PHRASES_HELP, TRAIN_HELP } from './help.ts';
import { LOSSES } from '../objective/losses.ts';
import { RECIPE_NAMES } from '../trainer/recipes.ts';
import { OBJECTIVES } from './option-names.ts';
import type { OutputFlags } from './output.ts';
import type { PhrasesFlags } from './phrases-command.ts';
import type { TrainFlags } from './train-flags.ts';
import {
  augmentation,
  decoderShape,
  evaluationSet,
  fields,
  list,
  lossWeights,
  number,
  numbers,
  sizes,
  views,
} from './values.ts';

/** A command line that made sense. */
export type ParsedCommand =
  | { readonly command: 'create'; readonly captions: string; readonly flags: CreateFlags }
  | { readonly command: 'train'; readonly flags: TrainFlags }
  | { readonly command: 'phrases'; readonly captions: string; readonly flags: PhrasesFlags }
  | { readonly command: 'exclusions'; readonly flags: OutputFlags }
  | { readonly command: 'evaluate'; readonly flags: EvaluateFlags }
  | { readonly command: 'export'; readonly checkpoint: string; readonly flags: ExportFlags };

/** Nothing to run: what to say, and the exit code, which says where. */
export interface CommandRefusal {
  readonly exitCode: 0 | 2;
  readonly text: string;
}

/** Reads the command line, without the program's name. */
export function parseArguments(argv: readonly string[], version: string): ParsedCommand | CommandRefusal {
  let text = '';
  let parsed: ParsedCommand | undefined;
  const write = (part: string): void => void (text += part);
  const program = new Command('synseg-train')
    .description('Train SynSeg checkpoints from images and captions, without masks.')
    .version(version)
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write });
  defineCreate(program).action(
    (captions: string, flags: CreateFlags) => void (parsed = { command: 'create', captions, flags }),
  );
  defineTrain(program).action((flags: TrainFlags) => void (parsed = { command: 'train', flags }));
  definePhrases(program).action(
    (captions: string, flags: PhrasesFlags) => void (parsed = { command: 'phrases', captions, flags }),
  );
  command(program, 'exclusions', 'print the phrases that "phrases" drops, as a file to edit').action(
    (flags: OutputFlags) => void (parsed = { command: 'exclusions', flags }),
  );
  defineEvaluate(program).action((flags: EvaluateFlags) => void (parsed = { command: 'evaluate', flags }));
  defineExport(program).action(
    (checkpoint: string, flags: ExportFlags) => void (parsed = { command: 'export', checkpoint, flags }),
  );
  try {
    program.parse([...argv], { from: 'user' });
    return parsed ?? { exitCode: 2, text };
  } catch (error) {
    if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? 0 : 2, text };
    throw error;
  }
}

function defineTrain(program: Command): Command {
  const train = command(program, 'train', 'train a checkpoint')
    .option('--config <file>', 'options from a .json file, or a module with a default export')
    .option('--data <source...>', 'tar shards, .jsonl, .csv, .tsv, COCO .json, or a folder')
    .addOption(
      choice('--data-format <name>', 'format of --data, where its name does not tell', [
        'webdataset',
        'jsonl',
        'csv',
        'tsv',
        'coco',
        'folder',
      ]),
    )
    .option('--split <name>', 'part of --data: rows with this "split", or the subfolder')
    .option('--images <folder>', 'where paths of pictures start from')
    .option('--masks <folder>', 'where paths of masks start from')
    .option('--classes <file>', 'classes.json of the masks')
    .option('--phrases <file.jsonl>', 'noun phrases of the captions, from "synseg-train phrases"')
    .addOption(
      valued(
        '--keys <field=name,…>',
        'names of fields, or columns from 0: image, caption, tags, nouns, mask',
        fields('image', 'caption', 'tags', 'nouns', 'mask'),
      ),
    )
    .option('--init <source>', 'checkpoint to start from: folder, hub id, or "random" on --trunk')
    .option('--trunk <source>', 'frozen encoders for --init random')
    .addOption(
      valued(
        '--decoder <shape>',
        'of --init random: reduce=64,heads=4,intermediate=2048,head=simple|refined',
        decoderShape,
      ),
    )
    .option('--out <folder>', 'run folder')
    .addOption(valued('--steps <n>', "default: the recipe's, 2000, or of paper 10000", number))
    .addOption(
      valued('--input-size <px>', "side of the picture a CLIP trunk takes (default: the checkpoint's)", number),
    )
    .addOption(valued('--batch-size <n>', "images a step (default: the recipe's, 16, or of paper 256)", number))
    .addOption(
      valued(
        '--micro-batch-size <n>',
        'images in memory at once, a divisor of it: the same gradient, less memory',
        number,
      ),
    )
    .addOption(choice('--recipe <name>', 'losses, features and their settings (default: dense-captions)', RECIPE_NAMES))
    .addOption(
      choice(
        '--objective <name>',
        'what the losses are made of (default: captions); contrastive trains the encoders',
        OBJECTIVES,
      ),
    )
    .addOption(
      valued(
        '--lambda <weights>',
        `align,contrast,background,separation, or name=value,… of ${LOSSES.join(', ')}; 0 switches one off`,
        lossWeights,
      ),
    )
    .addOption(
      valued(
        '--prior <w>',
        'how much the decoder that training starts from counts in the loss sharing (default: 1, of a random one 0)',
        number,
      ),
    )
    .addOption(valued('--contrast-gate <c>', 'cosine above which the contrast loss acts (default: 0.1)', number))
    .addOption(valued('--epsilon <e>', 'ε of eq. 4 (default: 1e-4)', number))
    .addOption(
      valued('--projector-steps <n>', "first steps, which move the projector alone (default: the recipe's)", number),
    )
    .addOption(valued('--projector-learning-rate <r>', "of those (default: the recipe's)", number))
    .addOption(valued('--learning-rate <r>', "default: the recipe's", number))
    .addOption(choice('--schedule <name>', "of the learning rate (default: the recipe's)", ['constant', 'cosine']))
    .addOption(valued('--final-learning-rate <r>', 'at the end of the cosine (default: 0)', number))
    .addOption(valued('--warmup-steps <n>', 'steps in which the learning rate rises', number))
    .addOption(valued('--weight-decay <w>', 'default: 0.01', number))
    .addOption(valued('--patch-dropout <n>', 'share of the patches that steps on pairs leave out (default: 0)', number))
    .addOption(valued('--clip-norm <n>', 'largest norm of the gradient (default: none)', number))
    .addOption(valued('--ema <decay>', 'checkpoints hold a running mean of the weights (default: none)', number))
    .addOption(valued('--trainable <groups>', `of ${PARAMETER_GROUPS.join(',')} (default: all)`, list))
    .addOption(valued('--seed <n>', 'default: 42', number))
    .addOption(valued('--augment <ways>', 'flip,crop=0.5:1, or none (default: none)', augmentation))
    .addOption(valued('--max-categories <n>', 'labels per image at most (default: 32)', number))
    .addOption(templates())
    .addOption(
      choice('--unknown-categories <way>', 'what a vocabulary does not have (default: compose)', [
        'compose',
        'leave-out',
      ]),
    )
    .option('--cache-features', 'keep what the trunk says of each image on disk: for small sets')
    .addOption(choice('--precision <name>', 'of the frozen trunk (default: fp32)', ['fp32', 'fp16']))
    .addOption(valued('--workers <n>', 'threads that decode pictures', number))
    .addOption(maxPixels())
    .addOption(valued('--save-every <n>', 'steps between saves of last/ (default: 500)', number))
    .addOption(valued('--keep-every <n>', 'steps between checkpoints that are kept as step-N/', number))
    .addOption(valued('--evaluate <set>', 'DATASET:FOLDER[:SPLIT] that picks best/', evaluationSet))
    .option('--evaluate-pairs <source>', 'held-out pictures and captions that pick best/, for --objective contrastive')
    .addOption(valued('--evaluate-every <n>', 'steps between evaluations (default: --save-every)', number))
    .option('--cache-folder <folder>', 'where embeddings, features and downloads are kept')
    .option('--resume', 'go on with the run in --out');
  return machine(train).addHelpText('after', TRAIN_HELP);
}

function defineCreate(program: Command): Command {
  return command(program, 'create', 'write a checkpoint from nothing: random weights, a tokenizer learnt from captions')
    .argument('<captions>', 'file, also packed as .gz')
    .requiredOption('--out <folder>', 'new folder')
    .addOption(
      choice(
        '--format <name>',
        'where the name of the file does not tell',
        CAPTION_FORMATS.filter((name) => name !== 'spacy'),
      ),
    )
    .addOption(
      valued('--keys <field=name,…>', 'names of fields, or columns from 0: image, caption', fields('image', 'caption')),
    )
    .addOption(valued('--vocabulary <n>', 'tokens at most (default: 2048)', number))
    .addOption(
      valued(
        '--vision <sizes>',
        'default: side=96,patch=8,width=192,layers=6,heads=3',
        sizes('side', 'patch', 'width', 'layers', 'heads'),
      ),
    )
    .addOption(
      valued(
        '--text <sizes>',
        'default: width=128,layers=4,heads=4,tokens=24',
        sizes('width', 'layers', 'heads', 'tokens'),
      ),
    )
    .addOption(valued('--projection-dim <n>', 'length of an embedding (default: 128)', number))
    .addOption(
      valued(
        '--taps <blocks>',
        'blocks that the decoder reads, from 0 (default: three, up to the last but one)',
        numbers,
      ),
    )
    .addOption(valued('--decoder <shape>', 'reduce=64,heads=4,intermediate=256,head=simple|refined', decoderShape))
    .addOption(valued('--seed <n>', 'default: 42', number))
    .addHelpText('after', CREATE_HELP);
}

function definePhrases(program: Command): Command {
  return command(program, 'phrases', 'extract the noun phrases of a file of captions')
    .argument('<captions>', 'file, also packed as .gz')
    .requiredOption('--out <file.jsonl>', 'write {image, caption, nouns} a line')
    .addOption(choice('--format <name>', 'where the name of the file does not tell', CAPTION_FORMATS))
    .addOption(
      valued(
        '--keys <field=name,…>',
        'names of fields, or columns from 0: image, caption, nouns',
        fields('image', 'caption', 'nouns'),
      ),
    )
    .option('--header', 'a table starts with column names')
    .option('--no-header', 'a table does not')
    .option('--exclude <file>', 'phrases to drop, in the form of "synseg-train exclusions"')
    .addOption(
      choice('--keep <words>', 'phrases with their adjectives, their nouns alone, or both (default: adjectives)', [
        'adjectives',
        'nouns',
        'both',
      ]),
    )
    .option('--person <word>', 'the phrase for <PERSON> (default: none)')
    .addOption(valued('--top <n>', 'most frequent phrases shown (default: 20; 100 with --json)', number))
    .option('--table <file.tsv>', 'write count<TAB>phrase of all phrases')
    .addOption(valued('--distinct-limit <n>', 'different phrases counted exactly (default: 500000)', number))
    .addHelpText('after', PHRASES_HELP);
}

function defineEvaluate(program: Command): Command {
  const evaluate = command(program, 'evaluate', 'measure a checkpoint on a data set with masks')
    .requiredOption('--model <source>', 'hub id or folder of the checkpoint')
    .addOption(choice('--dataset <name>', 'layout of the data set', DATASETS).makeOptionMandatory())
    .requiredOption('--root <folder>', 'folder of the data set')
    .option('--split <name>', 'part of the data set (default: test for camvid)')
    .addOption(
      choice('--labels <which>', 'labels that compete: all, or those present in the picture (default: all)', [
        'all',
        'present',
      ]),
    )
    .addOption(choice('--background <rule>', 'whether background pixels count (default: ignore)', ['ignore', 'class']))
    .addOption(valued('--threshold <t>', 'activation the winning label must reach, 0 to 1 (default: none)', number))
    .addOption(valued('--limit <n>', 'only the first pictures', number))
    .addOption(valued('--offset <n>', 'pass over the first pictures', number))
    .addOption(valued('--views <1|5>', '5 looks at each quarter as well (default: 1)', views))
    .addOption(choice('--merge <way>', 'of five views (default: mean)', ['mean', 'max']))
    .addOption(templates())
    .option('--classes <file.json>', "class list in place of the data set's own")
    .option('--sheet <file.png>', 'write a sheet of the worst pictures')
    .addOption(valued('--sheet-pictures <n>', 'pictures on it (default: 12)', number))
    .addOption(choice('--precision <name>', 'number format', ['auto', 'fp32', 'fp16', 'int8']))
    .addOption(maxPixels());
  return machine(evaluate).addHelpText('after', EVALUATE_HELP);
}

function defineExport(program: Command): Command {
  return command(program, 'export', 'write a checkpoint of a run for the segmenter: no projector, no optimizer')
    .argument('<checkpoint>', 'folder, such as runs/a/best')
    .requiredOption('--out <folder>', 'new folder')
    .addOption(choice('--precision <name>', 'of the weights (default: fp32)', ['fp32', 'fp16']))
    .addOption(
      valued(
        '--threshold <t>',
        'activation below which a pixel is background, 0 to 1, stated in config.json (default: what the checkpoint ' +
          'states, or 0.5)',
        number,
      ),
    )
    .option('--overwrite', 'replace the checkpoint in --out')
    .addHelpText('after', EXPORT_HELP);
}

/** A command with the options that all have. */
function command(program: Command, name: string, description: string): Command {
  const made = program.command(name).description(description);
  return made.option('--json', 'JSON on stdout').option('--quiet', 'neither progress nor summary');
}

function machine(command: Command): Command {
  return command
    .addOption(
      choice('--device <name>', 'where to run (default: auto)', ['auto', 'cpu', 'cuda', 'webgpu', 'coreml', 'dml']),
    )
    .addOption(valued('--threads <n>', 'processor threads of one operator', number));
}

function maxPixels(): Option {
  return valued(
    '--max-pixels <n>',
    `pixels of the largest picture or mask that is decoded (default: ${String(DEFAULT_LIMITS.maxPixels)})`,
    number,
  );
}

function templates(): Option {
  return choice('--templates <name>', 'sentences that labels are put into (default: those of the checkpoint)', [
    'plain',
    'clipseg',
    'imagenet80',
  ]);
}

function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices);
}

function valued(flags: string, description: string, parse: (text: string) => unknown): Option {
  return new Option(flags, description).argParser((text) => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  });
}
