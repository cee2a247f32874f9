/**
 * The loop over the pictures, which compares ground truth and prediction. Memory is bounded, and pictures may finish in
 * any order.
 */
import { BACKGROUND, SynsegError, isSynsegError } from '@synseg/core';
import type { EvaluationSample } from '../benchmarks/evaluation-set.ts';
import { valuesOf, type EvaluationClass } from '../data/class-list.ts';
import type { IndexMask } from '../image/index-mask.ts';
import { ConfusionMatrix, UNCOUNTED } from './confusion-matrix.ts';
import { UNKNOWN_VALUE, embed, type Contest, type EvaluatedModel } from './contest.ts';
import type { SetRequest } from './evaluate-options.ts';
import { NO_CLASS, UNKNOWN, compareOutlines } from './outlines.ts';
import { placesOf, type PictureRecord } from './picture-record.ts';
import { pixelOptions } from './pixel-options.ts';
import { countCurve } from './threshold-curve.ts';
import type { MappedPicture } from './threshold-sheet.ts';
import { countedClasses, type JudgedPicture } from './worst-pictures.ts';

/** Pictures in progress at once: enough to fill the network's batches while the next are decoded. */
const IN_FLIGHT = 8;
/** Activations of a picture take `labels × pixels × 4` bytes. */
const IN_FLIGHT_WITH_ACTIVATIONS = 2;

/**
 * Works on several pictures at once; an error that is not about one picture ends the run once those in progress are
 * done.
 */
export async function eachPicture<Picture>(
  pictures: readonly Picture[],
  inFlight: number,
  signal: AbortSignal | undefined,
  work: (picture: Picture) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < pictures.length) {
      try {
        await work(pictures[next++]!);
      } catch (error) {
        next = pictures.length;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: inFlight }, lane));
  signal?.throwIfAborted();
  const failed = lanes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Meaning of a picture's ground truth, and what was found in it. */
interface Seen {
  readonly mask: IndexMask;
  readonly labelMap: Uint8Array;
  /** Class of each value of the label map, UNCOUNTED for none. */
  readonly predictedClass: Int16Array;
  readonly counts: ConfusionMatrix;
  /** Of the competing labels: Float32Array, [labels, height, width]; where thresholds are asked for. */
  readonly activations: Float32Array | undefined;
  /** Places of the labels that competed. */
  readonly competing: readonly number[];
}

/** One evaluation in progress. */
export class Evaluation {
  readonly #model: EvaluatedModel;
  readonly #contest: Contest;
  readonly #request: SetRequest;

  constructor(model: EvaluatedModel, contest: Contest, request: SetRequest) {
    this.#model = model;
    this.#contest = contest;
    this.#request = request;
  }

  /**
   * Evaluates the pictures that have no record yet, several at once.
   *
   * @param records - of earlier runs; new ones are added
   * @param onRecord - called after each
   */
  async run(
    samples: readonly EvaluationSample[],
    records: PictureRecord[],
    onRecord: () => Promise<void>,
  ): Promise<void> {
    const { offset, signal, thresholds, onProgress } = this.#request;
    const known = new Set(records.map(({ order }) => order));
    const left = [...samples.entries()].filter(([at]) => !known.has(offset + at));
    const inFlight = thresholds === undefined ? IN_FLIGHT : IN_FLIGHT_WITH_ACTIVATIONS;
    let failed = records.filter(({ failure }) => failure !== undefined).length;
    if (records.length > 0) onProgress?.({ done: records.length, total: samples.length, failed });
    await eachPicture(left, inFlight, signal, async ([at, sample]) => {
      const record = await this.#evaluate(sample, offset + at);
      records.push(record);
      if (record.failure !== undefined) failed++;
      onProgress?.({ done: records.length, total: samples.length, failed });
      await onRecord();
    });
  }

  /** A picture with its truth and prediction, segmented once more: maps of all pictures would fill the memory. */
  async judge(sample: EvaluationSample): Promise<JudgedPicture | undefined> {
    const { truthClass, classes } = this.#contest;
    const { seen } = await this.#look(sample);
    if (seen === undefined) return undefined;
    const { mask, labelMap, predictedClass, counts } = seen;
    return {
      key: sample.key,
      image: sample.image,
      meanIoU: counts.meanIoU() ?? 0,
      iou: classes.map((_, position) => counts.iou(position)),
      width: mask.width,
      height: mask.height,
      truth: countedClasses(mask.data, truthClass, mask.data, truthClass),
      prediction: countedClasses(labelMap, predictedClass, mask.data, truthClass),
    };
  }

  /** The activation map of the largest class of a picture, of those that competed in it. */
  async mapOf({ key, image, ...sample }: EvaluationSample): Promise<MappedPicture | undefined> {
    const { seen } = await this.#look({ key, image, ...sample });
    if (seen?.activations === undefined) return undefined;
    const { mask, competing, activations, counts } = seen;
    const { width, height } = mask;
    const rows = [...competing.keys()];
    const row = rows.reduce((most, next) =>
      counts.truthPixels(competing[next]!) > counts.truthPixels(competing[most]!) ? next : most,
    );
    const { name } = this.#contest.classes[competing[row]!]!;
    const map = activations.slice(row * width * height, (row + 1) * width * height);
    return { key, image, name, width, height, map };
  }

  async #evaluate(sample: EvaluationSample, order: number): Promise<PictureRecord> {
    this.#request.signal?.throwIfAborted();
    const { key } = sample;
    try {
      return { order, key, ...(await this.#measure(sample)) };
    } catch (error) {
      this.#request.signal?.throwIfAborted();
      if (!isSynsegError(error) || (error.code !== 'IMAGE_DECODE' && error.code !== 'DATASET_FORMAT')) throw error;
      return { order, key, failure: error.message };
    }
  }

  async #measure(sample: EvaluationSample): Promise<Omit<PictureRecord, 'order' | 'key'>> {
    const { truthClass, nothing } = this.#contest;
    const { thresholds } = this.#request;
    const { unknownPixels, seen } = await this.#look(sample);
    const leftOut = unknownPixels === 0 ? {} : { leftOut: unknownPixels };
    if (seen === undefined) return leftOut;
    const { mask, labelMap, predictedClass, counts, activations, competing } = seen;
    const truth = Int16Array.from(mask.data, (value) => Math.max(UNKNOWN, truthClass[value]!));
    const found = truth.map((at, pixel) => (at === UNKNOWN ? UNKNOWN : foundClass(predictedClass[labelMap[pixel]!]!)));
    return {
      ...leftOut,
      confusion: placesOf(counts),
      outlines: compareOutlines(truth, found, mask.width, mask.height),
      ...(thresholds === undefined
        ? {}
        : { curve: countCurve(activations ?? new Float32Array(0), truth, { competing, nothing }, thresholds) }),
    };
  }

  /** Reads the truth and segments the picture, unless none of its pixels counts. */
  async #look(sample: EvaluationSample): Promise<{ readonly unknownPixels: number; readonly seen?: Seen }> {
    const { truthClass, classes, leftOut, nothing } = this.#contest;
    const mask = await sample.readMask(this.#request);
    const pixelsOf = histogram(mask.data);
    const unknown = pixelsOf.findIndex((pixels, value) => pixels > 0 && truthClass[value] === UNKNOWN_VALUE);
    if (unknown >= 0)
      throw new SynsegError(
        'DATASET_FORMAT',
        'Cannot evaluate picture: mask must hold indices of the class list or ignored values, got ' +
          `${unknown} in ${sample.mask}`,
      );
    const pixelsIn = (entry: EvaluationClass): number =>
      valuesOf(entry).reduce((total, value) => total + pixelsOf[value]!, 0);
    const occurs = classes.map((entry) => pixelsIn(entry) > 0);
    const unknownPixels = leftOut.reduce((total, entry) => total + pixelsIn(entry), 0);
    if (!occurs.includes(true)) return { unknownPixels };
    const labels = [...this.#contest.labels.keys()].filter(
      (label) => this.#request.labels === 'all' || occurs[this.#contest.competing[label]!],
    );
    const competing = labels.map((label) => this.#contest.competing[label]!);
    const { labelMap, activations } = await this.#segment(sample, labels, mask);
    const predictedClass = new Int16Array(256).fill(UNCOUNTED);
    predictedClass.set(competing);
    predictedClass[BACKGROUND] = nothing;
    const counts = new ConfusionMatrix(classes.length);
    counts.count(mask.data, truthClass, labelMap, predictedClass);
    return { unknownPixels, seen: { mask, labelMap, predictedClass, counts, activations, competing } };
  }

  /** @param asked - places of the labels that compete */
  async #segment(
    sample: EvaluationSample,
    asked: readonly number[],
    mask: { readonly width: number; readonly height: number },
  ): Promise<Pick<Seen, 'labelMap' | 'activations'>> {
    const { all, labels } = this.#contest;
    const { thresholds } = this.#request;
    // The picture is all background, which has no label: nothing can win a pixel.
    if (asked.length === 0)
      return { labelMap: new Uint8Array(mask.width * mask.height).fill(BACKGROUND), activations: undefined };
    const some = asked.map((label) => labels[label]!);
    const set = this.#request.labels === 'all' ? all : await embed(this.#model, some, this.#request);
    const found = await this.#model.segment(sample.image, set, {
      ...pixelOptions(this.#request),
      ...(thresholds === undefined ? {} : { output: ['labels', 'activations'] }),
    });
    const { width, height, labelMap } = found;
    if (width !== mask.width || height !== mask.height) {
      throw new SynsegError(
        'DATASET_FORMAT',
        'Cannot evaluate picture: mask must be as large as the upright picture, ' +
          `${width}×${height}, got ${mask.width}×${mask.height} in ${sample.mask}`,
      );
    }
    if (thresholds === undefined) return { labelMap, activations: undefined };
    if (found.activations === undefined)
      throw new RangeError('Cannot evaluate: thresholds must be left out for a model without activations, got them');
    return { labelMap, activations: found.activations };
  }
}

const foundClass = (place: number): number => (place === UNCOUNTED ? NO_CLASS : place);

function histogram(values: Uint8Array): Float64Array {
  const counts = new Float64Array(256);
  for (let index = 0; index < values.length; index++) counts[values[index]!]!++;
  return counts;
}
