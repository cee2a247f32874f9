/**
 * A CLIPSeg checkpoint with random weights, written as the published ones are: `config.json`, `model.safetensors`,
 * tokenizer. Its speed is that of `CIDAS/clipseg-rd64-refined`; what it segments is noise.
 */
import { closeSync, mkdirSync, existsSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@synseg/street-world/random.ts';
import { clipTokenizerJson } from './clip-tokenizer.ts';
import { benchCache } from './machine.ts';
import { seededFloats } from './random.ts';

/** What differs between the sizes a bench can run at. */
export interface ClipsegSize {
  readonly vision: TransformerSize;
  readonly text: TransformerSize;
  readonly embeddingDim: number;
  readonly patchSize: number;
  /** Side the position embeddings are for, pixels. */
  readonly trainedSize: number;
  /** Side of the picture the trunk takes, pixels. */
  readonly inputSize: number;
  readonly taps: readonly number[];
  readonly reduceDim: number;
  readonly decoderWidth: number;
  readonly vocabularySize: number;
}

interface TransformerSize {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
}

/** `full` is the published model's shape (ViT-B/16); `tiny` is for trying a bench out. */
export const SIZES = {
  full: {
    vision: { hidden: 768, layers: 12, heads: 12 },
    text: { hidden: 512, layers: 12, heads: 8 },
    embeddingDim: 512,
    patchSize: 16,
    trainedSize: 224,
    inputSize: 352,
    taps: [3, 6, 9],
    reduceDim: 64,
    decoderWidth: 2048,
    vocabularySize: 49408,
  },
  tiny: {
    vision: { hidden: 64, layers: 6, heads: 2 },
    text: { hidden: 32, layers: 2, heads: 2 },
    embeddingDim: 24,
    patchSize: 16,
    trainedSize: 64,
    inputSize: 96,
    taps: [1, 2, 4],
    reduceDim: 16,
    decoderWidth: 48,
    vocabularySize: 1024,
  },
} as const satisfies Record<string, ClipsegSize>;

/** Names of {@link SIZES}. */
export type SizeName = keyof typeof SIZES;

/** Nouns the tokenizer knows as one token each; labels of the benches are these. */
export const NOUNS: readonly string[] = [
  'road',
  'car',
  'person',
  'tree',
  'sky',
  'building',
  'dog',
  'cat',
  'chair',
  'table',
  'window',
  'door',
  'lamp',
  'bottle',
  'cup',
  'book',
  'grass',
  'river',
  'boat',
  'bridge',
];

/** Adjectives, for labels no cache has seen. */
export const ADJECTIVES: readonly string[] = [
  'red',
  'green',
  'blue',
  'old',
  'new',
  'small',
  'large',
  'wet',
  'dry',
  'bright',
  'dark',
  'round',
  'tall',
  'flat',
  'broken',
  'empty',
];

const SEED = 20260101;
const LAYOUT = 2;
const MAX_TOKENS = 77;

interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly mean: number;
  readonly deviation: number;
}

/** The checkpoint's folder; written on the first call, which takes some seconds and 600 MB at full size. */
export function randomClipseg(sizeName: SizeName): string {
  const folder = join(benchCache, `clipseg-${sizeName}-${LAYOUT}-${SEED}`);
  if (existsSync(join(folder, 'model.safetensors'))) return folder;
  const size = SIZES[sizeName];
  mkdirSync(folder, { recursive: true });
  const json = (file: string, content: unknown): void => writeFileSync(join(folder, file), JSON.stringify(content));
  json('config.json', configOf(size));
  json('preprocessor_config.json', {
    image_processor_type: 'ViTImageProcessor',
    do_resize: true,
    do_rescale: true,
    do_normalize: true,
    image_mean: [0.485, 0.456, 0.406],
    image_std: [0.229, 0.224, 0.225],
    resample: 2,
    size: { height: size.inputSize, width: size.inputSize },
  });
  json('tokenizer.json', clipTokenizerJson(['a', 'photo', 'of', ...NOUNS, ...ADJECTIVES], size.vocabularySize));
  json('tokenizer_config.json', {
    tokenizer_class: 'CLIPTokenizer',
    model_max_length: MAX_TOKENS,
    pad_token: '<|endoftext|>',
    bos_token: '<|startoftext|>',
    eos_token: '<|endoftext|>',
    unk_token: '<|endoftext|>',
  });
  writeWeights(join(folder, 'model.safetensors'), tensorsOf(size));
  return folder;
}

function configOf(size: ClipsegSize): object {
  const transformer = ({ hidden, layers, heads }: TransformerSize): object => ({
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 4 * hidden,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
  });
  return {
    model_type: 'clipseg',
    architectures: ['CLIPSegForImageSegmentation'],
    projection_dim: size.embeddingDim,
    reduce_dim: size.reduceDim,
    extract_layers: size.taps,
    conditional_layer: 0,
    decoder_num_attention_heads: 4,
    decoder_intermediate_size: size.decoderWidth,
    use_complex_transposed_convolution: true,
    vision_config: {
      model_type: 'clipseg_vision_model',
      ...transformer(size.vision),
      image_size: size.trainedSize,
      patch_size: size.patchSize,
      num_channels: 3,
    },
    text_config: {
      model_type: 'clipseg_text_model',
      ...transformer(size.text),
      vocab_size: size.vocabularySize,
      max_position_embeddings: MAX_TOKENS,
      bos_token_id: size.vocabularySize - 2,
      eos_token_id: size.vocabularySize - 1,
      pad_token_id: size.vocabularySize - 1,
    },
  };
}

/** Every tensor of the published file. Scales keep activations of order one and logits of a few units. */
function tensorsOf(size: ClipsegSize): TensorSpec[] {
  const { vision, text, embeddingDim, patchSize, trainedSize, reduceDim, decoderWidth } = size;
  const tensors: TensorSpec[] = [];
  const add = (name: string, shape: readonly number[], deviation: number, mean = 0): void =>
    void tensors.push({ name, shape, mean, deviation });
  const linear = (name: string, outputs: number, inputs: number, gain = 1): void => {
    add(`${name}.weight`, [outputs, inputs], gain / Math.sqrt(inputs));
    add(`${name}.bias`, [outputs], 0.02);
  };
  const norm = (name: string, width: number): void => {
    add(`${name}.weight`, [width], 0.05, 1);
    add(`${name}.bias`, [width], 0.02);
  };
  const block = (name: string, width: number, intermediate: number): void => {
    for (const which of ['q_proj', 'k_proj', 'v_proj']) linear(`${name}.self_attn.${which}`, width, width);
    linear(`${name}.self_attn.out_proj`, width, width, 0.5);
    norm(`${name}.layer_norm1`, width);
    norm(`${name}.layer_norm2`, width);
    linear(`${name}.mlp.fc1`, intermediate, width);
    linear(`${name}.mlp.fc2`, width, intermediate, 0.5);
  };
  add('clip.logit_scale', [], 0, 4.6);
  add('clip.text_model.embeddings.token_embedding.weight', [size.vocabularySize, text.hidden], 0.5);
  add('clip.text_model.embeddings.position_embedding.weight', [MAX_TOKENS, text.hidden], 0.1);
  for (let layer = 0; layer < text.layers; layer++)
    block(`clip.text_model.encoder.layers.${layer}`, text.hidden, 4 * text.hidden);
  norm('clip.text_model.final_layer_norm', text.hidden);
  add('clip.text_projection.weight', [embeddingDim, text.hidden], 1 / Math.sqrt(text.hidden));
  add('clip.vision_model.embeddings.class_embedding', [vision.hidden], 0.5);
  add(
    'clip.vision_model.embeddings.patch_embedding.weight',
    [vision.hidden, 3, patchSize, patchSize],
    1 / Math.sqrt(3 * patchSize ** 2),
  );
  add(
    'clip.vision_model.embeddings.position_embedding.weight',
    [1 + (trainedSize / patchSize) ** 2, vision.hidden],
    0.3,
  );
  norm('clip.vision_model.pre_layrnorm', vision.hidden);
  for (let layer = 0; layer < vision.layers; layer++)
    block(`clip.vision_model.encoder.layers.${layer}`, vision.hidden, 4 * vision.hidden);
  norm('clip.vision_model.post_layernorm', vision.hidden);
  add('clip.visual_projection.weight', [embeddingDim, vision.hidden], 1 / Math.sqrt(vision.hidden));
  linear('decoder.film_mul', reduceDim, embeddingDim);
  linear('decoder.film_add', reduceDim, embeddingDim);
  size.taps.forEach((_, index) => {
    linear(`decoder.reduces.${index}`, reduceDim, vision.hidden);
    block(`decoder.layers.${index}`, reduceDim, decoderWidth);
  });
  const kernel = Math.floor(patchSize / 4);
  const half = reduceDim / 2;
  const head = 'decoder.transposed_convolution';
  add(`${head}.0.weight`, [reduceDim, reduceDim, 3, 3], Math.sqrt(2 / (9 * reduceDim)));
  add(`${head}.0.bias`, [reduceDim], 0.02);
  add(`${head}.2.weight`, [reduceDim, half, kernel, kernel], Math.sqrt(2 / reduceDim));
  add(`${head}.2.bias`, [half], 0.02);
  add(`${head}.4.weight`, [half, 1, kernel, kernel], Math.sqrt(2 / half));
  add(`${head}.4.bias`, [1], 0.02);
  return tensors;
}

/** Writes a safetensors file tensor by tensor, so that it never lies in memory whole. */
function writeWeights(path: string, tensors: readonly TensorSpec[]): void {
  const count = ({ shape }: TensorSpec): number => shape.reduce((product, dimension) => product * dimension, 1);
  const header: Record<string, object> = {};
  let offset = 0;
  for (const tensor of tensors) {
    const end = offset + 4 * count(tensor);
    header[tensor.name] = { dtype: 'F32', shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = JSON.stringify(header);
  const length = Buffer.alloc(8);
  const padded = Math.ceil(text.length / 8) * 8;
  length.writeBigUInt64LE(BigInt(padded));
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    writeSync(file, length);
    writeSync(file, text.padEnd(padded, ' '));
    const random = new Random(SEED);
    for (const tensor of tensors) {
      const floats = seededFloats(random, count(tensor), tensor.mean, tensor.deviation);
      writeSync(file, new Uint8Array(floats.buffer));
    }
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
