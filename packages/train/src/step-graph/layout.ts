/**
 * The place of each trained tensor in the flat parameter vector. The list of tensors is not written down: a recorder
 * notes the tensors that the model's own code reads.
 */
import { pictureMaps, sha256, type ModelConfig } from '@synseg/core/checkpoint';
import { Graph, decodeLabels, trunkMaps, type Parameters, type Value } from '@synseg/core/graph';
import { LOGIT_SCALE, encodePairs } from './encode-pairs.ts';
import { encodeTexts } from './encode-texts.ts';

/** Groups that `train()` trains unless others are named: the decoder's and the projector. */
export const DECODER_GROUPS = ['film', 'reduces', 'layers', 'head', 'projector'] as const;
/** Groups of `trainEncoders()`: both encoders with their projections, and the logit scale. */
export const ENCODER_GROUPS = ['vision', 'text', 'scale'] as const;
/** Groups of parameters that can be trained or left as they are. */
export const PARAMETER_GROUPS = [...DECODER_GROUPS, ...ENCODER_GROUPS] as const;

/** One of {@link PARAMETER_GROUPS}. */
export type ParameterGroup = (typeof PARAMETER_GROUPS)[number];

/** A tensor of the checkpoint. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A trained tensor's place. */
interface LayoutEntry extends ParameterSpec {
  readonly offset: number;
  readonly length: number;
}

/** A run of the flat vector's numbers that are treated alike. */
export interface LayoutRun {
  readonly length: number;
  /** True when weight decay applies. */
  readonly decays: boolean;
  /** True for the picture encoder's, which may have a learning rate of its own. */
  readonly isVision: boolean;
}

/** The flat vector. */
export interface Layout {
  /** In order of offset; the projector's come last. */
  readonly entries: readonly LayoutEntry[];
  readonly length: number;
  /** Offset of the projector. */
  readonly projectorStart: number;
  readonly runs: readonly LayoutRun[];
  /** Changes when names, shapes or order do. */
  readonly key: string;
}

/** Records the tensors that are read, as inputs of its graph. */
class Recorder implements Parameters {
  readonly graph = new Graph('recorder');
  readonly specs = new Map<string, ParameterSpec>();
  readonly #values = new Map<string, Value>();

  get(name: string, shape: readonly number[]): Value {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    this.specs.set(name, { name, shape });
    const value = this.graph.input(name, 'float32', shape);
    this.#values.set(name, value);
    return value;
  }
}

/**
 * Every tensor of FiLM, decoder, head and projector, and of the trunk where it is trained.
 *
 * @param projectorChannels - channels of the projector's input; undefined without one
 */
export function trainedTensors(
  config: ModelConfig,
  projectorChannels: number | undefined,
  trunk = false,
): ParameterSpec[] {
  const recorder = new Recorder();
  const { graph } = recorder;
  const maps = trunk
    ? trunkMaps(config, recorder, graph.input('pixels', 'uint8', [1, ...config.inputSize, 3]))
    : pictureMaps(config).map(({ name, shape }) => graph.input(name, 'float32', [1, ...shape]));
  decodeLabels(recorder, maps, graph.input('text', 'float32', [1, config.embeddingDim]), config).logits();
  if (projectorChannels !== undefined) projectorParameters(recorder, config.embeddingDim, projectorChannels);
  return [...recorder.specs.values()];
}

/** Every tensor of both encoders, and the logit scale. @throws as `encodersOf` */
export function encoderTensors(config: ModelConfig): ParameterSpec[] {
  const recorder = new Recorder();
  encodePairs(recorder.graph, config, recorder, 1);
  recorder.get(LOGIT_SCALE, []);
  return [...recorder.specs.values()];
}

/** Every tensor of the text encoder. @throws as `textEncoderOf` */
export function textTensors(config: ModelConfig): ParameterSpec[] {
  const recorder = new Recorder();
  encodeTexts(config, recorder, 1, 1);
  return [...recorder.specs.values()];
}

/** Weight `[D, channels]` and bias `[D]` of the projector. */
export function projectorParameters(
  parameters: Parameters,
  embeddingDim: number,
  channels: number,
): readonly [weight: Value, bias: Value] {
  return [
    parameters.get('projector.weight', [embeddingDim, channels]),
    parameters.get('projector.bias', [embeddingDim]),
  ];
}

/** The group a tensor belongs to. */
export function groupOf(name: string): ParameterGroup {
  if (name.startsWith('projector.')) return 'projector';
  if (name.startsWith('decoder.film_')) return 'film';
  if (name.startsWith('decoder.reduces.')) return 'reduces';
  if (/^decoder\.(?:layers|refinements)\./.test(name)) return 'layers';
  if (/^decoder\.(?:transposed_convolution|fine|head|outlines)\b/.test(name)) return 'head';
  if (name.startsWith('trunk.') || /^clip\.vis(?:ion_model|ual_projection)\./.test(name)) return 'vision';
  if (/^clip\.text_(?:model|projection)\./.test(name)) return 'text';
  if (name === LOGIT_SCALE) return 'scale';
  throw new RangeError(`internal: tensor must belong to a parameter group, got "${name}"`);
}

/** Not a matrix that multiplies activations: biases, the parameters of norms, the logit scale; tables of embeddings. */
function isExempt({ name, shape }: ParameterSpec): boolean {
  return shape.length < 2 || /_embedding\.weight$/.test(name.replace('patch_embedding', ''));
}

/** Block of the picture encoder that a tensor belongs to; what comes before them all is -1, what comes after ∞. */
function blockOf(name: string): number {
  const block = /^(?:trunk\.blocks|clip\.vision_model\.encoder\.layers)\.(\d+)\./.exec(name);
  if (block !== null) return Number(block[1]);
  return /^(?:trunk\.stem|clip\.vision_model\.(?:embeddings|pre_?layr?norm))\b/.test(name) ? -1 : Infinity;
}

/**
 * Lays out the tensors of the trained groups.
 *
 * @param visionFrom - first block of the picture encoder that is trained; 0: all of it
 */
export function layoutOf(
  specs: readonly ParameterSpec[],
  trainable: readonly ParameterGroup[],
  decayVectors: boolean,
  visionFrom = 0,
): Layout {
  const isReached = (name: string): boolean =>
    visionFrom === 0 || groupOf(name) !== 'vision' || blockOf(name) >= visionFrom;
  const trained = specs.filter(({ name }) => trainable.includes(groupOf(name)) && isReached(name));
  const isProjector = ({ name }: ParameterSpec): boolean => groupOf(name) === 'projector';
  const entries: LayoutEntry[] = [];
  const runs: LayoutRun[] = [];
  let offset = 0;
  for (const spec of [...trained.filter((entry) => !isProjector(entry)), ...trained.filter(isProjector)]) {
    const length = spec.shape.reduce((product, dimension) => product * dimension, 1);
    entries.push({ ...spec, offset, length });
    offset += length;
    const kind = { decays: decayVectors || !isExempt(spec), isVision: groupOf(spec.name) === 'vision' };
    const last = runs.at(-1);
    if (last?.decays === kind.decays && last.isVision === kind.isVision)
      runs[runs.length - 1] = { ...kind, length: last.length + length };
    else runs.push({ ...kind, length });
  }
  const projectorStart = entries.find(isProjector)?.offset ?? offset;
  const key = sha256(JSON.stringify(entries.map(({ name, shape }) => [name, shape]))).slice(0, 16);
  return { entries, length: offset, projectorStart, runs, key };
}

/** Parameters of a step graph: views of the flat vector, and constants for what is not trained. */
export class FlatParameters implements Parameters {
  readonly graph: Graph;
  readonly #trained: ReadonlyMap<string, Value>;
  readonly #frozen: Parameters;

  /** @param views - from {@link viewsOf} */
  constructor(graph: Graph, views: ReadonlyMap<string, Value>, frozen: Parameters) {
    this.graph = graph;
    this.#trained = views;
    this.#frozen = frozen;
  }

  get(name: string, shape: readonly number[]): Value {
    return this.#trained.get(name) ?? this.#frozen.get(name, shape);
  }
}
