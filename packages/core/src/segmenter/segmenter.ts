/** The entry point of the package: a loaded checkpoint that segments pictures into named classes. */
import { statisticsOf, templatesOf } from '../checkpoint/model-config.ts';
import type { PixelStatistics } from '../checkpoint/statistics.ts';
import { disposedError } from '../errors.ts';
import { checkKind, describeValue } from '../guard/arguments.ts';
import { readOptions } from '../guard/options.ts';
import { raceSignal } from '../guard/race-signal.ts';
import { showsItself } from '../guard/show.ts';
import type { ImageInput } from '../image/image.ts';
import { embedLabels, openTextSide, type TextSide } from '../labels/embed-labels.ts';
import { LabelEmbedder } from '../labels/label-embedder.ts';
import type { LabelInput, LabelsOptions } from '../labels/label-request.ts';
import type { LabelSet } from '../labels/label-set.ts';
import type { Precision } from '../session/protocol.ts';
import type { Device } from '../session/providers.ts';
import { linkThrough, startInference, type InferenceLink } from '../session/inference-link.ts';
import type { Templates } from '../text/templates.ts';
import { Vocabulary } from '../text/vocabulary.ts';
import { EncodedImage } from './encoded-image.ts';
import { readLoad, resolveLoad, type SegmenterOptions } from './load-options.ts';
import { PictureReader } from './picture-reader.ts';
import { ENCODE_OPTIONS, SEGMENT_OPTIONS, type EncodeOptions, type SegmentOptions } from './segment-options.ts';
import { checkEncoded, checkLabels, checkResults, resolveSize, segmentRequest } from './segment-options.ts';
import { Segmentation } from './segmentation.ts';
import { Semaphore } from './semaphore.ts';
import { checkShared, type SharedBounds, type SharedSegmenter } from './shared-segmenter.ts';

/**
 * Segments pictures into the classes you name. One segmenter owns one inference thread; any number of calls may be in
 * progress, and those that go together are served by one run.
 *
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint
 * import { Segmenter } from '@synseg/core';
 * const segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const labels = await segmenter.labels(['road', 'car', { name: 'person', prompts: ['a person', 'a pedestrian'] }]);
 * const result = await segmenter.segment('street.jpg', labels);
 * console.assert(result.labelMap.length === result.width * result.height);
 * await segmenter.dispose();
 * ```
 */
export class Segmenter {
  readonly #thread: InferenceLink;
  readonly #text: TextSide | undefined;
  readonly #permits: Semaphore;
  readonly #pictures: PictureReader;
  #disposal: Promise<void> | undefined;

  private constructor(thread: InferenceLink, text: TextSide | undefined, bounds: SharedBounds) {
    this.#thread = thread;
    this.#text = text;
    this.#permits = new Semaphore(bounds.maxQueue);
    this.#pictures = new PictureReader(bounds, thread.info.config);
  }

  /**
   * Loads a checkpoint.
   *
   * @param source - folder; or hub id (`owner/name`), downloaded into the hub's standard cache when it is not there; or
   *   `'embedded'`, the small checkpoint of everyday classes that is part of this package and needs no network
   * @throws SynsegError `MODEL_LOAD`, `CHECKPOINT_FORMAT`, `HUB_DOWNLOAD` or `DEVICE_UNAVAILABLE`
   * @throws the signal's reason when aborted
   * @example
   * ```ts
   * import { Segmenter } from '@synseg/core';
   * const segmenter = await Segmenter.load('embedded');
   * const labels = await segmenter.labels(['red car', 'road', 'sky']);
   * const gray = { data: new Uint8Array(96 * 64 * 3).fill(128), width: 96, height: 64 };
   * const { labelMap } = await segmenter.segment(gray, labels);
   * console.assert(labelMap.length === 96 * 64);
   * await segmenter.dispose();
   * ```
   */
  static async load(source: string, options: SegmenterOptions = {}): Promise<Segmenter> {
    const request = readLoad(source, options);
    const loading = Segmenter.#load(source, request);
    try {
      return await raceSignal(loading, request.signal);
    } catch (error) {
      // Loading cannot be interrupted everywhere: a segmenter that loads too late is disposed.
      void loading.catch(() => undefined).then((late) => late?.dispose());
      throw error;
    }
  }

  static async #load(source: string, request: ReturnType<typeof readLoad>): Promise<Segmenter> {
    const { settings, bounds } = await resolveLoad(source, request);
    const thread = await startInference('vision', settings, request.signal);
    try {
      return new Segmenter(thread, await openTextSide(settings, thread.info), bounds);
    } catch (error) {
      await thread.dispose();
      throw error;
    }
  }

  /**
   * Lends this segmenter's session to another thread: send the result there, with its `port` in the transfer list, and
   * call {@link Segmenter.attach}. One session serves all threads, and what they ask at a time shares its runs.
   *
   * @throws SynsegError `DISPOSED` after disposal
   * @example
   * ```ts
   * // type-checked only: needs a checkpoint and a worker
   * import { Worker } from 'node:worker_threads';
   * import { Segmenter } from '@synseg/core';
   * const segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
   * const labels = await segmenter.labels(['road', 'car']);
   * const shared = segmenter.share();
   * new Worker('./worker.js', { workerData: { shared, labels: labels.parts }, transferList: [shared.port] });
   * // worker.js: const segmenter = Segmenter.attach(workerData.shared), labels = new LabelSet(workerData.labels);
   * // When the worker is done: await segmenter.dispose();
   * ```
   */
  share(): SharedSegmenter {
    Segmenter.#check(this, 'share');
    return { port: this.#thread.connect(), info: this.#thread.info, ...this.#pictures.bounds };
  }

  /**
   * Uses a session another thread owns. Disposing the result ends the use, not the session; when the owner disposes its
   * segmenter, calls here reject as `DISPOSED`. Label sets come from the owner too: {@link Segmenter.labels} is
   * refused.
   */
  static attach(shared: SharedSegmenter): Segmenter {
    checkShared(shared);
    const { port, info, ...bounds } = shared;
    return new Segmenter(linkThrough(port, info), undefined, bounds);
  }

  /** The execution provider in use; what `'auto'` chose. */
  get device(): Device {
    return this.#thread.info.device;
  }

  /** The precision in use; what `'auto'` chose. */
  get precision(): Precision {
    return this.#thread.info.precision;
  }

  /** Height and width of the picture the trunk takes, pixels. */
  get inputSize(): readonly [height: number, width: number] {
    return this.#thread.info.config.inputSize;
  }

  /** Statistics that pixels are normalized with; undefined for a ready-made trunk, which has its own inside. */
  get statistics(): PixelStatistics | undefined {
    return statisticsOf(this.#thread.info.config);
  }

  /** Length of the embeddings that a label set must have. */
  get embeddingDim(): number {
    return this.#thread.info.config.embeddingDim;
  }

  /** Names a vocabulary checkpoint knows; undefined for one with a text encoder, which takes any words. */
  get vocabulary(): readonly string[] | undefined {
    const encoder = this.#text?.encoder;
    return encoder instanceof Vocabulary ? encoder.names : undefined;
  }

  /**
   * Sentences that names are put into unless said otherwise: the checkpoint's own, or CLIPSeg's. A vocabulary looks
   * names up as they are.
   */
  get templates(): Templates {
    return templatesOf(this.#thread.info.config);
  }

  /**
   * Turns words into a label set. Embeddings come from memory or disk when they were computed before.
   *
   * A checkpoint with a table of words (`words.json`) answers plurals, synonyms and kinds of its classes as the class:
   * `LabelSet.words` says which, `LabelSet.unknown` lists the labels that the table does not have. Labels that answer
   * as the same class, such as "dog" and "poodle", are allowed: their activations are the same, and where their
   * thresholds are too, the first of them gets the pixels.
   *
   * @throws TypeError or RangeError for labels or options that cannot be, SynsegError `LABEL_UNKNOWN` for a word that
   *   is not in the checkpoint's vocabulary, naming the nearest
   */
  async labels(labels: readonly LabelInput[], options: LabelsOptions = {}): Promise<LabelSet> {
    Segmenter.#check(this, 'labels');
    const text = this.#text;
    if (text === undefined) {
      const got = 'an attached one (make them with its owner and send labels.parts)';
      throw new TypeError(`Cannot make labels: the segmenter must own its session, got ${got}`);
    }
    return embedLabels(text, labels, options, this.#thread.info.config);
  }

  /** Encodes a picture with the trunk once, to be prompted many times. */
  async encode(image: ImageInput, options: EncodeOptions = {}): Promise<EncodedImage> {
    Segmenter.#check(this, 'encode');
    const { signal, views = 1 } = readOptions('encode', ENCODE_OPTIONS, options);
    return this.#permits.run(async () => {
      const { width, height, tiled } = await this.#pictures.open(image, views, signal);
      const { pixels, tiles } = await tiled();
      const { channel } = this.#thread;
      const request = { type: 'encode', pixels, tiles, views } as const;
      const id = await channel.request<number>(request, [pixels.buffer as ArrayBuffer], signal);
      const release = (): void => channel.notify({ type: 'release', encoded: id });
      return new EncodedImage({ width, height, views, id, owner: this.#thread }, release);
    }, signal);
  }

  /**
   * Segments a picture. Calls in progress at once resolve as they are done; `segmentBatch` and `segmentVideo` keep
   * order.
   *
   * @param image - anything {@link ImageInput} allows, or a picture encoded before
   * @param labels - from {@link Segmenter.labels} or `LabelSet.load`
   * @throws SynsegError `IMAGE_DECODE` for a broken picture; the segmenter goes on working
   * @throws the signal's reason when aborted
   */
  async segment(
    image: ImageInput | EncodedImage,
    labels: LabelSet,
    options: SegmentOptions = {},
  ): Promise<Segmentation> {
    Segmenter.#check(this, 'segment');
    const asked = readOptions('segment', SEGMENT_OPTIONS, options);
    checkLabels(labels, this.#thread.info.config.embeddingDim);
    const { signal, views = image instanceof EncodedImage ? image.views : 1 } = asked;
    if (image instanceof EncodedImage) checkEncoded(image, views, this.#thread, asked);
    const shared = segmentRequest(asked, labels, views, this.inputSize);
    return this.#permits.run(async () => {
      const encoded = image instanceof EncodedImage;
      const opened = encoded ? image : await this.#pictures.open(image, views, signal, asked.windows);
      const { maxPixels, maxLabelPixels } = this.#pictures.bounds;
      const modelSize = 'modelSize' in opened ? opened.modelSize : this.#pictures.modelSize(opened, views);
      const size = resolveSize(asked.size, [opened.height, opened.width], modelSize, maxPixels);
      checkResults(shared.outputs, labels.names.length, size, maxLabelPixels);
      const picture = 'tiled' in opened ? await opened.tiled(asked.transfer) : { encoded: opened.id };
      const transfer = 'pixels' in picture ? [picture.pixels.buffer as ArrayBuffer] : [];
      const request = { type: 'segment', picture, size, ...shared } as const;
      return new Segmentation(size, labels, await this.#thread.channel.request(request, transfer, signal));
    }, signal);
  }

  /** Segments several pictures; results in their order. Pictures share runs of the network. */
  async segmentBatch(
    images: readonly (ImageInput | EncodedImage)[],
    labels: LabelSet,
    options: SegmentOptions = {},
  ): Promise<Segmentation[]> {
    checkKind('segment', 'images', images, Array.isArray(images), 'be a list');
    return Promise.all(images.map((image) => this.segment(image, labels, options)));
  }

  /** Waits for the run in progress, rejects what still waits as `DISPOSED`, and frees everything. Idempotent. */
  dispose(): Promise<void> {
    Segmenter.#check(this, 'dispose');
    return (this.#disposal ??= Promise.all([
      this.#thread.dispose(),
      this.#text?.encoder instanceof LabelEmbedder ? this.#text.encoder.dispose() : undefined,
    ]).then(() => undefined));
  }

  /** {@link Segmenter.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The form that `JSON.stringify()` and `console.log()` show. */
  toJSON(): Pick<Segmenter, 'device' | 'precision' | 'inputSize'> {
    const { device, precision, inputSize } = this;
    return { device, precision, inputSize };
  }

  /** @throws TypeError for a method taken off its segmenter, SynsegError `DISPOSED` after disposal */
  static #check(self: unknown, method: string): void {
    const fits = typeof self === 'object' && self !== null && #thread in self;
    const rule = `be called on a segmenter, as segmenter.${method}()`;
    if (!fits) throw new TypeError(`Cannot ${method}: it must ${rule}, got ${describeValue(self)}`);
    if (self.#disposal !== undefined && method !== 'dispose') throw disposedError();
  }
}

showsItself(Segmenter, 'Segmenter');
