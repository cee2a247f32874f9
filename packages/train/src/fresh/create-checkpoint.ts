/** A checkpoint from nothing: sizes and captions → a folder that the segmenter loads and `train()` starts from. */
import { join, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { checkKind, checkOptions, checkSignal, describeValue, optionNames } from '@synseg/core/guards';
import { readModelConfig } from '@synseg/core/checkpoint';
import { SINGLE } from '../run/checkpoint-files.ts';
import { diskError, placeFolder, placedNames, writeDurably } from '../run/durable-file.ts';
import { floatSources, safetensorsChunks } from '../run/tensor-file.ts';
import { initialValues } from '../step-graph/initial-values.ts';
import { encoderTensors, trainedTensors } from '../step-graph/layout.ts';
import { NESTED_NAMES } from '../trainer/train-options.ts';
import { learnBytePairs, mergesText } from './byte-pairs.ts';
import { initialEncoders } from './initial-encoders.ts';
import { resolveShape, type CheckpointShape, type TextShape, type VisionShape } from './checkpoint-shape.ts';

/** Options of {@link createCheckpoint}. */
export interface CreateOptions extends CheckpointShape {
  /** Tokens of the vocabulary at most, 514 or more; @default 2048 */
  readonly vocabulary?: number;
  /** @default 42 */
  readonly seed?: number;
  /** Ends the work; nothing is left of it. */
  readonly signal?: AbortSignal;
}

/** What was made. */
export interface CreatedCheckpoint {
  readonly folder: string;
  /** Tokens of the vocabulary. */
  readonly vocabulary: number;
  /** Numbers of picture encoder, text encoder with its projection and the scale, and decoder. */
  readonly parameters: { readonly vision: number; readonly text: number; readonly decoder: number };
}

/**
 * Writes a CLIPSeg folder (Hugging Face layout) with random encoders, a random decoder, and a tokenizer learnt from
 * captions.
 * It segments, though at random: `train()` with `objective: 'contrastive'` teaches the encoders, and then as ever the
 * decoder.
 * The same options and captions give the same bytes.
 *
 * @param folder - new or empty
 * @param captions - what the tokenizer learns its words from, read once
 * @throws TypeError or RangeError for a size that cannot be; SynsegError `RUN_FOLDER` when the folder holds something
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { createCheckpoint } from '@synseg/train';
 * const folder = join(await mkdtemp(join(tmpdir(), 'synseg-')), 'nano');
 * const { parameters } = await createCheckpoint(folder, ['a red car', 'a blue bus on the road'], { vision: { width: 64,
 * layers: 4, heads: 2 } });
 * console.assert(parameters.vision < 300_000);
 * ```
 */
export async function createCheckpoint(
  folder: string,
  captions: Iterable<string> | AsyncIterable<string>,
  options: CreateOptions = {},
): Promise<CreatedCheckpoint> {
  checkArguments(folder, captions, options);
  const { vocabulary: size = 2048, seed = 42, signal, ...shape } = options;
  const { configJson, preprocessorJson } = resolveShape(shape);
  const target = resolve(folder);
  const present = await placedNames(target).catch((error: unknown) => {
    throw diskError('create checkpoint', target, error);
  });
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
    for (const [name, text] of Object.entries(files)) await writeDurably(join(staging, name), [text]);
    await writeDurably(join(staging, SINGLE), weights);
  }).catch((error: unknown) => {
    throw diskError('create checkpoint', target, error);
  });
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

const NAMES = optionNames<CreateOptions>({
  vision: true,
  text: true,
  projectionDim: true,
  taps: true,
  decoder: true,
  vocabulary: true,
  seed: true,
  signal: true,
});
const NESTED = {
  vision: optionNames<VisionShape>({ side: true, patch: true, width: true, layers: true, heads: true }),
  text: optionNames<TextShape>({ width: true, layers: true, heads: true, tokens: true }),
  decoder: NESTED_NAMES.decoder,
};

function checkArguments(folder: string, captions: unknown, options: CreateOptions): void {
  const action = 'create checkpoint';
  checkKind(action, 'folder', folder, typeof folder === 'string' && folder !== '', 'be the path of a folder');
  // A text is an iterable of letters.
  const isList =
    typeof captions === 'object' &&
    captions !== null &&
    (Symbol.iterator in captions || Symbol.asyncIterator in captions);
  checkKind(action, 'captions', captions, isList, 'be an iterable of texts');
  checkOptions(action, options, NAMES);
  for (const [name, names] of Object.entries(NESTED))
    checkOptions(action, options[name as keyof typeof NESTED], names, name);
  const { seed = 42, taps, signal } = options;
  checkKind(action, 'taps', taps, taps === undefined || Array.isArray(taps), 'be a list of numbers of blocks');
  checkSignal(action, signal);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`Cannot create checkpoint: seed must be an integer ≥ 0, got ${describeValue(seed)}`);
}
