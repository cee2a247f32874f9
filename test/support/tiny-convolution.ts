/**
 * Convolution checkpoints with small random weights and a vocabulary, or a text encoder in its place, written by a test
 * for itself.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, type FloatTensor } from '../../packages/core/src/checkpoint/safetensors.ts';
import { readModelConfig } from '../../packages/core/src/checkpoint/model-config.ts';
import { Graph, type Value } from '../../packages/core/src/graph/graph.ts';
import { decodeLabels } from '../../packages/core/src/model/label-decoder.ts';
import { trunkMaps } from '../../packages/core/src/model/model-graphs.ts';
import { textEmbeddings } from '../../packages/core/src/model/text-encoder.ts';
import { tinyVocabulary } from './tiny-clipseg.ts';
import { gaussians } from './random.ts';

/** Length of a text embedding. */
export const EMBEDDING_DIM = 6;
/** The vocabulary. */
export const NAMES = ['car', 'road', 'sky'];

/** `config.json`: six blocks to 16 pixels per cell, a dilated one, two taps and a pyramid. */
export function tinyConvolutionConfig(trunk: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const stage = (expansion: number, channels: number, blocks: number, stride: number, dilation = 1) => ({
    ...{ expansion, channels, blocks, stride, dilation },
  });
  return {
    model_type: 'synseg',
    trunk: {
      kind: 'convolution',
      inputSize: [32, 48],
      stem: 4,
      stages: [stage(1, 4, 1, 1), stage(2, 6, 1, 2), stage(2, 8, 2, 2), stage(2, 8, 1, 2), stage(2, 8, 1, 1, 2)],
      taps: [4, 5],
      pyramid: 5,
      fine: 3,
      finest: 1,
      ...trunk,
    },
    text: { vocabulary: 'vocab.json', embeddings: 'vocab.safetensors', dim: EMBEDDING_DIM },
    decoder: { reduce_dim: 7, refinements: 1 },
  };
}

/** `config.json` with a text encoder of its own sizes in place of the vocabulary. */
export function tinyTextConfig(): Record<string, unknown> {
  const tokens = Object.keys(tinyVocabulary().vocab).length;
  return {
    ...tinyConvolutionConfig(),
    text: { dim: EMBEDDING_DIM },
    prompt_templates: ['{}'],
    text_config: {
      ...{ hidden_size: 8, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 12 },
      ...{ vocab_size: tokens, max_position_embeddings: 7, eos_token_id: tokens - 1 },
    },
  };
}

/** Writes the folder and returns its path. */
export function writeTinyConvolution(folder: string, config = tinyConvolutionConfig()): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  if (config['text_config'] === undefined) writeTinyVectors(folder);
  else {
    const { vocab, merges } = tinyVocabulary();
    writeFileSync(join(folder, 'vocab.json'), JSON.stringify(vocab));
    writeFileSync(join(folder, 'merges.txt'), merges);
  }
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(tensorsOf(config)));
  return folder;
}

/** Writes the vocabulary's two files: names, and a random vector of each. */
export function writeTinyVectors(folder: string, names = NAMES, dim = EMBEDDING_DIM): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'vocab.json'), JSON.stringify({ names }));
  const embeddings = { shape: [names.length, dim], data: gaussians(names.length * dim, 3) };
  writeFileSync(join(folder, 'vocab.safetensors'), encodeSafetensors(new Map([['embeddings', embeddings]])));
  return folder;
}

/** Random values of every tensor that the model reads. */
function tensorsOf(json: unknown): Map<string, FloatTensor> {
  const config = readModelConfig(json, undefined, 'tiny');
  const tensors = new Map<string, FloatTensor>();
  const graph = new Graph('recorder');
  const get = (name: string, shape: readonly number[]): Value => {
    const length = shape.reduce((product, side) => product * side, 1);
    const data = gaussians(length, 100 + tensors.size).map((value) => 0.5 * value);
    tensors.set(name, { shape, data });
    return graph.floats(data, shape);
  };
  const maps = trunkMaps(config, { graph, get }, graph.input('pixels', 'uint8', [1, ...config.inputSize, 3]));
  decodeLabels({ graph, get }, maps, graph.input('text', 'float32', [1, EMBEDDING_DIM]), config).logits();
  const numbers = (name: string, length: number): Value => graph.input(name, 'int64', [length]);
  if (config.text.kind === 'clip') {
    const ids = graph.input('ids', 'int64', [1, 3]);
    textEmbeddings({ graph, get }, ids, numbers('positions', 3), numbers('ends', 1), config.text, EMBEDDING_DIM);
  }
  return tensors;
}
