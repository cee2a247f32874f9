/** `synseg calibrate`: thresholds of a checkpoint's labels, for `synseg export --calibration`. */
import { checkOutputs, text } from '@synseg/core/guards';
import { writeFileAtomic } from '@synseg/core/checkpoint';
import * as train from '@synseg/train';
import { CALIBRATE_OPTIONS } from '@synseg/train/options';
import { command } from '../context.ts';
import { among } from '../flags.ts';
import { CHECKPOINT_FLAGS, modelOf } from '../model.ts';
import { grouped, percent, table } from '../text.ts';

const CALIBRATE_FLAGS = {
  ...CHECKPOINT_FLAGS,
  /** JSON file to write. */
  out: { ...text(), placeholder: 'file' },
  ...CALIBRATE_OPTIONS,
};

export const calibrating = command({
  name: 'CALIBRATE_FLAGS',
  flags: CALIBRATE_FLAGS,
  needed: ['root', 'out'],
  help: `
Finds the threshold at which each label's mask overlaps best with that of pictures which
training has not seen. Below its threshold a pixel is background; where several labels reach
theirs, each competes by its logit less half the logit of its threshold.

Examples:
  $ synseg calibrate --model runs/a/last --root data/photos --split val --out thresholds.json
  $ synseg export runs/a/last --calibration thresholds.json --out model
`,
  async run({ note, progress, signal }, flags) {
    const { root, out, model, classes, rename } = flags;
    const read = [root, model, classes, rename].filter((path) => typeof path === 'string');
    await checkOutputs('calibrate', [{ name: '--out', path: out }], read);
    progress.show(0, 'loading');
    const calibration = await train.calibrate(modelOf(flags, note), {
      ...among(CALIBRATE_OPTIONS, flags),
      ...{ root, signal },
      onProgress: ({ done, total }) => progress.show(done / total, `${grouped(done)}/${grouped(total)} pictures`),
    });
    await writeFileAtomic(out, `${JSON.stringify(calibration, null, 1)}\n`);
    const { threshold, labels } = calibration;
    const rows = labels.map((label) => [
      ...[label.name, String(label.pictures), label.threshold.toFixed(2), percent(label.iou)],
      percent(label.iouAtCommon),
    ]);
    const head = ['label', 'pictures', 'threshold', 'IoU', `at ${threshold}`];
    return { json: { ...calibration, out }, text: `${table([head, ...rows])}\nwrote ${out}` };
  },
});
