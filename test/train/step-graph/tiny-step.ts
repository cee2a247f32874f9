/**
 * A step graph small enough to run hundreds of times, and what goes into it: written for itself, not by the trainer.
 */
import type { FloatTensor, ModelConfig, Weights } from '@synseg/core/checkpoint';
import { Graph, decodeLabels, writeOnnx, type Parameters as GraphParameters } from '@synseg/core/graph';
import { createSession, type GraphSession, type TensorData } from '@synseg/core/runtime';
import { biasCorrections } from '../../../packages/train/src/optimizer/adamw.ts';
import { flatten, initialValues } from '../../../packages/train/src/step-graph/initial-values.ts';
import {
  DECODER_GROUPS,
  layoutOf,
  trainedTensors,
  type Layout,
  type ParameterGroup,
} from '../../../packages/train/src/step-graph/layout.ts';
import {
  BANK_LOSSES,
  LOSSES,
  type FeatureSource,
  type LossWeights,
} from '../../../packages/train/src/objective/losses.ts';
import { buildStepGraph } from '../../../packages/train/src/step-graph/step-graph.ts';
import { FIGURES, type Figure } from '../../../packages/train/src/step-graph/step-objective.ts';
import { movedRange, stateNames, type StepSpec } from '../../../packages/train/src/step-graph/step-spec.ts';
import { gaussians, uniform } from '../../support/random.ts';
import { runOnce } from '../autodiff/numeric.ts';

const EMBEDDING_DIM = 16;
/** Labels there are in all. */
const LABELS = 40;
const MASK_CLASSES = 5;

/** A decoder of width 8 on three taps of different widths; pictures wider than high. */
export function tinyModel(head: 'simple' | 'refined' = 'simple'): ModelConfig {
  const patchSize = head === 'refined' ? 16 : 4;
  const [rows, columns] = [2, 3];
  return {
    inputSize: [rows * patchSize, columns * patchSize],
    patchGrid: [rows, columns],
    trunk: { kind: 'onnx', file: 'none', patchSize },
    text: { kind: 'vocabulary', names: 'none', embeddings: 'none' },
    tapDims: [5, 6, 7],
    embeddingDim: EMBEDDING_DIM,
    threshold: 0.5,
    thresholds: {},
    decoder: {
      kind: 'transformer',
      reduceDim: 8,
      layers: 3,
      heads: 2,
      intermediateSize: 12,
      activation: 'relu',
      layerNormEpsilon: 1e-5,
      conditionalLayer: 0,
      head,
      patchSize,
    },
  };
}

/** How many channels of a {@link tinyModel} a projector of each kind of features reads. */
export const PROJECTORS: Readonly<Record<FeatureSource, number>> = {
  conditional: 8,
  taps: 18,
  windows: 5 + EMBEDDING_DIM,
};

/** Weights of some losses, 0 of the others. */
export function only(names: readonly (keyof LossWeights)[], weight: (index: number) => number = () => 1): LossWeights {
  return Object.fromEntries(
    LOSSES.map((name, index) => [name, names.includes(name) ? weight(index) : 0]),
  ) as unknown as LossWeights;
}

/** Every loss, each with a weight of its own. */
export const ALL_LOSSES = only(LOSSES, (index) => 0.5 + 0.1 * index);

/** What a test chooses; the rest of a {@link StepSpec} follows. */
export interface TinyStep extends Partial<Omit<StepSpec, 'config' | 'layout'>> {
  readonly head?: 'simple' | 'refined';
  readonly trainable?: readonly ParameterGroup[];
  readonly decayVectors?: boolean;
  readonly projector?: boolean;
}

export interface Prepared {
  readonly spec: StepSpec;
  readonly layout: Layout;
  /** All tensors, trained or not. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  readonly frozen: ReadonlyMap<string, FloatTensor>;
  /** Of a trunk that is part of the graph. */
  readonly weights?: Weights;
  /** State before the first step. */
  readonly state: Readonly<Record<string, Float32Array>>;
}

/**
 * Random tensors, norms and biases included: at their usual start some gradients would be zero by chance. The head's
 * kernels lean to one side, or the maps would be flat once averaged over patches, and foreground and background alike.
 */
export async function prepare({
  head = 'simple',
  trainable = DECODER_GROUPS,
  decayVectors = true,
  projector = true,
  ...choices
}: TinyStep = {}): Promise<Prepared> {
  const config = tinyModel(head);
  const { features = 'taps', images = 2 } = choices;
  const specs = trainedTensors(config, projector ? PROJECTORS[features] : undefined);
  const { tensors } = await initialValues(specs, undefined, 1);
  [...tensors].forEach(([name, { shape, data }], index) => {
    const noise = gaussians(data.length, 100 + index, 0.1);
    const kernel = /transposed_convolution(?:\.[24])?\.weight/.test(name) ? (shape[2] as number) ** 2 : Infinity;
    const leaning = gaussians(Math.ceil(data.length / kernel), 200 + index, kernel === Infinity ? 0 : 1);
    data.forEach((value, at) => (data[at] = value + (noise[at] as number) + (leaning[Math.floor(at / kernel)] ?? 0)));
  });
  const layout = layoutOf(specs, trainable, decayVectors);
  const spec: StepSpec = {
    kind: 'rows',
    lambda:
      features === 'taps' || features === 'windows'
        ? ALL_LOSSES
        : { ...ALL_LOSSES, ...Object.fromEntries(BANK_LOSSES.map((name) => [name, 0])) },
    features,
    prior: 0,
    contrastive: { epsilon: 1e-4, contrastGate: -1 },
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clipNorm: undefined },
    ema: undefined,
    images,
    batchImages: images,
    input: 'taps',
    trunkPrecision: 'float32',
    patchesKept: undefined,
    stage: 'all',
    phase: 'whole',
    ...choices,
    config,
    layout,
  };
  const parameters = flatten(layout, tensors);
  const state = Object.fromEntries(
    stateNames(spec).map((name) => [
      name,
      name === 'parameters' || name === 'average' ? parameters.slice() : new Float32Array(layout.length),
    ]),
  );
  return {
    spec,
    layout,
    tensors,
    frozen: new Map([...tensors].filter(([name]) => !layout.entries.some((entry) => entry.name === name))),
    state,
  };
}

/** A picture with its rows. */
export interface Picture {
  readonly taps: readonly Float32Array[];
  /** What its windows are embedded as, a token each. */
  readonly windows: Float32Array;
  readonly mask: Uint8Array;
  readonly rows: readonly { readonly label: number; readonly stated: 0 | 1; readonly maskClass: number }[];
}

/** A random picture for each number of stated labels; each has one more row, of a label that is not stated of it. */
export function picturesOf(config: ModelConfig, statedLabels: readonly number[], seed = 1): Picture[] {
  const tokens = 1 + config.patchGrid[0] * config.patchGrid[1];
  return statedLabels.map((count, index) => {
    const next = uniform(seed * 1000 + index);
    const first = Math.floor(next() * LABELS);
    const rowAt = (place: number): Picture['rows'][number] => ({
      label: (first + place) % LABELS,
      stated: place < count ? 1 : 0,
      maskClass: place % 3 === 2 ? -1 : Math.floor(next() * MASK_CLASSES),
    });
    return {
      taps: config.tapDims.map((channels, tap) => gaussians(tokens * channels, seed * 7000 + index * 10 + tap)),
      windows: gaussians(tokens * EMBEDDING_DIM, seed * 7000 + index * 10 + 9),
      mask: Uint8Array.from({ length: config.inputSize[0] * config.inputSize[1] }, () =>
        next() < 0.1 ? 255 : Math.floor(next() * MASK_CLASSES),
      ),
      rows: Array.from({ length: count + 1 }, (_, place) => rowAt(place)),
    };
  });
}

/** Embedding of every label there is. */
export const LABEL_TEXTS = Array.from({ length: LABELS }, (_, label) => gaussians(EMBEDDING_DIM, 500 + label));

/** The logits that the inference path gives for each label of a picture: `[row][pixel]`. */
export async function inferenceLogits(
  model: ModelConfig,
  tensors: ReadonlyMap<string, FloatTensor>,
  { taps, rows }: Picture,
): Promise<Float32Array[]> {
  const { patchGrid, tapDims } = model;
  const graph = new Graph('inference');
  const parameters: GraphParameters = {
    graph,
    get: (name) => graph.floats(tensors.get(name)?.data ?? [], tensors.get(name)?.shape),
  };
  const tokens = 1 + patchGrid[0] * patchGrid[1];
  const inputs = tapDims.map((width, tap) => graph.input(`tap${String(tap)}`, 'float32', [1, tokens, width]));
  const text = graph.input('text', 'float32', [rows.length, EMBEDDING_DIM]);
  graph.output('logits', decodeLabels(parameters, inputs, text, model).logits());
  const { logits } = await runOnce(graph, {
    ...Object.fromEntries(
      taps.map((data, tap) => [`tap${String(tap)}`, { data, shape: [1, tokens, tapDims[tap] as number] }]),
    ),
    text: {
      data: Float32Array.from(rows.flatMap(({ label }) => [...(LABEL_TEXTS[label] as Float32Array)])),
      shape: [rows.length, EMBEDDING_DIM],
    },
  });
  const data = logits?.data as Float32Array;
  return rows.map((_, row) => data.slice((row * data.length) / rows.length, ((row + 1) * data.length) / rows.length));
}

/** How the rows of some pictures are laid out. */
export interface Filling {
  /** Rows in all; @default as many as there are */
  readonly rows?: number;
  /** Labels of the bank in all; @default as many as there are */
  readonly labels?: number;
  /** What filling rows and labels hold: zeros, or random numbers of this seed. @default 0 */
  readonly contents?: number;
  /** The batch the pictures are part of, whose labels make the bank; @default the pictures */
  readonly batch?: readonly Picture[];
}

/** Graph inputs for some pictures, state and step aside. */
export function feedsOf(
  { config: { inputSize, patchGrid, tapDims }, features }: Pick<StepSpec, 'config' | 'features'>,
  pictures: readonly Picture[],
  { rows: rowCount, labels: labelCount, contents = 0, batch = pictures }: Filling = {},
): Record<string, TensorData> {
  const rows = pictures.flatMap((picture, image) => picture.rows.map((row) => ({ ...row, image })));
  const labels = [...new Set(batch.flatMap((picture) => picture.rows.map(({ label }) => label)))];
  const count = rowCount ?? rows.length;
  const bankSize = labelCount ?? labels.length;
  if (count < rows.length || bankSize < labels.length)
    throw new Error(`filling must be larger than ${String(rows.length)} rows and ${String(labels.length)} labels`);
  const next = uniform(contents);
  const filling = (low: number, high: number): number => (contents === 0 ? 0 : low + (high - low) * next());
  const column = (value: (row: (typeof rows)[number]) => number, otherwise: () => number): number[] =>
    Array.from({ length: count }, (_, index) =>
      index < rows.length ? value(rows[index] as (typeof rows)[number]) : otherwise(),
    );
  const texts = (size: number, known: readonly number[]): Float32Array =>
    Float32Array.from(
      { length: size * EMBEDDING_DIM },
      (_, at) => LABEL_TEXTS[known[Math.floor(at / EMBEDDING_DIM)] ?? -1]?.[at % EMBEDDING_DIM] ?? filling(-5, 5),
    );
  const float = (data: ArrayLike<number>, shape: readonly number[]): TensorData => ({
    data: Float32Array.from(data),
    shape,
  });
  const tokens = 1 + patchGrid[0] * patchGrid[1];
  const known = (picture: Picture): readonly Float32Array[] =>
    features === 'windows' ? [...picture.taps, picture.windows] : picture.taps;
  const dims = features === 'windows' ? [...tapDims, EMBEDDING_DIM] : tapDims;
  const channels = dims.reduce((sum, width) => sum + width, 0);
  return {
    ...Object.fromEntries(
      dims.map((width, tap) => [
        `tap${String(tap)}`,
        float(
          pictures.flatMap((picture) => [...(known(picture)[tap] as Float32Array)]),
          [pictures.length, tokens, width],
        ),
      ]),
    ),
    tapMean: float(gaussians(channels, 3, 0.2), [channels]),
    tapDeviation: float(
      gaussians(channels, 4, 0.1).map((value) => 1 + value),
      [channels],
    ),
    text: float(
      texts(
        count,
        rows.map(({ label }) => label),
      ),
      [count, EMBEDDING_DIM],
    ),
    imageOfRow: {
      data: Int32Array.from(
        column(
          ({ image }) => image,
          () => -1,
        ),
      ),
      shape: [count],
    },
    rowNumber: float(
      column(
        () => 0,
        () => 0,
      ).map((_, index) => index),
      [count],
    ),
    stated: float(
      column(
        ({ stated }) => stated,
        () => filling(0, 1),
      ),
      [count],
    ),
    bank: float(texts(bankSize, labels), [bankSize, EMBEDDING_DIM]),
    bankStated: float(
      pictures.flatMap((picture) =>
        Array.from({ length: bankSize }, (_, place) =>
          place < labels.length
            ? Number(picture.rows.some(({ label, stated }) => stated === 1 && label === labels[place]))
            : filling(0, 1),
        ),
      ),
      [pictures.length, bankSize],
    ),
    bankValid: float(
      pictures.flatMap(() => Array.from({ length: bankSize }, (_, place) => Number(place < labels.length))),
      [pictures.length, bankSize],
    ),
    labelOfRow: {
      data: Int32Array.from(
        column(
          ({ label }) => labels.indexOf(label),
          () => Math.floor(filling(0, bankSize)),
        ),
      ),
      shape: [count],
    },
    classOfRow: float(
      column(
        ({ maskClass }) => maskClass,
        () => Math.floor(filling(-1, MASK_CLASSES)),
      ),
      [count],
    ),
    masks: { data: Uint8Array.from(pictures.flatMap(({ mask }) => [...mask])), shape: [pictures.length, ...inputSize] },
  };
}

export type Figures = Readonly<Record<Figure, number>>;

/** A graph of {@link prepare}, loaded. Release it. */
export class TinyGraph {
  readonly #session: GraphSession;
  readonly #prepared: Prepared;

  private constructor(session: GraphSession, prepared: Prepared) {
    this.#session = session;
    this.#prepared = prepared;
  }

  static async load(prepared: Prepared, phase: StepSpec['phase'] = prepared.spec.phase): Promise<TinyGraph> {
    const graph = buildStepGraph(
      { ...prepared.spec, phase },
      { weights: prepared.weights, trunkModel: undefined, frozen: prepared.frozen },
    );
    return new TinyGraph(await createSession(writeOnnx(graph), { provider: 'cpu', threads: 1 }), prepared);
  }

  get inputs(): readonly string[] {
    return this.#session.inputNames;
  }

  async run(
    feeds: Readonly<Record<string, TensorData>>,
    state: Readonly<Record<string, Float32Array>>,
    {
      step = 1,
      learningRate = 0.01,
      accumulated,
    }: { step?: number; learningRate?: number; accumulated?: Float32Array } = {},
  ): Promise<{ figures: Figures; vectors: Record<string, Float32Array> }> {
    const { spec } = this.#prepared;
    const scalars = Object.entries({ learningRate, ...biasCorrections(step, spec.optimizer) }).map(
      ([name, value]) => [name, { data: Float32Array.of(value), shape: [] }] as const,
    );
    const vectors = Object.entries({
      ...state,
      accumulated: accumulated ?? new Float32Array(movedRange(spec).length),
    }).map(([name, data]) => [name, { data, shape: [data.length] }] as const);
    const offered: Record<string, TensorData> = {
      ...feeds,
      ...Object.fromEntries(scalars),
      ...Object.fromEntries(vectors),
    };
    const results = await this.#session.run(
      Object.fromEntries(this.#session.inputNames.map((name) => [name, offered[name] as TensorData])),
    );
    const { figures, ...rest } = results;
    return {
      figures: Object.fromEntries(FIGURES.map((name, index) => [name, Number(figures?.data[index])])) as Figures,
      vectors: Object.fromEntries(Object.entries(rest).map(([name, { data }]) => [name, data as Float32Array])),
    };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** One run of one graph. */
export async function runStep(
  prepared: Prepared,
  feeds: Readonly<Record<string, TensorData>>,
  phase: StepSpec['phase'] = 'whole',
  options: Parameters<TinyGraph['run']>[2] = {},
): ReturnType<TinyGraph['run']> {
  const graph = await TinyGraph.load(prepared, phase);
  try {
    return await graph.run(feeds, prepared.state, options);
  } finally {
    await graph.release();
  }
}

/** Figures and gradient, the latter by name. */
export async function gradientOf(
  prepared: Prepared,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<{ figures: Figures; gradient: Float32Array }> {
  const { figures, vectors } = await runStep(prepared, feeds, 'partial');
  return { figures, gradient: vectors['accumulated'] as Float32Array };
}
