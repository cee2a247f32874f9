/** A checkpoint from nothing, or on a trunk: sizes and captions → a folder that training starts from. */
import { join, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { abortSignal, integer, readOptions, text, value, withDefault, type OptionsOf } from '@synseg/core/guards';
import { readModelConfig, writeDurably } from '@synseg/core/checkpoint';
import { shortJson } from '../data/data-error.ts';
import { SINGLE } from '../run/checkpoint-files.ts';
import { copyDurably, diskError, placeFolder, placedNames } from '../run/durable-file.ts';
import { TensorReader, copiedSource, floatSources, safetensorsChunks } from '../run/tensor-file.ts';
import { initialValues } from '../step-graph/initial-values.ts';
import { encoderTensors, textTensors, trainedTensors } from '../step-graph/layout.ts';
import { LEAST_VOCABULARY, MOST_VOCABULARY, learnBytePairs, mergesText } from './byte-pairs.ts';
import { initialEncoders } from './initial-encoders.ts';
import { CHECKPOINT_SHAPE, resolveShape } from './checkpoint-shape.ts';
import { openKeptTrunk, type KeptTrunk } from './kept-trunk.ts';

/** Options of {@link createCheckpoint}. */
export const CREATE_OPTIONS = {
  ...CHECKPOINT_SHAPE,
  /**
   * Folder with a convolution trunk, which is kept with its decoder, if it has one; the text encoder alone is new then.
   */
  trunk: text(),
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
 * With `trunk` it is a copy of that folder with a random text encoder in place of the vocabulary: `trainTextEncoder()`
 * teaches that, and `train()` a decoder where the folder has none.
 *
 * @param folder - new or empty
 * @param captions - texts to learn the tokenizer from, read once
 * @throws TypeError or RangeError for an invalid size; SynsegError `RUN_FOLDER` when the folder holds something,
 *   `MODEL_LOAD` or `CHECKPOINT_FORMAT` for a folder without a convolution trunk
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
  const { vocabulary: size, seed, signal, trunk, ...shape } = readOptions(ACTION, CREATE_OPTIONS, options);
  const { configJson, preprocessorJson } = resolveShape(shape);
  const kept = trunk === undefined ? undefined : await openKeptTrunk(trunk);
  if (kept !== undefined) checkSizes(shape, kept);
  const target = resolve(folder);
  const fail = (error: unknown): never => {
    throw diskError(ACTION, target, error);
  };
  const present = await placedNames(target).catch(fail);
  if (present.length > 0)
    throw new SynsegError('RUN_FOLDER', `Cannot create checkpoint: folder must be new or empty, got ${target}`);
  const bytePairs = await learnBytePairs(captions, size, signal);
  const vocabulary = Object.keys(bytePairs.vocabulary).length;
  const json = kept === undefined ? configJson(vocabulary) : withTexts(kept, configJson(vocabulary), shape);
  const config = readModelConfig(json, preprocessorJson, target);
  const encoders = initialEncoders(kept === undefined ? encoderTensors(config) : textTensors(config), config, seed);
  const specs = kept === undefined ? trainedTensors(config, undefined) : [];
  const { tensors: decoder } = await initialValues(specs, undefined, seed);
  const files: Readonly<Record<string, string>> = {
    'vocab.json': JSON.stringify(bytePairs.vocabulary),
    'merges.txt': mergesText(bytePairs),
    ...(kept === undefined ? { 'preprocessor_config.json': `${JSON.stringify(preprocessorJson, null, 2)}\n` } : {}),
    'config.json': `${JSON.stringify(json, null, 2)}\n`,
  };
  const reader = new TensorReader();
  const { entries, licenses, folder: from } = kept ?? { entries: [], licenses: [], folder: '' };
  const sources = [
    ...floatSources(new Map([...encoders, ...decoder])),
    ...entries.map((entry) => copiedSource(reader, entry)),
  ];
  await placeFolder(target, present, async (staging) => {
    for (const [name, contents] of Object.entries(files)) await writeDurably(join(staging, name), [contents]);
    for (const name of licenses) await copyDurably(join(from, name), join(staging, name));
    await writeDurably(join(staging, SINGLE), safetensorsChunks(sources, { format: 'pt' }, signal));
  })
    .catch(fail)
    .finally(() => reader.close());
  const sizes = [...encoders, ...decoder, ...entries.map((entry) => [entry.name, entry] as const)];
  const count = (counts: (name: string) => boolean): number =>
    sizes.reduce((sum, [name, { shape: sides }]) => sum + (counts(name) ? sides.reduce((a, b) => a * b, 1) : 0), 0);
  const isVision = (name: string): boolean => /^(?:clip\.vi|trunk\.)/.test(name);
  const isDecoder = (name: string): boolean => name.startsWith('decoder.');
  return {
    folder: target,
    vocabulary,
    parameters: {
      vision: count(isVision),
      text: count((name) => !isVision(name) && !isDecoder(name)),
      decoder: count(isDecoder),
    },
  };
}

type Shape = Pick<CreateOptions, keyof typeof CHECKPOINT_SHAPE>;

/** @throws RangeError for a size that the kept folder decides */
function checkSizes(shape: Shape, { entries, embeddingDim }: KeptTrunk): void {
  const refuse = (name: keyof Shape, rule: string): RangeError =>
    new RangeError(`Cannot ${ACTION}: ${name} must ${rule}, got ${shortJson(shape[name])}`);
  for (const name of ['vision', 'taps', 'decoder'] as const)
    if (shape[name] !== undefined) throw refuse(name, 'be left out with trunk, whose folder has its own');
  const { projectionDim = embeddingDim } = shape;
  if (projectionDim !== embeddingDim && entries.some(({ name }) => name.startsWith('decoder.')))
    throw refuse('projectionDim', `be ${embeddingDim}, which the decoder of trunk takes`);
}

/** `config.json` of a kept folder with the text encoder that another one describes. */
function withTexts(
  { json, embeddingDim }: KeptTrunk,
  { prompt_templates, text_config }: Readonly<Record<string, unknown>>,
  { projectionDim = embeddingDim }: Shape,
): Readonly<Record<string, unknown>> {
  return { ...json, prompt_templates, projection_dim: projectionDim, text_config };
}
