/**
 * Thresholds of a checkpoint's labels from pictures with masks: each where the mask of the label by itself, the pixels
 * that reach it, overlaps best with the truth.
 */
import { Segmenter } from '@synseg/core';
import { readOptions, withDefault, type OptionsOf } from '@synseg/core/guards';
import type { EvaluationSample } from '../benchmarks/evaluation-set.ts';
import { EVALUATE_OPTIONS, loadOptions, readRequest } from './evaluate-options.ts';
import { eachPicture } from './evaluation.ts';
import { chooseParts, openParts, type Part } from './parts.ts';
import { ThresholdCurves, type CalibratedLabel } from './threshold-curves.ts';

const { device, precision, inputSize, threads, cacheFolder, maxPixels, maxImageBytes } = EVALUATE_OPTIONS;
const { dataset, root, split, sets, rename, offset, limit, templates, classes, onProgress, signal } = EVALUATE_OPTIONS;

/** Options of `calibrate()`, as those of `evaluate()`. */
export const CALIBRATE_OPTIONS = {
  ...{ device, precision, inputSize, threads, cacheFolder, maxPixels, maxImageBytes },
  ...{ dataset: withDefault(dataset, 'index-jsonl'), root, split, sets, rename, offset, limit, templates, classes },
  ...{ onProgress, signal },
};
export type CalibrateOptions = OptionsOf<typeof CALIBRATE_OPTIONS, 'root'>;

/** Thresholds for `exportCheckpoint()`. */
export interface Calibration {
  /** For labels without a threshold of their own: where the mean over the labels is best. */
  readonly threshold: number;
  /** By the word that a label answers as. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** What the thresholds were found from, in the order of the sets. */
  readonly labels: readonly CalibratedLabel[];
}

/** Activations of a picture take `labels × pixels × 4` bytes. */
const IN_FLIGHT = 2;
/** Place of pixels that are none of the classes. */
const NONE = 255;

/**
 * Finds the threshold of every class of a data set.
 *
 * Pixels of which nothing is known do not count; those of the background are none of the classes. A label that few
 * pictures have stays near the threshold that is best for all.
 *
 * @param model - folder or hub id, loaded and disposed here; or a loaded `Segmenter`, left to the caller
 * @throws TypeError or RangeError for invalid options
 * @throws SynsegError `DATASET_FORMAT` when the data set has another layout, `LABEL_UNKNOWN` when the checkpoint has no
 *   embedding for any class; whatever loading and inference throw
 * @throws the signal's reason when aborted
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint and a data set
 * import { calibrate, exportCheckpoint } from '@synseg/train';
 * const calibration = await calibrate('runs/rooms/last', { root: 'data/photos', split: 'val' });
 * await exportCheckpoint('runs/rooms/last', 'rooms', { precision: 'fp16', calibration });
 * ```
 */
export async function calibrate(model: string | Segmenter, options: CalibrateOptions): Promise<Calibration> {
  const given = readOptions('calibrate', CALIBRATE_OPTIONS, options, ['root']);
  const request = readRequest(model, { ...given, background: 'ignore' });
  const chosen = await chooseParts(request);
  await using own = typeof model === 'string' ? await Segmenter.load(model, loadOptions(request)) : undefined;
  const segmenter = own ?? (model as Segmenter);
  const { parts } = await openParts(segmenter, chosen, request);
  const curves = new ThresholdCurves();
  const total = parts.reduce((sum, { samples }) => sum + samples.length, 0);
  let done = 0;
  for (const part of parts)
    await eachPicture(part.samples, IN_FLIGHT, request.signal, async (sample) => {
      await addPicture(curves, segmenter, part, sample);
      request.onProgress?.({ done: ++done, total, failed: 0 });
    });
  return curves.best();
}

async function addPicture(
  curves: ThresholdCurves,
  segmenter: Segmenter,
  { dataset, contest, request }: Part,
  { image, readMask }: EvaluationSample,
): Promise<void> {
  const mask = await readMask(request);
  const { width, height } = mask;
  const { all } = contest;
  const { signal } = request;
  const result = await segmenter.segment(image, all, { output: ['activations'], size: { width, height }, signal });
  const known = contest.truthClass.map((place, value) => (value === dataset.backgroundIndex ? NONE : place));
  for (const [at, { answered }] of all.words.entries())
    curves.add(answered, result.activation(all.names[at]!), mask.data, known, contest.competing[at]!);
}
