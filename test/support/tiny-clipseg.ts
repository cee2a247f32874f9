/**
 * CLIPSeg folders with small random weights, written by a test for itself: every file of the published layout, its own
 * byte-level tokenizer included, and nothing that has to be downloaded.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, type FloatTensor } from '../../packages/core/src/checkpoint/safetensors.ts';
import { gaussians } from './random.ts';

/** What can be chosen about a tiny checkpoint. */
export interface TinyClipseg {
  readonly seed?: number;
  /** Channels of both transformers; @default 32 */
  readonly hidden?: number;
  /** Blocks of the vision transformer, each of them a tap when there are three; @default 3 */
  readonly blocks?: number;
  readonly taps?: readonly number[];
  readonly patch?: number;
  /** Side of the square picture, pixels; @default 32 */
  readonly size?: number;
  readonly head?: 'simple' | 'refined';
  readonly conditionalLayer?: number;
  /** With the picture encoder's end, which a CLIPSeg checkpoint has and segmenting does not read; @default false */
  readonly embedsPictures?: boolean;
  /** `preprocessor_config.json`; @default ImageNet's mean and deviation */
  readonly preprocessor?: object;
  /** Names written over the generated ones: another shape, or undefined to leave the tensor out. */
  readonly tensors?: Readonly<Record<string, FloatTensor | undefined>>;
}

/** Length of a text embedding. */
export const EMBEDDING_DIM = 16;
const REDUCE_DIM = 16;
const TEXT_BLOCKS = 2;
const MERGES = ['t h', 'a n', 'c a', 'ca r</w>', 'r o', 'a d</w>', 'ro ad</w>', 'th e</w>'];

/** Writes the folder and returns its path. */
export function writeTinyClipseg(folder: string, options: TinyClipseg = {}): string {
  const { size = 32 } = options;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(tinyConfig(options)));
  writeFileSync(
    join(folder, 'preprocessor_config.json'),
    JSON.stringify(
      options.preprocessor ?? {
        size: { height: size, width: size },
        image_mean: [0.485, 0.456, 0.406],
        image_std: [0.229, 0.224, 0.225],
      },
    ),
  );
  const { vocab, merges } = tinyVocabulary();
  writeFileSync(join(folder, 'vocab.json'), JSON.stringify(vocab));
  writeFileSync(join(folder, 'merges.txt'), merges);
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(tinyTensors(options)));
  return folder;
}

/** `config.json` of a tiny checkpoint. */
export function tinyConfig(options: TinyClipseg = {}): Record<string, unknown> {
  const {
    hidden = 32,
    blocks = 3,
    taps = [0, 1, 2],
    patch = 8,
    size = 32,
    head = 'simple',
    conditionalLayer = 0,
  } = options;
  const transformer = { hidden_size: hidden, num_attention_heads: 4, intermediate_size: 2 * hidden };
  return {
    model_type: 'clipseg',
    projection_dim: EMBEDDING_DIM,
    reduce_dim: REDUCE_DIM,
    extract_layers: taps,
    conditional_layer: conditionalLayer,
    decoder_num_attention_heads: 4,
    decoder_intermediate_size: 32,
    use_complex_transposed_convolution: head === 'refined',
    vision_config: { ...transformer, num_hidden_layers: blocks, patch_size: patch, image_size: size },
    text_config: {
      ...transformer,
      num_hidden_layers: TEXT_BLOCKS,
      vocab_size: Object.keys(tinyVocabulary().vocab).length,
      max_position_embeddings: 77,
      eos_token_id: Object.keys(tinyVocabulary().vocab).length - 1,
    },
  };
}

/** CLIP's vocabulary in small: the byte alphabet, the same at the end of a word, eight merges, two special tokens. */
export function tinyVocabulary(): { vocab: Record<string, number>; merges: string } {
  const printable = [...span(33, 126), ...span(161, 172), ...span(174, 255)];
  const others = span(0, 255).filter((byte) => !printable.includes(byte));
  const alphabet = [
    ...printable.map((byte) => String.fromCharCode(byte)),
    ...others.map((_, index) => String.fromCharCode(256 + index)),
  ];
  const tokens = [
    ...alphabet,
    ...alphabet.map((letter) => `${letter}</w>`),
    ...MERGES.map((merge) => merge.replace(' ', '')),
    '<|startoftext|>',
    '<|endoftext|>',
  ];
  return {
    vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
    merges: `#version: 0.2\n${MERGES.join('\n')}\n`,
  };
}

/** Weights under the names of `CLIPSegForImageSegmentation`. */
export function tinyTensors(options: TinyClipseg = {}): Map<string, FloatTensor> {
  const {
    seed = 1,
    hidden = 32,
    blocks = 3,
    taps = [0, 1, 2],
    patch = 8,
    size = 32,
    head = 'simple',
    embedsPictures = false,
  } = options;
  const tensors = new Map<string, FloatTensor>();
  // Scaled by the square root of the inputs, so that activations neither vanish nor explode with width.
  const put = (name: string, shape: readonly number[], deviation: number, mean = 0): void => {
    const length = shape.reduce((product, dimension) => product * dimension, 1);
    tensors.set(name, {
      shape,
      data: gaussians(length, seed * 7919 + tensors.size, deviation).map((value) => value + mean),
    });
  };
  const linear = (name: string, out: number, inputs: number, gain = 1): void => {
    put(`${name}.weight`, [out, inputs], gain / Math.sqrt(inputs));
    put(`${name}.bias`, [out], 0.1);
  };
  const norm = (name: string, width: number): void => {
    put(`${name}.weight`, [width], 0.1, 1);
    put(`${name}.bias`, [width], 0.1);
  };
  const block = (name: string, width: number, inner: number): void => {
    for (const which of ['q_proj', 'k_proj', 'v_proj', 'out_proj'])
      linear(`${name}.self_attn.${which}`, width, width, which === 'q_proj' ? 2 : 1);
    linear(`${name}.mlp.fc1`, inner, width);
    linear(`${name}.mlp.fc2`, width, inner);
    norm(`${name}.layer_norm1`, width);
    norm(`${name}.layer_norm2`, width);
  };
  const grid = size / patch;
  put('clip.text_model.embeddings.token_embedding.weight', [Object.keys(tinyVocabulary().vocab).length, hidden], 1);
  put('clip.text_model.embeddings.position_embedding.weight', [77, hidden], 0.3);
  for (let layer = 0; layer < TEXT_BLOCKS; layer++)
    block(`clip.text_model.encoder.layers.${String(layer)}`, hidden, 2 * hidden);
  norm('clip.text_model.final_layer_norm', hidden);
  put('clip.text_projection.weight', [EMBEDDING_DIM, hidden], 1 / Math.sqrt(hidden));
  put('clip.vision_model.embeddings.class_embedding', [hidden], 1);
  put(
    'clip.vision_model.embeddings.patch_embedding.weight',
    [hidden, 3, patch, patch],
    2 / Math.sqrt(3 * patch * patch),
  );
  put('clip.vision_model.embeddings.position_embedding.weight', [1 + grid * grid, hidden], 0.5);
  norm('clip.vision_model.pre_layrnorm', hidden);
  for (let layer = 0; layer < blocks; layer++)
    block(`clip.vision_model.encoder.layers.${String(layer)}`, hidden, 2 * hidden);
  linear('decoder.film_mul', REDUCE_DIM, EMBEDDING_DIM, 2);
  linear('decoder.film_add', REDUCE_DIM, EMBEDDING_DIM, 2);
  taps.forEach((_, layer) => {
    linear(`decoder.reduces.${String(layer)}`, REDUCE_DIM, hidden, 2);
    block(`decoder.layers.${String(layer)}`, REDUCE_DIM, 32);
  });
  const upsampler = 'decoder.transposed_convolution';
  if (head === 'simple') {
    put(`${upsampler}.weight`, [REDUCE_DIM, 1, patch, patch], 0.5);
    put(`${upsampler}.bias`, [1], 0.1);
  } else {
    const [kernel, half] = [Math.floor(patch / 4), REDUCE_DIM / 2];
    put(`${upsampler}.0.weight`, [REDUCE_DIM, REDUCE_DIM, 3, 3], 0.2);
    put(`${upsampler}.0.bias`, [REDUCE_DIM], 0.1);
    put(`${upsampler}.2.weight`, [REDUCE_DIM, half, kernel, kernel], 0.5);
    put(`${upsampler}.2.bias`, [half], 0.1);
    put(`${upsampler}.4.weight`, [half, 1, kernel, kernel], 0.8);
    put(`${upsampler}.4.bias`, [1], 0.1);
  }
  if (embedsPictures) {
    norm('clip.vision_model.post_layernorm', hidden);
    put('clip.visual_projection.weight', [EMBEDDING_DIM, hidden], 1 / Math.sqrt(hidden));
  }
  for (const [name, tensor] of Object.entries(options.tensors ?? {})) {
    if (tensor === undefined) tensors.delete(name);
    else tensors.set(name, tensor);
  }
  return tensors;
}

function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
