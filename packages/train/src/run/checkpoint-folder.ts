/**
 * The checkpoint folders of a run: `last`, `best`, `step-N`.
 *
 * A kill at any instant leaves each of them absent or loadable. A new one is made under another name and renamed. One
 * that exists is renewed file by file: config, weights, then the trainer's state, each replaced by one rename after the
 * bytes of all of them reached the disk. Between two renames the weights may be one save ahead of the trainer's state,
 * which is whole in itself: whoever resumes repeats those steps, and writes the weights again.
 *
 * Files that never change (frozen weights, trunk, tokenizer) are written once, into `frozen`, and hard-linked.
 */
import { readdir, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { SynsegError } from '@synseg/core';
import { rangeError } from '@synseg/core/guards';
import { Weights, readSafetensors, writeDurably, type Chunks } from '@synseg/core/checkpoint';
import type { FloatTensor, ModelConfig, TensorEntry } from '@synseg/core/checkpoint';
import { exists } from '../data/source.ts';
import { FROZEN_SHARD, INDEX, SINGLE, TRAINED_SHARD, belongsToEncoders, companionFiles } from './checkpoint-files.ts';
import { isDecoderSide, isEncoderSide, modelConfigOf } from './checkpoint-files.ts';
import { copyDurably, createFolder, linkOrCopy, replaceFiles, syncFolder, temporaryName } from './durable-file.ts';
import { TensorReader, copiedSource, floatSources, safetensorsChunks } from './tensor-file.ts';
import { TRAINER_FILE, trainerStateChunks, type TrainerState } from './trainer-state.ts';

const ACTION = 'save checkpoint';

/** Name of a checkpoint in a run folder. */
export type CheckpointName = 'last' | 'best' | `step-${number}`;

/** A checkpoint to save. */
export interface CheckpointContents {
  /** Trained tensors: `decoder.*`, `projector.*`; or `clip.*`. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** The folder's `config.json`. */
  readonly configJson: Readonly<Record<string, unknown>>;
  /** Folder that frozen tensors, trunk, tokenizer and vocabulary are taken from, at a run's first save. */
  readonly base: string;
  /** Files written at each save in place of the base's, such as a vocabulary that grew. */
  readonly files?: ReadonlyMap<string, Uint8Array | string>;
}

/** Folder of a run for the files that all its checkpoints share. */
export const FROZEN_FOLDER = 'frozen';
/** Constant, so that the header's length is too: a reader between two saves finds every tensor at the same offset. */
const METADATA = { format: 'pt' };

/** Saves a checkpoint under a name of the run, in place of the one that has it. Callers take turns. */
export async function writeCheckpoint(
  run: string,
  name: CheckpointName,
  contents: CheckpointContents,
  state?: TrainerState,
): Promise<void> {
  checkContents(contents, state);
  await freeze(run, contents);
  await modelConfigOf(contents.configJson, join(run, FROZEN_FOLDER));
  const folder = join(run, name);
  const shared = await filesIn(join(run, FROZEN_FOLDER));
  const weights = shared.includes(FROZEN_SHARD) ? TRAINED_SHARD : SINGLE;
  const changing = new Map<string, Chunks>([
    ['config.json', [`${JSON.stringify(contents.configJson, null, 2)}\n`]],
    [weights, safetensorsChunks(floatSources(contents.tensors), METADATA)],
    ...[...(contents.files ?? [])].map(([file, data]) => [file, [data]] as const),
    ...(state === undefined ? [] : [[TRAINER_FILE, trainerStateChunks(state)] as const]),
  ]);
  const existing = await readSafetensors(join(folder, weights)).catch(() => undefined);
  const others = weights === SINGLE ? ['config.json'] : ['config.json', INDEX];
  const there = await Promise.all(others.map((file) => exists(join(folder, file))));
  if (existing !== undefined && there.every(Boolean)) {
    checkLayout(existing.tensors, contents.tensors, folder);
    await shareMissing(run, shared, folder);
    if (state === undefined) await rm(join(folder, TRAINER_FILE), { force: true });
    await replaceFiles(folder, changing);
    return;
  }
  // A folder of this name without readable weights is no checkpoint; it is removed once the new one is ready.
  await createFolder(folder, async (staging) => {
    for (const file of shared) await linkOrCopy(join(run, FROZEN_FOLDER, file), join(staging, file));
    if (weights === TRAINED_SHARD) await writeDurably(join(staging, INDEX), [await shardIndex(run, contents.tensors)]);
    for (const [file, chunks] of changing) await writeDurably(join(staging, file), chunks);
    await rm(folder, { recursive: true, force: true });
  });
}

/** Writes the files that all checkpoints share, unless the run has them already. */
async function freeze(run: string, contents: CheckpointContents): Promise<void> {
  const { configJson, base, files } = contents;
  const folder = join(run, FROZEN_FOLDER);
  if (await exists(folder)) return;
  if (!(await exists(base)))
    throw new SynsegError('MODEL_LOAD', `Cannot save checkpoint: base must be a folder, got "${base}"`);
  const config = await modelConfigOf(configJson, base);
  const companions = await companionFiles(base, config, ACTION);
  const shared = companions.filter((file) => files?.has(file) !== true);
  const reader = new TensorReader();
  const frozen = (await frozenTensors(contents, config)).map((entry) => copiedSource(reader, entry));
  await createFolder(folder, async (staging) => {
    for (const file of shared) await copyDurably(join(base, file), join(staging, file));
    if (frozen.length > 0) await writeDurably(join(staging, FROZEN_SHARD), safetensorsChunks(frozen, METADATA));
  }).finally(() => reader.close());
}

/**
 * The frozen tensors: those the model needs and training leaves as they are. A projector was trained on the encoders
 * before, so it is left out.
 */
async function frozenTensors({ base, tensors }: CheckpointContents, config: ModelConfig): Promise<TensorEntry[]> {
  if (config.trunk.kind === 'onnx' && config.text.kind === 'vocabulary') return [];
  const trainsEncoders = [...tensors.keys()].some(isEncoderSide);
  const isNeeded = (name: string): boolean =>
    belongsToEncoders(name, config) || (trainsEncoders && name.startsWith('decoder.'));
  return (await Weights.open(base)).entries().filter(({ name }) => !tensors.has(name) && isNeeded(name));
}

/** `model.safetensors.index.json`: which tensor is in which shard. */
async function shardIndex(run: string, trained: ReadonlyMap<string, FloatTensor>): Promise<string> {
  const frozen = [...(await readSafetensors(join(run, FROZEN_FOLDER, FROZEN_SHARD))).tensors.values()];
  const bytes = [...frozen.map(({ length }) => length), ...[...trained.values()].map(({ data }) => data.byteLength)];
  const places = [
    ...frozen.map(({ name }) => [name, FROZEN_SHARD] as const),
    ...[...trained.keys()].map((name) => [name, TRAINED_SHARD] as const),
  ];
  const index = {
    metadata: { total_size: bytes.reduce((sum, size) => sum + size, 0) },
    weight_map: Object.fromEntries(places),
  };
  return `${JSON.stringify(index, null, 2)}\n`;
}

/** Restores shared files that were deleted from a folder. */
async function shareMissing(run: string, shared: readonly string[], folder: string): Promise<void> {
  for (const file of shared) {
    const path = join(folder, file);
    if (await exists(path)) continue;
    await rm(temporaryName(path), { force: true });
    await linkOrCopy(join(run, FROZEN_FOLDER, file), temporaryName(path));
    await rename(temporaryName(path), path);
    await syncFolder(folder);
  }
}

/** Refuses contents that would not load, or that would overwrite a good checkpoint with a diverged one. */
function checkContents({ tensors }: CheckpointContents, state: TrainerState | undefined): void {
  const names = [...tensors.keys()];
  const odd = names.find((name) => !isDecoderSide(name) && !isEncoderSide(name));
  const refuse = (name: string, rule: string, got: string | number): Error => rangeError(ACTION, name, rule, got);
  const beginnings = '"decoder.", "projector.", "trunk." or "clip."';
  if (odd !== undefined) throw refuse('names of trained tensors', `begin with ${beginnings}`, `"${odd}"`);
  if (tensors.size === 0) throw refuse('tensors', 'hold the decoder or the encoders', 'none');
  if (state !== undefined && (!Number.isSafeInteger(state.step) || state.step < 0))
    throw refuse('step', 'be an integer ≥ 0', state.step);
  for (const [name, { shape, data }] of [...tensors, ...(state?.tensors ?? [])]) {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    const rule = `hold ${count} numbers for [${shape.join(', ')}]`;
    if (count !== data.length) throw refuse(`tensor "${name}"`, rule, data.length);
    const bad = firstNonFinite(data);
    const got = `${data[bad]} at element ${bad}`;
    if (bad >= 0)
      throw new SynsegError('TRAINING_DIVERGED', `Cannot ${ACTION}: tensor "${name}" must be finite, got ${got}`);
  }
}

/** A plain loop: `findIndex()` of a typed array takes seconds for the numbers of a run. */
function firstNonFinite(data: Float32Array): number {
  for (let at = 0; at < data.length; at += 1) if (!Number.isFinite(data[at])) return at;
  return -1;
}

type Shaped = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** Refuses tensors of other shapes: they would not match the existing files until the last of them is replaced. */
function checkLayout(before: Shaped, after: Shaped, folder: string): void {
  const text = (tensors: Shaped): string[] => [...tensors].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`);
  const [had, has] = [new Set(text(before)), text(after)];
  const odd = has.find((entry) => !had.has(entry)) ?? [...had].find((entry) => !has.includes(entry));
  if (odd === undefined) return;
  const rule = `have the names and shapes of those in ${folder}`;
  throw new SynsegError('RUN_FOLDER', `Cannot ${ACTION}: tensors must ${rule}, got a difference at ${odd}`);
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
