/** `synseg evaluate`: a score, with the protocol it was got under. */
import { choice, integer, number, text, type OptionsOf } from '@synseg/core/guards';
import { SEGMENT_OPTIONS } from '@synseg/core/options';
import * as train from '@synseg/train';
import { command, type Context, type Result } from '../context.ts';
import { among, only } from '../flags.ts';
import { CHECKPOINT_FLAGS, IMAGE_FLAGS, LABELS_OPTIONS, MODEL_FLAGS, modelOf } from '../model.ts';
import { grouped } from '../text.ts';

/** Options of `evaluate()`. */
const EVALUATE_OPTIONS = {
  /** Layout of the data set. */
  dataset: choice(train.DATASETS),
  /** Folder of the data set. */
  root: { ...text(), placeholder: 'folder' },
  /**
   * Part of the data set.
   * @default test for camvid
   */
  split: text(),
  /**
   * Labels that compete: all, or those present in the picture.
   * @default all
   */
  labels: choice(['all', 'present']),
  /**
   * Whether background pixels count.
   * @default ignore
   */
  background: choice(['ignore', 'class']),
  /**
   * Activation that the winning label must reach.
   * @default none
   */
  threshold: number({ least: 0, most: 1 }),
  /** Only the first pictures. */
  limit: integer(),
  /** Passes over the first pictures. */
  offset: integer({ least: 0 }),
  ...only(SEGMENT_OPTIONS, 'views', 'merge'),
  templates: LABELS_OPTIONS.templates,
  /** Class list in place of the data set's own. */
  classes: { ...text(), placeholder: 'file.json' },
  /** Sheet of the worst pictures, to be written. */
  sheet: { ...text(), placeholder: 'file.png' },
  /**
   * Pictures on it.
   * @default 12
   */
  sheetPictures: integer(),
  ...only(MODEL_FLAGS, 'device', 'precision'),
  /** Processor threads of one operator. */
  threads: integer(),
  ...only(IMAGE_FLAGS, 'maxPixels'),
};

/** Flags of `synseg evaluate`. */
export const EVALUATE_FLAGS = { ...CHECKPOINT_FLAGS, ...EVALUATE_OPTIONS };

/** Runs `synseg evaluate`. */
export const evaluate = command({
  name: 'EVALUATE_FLAGS',
  flags: EVALUATE_FLAGS,
  needed: ['dataset', 'root'],
  help: `
Examples:
  $ synseg evaluate --model runs/a/best --dataset camvid --root data/camvid --split test
  $ synseg evaluate --model runs/a/best --dataset ccp --root data/ccp --limit 100 --sheet worst.png --json
  $ synseg evaluate --model CIDAS/clipseg-rd64-refined --dataset index-png --root data/mine --views 5

A data set is a folder of pictures, index PNGs of the same names, and a classes.json. Each pixel takes the label with the
highest activation. The protocol is part of the result: compare only what was got under the same.
`,
  run,
});

async function run(context: Context, flags: OptionsOf<typeof EVALUATE_FLAGS, 'dataset' | 'root'>): Promise<Result> {
  const { note, progress, signal, work } = context;
  const { dataset, root, sheet } = flags;
  progress.show(0, 'loading');
  const { evaluate: measure = train.evaluate } = work;
  const score = await measure(modelOf(flags, note), {
    ...among(EVALUATE_OPTIONS, flags),
    ...{ dataset, root, signal },
    onProgress: ({ done, total, failed }) => {
      const losses = failed === 0 ? '' : `, ${grouped(failed)} failed`;
      progress.show(done / total, `${grouped(done)}/${grouped(total)} pictures${losses}`);
    },
  });
  return { json: score, text: `${train.formatScore(score)}${sheet === undefined ? '' : `\n\nwrote ${sheet}`}` };
}
