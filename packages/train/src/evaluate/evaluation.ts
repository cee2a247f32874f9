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
import { measure, type EvaluationFailure, type Score } from './score.ts';
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

/** Candidates of one picture, for the chance level. */
interface Draw {
  /** Pixels of each class. */
  readonly pixels: readonly number[];
  /** Classes that competed. */
  readonly candidates: readonly number[];
}

/** One evaluation in progress. */
export class Evaluation {
  /** The worst pictures so far. */
  readonly worst: WorstPictures;
  readonly #model: EvaluatedModel;
  readonly #contest: Contest;
  readonly #request: SetRequest;
  readonly #matrix: ConfusionMatrix;
  /** By picture: fractions are summed in the data set's order, so that the sum is the same in every run. */
  readonly #draws = new Map<number, Draw>();
  readonly #failures = new Map<number, EvaluationFailure>();
  #withoutClasses = 0;
  #leftOutPixels = 0;

  constructor(model: EvaluatedModel, contest: Contest, request: SetRequest) {
    this.#model = model;
    this.#contest = contest;
    this.#request = request;
    this.#matrix = new ConfusionMatrix(contest.classes.length);
    this.worst = new WorstPictures(request.sheet === undefined ? 0 : request.sheetPictures);
  }

  /** Evaluates the pictures, several at once. */
  async run(samples: readonly EvaluationSample[]): Promise<void> {
    let done = 0;
    await eachPicture(samples, IN_FLIGHT, this.#request.signal, async (sample, order) => {
      await this.#evaluate(sample, order);
      done++;
      this.#request.onProgress?.({ done, total: samples.length, failed: this.#failures.size });
    });
  }

  /** The score so far. */
  result(): Omit<Score, 'protocol' | 'timeSeconds'> {
    const { classes, leftOut } = this.#contest;
    return {
      ...measure(
        this.#matrix,
        classes.map(({ name }) => name),
      ),
      ...this.#chance(),
      images: this.#draws.size,
      leftOut: { classes: leftOut.map(({ name }) => name), pixels: this.#leftOutPixels },
      imagesWithoutClasses: this.#withoutClasses,
      failures: [...this.#failures].sort(([a], [b]) => a - b).map(([, failure]) => failure),
    };
  }

  #chance(): Pick<Score, 'chanceMIoU' | 'labelsPerImage'> {
    const chance = new ConfusionMatrix(this.#contest.classes.length);
    let labels = 0;
    for (const [, { pixels, candidates }] of [...this.#draws].sort(([a], [b]) => a - b)) {
      chance.countChance(pixels, candidates);
      labels += candidates.length;
    }
    return { chanceMIoU: chance.meanIoU() ?? 0, labelsPerImage: labels / Math.max(1, this.#draws.size) };
  }

  async #evaluate(sample: EvaluationSample, order: number): Promise<void> {
    this.#request.signal?.throwIfAborted();
    try {
      await this.#judge(sample, order);
    } catch (error) {
      this.#request.signal?.throwIfAborted();
      if (!isSynsegError(error) || (error.code !== 'IMAGE_DECODE' && error.code !== 'DATASET_FORMAT')) throw error;
      this.#failures.set(order, { key: sample.key, reason: error.message });
    }
  }

  async #judge(sample: EvaluationSample, order: number): Promise<void> {
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
    const leftOutPixels = leftOut.reduce((total, entry) => total + pixelsIn(entry), 0);
    if (!occurs.includes(true)) {
      this.#withoutClasses++;
      this.#leftOutPixels += leftOutPixels;
      return;
    }
    const competing =
      this.#request.labels === 'all'
        ? this.#contest.competing
        : this.#contest.competing.filter((position) => occurs[position]);
    const labelMap = await this.#segment(sample, competing, mask);
    this.#leftOutPixels += leftOutPixels;
    const candidates = nothing === UNCOUNTED ? competing : [...competing, nothing];
    this.#draws.set(order, { pixels: classes.map(pixelsIn), candidates });

    const predictedClass = new Int16Array(256).fill(UNCOUNTED);
    predictedClass.set(competing);
    predictedClass[BACKGROUND] = nothing;
    const own = new ConfusionMatrix(classes.length);
    own.count(mask.data, truthClass, labelMap, predictedClass);
    this.#matrix.add(own);
    const meanIoU = own.meanIoU() ?? 0;
    this.worst.offer({ order, meanIoU }, () => ({
      ...sample,
      order,
      meanIoU,
      iou: classes.map((_, position) => own.iou(position)),
      width: mask.width,
      height: mask.height,
      truth: countedClasses(mask.data, truthClass, mask.data, truthClass),
      prediction: countedClasses(labelMap, predictedClass, mask.data, truthClass),
    }));
  }

  async #segment(
    sample: EvaluationSample,
    competing: readonly number[],
    mask: { readonly width: number; readonly height: number },
  ): Promise<Uint8Array> {
    const { all, classes } = this.#contest;
    // The picture is all background, which has no label: nothing can win a pixel.
    if (competing.length === 0) return new Uint8Array(mask.width * mask.height).fill(BACKGROUND);
    const asked = competing.map((position) => classes[position]!);
    const labels = this.#request.labels === 'all' ? all : await embed(this.#model, asked, this.#request);
    const { views, merge, threshold, signal } = this.#request;
    const { width, height, labelMap } = await this.#model.segment(sample.image, labels, {
      views,
      merge,
      threshold,
      signal,
    });
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

function histogram(values: Uint8Array): Float64Array {
  const counts = new Float64Array(256);
  for (let index = 0; index < values.length; index++) counts[values[index]!]!++;
  return counts;
}
