/** `synseg export`: a checkpoint of a run as a folder for the segmenter. */
import { choice, flag, number, text, withDefault, type OptionsOf } from '@synseg/core/guards';
import * as train from '@synseg/train';
import { command, type Context, type Result } from '../context.ts';
import { among } from '../flags.ts';

/** Options of `exportCheckpoint()`. */
const EXPORT_OPTIONS = {
  /** Type of the weights. */
  precision: withDefault(choice(['fp32', 'fp16']), 'fp32'),
  /**
   * Activation below which a pixel is background, stated in config.json.
   * @default what the checkpoint states, or 0.5
   */
  threshold: number({ least: 0, most: 1 }),
  /** Replaces the checkpoint in --out. */
  overwrite: withDefault(flag(), false),
};

/** Flags of `synseg export`. */
export const EXPORT_FLAGS = {
  /** New folder. */
  out: { ...text(), placeholder: 'folder' },
  ...EXPORT_OPTIONS,
};

/** Runs `synseg export`. */
export const exporting = command({
  name: 'EXPORT_FLAGS',
  flags: EXPORT_FLAGS,
  needed: ['out'],
  operand: '<checkpoint>',
  help: `
What is written holds no projector and no optimizer. A checkpoint is a folder such as runs/a/best.

Examples:
  $ synseg export runs/a/best --out model
  $ synseg export runs/a/step-5000 --out model --precision fp16 --overwrite
  $ synseg segment photo.jpg --model model --labels road,car
`,
  run,
});

async function run(
  { signal, work }: Context,
  flags: OptionsOf<typeof EXPORT_FLAGS, 'out'>,
  checkpoint: string,
): Promise<Result> {
  const { out, precision = 'fp32' } = flags;
  const { exportCheckpoint = train.exportCheckpoint } = work;
  await exportCheckpoint(checkpoint, out, { ...among(EXPORT_OPTIONS, flags), precision, signal });
  return { json: { checkpoint, out, precision }, text: `wrote ${out} (${precision})` };
}
