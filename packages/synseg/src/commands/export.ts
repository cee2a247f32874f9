/** `synseg export`: a checkpoint of a training run as a folder that the segmenter loads. */
import { text, withDefault } from '@synseg/core/guards';
import * as train from '@synseg/train';
import { EXPORT_OPTIONS } from '@synseg/train/options';
import { command } from '../context.ts';
import { among } from '../flags.ts';

const EXPORT_FLAGS = {
  /** New folder of the checkpoint. */
  out: { ...text(), placeholder: 'folder' },
  ...EXPORT_OPTIONS,
  precision: withDefault(EXPORT_OPTIONS.precision, 'fp32'),
};

export const exporting = command({
  name: 'EXPORT_FLAGS',
  flags: EXPORT_FLAGS,
  needed: ['out'],
  operand: '<checkpoint>',
  help: `
The checkpoint is a folder of a training run, such as runs/a/best. The exported folder
holds the weights that segmenting needs, without the projector and the optimizer.

Examples:
  $ synseg export runs/a/best --out model
  $ synseg export runs/a/step-5000 --out model --precision fp16 --overwrite
  $ synseg segment photo.jpg --model model --labels road,car
`,
  async run({ signal, work }, flags, checkpoint: string) {
    const { out, precision = 'fp32' } = flags;
    const { exportCheckpoint = train.exportCheckpoint } = work;
    await exportCheckpoint(checkpoint, out, { ...among(EXPORT_OPTIONS, flags), precision, signal });
    return { json: { checkpoint, out, precision }, text: `wrote ${out} (${precision})` };
  },
});
