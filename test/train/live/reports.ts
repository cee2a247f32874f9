/** Reports of a training that never ran, and pictures for its page. */
import sharp from 'sharp';
import type { StepReport } from '../../../packages/train/src/trainer/reports.ts';
import type { HeldOutPicture } from '../../../packages/train/src/live/page-options.ts';

/** A step of a thousand. */
export function stepOf(step: number, more: Partial<StepReport> = {}): StepReport {
  return {
    ...{
      step,
      steps: 1000,
      epoch: 0,
      learningRate: 1e-4,
      losses: { masks: 2 / step, tags: 0.5 },
      total: 2 / step + 0.5,
    },
    ...{ gradientNorm: 1, imagesPerSecond: 8.25, dataWaitShare: 0 },
    ...more,
  };
}

/** A picture of one color. */
function colored(background: string, format: 'jpeg' | 'png' = 'jpeg'): Promise<Uint8Array> {
  return sharp({ create: { width: 48, height: 32, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

/** A held-out picture: gray, green, and the prediction of the color asked for. */
export async function heldOut(name: string, prediction: string): Promise<HeldOutPicture> {
  const [photo, truth, now] = await Promise.all([colored('#888'), colored('#080', 'png'), colored(prediction)]);
  return { name, photo, truth, prediction: now };
}
