/**
 * One training step as one ONNX graph: frozen trunk → FiLM, decoder, head → losses → gradients → clip → AdamW; or, on
 * pairs of picture and caption, both encoders → InfoNCE → gradients → clip → AdamW; or, on texts, the text encoder →
 * distance from given vectors → the same.
 *
 * Inputs: pictures (or cached taps), text embeddings, the picture of each row, and the state. Outputs: the new state,
 * and one vector of figures for the report. All operators are standard, so it runs wherever inference does. The number
 * of rows is left open: one session serves every bucket.
 */
import { CheckpointParameters, Graph, ops, shapeOps, trunkMaps, type Parameters, type Value } from '@synseg/core/graph';
import { gradients } from '../autodiff/gradients.ts';
import { adamw, clipToNorm, globalNorm } from '../optimizer/adamw.ts';
import { LARGEST_SCALE } from '../objective/info-nce.ts';
import { unit } from '../objective/rows.ts';
import { LOGIT_SCALE, encodePairs, tokensOf } from './encode-pairs.ts';
import { encodeTexts } from './encode-texts.ts';
import { FlatParameters, type Layout, type LayoutRun, type ParameterSpec } from './layout.ts';
import { PAIR_FIGURES, pairObjective, type PairFigure } from './pair-objective.ts';
import { FIGURES, stepObjective, type Figure } from './step-objective.ts';
import { movedRange, pictureDims, type StepSpec, type StepWeights } from './step-spec.ts';
import { TEXT_FIGURES, textObjective, type TextFigure } from './text-objective.ts';

const { add, minimum, multiply, scalar, subtract } = ops;
const { concat, expand, reshape, slice, transpose } = shapeOps;

/** Builds the graph. */
export function buildStepGraph(spec: StepSpec, weights: StepWeights): Graph {
  const graph = new Graph(`train-step-${spec.stage}-${spec.phase}`);
  const { layout } = spec;
  const moved = movedRange(spec);
  const flat = graph.input('parameters', 'float32', [layout.length]);
  const views = viewsOf(flat, layout);
  const parameters = new FlatParameters(graph, views, new InlineParameters(graph, weights.frozen));
  const objective: Objective =
    spec.kind === 'texts'
      ? textObjective(graph, spec, parameters)
      : spec.kind === 'pairs'
        ? pairObjective(graph, spec, parameters)
        : stepObjective(graph, spec, parameters, mapsOf(graph, spec, weights, views), startOf(graph, spec, weights));
  const { loss, figures } = objective;
  const entries = layout.entries.filter(({ offset }) => offset >= moved.start);
  const derivatives = gradients(
    loss,
    entries.map(({ name }) => views.get(name) as Value),
  );
  let gradient = concat(
    derivatives.map((derivative, index) => reshape(derivative, [(entries[index] as { length: number }).length])),
    0,
  );
  if (spec.phase !== 'whole') gradient = add(graph.input('accumulated', 'float32', [moved.length]), gradient);
  if (spec.phase === 'partial') graph.output('accumulated', gradient);
  else figures.gradientNorm = update(graph, spec, flat, gradient);
  const zero = graph.floats([0], []);
  graph.output(
    'figures',
    concat(
      figuresOf(spec).map((name) => reshape(figures[name] ?? zero, [1])),
      0,
    ),
  );
  return graph;
}

/** A forward pass with its loss and figures. */
interface Objective {
  readonly loss: Value;
  readonly figures: Partial<Record<Figure | PairFigure | TextFigure, Value>>;
}

/** Order of the figures in a step graph's output. */
export function figuresOf({ kind }: Pick<StepSpec, 'kind'>): readonly (Figure | PairFigure | TextFigure)[] {
  return { rows: FIGURES, pairs: PAIR_FIGURES, texts: TEXT_FIGURES }[kind];
}

/**
 * Both encoders with the weights of the flat vector: inputs `parameters` and those of `encodePairs`, for any number of
 * pairs; outputs `image` and `text` float32 `[pairs, embeddingDim]`, rows of length one.
 */
export function buildEmbedGraph(
  { config, layout }: Pick<StepSpec, 'config' | 'layout'>,
  { frozen }: Pick<StepWeights, 'frozen'>,
): Graph {
  const graph = new Graph('embed');
  const views = viewsOf(graph.input('parameters', 'float32', [layout.length]), layout);
  const { image, text } = encodePairs(
    graph,
    config,
    new FlatParameters(graph, views, new InlineParameters(graph, frozen)),
    'pairs',
  );
  graph.output('image', unit(image));
  graph.output('text', unit(text));
  return graph;
}

/**
 * The cosine of each text's embedding with each of a list of vectors: inputs `parameters`, those of `encodeTexts` and
 * `vectors` float32 `[names · embeddingDim]`, each of length one; output `cosines` float32 `[texts, names]`.
 */
export function buildCosineGraph(
  { config, layout }: Pick<StepSpec, 'config' | 'layout'>,
  { frozen }: Pick<StepWeights, 'frozen'>,
  names: number,
): Graph {
  const graph = new Graph('cosines');
  const views = viewsOf(graph.input('parameters', 'float32', [layout.length]), layout);
  const parameters = new FlatParameters(graph, views, new InlineParameters(graph, frozen));
  const dim = config.embeddingDim;
  const vectors = reshape(graph.input('vectors', 'float32', [names * dim]), [names, dim]);
  graph.output(
    'cosines',
    ops.matmul(unit(encodeTexts(config, parameters, 'texts', 'tokens')), transpose(vectors, [1, 0])),
  );
  return graph;
}

/** The trained tensors as parts of the flat vector. */
function viewsOf(flat: Value, { entries }: Layout): Map<string, Value> {
  return new Map(
    entries.map(({ name, shape, offset, length }) => [name, reshape(slice(flat, 0, offset, offset + length), shape)]),
  );
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
    const tensor = this.#tensors.get(name) as (ParameterSpec & { data: Float32Array }) | undefined;
    if (tensor === undefined) throw new RangeError(`internal: tensor "${name}" must be trained or frozen, got neither`);
    return this.graph.floats(tensor.data, tensor.shape);
  }
}

/** The parameters that training started from, as an input `start` like `parameters`, where a loss asks for them. */
function startOf(graph: Graph, { layout, prior, stage }: StepSpec, { frozen }: StepWeights): Parameters | undefined {
  if (prior === 0 || stage === 'projector') return undefined;
  return new FlatParameters(
    graph,
    viewsOf(graph.input('start', 'float32', [layout.length]), layout),
    new InlineParameters(graph, frozen),
  );
}

/**
 * The trunk's maps and the projector's other features, computed or as inputs: see `pictureDims`. What is trained of the
 * trunk are `views` of the flat vector.
 */
function mapsOf(
  graph: Graph,
  spec: StepSpec,
  { weights, trunkModel }: StepWeights,
  views: ReadonlyMap<string, Value>,
): readonly Value[] {
  const { config, images, input, trunkPrecision } = spec;
  const tokens = tokensOf(config);
  if (input === 'taps')
    return pictureDims(spec).map((channels, index) =>
      graph.input(`tap${index}`, 'float32', [images, tokens, channels]),
    );
  const pixels = graph.input('pixels', 'uint8', [images, ...config.inputSize, 3]);
  const source: Parameters =
    weights === undefined
      ? new InlineParameters(graph, new Map())
      : new FlatParameters(graph, views, new CheckpointParameters(graph, weights, trunkPrecision));
  return trunkMaps(config, source, pixels, trunkModel).map((map) => ops.cast(map, 'float32'));
}

/** Adds clip, AdamW and the running mean of weights; returns the gradient's norm before the clip. */
function update(graph: Graph, spec: StepSpec, parameters: Value, gradient: Value): Value {
  const { layout, optimizer, ema } = spec;
  const { visionRate = 1 } = optimizer;
  const { start } = movedRange(spec);
  const norm = globalNorm(gradient);
  const vector = (name: string): Value => graph.input(name, 'float32', [layout.length]);
  const moved = (x: Value): Value => (start === 0 ? x : slice(x, 0, start, layout.length));
  const whole = (before: Value, after: Value): Value =>
    start === 0 ? after : concat([slice(before, 0, 0, start), after], 0);
  const before = { parameters, mean: vector('mean'), variance: vector('variance') };
  const number = (name: string): Value => graph.input(name, 'float32', []);
  const state = adamw(
    {
      parameters: moved(parameters),
      mean: moved(before.mean),
      variance: moved(before.variance),
      gradient: optimizer.clipNorm === undefined ? gradient : clipToNorm(gradient, norm, optimizer.clipNorm),
      learningRate: multiply(
        number('learningRate'),
        perNumber(graph, layout, start, ({ isVision }) => (isVision ? visionRate : 1)),
      ),
      meanCorrection: number('meanCorrection'),
      varianceCorrection: number('varianceCorrection'),
      decay: perNumber(graph, layout, start, ({ decays }) => (decays ? optimizer.weightDecay : 0)),
    },
    optimizer,
  );
  const after = {
    parameters: whole(parameters, clampScale(state.parameters, layout)),
    mean: whole(before.mean, state.mean),
    variance: whole(before.variance, state.variance),
  };
  for (const [name, value] of Object.entries(after)) graph.output(name, value);
  if (ema !== undefined) {
    const average = vector('average');
    graph.output('average', add(average, multiply(subtract(after.parameters, average), scalar(average, 1 - ema))));
  }
  return norm;
}

/** Clamps a trained logit scale to its limit after the step, as CLIP does, so that it can fall again at once. */
function clampScale(parameters: Value, { entries, length }: Layout): Value {
  const place = entries.find(({ name }) => name === LOGIT_SCALE)?.offset;
  if (place === undefined) return parameters;
  const clamped = minimum(slice(parameters, 0, place, place + 1), scalar(parameters, Math.log(LARGEST_SCALE)));
  const parts = [
    [0, place],
    [place + 1, length],
  ]
    .filter(([start = 0, end = 0]) => start < end)
    .map(([start = 0, end = 0]) => [start, slice(parameters, 0, start, end)] as const);
  return concat(
    [...parts, [place, clamped] as const].sort(([a], [b]) => a - b).map(([, part]) => part),
    0,
  );
}

/** A value of each number from `start` on, or one value for all. */
function perNumber(graph: Graph, { runs }: Layout, start: number, valueOf: (run: LayoutRun) => number): Value {
  const parts: Value[] = [];
  let offset = 0;
  for (const run of runs) {
    offset += run.length;
    const count = Math.min(run.length, offset - start);
    if (count > 0) parts.push(expand(graph.floats([valueOf(run)], []), [count]));
  }
  const [first, ...others] = runs.map(valueOf) as [number, ...number[]];
  return others.every((value) => value === first) ? graph.floats([first], []) : concat(parts, 0);
}
