/** The parts of a checkpoint folder besides its trained tensors: frozen tensors, tokenizer or vocabulary, trunk. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { readJson, readModelConfig, type ModelConfig } from '@synseg/core/checkpoint';

/** The one weight file of a folder without frozen tensors. */
export const SINGLE = 'model.safetensors';
/** Frozen and trained tensors of a folder with both, under the names Python's `transformers` gives shards. */
export const FROZEN_SHARD = 'model-00001-of-00002.safetensors';
export const TRAINED_SHARD = 'model-00002-of-00002.safetensors';
/** The index: the shard of each tensor. */
export const INDEX = 'model.safetensors.index.json';
/** Files of CLIP's tokenizer; the first suffices, or the next two. */
const TOKENIZER = ['tokenizer.json', 'vocab.json', 'merges.txt', 'tokenizer_config.json', 'special_tokens_map.json'];

/** True for a tensor of decoder or projector. */
export function isDecoderSide(name: string): boolean {
  return name.startsWith('decoder.') || name.startsWith('projector.');
}

/** True for a tensor of the encoders. */
export function isEncoderSide(name: string): boolean {
  return name.startsWith('clip.') || name.startsWith('trunk.');
}

/**
 * True for a tensor the model needs beside its decoder. A ready-made trunk is its ONNX file, and a vocabulary takes the
 * place of the text encoder: such a folder has none.
 */
export function belongsToEncoders(name: string, config: ModelConfig): boolean {
  if (isDecoderSide(name)) return false;
  if (config.trunk.kind === 'clip') return true;
  if (config.trunk.kind === 'convolution' && name.startsWith('trunk.')) return true;
  return config.text.kind === 'clip' && name.startsWith('clip.text_');
}

/** True for the name of a file that goes with every copy. */
export function isLicense(name: string): boolean {
  return /^(?:LICEN[CS]E|NOTICE)\b/i.test(name);
}

/** Reads a model's configuration from `config.json` and the preprocessing file in `folder`. */
export async function modelConfigOf(configJson: unknown, folder: string): Promise<ModelConfig> {
  return readModelConfig(configJson, await readJson(join(folder, 'preprocessor_config.json')), folder);
}

/**
 * Names of the files in `folder` that go with the weights, `config.json` aside: the model's other files, and licenses.
 *
 * @param action - completes "Cannot …" in messages
 * @throws SynsegError `CHECKPOINT_FORMAT` when a file that the model needs is missing
 */
export async function companionFiles(folder: string, config: ModelConfig, action: string): Promise<string[]> {
  const { trunk, text } = config;
  const licenses = (await readdir(folder)).filter(isLicense);
  const needed = [
    ...(trunk.kind === 'onnx' ? [trunk.file] : []),
    ...(text.kind === 'vocabulary' ? [text.names, text.embeddings] : []),
  ];
  const welcome = [
    ...(trunk.kind === 'clip' ? ['preprocessor_config.json'] : []),
    ...(text.kind === 'clip' ? TOKENIZER : []),
    'words.json',
    ...licenses,
  ];
  const found = new Set<string>();
  for (const name of [...needed, ...welcome])
    if ((await stat(join(folder, name)).catch(() => undefined))?.isFile() === true) found.add(name);
  if (text.kind === 'clip' && !found.has('tokenizer.json')) needed.push('vocab.json', 'merges.txt');
  const missing = needed.find((name) => !found.has(name));
  if (missing !== undefined)
    throw new SynsegError('CHECKPOINT_FORMAT', `Cannot ${action}: folder must hold ${missing}, got none in ${folder}`);
  return [...found];
}
