/**
 * One training step as one ONNX graph: frozen trunk → FiLM, decoder, head → losses → gradients → clip → AdamW.
 *
 * What goes in: pictures (or taps computed before), text embeddings, which row belongs to which picture, and the state.
 * What comes out: the new state, and one vector of figures for the report. Only standard operators, so it runs wherever
 * inference does. The number of rows is left open: one session serves every bucket.
 */
import { CheckpointParameters, Graph, ops, shapeOps, trunkTaps, type Parameters, type Value } from '@synseg/core/internals';
import { gradients } from '../autodiff/gradients.ts';
import { adamw, clipToNorm, globalNorm } from '../optimizer/adamw.ts';
import { FlatParameters, type Layout, type ParameterSpec } from './layout.ts';
import { FIGURES, stepObjective } from './step-objective.ts';
import { movedRange, type StepSpec, type StepWeights } from './step-spec.ts';

const { add, multiply, scalar, subtract } = ops;
const { concat, expand, reshape, slice } = shapeOps;

/** Builds the graph. */
export function buildStepGraph(spec: StepSpec, weights: StepWeights): Graph {
  const graph = new Graph(`train-step-${spec.stage}-${spec.phase}`);
  const { layout } = spec;
  const moved = movedRange(spec);
  const flat = graph.input('parameters', 'float32', [layout.length]);
  const views = new Map(layout.entries.map(({ name, shape, offset, length }) => [name, reshape(slice(flat, 0, offset, offset + length), shape)]));
  const parameters = new FlatParameters(graph, views, new InlineParameters(graph, weights.frozen));
  const taps = tapsOf(graph, spec, weights);
  const { loss, figures } = stepObjective(graph, spec, parameters, taps);
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
