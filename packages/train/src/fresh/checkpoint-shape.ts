/**
 * Sizes of a fresh checkpoint → its `config.json` and `preprocessor_config.json`, in the form of Hugging Face's
 * CLIPSeg.
 */
import { shortJson } from '../data/data-error.ts';
import type { DecoderShape } from '../trainer/train-options.ts';

/** Sizes of the picture encoder. */
export interface VisionShape {
  /** Side of the square picture, pixels, a multiple of the patch; @default 96 */
  readonly side?: number;
  /** Side of a patch, pixels; @default 8 */
  readonly patch?: number;
  /** Channels; @default 192 */
  readonly width?: number;
  /** Blocks; @default 6 */
  readonly layers?: number;
  /** A divisor of the width; @default 3 */
  readonly heads?: number;
}

/** Sizes of the text encoder. */
export interface TextShape {
  /** Channels; @default 128 */
  readonly width?: number;
  /** Blocks; @default 4 */
  readonly layers?: number;
  /** A divisor of the width; @default 4 */
  readonly heads?: number;
  /** Longest text, start and end tokens included; @default 24 */
  readonly tokens?: number;
}

/** Sizes of a checkpoint; what is left out is a nano of about 3.8 million numbers. */
export interface CheckpointShape {
  readonly vision?: VisionShape;
  readonly text?: TextShape;
  /** Length of an embedding; @default 128 */
  readonly projectionDim?: number;
  /**
   * Blocks whose outputs the decoder reads, ascending, from 0; @default three, spread over the encoder up to its last
   * block but one
   */
  readonly taps?: readonly number[];
  /** Of the random decoder; its intermediate size is four times the channels, where none is given. */
  readonly decoder?: DecoderShape;
}

/** What the folder says of itself; the vocabulary's size is known once it is learnt. */
export interface ResolvedShape {
  readonly configJson: (vocabulary: number) => Readonly<Record<string, unknown>>;
  readonly preprocessorJson: Readonly<Record<string, unknown>>;
}

/** Colours of drawn pictures lie around the middle: 0.5 and 0.5 put them within −1 and 1. */
const MEAN = [0.5, 0.5, 0.5];
const DEVIATION = [0.5, 0.5, 0.5];
/** A block's hidden layer is so many times as wide as the block. */
const MLP_RATIO = 4;

/** Fills in defaults and checks. @throws RangeError naming the size */
export function resolveShape({
  vision = {},
  text = {},
  projectionDim = 128,
  taps,
  decoder = {},
}: CheckpointShape): ResolvedShape {
  const { side = 96, patch = 8, width = 192, layers = 6, heads = 3 } = vision;
  const { width: textWidth = 128, layers: textLayers = 4, heads: textHeads = 4, tokens = 24 } = text;
  const {
    reduceDim = 64,
    heads: decoderHeads = 4,
    intermediateSize = MLP_RATIO * reduceDim,
    head = 'simple',
  } = decoder;
  const sizes = {
    'vision.patch': patch,
    'vision.width': width,
    'vision.layers': layers,
    'text.width': textWidth,
    'text.layers': textLayers,
    projectionDim,
    'decoder.reduceDim': reduceDim,
    'decoder.intermediateSize': intermediateSize,
  };
  for (const [name, value] of Object.entries(sizes))
    if (!Number.isSafeInteger(value) || value < 1) throw problem(name, 'be a positive integer', value);
  if (!Number.isSafeInteger(tokens) || tokens < 3) throw problem('text.tokens', 'be an integer ≥ 3', tokens);
  if (!Number.isSafeInteger(side) || side < patch || side % patch !== 0)
    throw problem('vision.side', `be a multiple of the patch ${String(patch)}`, side);
  for (const [name, value, whole] of [
    ['vision.heads', heads, width],
    ['text.heads', textHeads, textWidth],
    ['decoder.heads', decoderHeads, reduceDim],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 1 || whole % value !== 0)
      throw problem(name, `divide the width ${String(whole)}`, value);
  }
  if (!(['simple', 'refined'] as readonly unknown[]).includes(head))
    throw problem('decoder.head', 'be "simple" or "refined"', head);
  if (head === 'refined' && patch % 4 !== 0)
    throw problem('decoder.head', `be "simple" unless the patch is a multiple of 4, here ${String(patch)}`, head);
  const tapLayers = taps ?? spread(layers);
  if (
    tapLayers.length === 0 ||
    tapLayers.some(
      (layer, index) => !Number.isSafeInteger(layer) || layer >= layers || layer <= (tapLayers[index - 1] ?? -1),
    )
  ) {
    throw problem('taps', `be ascending numbers of blocks below ${String(layers)}`, tapLayers);
  }
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
      decoder_num_attention_heads: decoderHeads,
      decoder_intermediate_size: intermediateSize,
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
        ...transformer(textWidth, textLayers, textHeads),
        vocab_size: vocabulary,
        max_position_embeddings: tokens,
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

/** Three blocks in even steps, the last of them the last but one: the last block is shaped by the class token alone. */
function spread(layers: number): number[] {
  const last = Math.max(0, layers - 2);
  return [...new Set([1, 2, 3].map((part) => Math.round((last * part) / 3)))];
}

function problem(name: string, rule: string, got: unknown): RangeError {
  return new RangeError(`Cannot create checkpoint: ${name} must ${rule}, got ${shortJson(got)}`);
}
