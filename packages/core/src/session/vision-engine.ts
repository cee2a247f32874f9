/**
 * The inference thread's work: pictures to taps, taps and labels to logits, logits to results. Lives where its sessions
 * live; knows nothing of ports or queues.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Graph } from '../graph/graph.ts';
import { openCheckpoint } from '../checkpoint/checkpoint.ts';
import { buildDecodeGraph, buildPostprocessGraph, buildSplitGraph, buildTrunkGraph } from '../model/model-graphs.ts';
import { pictureMaps } from '../checkpoint/picture-maps.ts';
import { sampleRows, type PostprocessShape } from '../model/postprocess.ts';
import { pictureSize, type MergeRule, type ViewCount } from '../model/views.ts';
import { EngineLoader } from './engine-loader.ts';
import { gridWindows, mergeWindows, type MergedWindows } from './merge-windows.ts';
import type { EngineInfo, EngineSettings, LabelEmbeddings } from './protocol.ts';
import type { SegmentReply, SegmentRequest, TiledPixels } from './protocol.ts';
import type { RunGuard } from './run-guard.ts';
import type { GraphSession, TensorData } from './graph-session.ts';
import { allocated, checkFinite, joinFirstAxis, joined, joinLabels, placeStrip, sliceFirstAxis } from './tensors.ts';

type Builder = Parameters<EngineLoader['session']>[1];

/** The taps of one or more encoded pictures: `[pictures, views, tokens, D_i]` each. */
export type Taps = readonly TensorData[];

/**
 * Rows (picture × view × label) the decoder takes at once. It bounds memory; on a processor a few rows, whose hidden
 * layer is megabytes each, stay near the caches and take a quarter less time per row than thirty.
 */
const MAX_DECODER_ROWS = { cpu: 4, other: 32 } as const;
/** The same of a convolution decoder, whose rows are small and share what is computed once per run. */
const MAX_CONVOLUTION_ROWS = { cpu: 32, other: 32 } as const;

/** Resampled logits held at once while postprocessing, elements: a processor is fastest with what fits its caches. */
const MAX_STRIP_ELEMENTS = { cpu: 1024 * 1024, other: 16 * 1024 * 1024 } as const;

/** Results are narrow, columns then resampled first, from so many columns of logits to one of theirs. */
const NARROW = 8;

/** Sessions of the vision graphs and what they compute. */
export class VisionEngine {
  readonly info: EngineInfo;
  readonly #loader: EngineLoader;
  readonly #settings: EngineSettings;
  readonly #guard: RunGuard;
  readonly #sessions = new Map<string, Promise<GraphSession>>();

  private constructor(loader: EngineLoader, settings: EngineSettings, guard: RunGuard) {
    this.#loader = loader;
    this.#settings = settings;
    this.#guard = guard;
    this.info = loader.info;
  }

  /** Opens the checkpoint, picks the provider and loads the trunk. */
  static async load(settings: EngineSettings, guard: RunGuard): Promise<VisionEngine> {
    const { folder, inputSize, statistics } = settings;
    const checkpoint = await openCheckpoint(folder, {
      ...(inputSize === undefined ? {} : { inputSize }),
      ...(statistics === undefined ? {} : { statistics }),
    });
    const { loader, session } = await EngineLoader.start(checkpoint, settings, guard, (candidate) =>
      candidate.session('trunk', () => trunkGraph(candidate)),
    );
    const engine = new VisionEngine(loader, settings, guard);
    engine.#sessions.set('trunk', Promise.resolve(session));
    // The decoder is loaded now, not at the first frame: its weights are checked and the first result comes at full
    // speed.
    await engine.#decoder(1, 'mean');
    return engine;
  }

  /** Encodes pictures of one view count: one tensor per tap, `[pictures, views, tokens, D_i]`. */
  async encode(pictures: readonly TiledPixels[], views: ViewCount): Promise<Taps> {
    const trunk = await this.#session('trunk', () => trunkGraph(this.#loader));
    const { config } = this.info;
    const [height, width] = pictureSize(config.inputSize, views);
    const bytes = height * width * 3;
    const all = joined(pictures.map(({ pixels }) => pixels));
    const count = all.length / bytes;
    const parts: Record<string, TensorData>[] = [];
    for (let start = 0; start < count; start += this.#settings.maxBatch) {
      const end = Math.min(count, start + this.#settings.maxBatch);
      const pixels = { data: all.subarray(start * bytes, end * bytes), shape: [end - start, height, width, 3] };
      parts.push(await this.#run(trunk, { views: views === 1 ? pixels : await this.#split(pixels) }));
    }
    return pictureMaps(config).map(({ name }) => {
      const { data, shape } = joinFirstAxis(parts.map((part) => part[name] as TensorData));
      return { data, shape: [count, views, ...shape.slice(1)] };
    });
  }

  async #split(pixels: TensorData): Promise<TensorData> {
    const session = await this.#exactSession('split', () => buildSplitGraph(this.info.config));
    return (await this.#run(session, { pixels })).views as TensorData;
  }

  /**
   * Logits of encoded pictures for one label set: `[pictures, labels, height, width]`.
   *
   * @throws SynsegError `INFERENCE` when some are not finite
   */
  async decode(taps: Taps, labels: LabelEmbeddings, views: ViewCount, merge: MergeRule): Promise<TensorData> {
    const session = await this.#decoder(views, merge);
    const dim = this.info.config.embeddingDim;
    const pictures = (taps[0] as TensorData).shape[0] as number;
    const { kind } = this.info.config.decoder;
    const maxRows = this.#limit(kind === 'convolution' ? MAX_CONVOLUTION_ROWS : MAX_DECODER_ROWS);
    const picturesPerRun = Math.max(1, Math.floor(maxRows / (views * labels.count)));
    const labelsPerRun = Math.max(1, Math.floor(maxRows / views));
    const runs: TensorData[] = [];
    for (let picture = 0; picture < pictures; picture += picturesPerRun) {
      const some = taps.map((tap) => sliceFirstAxis(tap, picture, Math.min(pictures, picture + picturesPerRun)));
      const maps = pictureMaps(this.info.config);
      const feeds = Object.fromEntries(maps.map(({ name }, index) => [name, some[index] as TensorData]));
      const columns: TensorData[] = [];
      for (let label = 0; label < labels.count; label += labelsPerRun) {
        const end = Math.min(labels.count, label + labelsPerRun);
        const text = { data: labels.embeddings.subarray(label * dim, end * dim), shape: [end - label, dim] };
        columns.push(checkFinite((await this.#run(session, { ...feeds, text })).logits as TensorData));
      }
      // Labels are split only when a single picture has more than fit in one run.
      runs.push(columns.length === 1 ? (columns[0] as TensorData) : joinLabels(columns));
    }
    return joinFirstAxis(runs);
  }

  /** The windows of one picture merged into one map; pixels are there unless it was encoded before. */
  merge(
    taps: Taps,
    { pixels, tiles, windows }: Pick<TiledPixels, 'tiles' | 'windows'> & Partial<Pick<TiledPixels, 'pixels'>>,
    { labels, views, merge, rule }: SegmentRequest,
  ): Promise<MergedWindows> {
    const [height, width] = pictureSize(this.info.config.inputSize, views);
    const whole = pixels && { data: pixels, shape: [pixels.length / (height * width * 3), height, width, 3] };
    const source = {
      logits: (window: number): Promise<TensorData> =>
        this.decode(
          taps.map((tap) => sliceFirstAxis(tap, window, window + 1)),
          labels,
          views,
          merge,
        ),
      ...(whole === undefined
        ? {}
        : {
            pixels: (window: number): TensorData => ({
              data: sliceFirstAxis(whole, window, window + 1).data,
              shape: [height, width, 3],
            }),
          }),
      run: async (kind: string, build: () => Graph, feeds: Readonly<Record<string, TensorData>>) =>
        this.#run(await this.#exactSession(kind, build), feeds),
      elements: this.#limit(MAX_STRIP_ELEMENTS),
    };
    return mergeWindows(source, windows ?? gridWindows(tiles, [height, width]), labels.count, rule);
  }

  /** Results of one picture from its tiles' logits, or merged scores, `[tiles, labels, h, w]`. */
  async postprocess(
    logits: TensorData,
    tiles: readonly [number, number],
    request: Pick<SegmentRequest, 'decision' | 'outputs' | 'size' | 'rule'>,
    votes?: TensorData,
  ): Promise<SegmentReply> {
    const { decision, outputs, size, rule } = request;
    const [, labels = 0, sourceHeight = 0, sourceWidth = 0] = logits.shape;
    const [height, width] = size;
    const [rows, columns] = [sourceHeight * tiles[0], sourceWidth * tiles[1]];
    const resample = rows !== height || columns !== width;
    const { background, handicaps } = decision;
    // Whatever the picture's shape, a run holds so many pixels of all labels, also between its two passes: rows, or
    // part of one.
    const pixels = Math.max(1, Math.floor(this.#limit(MAX_STRIP_ELEMENTS) / labels));
    const order: PostprocessShape['columns'] =
      resample && width > pixels ? 'after' : resample && width < columns / NARROW ? 'before' : undefined;
    const sampled = { resample, ...(order === undefined ? {} : { columns: order }) };
    const scores = rule.average === 'scores' ? 'given' : rule.scores;
    const contested = outputs.labels && votes === undefined;
    const shifts = contested && handicaps !== undefined ? { handicaps: true } : {};
    const kind = { background, ...shifts, outputs, scores, votes: votes !== undefined } as const;
    const shape: PostprocessShape = { size: [sourceHeight, sourceWidth], tiles, ...sampled, ...kind };
    const name = `postprocess ${JSON.stringify(shape)}`;
    const session = await this.#exactSession(name, () => buildPostprocessGraph(shape));
    const vector = (data: Float32Array): TensorData => ({ data, shape: [data.length] });
    const feeds: Record<string, TensorData> = {
      logits,
      ...(scores === 'softmax' ? { scale: { data: Float32Array.of(rule.softmaxScale), shape: [] } } : {}),
      ...(outputs.labels && votes !== undefined ? { votes } : {}),
      ...(contested && background ? { winThresholds: vector(decision.winThresholds) } : {}),
      ...(contested && handicaps !== undefined ? { handicaps: vector(handicaps) } : {}),
      ...(outputs.masks ? { maskThresholds: vector(decision.maskThresholds) } : {}),
    };
    const reply = allocateReply(outputs, labels, height * width);
    const [strip, span] = !resample
      ? [height, width]
      : order === 'after'
        ? [1, pixels]
        : [Math.min(height, Math.ceil(pixels / (order === 'before' ? width : Math.max(width, columns)))), width];
    const allColumns = { columns: { data: BigInt64Array.of(BigInt(width)), shape: [1] } };
    for (let top = 0; top < height; top += strip) {
      const bottom = Math.min(height, top + strip);
      for (let left = 0; left < width; left += span) {
        const right = Math.min(width, left + span);
        const across = order === undefined ? allColumns : columnFeeds(columns, width, left, right);
        const sampling = resample ? { ...rowFeeds(rows, height, top, bottom), ...across } : {};
        const results = await this.#run(session, { ...feeds, ...sampling });
        for (const [name, target] of Object.entries(reply) as [string, Uint8Array | Float32Array][])
          placeStrip(results[name] as TensorData, target, [height, width], [top, bottom], [left, right]);
      }
    }
    return reply;
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const session of sessions) if (session.status === 'fulfilled') await session.value.release();
  }

  #run(session: GraphSession, feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    return this.#guard.run(() => session.run(feeds));
  }

  #limit({ cpu, other }: { readonly cpu: number; readonly other: number }): number {
    return this.info.device === 'cpu' || this.info.device === 'openvino' ? cpu : other;
  }

  #decoder(views: ViewCount, merge: MergeRule): Promise<GraphSession> {
    const { config } = this.info;
    const kind = `decode ${views} ${views === 1 ? '' : merge}`;
    return this.#session(kind, () => buildDecodeGraph(config, this.#loader.parameters, views, merge));
  }

  #session(kind: string, build: Builder): Promise<GraphSession> {
    return this.#kept(kind, () => this.#loader.session(kind, build));
  }

  #exactSession(kind: string, build: Builder): Promise<GraphSession> {
    return this.#kept(kind, () => this.#loader.exactSession(kind, build));
  }

  #kept(kind: string, load: () => Promise<GraphSession>): Promise<GraphSession> {
    let session = this.#sessions.get(kind);
    if (session === undefined) {
      session = load();
      this.#sessions.set(kind, session);
      session.catch(() => this.#sessions.delete(kind));
    }
    return session;
  }
}

async function trunkGraph(loader: EngineLoader): Promise<Graph> {
  const { config, folder } = loader.checkpoint;
  const model = config.trunk.kind === 'onnx' ? await readFile(join(folder, config.trunk.file)) : undefined;
  return buildTrunkGraph(config, await loader.trunkParameters(), model);
}

/** @throws SynsegError `INFERENCE` when there is no memory for the results */
function allocateReply(outputs: SegmentRequest['outputs'], labels: number, pixels: number): SegmentReply {
  return allocated(`results of ${labels} labels and ${pixels} pixels`, () => ({
    ...(outputs.labels ? { labels: new Uint8Array(pixels) } : {}),
    ...(outputs.masks ? { masks: new Uint8Array(labels * pixels) } : {}),
    ...(outputs.activations ? { activations: new Float32Array(labels * pixels) } : {}),
  }));
}

function rowFeeds(rows: number, height: number, top: number, bottom: number): Record<string, TensorData> {
  const { upper, lower, fraction } = sampleRows(rows, height, top, bottom);
  const shape = [bottom - top];
  return { upper: { data: upper, shape }, lower: { data: lower, shape }, fraction: { data: fraction, shape } };
}

function columnFeeds(columns: number, width: number, left: number, right: number): Record<string, TensorData> {
  const { upper, lower, fraction } = sampleRows(columns, width, left, right);
  const shape = [right - left];
  return { left: { data: upper, shape }, right: { data: lower, shape }, across: { data: fraction, shape } };
}
