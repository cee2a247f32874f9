/** A checkpoint from nothing: sizes and captions → a folder that the segmenter loads and `train()` starts from. */
import { join, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { abortSignal, integer, readOptions, text, value, withDefault, type OptionsOf } from '@synseg/core/guards';
import { readModelConfig, writeDurably } from '@synseg/core/checkpoint';
import { SINGLE } from '../run/checkpoint-files.ts';
import { diskError, placeFolder, placedNames } from '../run/durable-file.ts';
import { floatSources, safetensorsChunks } from '../run/tensor-file.ts';
import { initialValues } from '../step-graph/initial-values.ts';
import { encoderTensors, trainedTensors } from '../step-graph/layout.ts';
import { LEAST_VOCABULARY, MOST_VOCABULARY, learnBytePairs, mergesText } from './byte-pairs.ts';
import { initialEncoders } from './initial-encoders.ts';
import { CHECKPOINT_SHAPE, resolveShape } from './checkpoint-shape.ts';

/** Options of {@link createCheckpoint}. */
export const CREATE_OPTIONS = {
  ...CHECKPOINT_SHAPE,
  /** Most tokens of the vocabulary. @default 2048 */
  vocabulary: withDefault(integer({ least: LEAST_VOCABULARY, most: MOST_VOCABULARY }), 2048),
  /** Seed of the random numbers. @default 42 */
  seed: withDefault(integer({ least: 0 }), 42),
  /** Ends the call; nothing is left behind. */
  signal: abortSignal(),
};
export type CreateOptions = OptionsOf<typeof CREATE_OPTIONS>;

const ACTION = 'create checkpoint';
const ARGUMENTS = {
  folder: text(),
  // A text is an iterable of letters.
  captions: value<Iterable<string> | AsyncIterable<string>>('be an iterable of texts', isIterable),
};

function isIterable(given: unknown): boolean {
  return typeof given === 'object' && given !== null && (Symbol.iterator in given || Symbol.asyncIterator in given);
}

/** Result of {@link createCheckpoint}. */
export interface CreatedCheckpoint {
  readonly folder: string;
  /** Tokens of the vocabulary. */
  readonly vocabulary: number;
  /** Parameters of picture encoder, text encoder (with its projection and the scale), and decoder. */
  readonly parameters: { readonly vision: number; readonly text: number; readonly decoder: number };
}

/**
 * Writes a CLIPSeg folder (Hugging Face layout) with random encoders, a random decoder, and a tokenizer learned from
 * captions. It segments, though at random: `trainEncoders()` teaches the encoders, and `train()` then the decoder. The
 * same options and captions give the same bytes.
 *
 * @param folder - new or empty
 * @param captions - texts to learn the tokenizer from, read once
 * @throws TypeError or RangeError for an invalid size; SynsegError `RUN_FOLDER` when the folder holds something
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { createCheckpoint } from '@synseg/train';
 * const folder = join(await mkdtemp(join(tmpdir(), 'synseg-')), 'nano');
 * const vision = { width: 64, layers: 4, heads: 2 };
 * const { parameters } = await createCheckpoint(folder, ['a red car', 'a blue bus on the road'], { vision });
 * console.assert(parameters.vision < 300_000);
 * ```
 */
export async function createCheckpoint(
  folder: string,
  captions: Iterable<string> | AsyncIterable<string>,
  options: CreateOptions = {},
): Promise<CreatedCheckpoint> {
  readOptions(ACTION, ARGUMENTS, { folder, captions }, ['folder', 'captions']);
  const { vocabulary: size, seed, signal, ...shape } = readOptions(ACTION, CREATE_OPTIONS, options);
  const { configJson, preprocessorJson } = resolveShape(shape);
  const target = resolve(folder);
  const fail = (error: unknown): never => {
    throw diskError(ACTION, target, error);
  };
  const present = await placedNames(target).catch(fail);
  if (present.length > 0)
    throw new SynsegError('RUN_FOLDER', `Cannot create checkpoint: folder must be new or empty, got ${target}`);
  const bytePairs = await learnBytePairs(captions, size, signal);
  const vocabulary = Object.keys(bytePairs.vocabulary).length;
  const json = configJson(vocabulary);
  const config = readModelConfig(json, preprocessorJson, target);
  const encoders = initialEncoders(encoderTensors(config), config, seed);
  const { tensors: decoder } = await initialValues(trainedTensors(config, undefined), undefined, seed);
  const files: Readonly<Record<string, string>> = {
    'vocab.json': JSON.stringify(bytePairs.vocabulary),
    'merges.txt': mergesText(bytePairs),
    'preprocessor_config.json': `${JSON.stringify(preprocessorJson, null, 2)}\n`,
    'config.json': `${JSON.stringify(json, null, 2)}\n`,
  };
  const weights = safetensorsChunks(floatSources(new Map([...encoders, ...decoder])), { format: 'pt' }, signal);
  await placeFolder(target, present, async (staging) => {
    for (const [name, contents] of Object.entries(files)) await writeDurably(join(staging, name), [contents]);
    await writeDurably(join(staging, SINGLE), weights);
  }).catch(fail);
  const count = (tensors: typeof encoders, counts: (name: string) => boolean): number =>
    [...tensors].reduce((sum, [name, { data }]) => sum + (counts(name) ? data.length : 0), 0);
  const isVision = (name: string): boolean => name.startsWith('clip.vi');
  return {
    folder: target,
    vocabulary,
    parameters: {
      vision: count(encoders, isVision),
      text: count(encoders, (name) => !isVision(name)),
      decoder: count(decoder, () => true),
    },
  };
}
