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
import { maskLoss, maskShareLoss } from '../objective/mask-loss.ts';
import { assignmentOf, rowInputs, rowWeights, sum, total } from '../objective/rows.ts';
import { distillationLoss, groundingLoss, patchScores, tapFeatures, type LabelBank } from '../objective/grounding.ts';
import { patchMaps, patchMeans, synergyFeatures, type PatchMaps } from '../objective/synergy.ts';
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
  /** Is a stated label found in the picture, by the projector; see `objective/grounding.ts`. */
  readonly grounding: number;
  /** Does the decoder share patches among labels as the projector does. */
  readonly distillation: number;
  /** Per-label cross-entropy against masks. */
  readonly masks: number;
  /** Cross-entropy against masks among the labels of a picture. */
  readonly maskShare: number;
}

/**
 * What the projector reads: the paper's post-decoder features, the deepest tap before any label bears on it, or all taps,
 * standardised.
 */
export type FeatureSource = 'conditional' | 'visual' | 'taps';

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
  /** What moves: everything trained, or the projector alone, and the losses that bear on it. */
  readonly stage: 'all' | 'projector';
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

/** The loss terms, in the order of the graph's figures. */
export const LOSSES = ['align', 'contrast', 'background', 'separation', 'grounding', 'distillation', 'masks', 'maskShare'] as const;

/** Order of the figures in the graph's output `figures` float32 `[14]`; all but the norm are sums over micro-batches. */
export const FIGURES = [...LOSSES, 'total', 'clampedRows', 'statedRows', 'activationMean', 'activationDeviation', 'gradientNorm'] as const;

/** One of {@link FIGURES}. */
export type Figure = (typeof FIGURES)[number];

/** Names of the state vectors a spec carries from step to step, each float32 `[P]`. */
export function stateNames({ ema }: Pick<StepSpec, 'ema'>): readonly string[] {
  return ['parameters', 'mean', 'variance', ...(ema === undefined ? [] : ['average'])];
}

/** Numbers of the flat vector that a stage moves: from `start` to the end. */
export function movedRange({ layout, stage }: Pick<StepSpec, 'layout' | 'stage'>): { readonly start: number; readonly length: number } {
  const start = stage === 'projector' ? layout.projectorStart : 0;
  return { start, length: layout.length - start };
}

/** Builds the graph. */
export function buildStepGraph(spec: StepSpec, weights: StepWeights): Graph {
  const graph = new Graph(`train-step-${spec.stage}-${spec.phase}`);
  const { layout } = spec;
  const moved = movedRange(spec);
  const flat = graph.input('parameters', 'float32', [layout.length]);
  const views = new Map(layout.entries.map(({ name, shape, offset, length }) => [name, reshape(slice(flat, 0, offset, offset + length), shape)]));
  const parameters = new FlatParameters(graph, views, new InlineParameters(graph, weights.frozen));
  const taps = tapsOf(graph, spec, weights);
  const { loss, figures } = objective(graph, spec, parameters, taps);
  const entries = layout.entries.filter(({ offset }) => offset >= moved.start);
  const derivatives = gradients(loss, entries.map(({ name }) => views.get(name) as Value));
  let gradient = concat(derivatives.map((derivative, index) => reshape(derivative, [(entries[index] as { length: number }).length])), 0);
  if (spec.phase !== 'whole') gradient = add(graph.input('accumulated', 'float32', [moved.length]), gradient);
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
  const assignment = assignmentOf(rows.imageOfRow, images);
  const weights = rowWeights(assignment, rows, batchImages);
  const figures: Partial<Record<Figure, Value>> = { statedRows: total(weights.isStated) };
  const terms: Value[] = [];
  const weigh = (name: keyof LossWeights, value: Value): void => {
    figures[name] = value;
    if (lambda[name] !== 0) terms.push(multiply(value, scalar(value, lambda[name])));
  };
  const active = activeLosses(spec);
  let decoded: { text: Value; features: Value; logits: Value; maps: PatchMaps } | undefined;
  if (needsDecoder(active)) {
    const text = graph.input('text', 'float32', ['rows', config.embeddingDim]);
    const { features } = decode(parameters, taps, text, config.decoder, assignment);
    const logits = upsampleToLogits(parameters, features, config.patchGrid, config.decoder);
    decoded = { text, features, logits, maps: patchMaps(logits, config.patchGrid) };
    Object.assign(figures, activationFigures(decoded.maps.foreground, weights.isStated));
  }
  const allTaps = spec.features === 'taps' && needsProjector(lambda) ? tapFeatures(taps, tapChannels(graph, config, 'tapMean'), tapChannels(graph, config, 'tapDeviation')) : undefined;
  if (decoded !== undefined && needsContrastive(lambda)) {
    const source = allTaps !== undefined ? perRow(allTaps, assignment) : spec.features === 'visual' ? perRow(patchesOf(taps.at(-1) as Value), assignment) : decoded.features;
    const [weight, bias] = projectorParameters(parameters, config.embeddingDim, source.shape[2] as number);
    const { clampedRows, ...losses } = contrastiveLosses(synergyFeatures(decoded.maps, source, weight, bias), decoded.text, weights, spec.contrastive);
    figures.clampedRows = clampedRows;
    for (const name of ['align', 'contrast', 'background', 'separation'] as const) weigh(name, losses[name]);
  }
  if (allTaps !== undefined && (active.includes('grounding') || active.includes('distillation'))) {
    const bank = labelBank(graph, config, images);
    const [weight, bias] = projectorParameters(parameters, config.embeddingDim, allTaps.shape[2] as number);
    const scores = patchScores(allTaps, bank, weight, bias);
    if (active.includes('grounding')) weigh('grounding', groundingLoss(scores, bank, batchImages));
    if (decoded !== undefined && active.includes('distillation')) {
      const stated = multiply(assignment, reshape(rows.stated, ['rows', 1]));
      weigh('distillation', distillationLoss(patchMeans(decoded.logits, config.patchGrid), scores, bank, stated, batchImages));
    }
  }
  if (decoded !== undefined && (active.includes('masks') || active.includes('maskShare'))) {
    const inputs = { masks: graph.input('masks', 'uint8', [images, ...config.inputSize]), classOfRow: graph.input('classOfRow', 'float32', ['rows']) };
    if (active.includes('masks')) weigh('masks', maskLoss(decoded.logits, assignment, inputs, batchImages));
    if (active.includes('maskShare')) weigh('maskShare', maskShareLoss(decoded.logits, assignment, inputs, batchImages));
  }
  const loss = sum(terms);
  return { loss, figures: { ...figures, total: loss } };
}

/** Losses that the projector does not bear on. */
const DECODER_ONLY: ReadonlySet<keyof LossWeights> = new Set<keyof LossWeights>(['distillation', 'masks', 'maskShare']);

/** Losses that count in a stage: of the projector's own, those its parameters bear on. */
export function activeLosses({ lambda, stage }: Pick<StepSpec, 'lambda' | 'stage'>): (keyof LossWeights)[] {
  return LOSSES.filter((name) => lambda[name] !== 0 && (stage === 'all' || !DECODER_ONLY.has(name)));
}

/** True when a loss reads the decoder. */
export function needsDecoder(active: readonly (keyof LossWeights)[]): boolean {
  return active.some((name) => name !== 'grounding');
}

/** True when any of the four MCCL losses counts. */
export function needsContrastive({ align, contrast, background, separation }: LossWeights): boolean {
  return [align, contrast, background, separation].some((weight) => weight !== 0);
}

/** True when a loss reads masks. */
export function needsMasks({ masks, maskShare }: LossWeights): boolean {
  return masks !== 0 || maskShare !== 0;
}

/** True when a loss reads labels' scores at patches, before the decoder. */
export function needsBank({ grounding, distillation }: LossWeights): boolean {
  return grounding !== 0 || distillation !== 0;
}

/** True when a loss reads the projector. */
export function needsProjector(lambda: LossWeights): boolean {
  return needsContrastive(lambda) || needsBank(lambda);
}

function tapChannels(graph: Graph, { tapDims }: ModelConfig, name: string): Value {
  return graph.input(name, 'float32', [tapDims.reduce((sum, channels) => sum + channels, 0)]);
}

function labelBank(graph: Graph, { embeddingDim }: ModelConfig, images: number): LabelBank {
  return {
    text: graph.input('bank', 'float32', ['labels', embeddingDim]),
    stated: graph.input('bankStated', 'float32', [images, 'labels']),
    valid: graph.input('bankValid', 'float32', ['labels']),
    labelOfRow: graph.input('labelOfRow', 'int32', ['rows']),
  };
}

/** A tap without its class token. */
function patchesOf(tap: Value): Value {
  return slice(tap, 1, 1, tap.shape[1] as number);
}

/** What a picture gives, to each of its rows: `[images, patches, channels]` → `[rows, patches, channels]`. */
function perRow(x: Value, assignment: Value): Value {
  const [images, patches, channels] = x.shape as readonly [number, number, number];
  return reshape(matmul(assignment, reshape(x, [images, patches * channels])), ['rows', patches, channels]);
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
function update(graph: Graph, spec: StepSpec, parameters: Value, gradient: Value): Value {
  const { layout, optimizer, ema } = spec;
  const { start } = movedRange(spec);
  const norm = globalNorm(gradient);
  const vector = (name: string): Value => graph.input(name, 'float32', [layout.length]);
  const moved = (x: Value): Value => (start === 0 ? x : slice(x, 0, start, layout.length));
  const whole = (before: Value, after: Value): Value => (start === 0 ? after : concat([slice(before, 0, 0, start), after], 0));
  const before = { parameters, mean: vector('mean'), variance: vector('variance') };
  const number = (name: string): Value => graph.input(name, 'float32', []);
  const state = adamw(
    {
      parameters: moved(parameters),
      mean: moved(before.mean),
      variance: moved(before.variance),
      gradient: optimizer.clipNorm === undefined ? gradient : clipToNorm(gradient, norm, optimizer.clipNorm),
      learningRate: number('learningRate'),
      meanCorrection: number('meanCorrection'),
      varianceCorrection: number('varianceCorrection'),
      decay: decayOf(graph, layout, start, optimizer.weightDecay),
    },
    optimizer,
  );
  const after = { parameters: whole(parameters, state.parameters), mean: whole(before.mean, state.mean), variance: whole(before.variance, state.variance) };
  for (const [name, value] of Object.entries(after)) graph.output(name, value);
  if (ema !== undefined) {
    const average = vector('average');
    graph.output('average', add(average, multiply(subtract(after.parameters, average), scalar(average, 1 - ema))));
  }
  return norm;
}

/** Weight decay of each number from `start` on, or one number for all. */
function decayOf(graph: Graph, { runs }: Layout, start: number, weightDecay: number): Value {
  const parts: Value[] = [];
  let offset = 0;
  for (const { length, decays } of runs) {
    offset += length;
    const count = Math.min(length, offset - start);
    if (count > 0) parts.push(expand(graph.floats([decays ? weightDecay : 0], []), [count]));
  }
  return runs.every(({ decays }) => decays) ? graph.floats([weightDecay], []) : concat(parts, 0);
}
