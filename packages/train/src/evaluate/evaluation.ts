/**
 * The loop over the pictures, which compares ground truth and prediction. Memory is bounded, and pictures may finish in
 * any order.
 */
import { BACKGROUND, SynsegError, isSynsegError } from '@synseg/core';
import type { EvaluationSample } from '../benchmarks/evaluation-set.ts';
import { valuesOf, type EvaluationClass } from '../data/class-list.ts';
import { ConfusionMatrix, UNCOUNTED } from './confusion-matrix.ts';
import { UNKNOWN_VALUE, embed, type Contest, type EvaluatedModel } from './contest.ts';
import type { SetRequest } from './evaluate-options.ts';
import { NO_CLASS, UNKNOWN, compareOutlines } from './outlines.ts';
import { placesOf, type PictureRecord } from './picture-record.ts';
import { pixelOptions } from './pixel-options.ts';
import { WorstPictures, countedClasses } from './worst-pictures.ts';

/** Pictures in progress at once: enough to fill the network's batches while the next are decoded. */
const IN_FLIGHT = 8;

/**
 * Works on several pictures at once; an error that is not about one picture ends the run once those in progress are
 * done.
 */
export async function eachPicture(
  samples: readonly EvaluationSample[],
  inFlight: number,
  signal: AbortSignal | undefined,
  work: (sample: EvaluationSample, order: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < samples.length) {
      const order = next++;
      try {
        await work(samples[order]!, order);
      } catch (error) {
        next = samples.length;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: inFlight }, lane));
  signal?.throwIfAborted();
  const failed = lanes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** One evaluation in progress. */
export class Evaluation {
  /** The worst pictures so far. */
  readonly worst: WorstPictures;
  readonly #model: EvaluatedModel;
  readonly #contest: Contest;
  readonly #request: SetRequest;
  readonly #records: PictureRecord[] = [];
  #failed = 0;

  constructor(model: EvaluatedModel, contest: Contest, request: SetRequest) {
    this.#model = model;
    this.#contest = contest;
    this.#request = request;
    this.worst = new WorstPictures(request.sheet === undefined ? 0 : request.sheetPictures);
  }

  /** Evaluates the pictures, several at once. */
  async run(samples: readonly EvaluationSample[]): Promise<void> {
    await eachPicture(samples, IN_FLIGHT, this.#request.signal, async (sample, at) => {
      const record = await this.#evaluate(sample, this.#request.offset + at);
      this.#records.push(record);
      if (record.failure !== undefined) this.#failed++;
      this.#request.onProgress?.({ done: this.#records.length, total: samples.length, failed: this.#failed });
    });
  }

  /** A record of each picture so far, in the order in which they were done. */
  get records(): readonly PictureRecord[] {
    return this.#records;
  }

  async #evaluate(sample: EvaluationSample, order: number): Promise<PictureRecord> {
    this.#request.signal?.throwIfAborted();
    const { key } = sample;
    try {
      return { order, key, ...(await this.#judge(sample, order)) };
    } catch (error) {
      this.#request.signal?.throwIfAborted();
      if (!isSynsegError(error) || (error.code !== 'IMAGE_DECODE' && error.code !== 'DATASET_FORMAT')) throw error;
      return { order, key, failure: error.message };
    }
  }

  async #judge(sample: EvaluationSample, order: number): Promise<Omit<PictureRecord, 'order' | 'key'>> {
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
    const passedOver = unknownPixels === 0 ? {} : { leftOut: unknownPixels };
    if (!occurs.includes(true)) return passedOver;
    const labels = [...this.#contest.labels.keys()].filter(
      (label) => this.#request.labels === 'all' || occurs[this.#contest.competing[label]!],
    );
    const competing = labels.map((label) => this.#contest.competing[label]!);
    const labelMap = await this.#segment(sample, labels, mask);
    const predictedClass = new Int16Array(256).fill(UNCOUNTED);
    predictedClass.set(competing);
    predictedClass[BACKGROUND] = nothing;
    const own = new ConfusionMatrix(classes.length);
    own.count(mask.data, truthClass, labelMap, predictedClass);
    const meanIoU = own.meanIoU() ?? 0;
    this.worst.offer({ order, meanIoU }, () => ({
      key: sample.key,
      image: sample.image,
      order,
      meanIoU,
      iou: classes.map((_, position) => own.iou(position)),
      width: mask.width,
      height: mask.height,
      truth: countedClasses(mask.data, truthClass, mask.data, truthClass),
      prediction: countedClasses(labelMap, predictedClass, mask.data, truthClass),
    }));
    const truth = Int16Array.from(mask.data, (value) => Math.max(UNKNOWN, truthClass[value]!));
    const found = truth.map((at, pixel) => (at === UNKNOWN ? UNKNOWN : foundClass(predictedClass[labelMap[pixel]!]!)));
    return {
      ...passedOver,
      confusion: placesOf(own),
      outlines: compareOutlines(truth, found, mask.width, mask.height),
    };
  }

  /** @param asked - places of the labels that compete */
  async #segment(
    sample: EvaluationSample,
    asked: readonly number[],
    mask: { readonly width: number; readonly height: number },
  ): Promise<Uint8Array> {
    const { all, labels } = this.#contest;
    // The picture is all background, which has no label: nothing can win a pixel.
    if (asked.length === 0) return new Uint8Array(mask.width * mask.height).fill(BACKGROUND);
    const some = asked.map((label) => labels[label]!);
    const set = this.#request.labels === 'all' ? all : await embed(this.#model, some, this.#request);
    const { width, height, labelMap } = await this.#model.segment(sample.image, set, pixelOptions(this.#request));
    if (width !== mask.width || height !== mask.height) {
      throw new SynsegError(
        'DATASET_FORMAT',
        'Cannot evaluate picture: mask must be as large as the upright picture, ' +
          `${width}×${height}, got ${mask.width}×${mask.height} in ${sample.mask}`,
      );
    }
    return labelMap;
  }
}

const foundClass = (place: number): number => (place === UNCOUNTED ? NO_CLASS : place);

function histogram(values: Uint8Array): Float64Array {
  const counts = new Float64Array(256);
  for (let index = 0; index < values.length; index++) counts[values[index]!]!++;
  return counts;
}
