/** Sizes of a fresh checkpoint → its two JSON files, in the form of Hugging Face's CLIPSeg. */
import { choice, group, integer, list, readOptions, withDefault, type OptionsOf } from '@synseg/core/guards';
import { shortJson } from '../data/data-error.ts';

const ACTION = 'create checkpoint';

/** Sizes of the picture encoder. */
const VISION_SHAPE = {
  /** Side of the square picture, pixels, a multiple of the patch. @default 96 */
  side: withDefault(integer(), 96),
  /** Side of a patch, pixels. @default 8 */
  patch: withDefault(integer(), 8),
  /** Channels. @default 192 */
  width: withDefault(integer(), 192),
  /** Blocks. @default 6 */
  layers: withDefault(integer(), 6),
  /** Heads, a divisor of the width. @default 3 */
  heads: withDefault(integer(), 3),
};
export type VisionShape = OptionsOf<typeof VISION_SHAPE>;

/** Sizes of the text encoder. */
const TEXT_SHAPE = {
  /** Channels. @default 128 */
  width: withDefault(integer(), 128),
  /** Blocks. @default 4 */
  layers: withDefault(integer(), 4),
  /** Heads, a divisor of the width. @default 4 */
  heads: withDefault(integer(), 4),
  /** Longest text, start and end tokens included. @default 24 */
  tokens: withDefault(integer({ least: 3 }), 24),
};
export type TextShape = OptionsOf<typeof TEXT_SHAPE>;

/** Sizes of the random decoder. */
const DECODER_SHAPE = {
  /** Channels. @default 64 */
  reduceDim: withDefault(integer(), 64),
  /** Heads, a divisor of the channels. @default 4 */
  heads: withDefault(integer(), 4),
  /** Width of the blocks' hidden layer. @default four times the channels */
  intermediateSize: integer(),
  /** Upsampling: one transposed convolution, or CLIPSeg's three layers. @default 'simple' */
  head: withDefault(choice(['simple', 'refined']), 'simple'),
};

/** Sizes of a checkpoint; the defaults make a nano of about 3.8 million parameters. */
export const CHECKPOINT_SHAPE = {
  /** Sizes of the picture encoder. */
  vision: group(VISION_SHAPE),
  /** Sizes of the text encoder. */
  text: group(TEXT_SHAPE),
  /** Length of an embedding. @default 128; with `trunk`, that of its folder */
  projectionDim: integer(),
  /** Blocks that the decoder reads, ascending, from 0. @default three, spread up to the last block but one */
  taps: list(integer({ least: 0 })),
  /** Sizes of the random decoder. */
  decoder: group(DECODER_SHAPE),
};
export type CheckpointShape = OptionsOf<typeof CHECKPOINT_SHAPE>;

/** Configuration files of the folder; the vocabulary's size is known once it is learned. */
export interface ResolvedShape {
  readonly configJson: (vocabulary: number) => Readonly<Record<string, unknown>>;
  readonly preprocessorJson: Readonly<Record<string, unknown>>;
}

/** Mean and deviation of 0.5 map colors to −1 … 1. */
const MEAN = [0.5, 0.5, 0.5];
const DEVIATION = [0.5, 0.5, 0.5];
/** Width of a block's hidden layer, in widths of the block. */
const MLP_RATIO = 4;

/** Checks sizes and fills in defaults. @throws TypeError or RangeError naming the size */
export function resolveShape(shape: CheckpointShape): ResolvedShape {
  const { vision, text, projectionDim = 128, taps, decoder } = readOptions(ACTION, CHECKPOINT_SHAPE, shape);
  const { side, patch, width, layers, heads } = readOptions(ACTION, VISION_SHAPE, vision, [], 'vision');
  const textShape = readOptions(ACTION, TEXT_SHAPE, text, [], 'text');
  const { reduceDim, head, ...decoderShape } = readOptions(ACTION, DECODER_SHAPE, decoder, [], 'decoder');
  if (side % patch !== 0) throw problem('vision.side', `be a multiple of the patch ${patch}`, side);
  for (const [name, value, whole] of [
    ['vision.heads', heads, width],
    ['text.heads', textShape.heads, textShape.width],
    ['decoder.heads', decoderShape.heads, reduceDim],
  ] as const) {
    if (whole % value !== 0) throw problem(name, `divide the width ${whole}`, value);
  }
  if (head === 'refined' && patch % 4 !== 0)
    throw problem('decoder.head', `be "simple" unless the patch is a multiple of 4, here ${patch}`, head);
  const tapLayers = taps ?? spread(layers);
  if (tapLayers.some((layer, index) => layer >= layers || layer <= (tapLayers[index - 1] ?? -1)))
    throw problem('taps', `be ascending numbers of blocks below ${layers}`, tapLayers);
  const transformer = (channels: number, blocks: number, of: number): Record<string, unknown> => ({
    hidden_size: channels,
    num_hidden_layers: blocks,
    num_attention_heads: of,
    intermediate_size: MLP_RATIO * channels,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
  });
  return {
    configJson: (vocabulary) => ({
      architectures: ['CLIPSegForImageSegmentation'],
      model_type: 'clipseg',
      torch_dtype: 'float32',
      // Captions are read whole; a label is asked for as they name it.
      prompt_templates: ['{}'],
      projection_dim: projectionDim,
      reduce_dim: reduceDim,
      extract_layers: tapLayers,
      conditional_layer: 0,
      decoder_num_attention_heads: decoderShape.heads,
      decoder_intermediate_size: decoderShape.intermediateSize ?? MLP_RATIO * reduceDim,
      decoder_hidden_act: 'relu',
      use_complex_transposed_convolution: head === 'refined',
      vision_config: {
        model_type: 'clipseg_vision_model',
        ...transformer(width, layers, heads),
        patch_size: patch,
        image_size: side,
      },
      text_config: {
        model_type: 'clipseg_text_model',
        ...transformer(textShape.width, textShape.layers, textShape.heads),
        vocab_size: vocabulary,
        max_position_embeddings: textShape.tokens,
        bos_token_id: vocabulary - 2,
        eos_token_id: vocabulary - 1,
        pad_token_id: vocabulary - 1,
      },
    }),
    preprocessorJson: {
      do_normalize: true,
      do_resize: true,
      image_mean: MEAN,
      image_std: DEVIATION,
      size: { height: side, width: side },
    },
  };
}

/** Three evenly spaced blocks up to the last but one: the last block is trained for the class token alone. */
function spread(layers: number): number[] {
  const last = Math.max(0, layers - 2);
  return [...new Set([1, 2, 3].map((part) => Math.round((last * part) / 3)))];
}

function problem(name: string, rule: string, got: unknown): RangeError {
  return new RangeError(`Cannot ${ACTION}: ${name} must ${rule}, got ${shortJson(got)}`);
}
