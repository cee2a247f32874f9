/**
 * Reads the JSON files of a checkpoint folder into one typed description of the model.
 *
 * Two kinds of folder give the same description: a CLIPSeg folder (Hugging Face layout), and a folder that brings its
 * own trunk as ONNX and, usually, a vocabulary instead of a text encoder.
 */
import {
  readConvolutionDecoder,
  readConvolutionTrunk,
  type ConvolutionDecoderConfig,
  type ConvolutionTrunkConfig,
} from './convolution-config.ts';
import { preprocessorSize, squareSize } from './input-size.ts';
import { Fields } from './json-fields.ts';
import { STATISTICS, type PixelStatistics, type StatisticsName } from './statistics.ts';

/** Activation functions of transformer blocks. */
export type Activation = (typeof ACTIVATIONS)[number];

/** A pre-norm CLIP transformer. */
interface ClipTransformerConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
}

/** CLIP's vision transformer, cut after its last tap. */
export interface ClipVisionConfig extends ClipTransformerConfig {
  readonly kind: 'clip';
  readonly patchSize: number;
  /** Side of the square picture the position embeddings were trained for, pixels. */
  readonly trainedSize: number;
  /** Block indices whose outputs are taps, shallow to deep. */
  readonly tapLayers: readonly number[];
  readonly imageMean: readonly number[];
  readonly imageStd: readonly number[];
}

/** A ready-made trunk: an ONNX file with normalization inside. */
interface OnnxTrunkConfig {
  readonly kind: 'onnx';
  readonly file: string;
  readonly patchSize: number;
}

/** CLIP's text transformer with its projection. */
export interface ClipTextConfig extends ClipTransformerConfig {
  readonly kind: 'clip';
  readonly vocabularySize: number;
  readonly maxTokens: number;
  readonly eosTokenId: number;
  /** Sentences that names are put into unless a caller says otherwise: what the decoder was trained with. */
  readonly templates: readonly string[] | 'clipseg';
}

/** A table of label embeddings. */
interface VocabularyConfig {
  readonly kind: 'vocabulary';
  readonly names: string;
  readonly embeddings: string;
}

/** FiLM + transformer decoder + upsampling head. */
export interface TransformerDecoderConfig {
  readonly kind: 'transformer';
  readonly reduceDim: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
  /** Index of the decoder layer whose input FiLM conditions. */
  readonly conditionalLayer: number;
  readonly head: 'simple' | 'refined';
  /** Pixels per patch that the head restores. */
  readonly patchSize: number;
}

/** Everything the graphs need to know about a checkpoint, weights aside. */
export interface ModelConfig {
  /** Height and width of the picture the trunk takes, pixels. */
  readonly inputSize: readonly [height: number, width: number];
  readonly patchGrid: readonly [rows: number, columns: number];
  readonly trunk: ClipVisionConfig | ConvolutionTrunkConfig | OnnxTrunkConfig;
  readonly text: ClipTextConfig | VocabularyConfig;
  /** Channels of each tap, shallow to deep. */
  readonly tapDims: readonly number[];
  /** Channels of the finer map, of a convolution trunk. */
  readonly fineDim?: number;
  /** Channels of the finest map, of a convolution trunk that has one. */
  readonly finestDim?: number | undefined;
  /** Length of a text embedding. */
  readonly embeddingDim: number;
  /** Activation in [0, 1] that a label has to reach, unless it has a threshold of its own. */
  readonly threshold: number;
  /** Thresholds of single names, where they were calibrated. Where labels compete, half the logit is a handicap. */
  readonly thresholds: Readonly<Record<string, number>>;
  readonly decoder: TransformerDecoderConfig | ConvolutionDecoderConfig;
}

/**
 * Sentences that a checkpoint's labels are put into unless a caller says otherwise; a vocabulary looks names up as they
 * are.
 */
export function templatesOf({ text }: Pick<ModelConfig, 'text'>): readonly string[] | 'clipseg' | 'plain' {
  return text.kind === 'clip' ? text.templates : 'plain';
}

/** Statistics that a checkpoint normalizes pixels with; undefined for a ready-made trunk, which does so inside. */
export function statisticsOf({ trunk }: Pick<ModelConfig, 'trunk'>): PixelStatistics | undefined {
  return trunk.kind === 'onnx' ? undefined : { mean: trunk.imageMean, std: trunk.imageStd };
}

/** The same checkpoint with other statistics. @throws RangeError for a ready-made trunk */
export function withStatistics(config: ModelConfig, name: StatisticsName): ModelConfig {
  const { trunk } = config;
  if (trunk.kind === 'onnx')
    throw new RangeError(
      `Cannot load checkpoint: statistics must be left out for a ready-made ONNX trunk, got "${name}"`,
    );
  const { mean, std } = STATISTICS[name];
  return { ...config, trunk: { ...trunk, imageMean: mean, imageStd: std } };
}

/** Threshold where neither a label nor its checkpoint states one. */
export const DEFAULT_THRESHOLD = 0.5;

const ACTIVATIONS = ['quick_gelu', 'gelu', 'relu'] as const;

/**
 * Reads a checkpoint's configuration.
 *
 * @param config - parsed `config.json`
 * @param preprocessor - parsed `preprocessor_config.json`, or undefined
 * @param where - folder, for messages
 * @param inputSize - side of the square picture the trunk is to take, overriding the folder's own
 * @throws SynsegError `CHECKPOINT_FORMAT` naming the field
 */
export function readModelConfig(
  config: unknown,
  preprocessor: unknown,
  where: string,
  inputSize?: number,
): ModelConfig {
  const fields = new Fields(config, `${where}/config.json`);
  const type = fields.raw('model_type');
  if (type === 'clipseg')
    return clipsegConfig(fields, new Fields(preprocessor ?? {}, `${where}/preprocessor_config.json`), where, inputSize);
  if (type === 'synseg') return ownTrunkConfig(fields, where, inputSize);
  throw fields.error('model_type', '"clipseg" or "synseg"');
}

function clipsegConfig(fields: Fields, preprocessor: Fields, where: string, override?: number): ModelConfig {
  const vision = fields.section('vision_config');
  const patchSize = vision.integer('patch_size', 32);
  const inputSize =
    override === undefined ? preprocessorSize(preprocessor, patchSize) : squareSize(override, patchSize, where);
  const tapLayers = fields.integers('extract_layers', [3, 6, 9]);
  const layers = vision.integer('num_hidden_layers', 12);
  if (tapLayers.some((layer, index) => layer >= layers || layer <= (tapLayers[index - 1] ?? -1))) {
    throw fields.error('extract_layers', `ascending block indices below ${layers}`, tapLayers);
  }
  const trunk: ClipVisionConfig = {
    kind: 'clip',
    ...transformer(vision, { hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3072 }),
    patchSize,
    trainedSize: vision.integer('image_size', 224),
    tapLayers,
    imageMean: preprocessor.numbers('image_mean', 3, STATISTICS.clip.mean),
    imageStd: preprocessor.positiveNumbers('image_std', STATISTICS.clip.std),
  };
  return {
    inputSize,
    patchGrid: [inputSize[0] / patchSize, inputSize[1] / patchSize],
    trunk,
    text: clipText(fields),
    tapDims: tapLayers.map(() => trunk.hiddenSize),
    embeddingDim: fields.integer('projection_dim', 512),
    ...thresholdsOf(fields),
    decoder: {
      kind: 'transformer',
      reduceDim: fields.integer('reduce_dim', 64),
      layers: tapLayers.length,
      heads: fields.divisor('decoder_num_attention_heads', fields.integer('reduce_dim', 64), 4),
      intermediateSize: fields.integer('decoder_intermediate_size', 2048),
      // The published model's code sets ReLU whatever decoder_hidden_act says.
      activation: 'relu',
      layerNormEpsilon: trunk.layerNormEpsilon,
      conditionalLayer: conditionalLayer(fields, tapLayers.length),
      head: fields.raw('use_complex_transposed_convolution') === true ? 'refined' : 'simple',
      patchSize,
    },
  };
}

function ownTrunkConfig(fields: Fields, where: string, override?: number): ModelConfig {
  const section = fields.section('trunk');
  const convolution = section.choice('kind', ['onnx', 'convolution'], 'onnx') === 'convolution';
  const { trunk, ...sizes } = convolution
    ? readConvolutionTrunk(section, where, override)
    : onnxSizes(section, override);
  const text = fields.section('text');
  return {
    ...{ ...sizes, trunk },
    text: text.has('vocabulary')
      ? { kind: 'vocabulary', names: text.fileName('vocabulary'), embeddings: text.fileName('embeddings') }
      : clipText(fields),
    embeddingDim: text.has('dim') ? text.integer('dim') : fields.integer('projection_dim', 512),
    ...thresholdsOf(fields),
    decoder: convolution
      ? readConvolutionDecoder(fields.section('decoder'))
      : transformerDecoder(fields.section('decoder'), sizes.tapDims.length, trunk.patchSize),
  };
}

function onnxSizes(trunk: Fields, override: number | undefined) {
  const [height = 0, width = 0] = trunk.integers('inputSize', undefined, 1);
  const patchSize = trunk.integer('patchSize');
  const [rows = 0, columns = 0] = trunk.integers('patchGrid', undefined, 1);
  if (rows * patchSize !== height || columns * patchSize !== width)
    throw trunk.error('patchGrid', `inputSize / patchSize = [${height / patchSize}, ${width / patchSize}]`);
  if (override !== undefined && (override !== height || override !== width))
    throw new RangeError(
      `Cannot load checkpoint: inputSize must be the trunk's own [${height}, ${width}], got ${override}`,
    );
  return {
    inputSize: [height, width],
    patchGrid: [rows, columns],
    trunk: { kind: 'onnx', file: trunk.fileName('file'), patchSize },
    tapDims: trunk.integers('tapDims', undefined, 1),
  } as const;
}

function transformerDecoder(decoder: Fields, taps: number, patchSize: number): TransformerDecoderConfig {
  const layers = decoder.integer('layers', taps);
  if (layers !== taps) throw decoder.error('layers', `the number of taps, ${taps}`);
  return {
    kind: 'transformer',
    reduceDim: decoder.integer('reduce_dim', 64),
    layers,
    heads: decoder.divisor('attention_heads', decoder.integer('reduce_dim', 64), 4),
    intermediateSize: decoder.integer('intermediate_size', 2048),
    activation: decoder.choice('hidden_act', ACTIVATIONS, 'relu'),
    layerNormEpsilon: decoder.positive('layer_norm_eps', 1e-5),
    conditionalLayer: conditionalLayer(decoder, taps),
    head: decoder.raw('complex_transposed_convolution') === true ? 'refined' : 'simple',
    patchSize,
  };
}

function transformer(
  fields: Fields,
  defaults: { hiddenSize: number; layers: number; heads: number; intermediateSize: number },
): ClipTransformerConfig {
  return {
    hiddenSize: fields.integer('hidden_size', defaults.hiddenSize),
    layers: fields.integer('num_hidden_layers', defaults.layers),
    heads: fields.divisor('num_attention_heads', fields.integer('hidden_size', defaults.hiddenSize), defaults.heads),
    intermediateSize: fields.integer('intermediate_size', defaults.intermediateSize),
    activation: fields.choice('hidden_act', ACTIVATIONS, 'quick_gelu'),
    layerNormEpsilon: fields.positive('layer_norm_eps', 1e-5),
  };
}

function clipText(fields: Fields): ClipTextConfig {
  const text = fields.section('text_config');
  return {
    kind: 'clip',
    ...transformer(text, { hiddenSize: 512, layers: 12, heads: 8, intermediateSize: 2048 }),
    vocabularySize: text.integer('vocab_size', 49408),
    maxTokens: text.integer('max_position_embeddings', 77),
    eosTokenId: text.integer('eos_token_id', 49407, 0),
    // Not a field of Hugging Face's: its CLIPSeg folders were trained with this one.
    templates: fields.has('prompt_templates') ? fields.texts('prompt_templates', '{}') : 'clipseg',
  };
}

/** Thresholds, 0.5 by default; no fields of Hugging Face's. `synseg calibrate` finds them. */
function thresholdsOf(fields: Fields): Pick<ModelConfig, 'threshold' | 'thresholds'> {
  const own = fields.section('thresholds');
  const read = (from: Fields, name: string, fallback: number): number => {
    const threshold = from.number(name, fallback);
    if (threshold < 0 || threshold > 1) throw from.error(name, 'a number in [0, 1]');
    return threshold;
  };
  const thresholds = Object.fromEntries(own.names().map((name) => [name, read(own, name, NaN)]));
  return { threshold: read(fields, 'threshold', DEFAULT_THRESHOLD), thresholds };
}

function conditionalLayer(fields: Fields, layers: number): number {
  const layer = fields.integer('conditional_layer', 0, 0);
  if (layer >= layers) throw fields.error('conditional_layer', `below ${layers}`);
  return layer;
}
