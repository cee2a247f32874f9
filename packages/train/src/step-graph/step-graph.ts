/**
 * One training step as one ONNX graph: frozen trunk → FiLM, decoder, head → losses → gradients → clip → AdamW.
 *
 * What goes in: pictures (or taps computed before), text embeddings, which row belongs to which picture, and the state.
 * What comes out: the new state, and one vector of figures for the report. Only standard operators, so it runs wherever
 * inference does. The number of rows is left open: one session serves every bucket.
 */
import { CheckpointParameters, Graph, decode, ops, shapeOps, trunkTaps, upsampleToLogits, type ModelConfig, type Parameters, type Value, type Weights } from '@synseg/core/internals';
import { gradients } from '../autodiff/gradients.ts';
import { contrastiveLosses, type ContrastiveSettings } from '../objective/contrastive.ts';
import { maskLoss } from '../objective/mask-loss.ts';
import { assignmentOf, rowInputs, rowWeights, sum, total } from '../objective/rows.ts';
import { patchMaps, synergyFeatures } from '../objective/synergy.ts';
import { adamw, clipToNorm, globalNorm, type AdamWSettings } from '../optimizer/adamw.ts';
import { FlatParameters, projectorParameters, type Layout, type ParameterSpec } from './layout.ts';

const { add, matmul, multiply, reduceSum, scalar, sqrt, subtract } = ops;
const { concat, expand, reshape, slice } = shapeOps;

/** Weights of the loss terms; a term of weight 0 is not computed. */
export interface LossWeights {
  /** λ1 */
  readonly align: number;
  /** λ2 */
  readonly contrast: number;
  /** λ3 */
  readonly background: number;
  /** λ4 */
  readonly separation: number;
  /** Per-label cross-entropy against masks. */
  readonly masks: number;
}

/** What FSS features are made of: the paper's post-decoder features, or the deepest tap before FiLM. */
export type FeatureSource = 'conditional' | 'visual';

/** Everything a step graph depends on, weights aside. */
export interface StepSpec {
  readonly config: ModelConfig;
  readonly layout: Layout;
  readonly lambda: LossWeights;
  readonly features: FeatureSource;
  readonly contrastive: ContrastiveSettings;
  readonly optimizer: AdamWSettings & { readonly weightDecay: number; readonly clipNorm: number | undefined };
  /** Decay of the running mean of weights, or none kept. */
  readonly ema: number | undefined;
  /** Pictures in this graph, and in the whole batch. */
  readonly images: number;
  readonly batchImages: number;
  /** Raw pictures, or taps that were computed before. */
  readonly input: 'pixels' | 'taps';
  /** Precision of the frozen trunk. */
  readonly trunkPrecision: 'float32' | 'float16';
  /** `whole`: one graph is the batch. `partial`: adds its gradient to `accumulated`; `last`: so does this, then steps. */
  readonly phase: 'whole' | 'partial' | 'last';
}

/** Weights that a step graph carries or points to. */
export interface StepWeights {
  /** The checkpoint's files, for a CLIP trunk. */
  readonly weights: Weights | undefined;
  /** The bytes of a ready-made trunk. */
  readonly trunkModel: Uint8Array | undefined;
  /** Decoder and projector tensors that are not trained. */
  readonly frozen: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/** Order of the figures in the graph's output `figures` float32 `[11]`; all but the norm are sums over micro-batches. */
export const FIGURES = ['align', 'contrast', 'background', 'separation', 'masks', 'total', 'clampedRows', 'statedRows', 'activationMean', 'activationDeviation', 'gradientNorm'] as const;

/** One of {@link FIGURES}. */
export type Figure = (typeof FIGURES)[number];

/** Names of the state vectors a spec carries from step to step, each float32 `[P]`. */
export function stateNames({ ema }: Pick<StepSpec, 'ema'>): readonly string[] {
  return ['parameters', 'mean', 'variance', ...(ema === undefined ? [] : ['average'])];
}

/** Builds the graph. */
export function buildStepGraph(spec: StepSpec, weights: StepWeights): Graph {
  const graph = new Graph(`train-step-${spec.phase}`);
  const { layout } = spec;
  const flat = graph.input('parameters', 'float32', [layout.length]);
  const views = new Map(layout.entries.map(({ name, shape, offset, length }) => [name, reshape(slice(flat, 0, offset, offset + length), shape)]));
  const parameters = new FlatParameters(graph, views, new InlineParameters(graph, weights.frozen));
  const taps = tapsOf(graph, spec, weights);
  const { loss, figures } = objective(graph, spec, parameters, taps);
  const sources = [...views.values()];
  const parts = gradients(loss, sources).map((gradient, index) => reshape(gradient, [(layout.entries[index] as { length: number }).length]));
  let gradient = concat(parts, 0);
  if (spec.phase !== 'whole') gradient = add(graph.input('accumulated', 'float32', [layout.length]), gradient);
  if (spec.phase === 'partial') graph.output('accumulated', gradient);
  else figures.gradientNorm = update(graph, spec, flat, gradient);
  const zero = graph.floats([0], []);
  graph.output('figures', concat(FIGURES.map((name) => reshape(figures[name] ?? zero, [1])), 0));
  return graph;
}

/** Frozen tensors that the graph carries itself. */
class InlineParameters implements Parameters {
  readonly graph: Graph;
  readonly #tensors: StepWeights['frozen'];

  constructor(graph: Graph, tensors: StepWeights['frozen']) {
    this.graph = graph;
    this.#tensors = tensors;
  }

  get(name: string): Value {
    const tensor = this.#tensors.get(name) as ParameterSpec & { data: Float32Array } | undefined;
    if (tensor === undefined) throw new RangeError(`internal: tensor "${name}" must be trained or frozen, got neither`);
    return this.graph.floats(tensor.data, tensor.shape);
  }
}

/** The frozen trunk's taps, or the inputs that stand for them. */
function tapsOf(graph: Graph, { config, images, input, trunkPrecision }: StepSpec, { weights, trunkModel }: StepWeights): readonly Value[] {
  const tokens = 1 + config.patchGrid[0] * config.patchGrid[1];
  if (input === 'taps') return config.tapDims.map((channels, index) => graph.input(`tap${String(index)}`, 'float32', [images, tokens, channels]));
  const pixels = graph.input('pixels', 'uint8', [images, ...config.inputSize, 3]);
  const source: Parameters = weights === undefined ? new InlineParameters(graph, new Map()) : new CheckpointParameters(graph, weights, trunkPrecision);
  return trunkTaps(config, source, pixels, trunkModel).map((tap) => ops.cast(tap, 'float32'));
}

/** Forward pass and losses. */
function objective(graph: Graph, spec: StepSpec, parameters: Parameters, taps: readonly Value[]): { loss: Value; figures: Partial<Record<Figure, Value>> } {
  const { config, lambda, images, batchImages } = spec;
  const rows = rowInputs(graph, 'rows');
  const text = graph.input('text', 'float32', ['rows', config.embeddingDim]);
  const assignment = assignmentOf(rows.imageOfRow, images);
  const { features } = decode(parameters, taps, text, config.decoder, assignment);
  const logits = upsampleToLogits(parameters, features, config.patchGrid, config.decoder);
  const maps = patchMaps(logits, config.patchGrid);
  const weights = rowWeights(assignment, rows, batchImages);
  const figures: Partial<Record<Figure, Value>> = { statedRows: total(weights.isStated), ...activationFigures(maps.foreground, weights.isStated) };
  const terms: Value[] = [];
  const weigh = (name: keyof LossWeights, value: Value): void => {
    figures[name] = value;
    if (lambda[name] !== 0) terms.push(multiply(value, scalar(value, lambda[name])));
  };
  if (needsContrastive(lambda)) {
    const source = spec.features === 'conditional' ? features : visualFeatures(taps, assignment);
    const [weight, bias] = projectorParameters(parameters, config.embeddingDim, source.shape[2] as number);
    const { clampedRows, ...losses } = contrastiveLosses(synergyFeatures(maps, source, weight, bias), text, weights, spec.contrastive);
    figures.clampedRows = clampedRows;
    for (const name of ['align', 'contrast', 'background', 'separation'] as const) weigh(name, losses[name]);
  }
  if (lambda.masks !== 0) {
    const masks = graph.input('masks', 'uint8', [images, ...config.inputSize]);
    weigh('masks', maskLoss(logits, assignment, { masks, classOfRow: graph.input('classOfRow', 'float32', ['rows']) }, batchImages));
  }
  const loss = sum(terms);
  return { loss, figures: { ...figures, total: loss } };
}

/** True when any of the four MCCL losses counts. */
export function needsContrastive({ align, contrast, background, separation }: LossWeights): boolean {
  return [align, contrast, background, separation].some((weight) => weight !== 0);
}

/** The deepest tap's patches, before any label bears on them, for each row: `[rows, patches, channels]`. */
function visualFeatures(taps: readonly Value[], assignment: Value): Value {
  const deepest = taps.at(-1) as Value;
  const [images, tokens, channels] = deepest.shape as readonly [number, number, number];
  const patches = reshape(slice(deepest, 1, 1, tokens), [images, (tokens - 1) * channels]);
  return reshape(matmul(assignment, patches), ['rows', tokens - 1, channels]);
}

/** Mean and spatial standard deviation of the patch-averaged activation maps, each summed over stated rows. */
function activationFigures(activation: Value, isStated: Value): { activationMean: Value; activationDeviation: Value } {
  const patches = activation.shape[1] as number;
  const mean = (x: Value): Value => multiply(reduceSum(x, [1], true), scalar(x, 1 / patches));
  const average = mean(activation);
  const centred = subtract(activation, average);
  return { activationMean: total(multiply(average, isStated)), activationDeviation: total(multiply(sqrt(mean(multiply(centred, centred))), isStated)) };
}

/** Adds clip, AdamW and the running mean of weights; returns the gradient's norm before the clip. */
function update(graph: Graph, { layout, optimizer, ema }: StepSpec, parameters: Value, gradient: Value): Value {
  const norm = globalNorm(gradient);
  const vector = (name: string): Value => graph.input(name, 'float32', [layout.length]);
  const number = (name: string): Value => graph.input(name, 'float32', []);
  const state = adamw(
    {
      parameters,
      mean: vector('mean'),
      variance: vector('variance'),
      gradient: optimizer.clipNorm === undefined ? gradient : clipToNorm(gradient, norm, optimizer.clipNorm),
      learningRate: number('learningRate'),
      meanCorrection: number('meanCorrection'),
      varianceCorrection: number('varianceCorrection'),
      decay: decayOf(graph, layout, optimizer.weightDecay),
    },
    optimizer,
  );
  for (const [name, value] of Object.entries(state)) graph.output(name, value as Value);
  if (ema !== undefined) {
    const average = vector('average');
    graph.output('average', add(average, multiply(subtract(state.parameters, average), scalar(average, 1 - ema))));
  }
  return norm;
}

function decayOf(graph: Graph, { length, decayed }: Layout, weightDecay: number): Value {
  const decay = graph.floats([weightDecay], []);
  if (decayed === length) return decay;
  const none = graph.floats([0], []);
  return concat([...(decayed > 0 ? [expand(decay, [decayed])] : []), expand(none, [length - decayed])], 0);
}
