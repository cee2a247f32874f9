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
import {
  Weights,
  readSafetensors,
  type FloatTensor,
  type ModelConfig,
  type TensorEntry,
} from '@synseg/core/checkpoint';
import { exists } from '../data/source.ts';
import {
  FROZEN_SHARD,
  INDEX,
  SINGLE,
  TRAINED_SHARD,
  belongsToEncoders,
  companionFiles,
  isDecoderSide,
  isEncoderSide,
  modelConfigOf,
} from './checkpoint-files.ts';
import {
  copyDurably,
  createFolder,
  linkOrCopy,
  replaceFiles,
  syncFolder,
  temporaryName,
  writeDurably,
  type Chunks,
} from './durable-file.ts';
import { TensorReader, copiedSource, floatSources, safetensorsChunks } from './tensor-file.ts';
import { TRAINER_FILE, trainerStateChunks, type TrainerState } from './trainer-state.ts';

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
  const whole =
    existing !== undefined &&
    (await exists(join(folder, 'config.json'))) &&
    (weights === SINGLE || (await exists(join(folder, INDEX))));
  if (whole) {
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
  const companions = (await companionFiles(base, config, 'save checkpoint')).filter(
    (file) => files?.has(file) !== true,
  );
  const frozen = await frozenTensors(contents, config);
  const reader = new TensorReader();
  await createFolder(folder, async (staging) => {
    for (const file of companions) await copyDurably(join(base, file), join(staging, file));
    if (frozen.length > 0)
      await writeDurably(
        join(staging, FROZEN_SHARD),
        safetensorsChunks(
          frozen.map((entry) => copiedSource(reader, entry)),
          METADATA,
        ),
      );
  }).finally(() => reader.close());
}

/**
 * The frozen tensors: those the model needs and training leaves as they are. A projector was trained on the encoders
 * before, so it is left out.
 */
async function frozenTensors({ base, tensors }: CheckpointContents, config: ModelConfig): Promise<TensorEntry[]> {
  if (config.trunk.kind === 'onnx' && config.text.kind === 'vocabulary') return [];
  const encodersAreTrained = [...tensors.keys()].some(isEncoderSide);
  return (await Weights.open(base))
    .entries()
    .filter(
      ({ name }) =>
        !tensors.has(name) && (belongsToEncoders(name, config) || (encodersAreTrained && name.startsWith('decoder.'))),
    );
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
  if (odd !== undefined)
    throw new RangeError(
      'Cannot save checkpoint: names of trained tensors must begin with "decoder.", "projector.", "trunk." or ' +
        `"clip.", got "${odd}"`,
    );
  if (tensors.size === 0)
    throw new RangeError('Cannot save checkpoint: tensors must hold the decoder or the encoders, got none');
  if (state !== undefined && (!Number.isSafeInteger(state.step) || state.step < 0)) {
    throw new RangeError(`Cannot save checkpoint: step must be an integer ≥ 0, got ${state.step}`);
  }
  for (const [name, { shape, data }] of [...tensors, ...(state?.tensors ?? [])]) {
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    if (count !== data.length)
      throw new RangeError(
        `Cannot save checkpoint: tensor "${name}" must hold ${count} numbers for [${shape.join(', ')}], ` +
          `got ${data.length}`,
      );
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new SynsegError(
        'TRAINING_DIVERGED',
        `Cannot save checkpoint: tensor "${name}" must be finite, got ${data[bad]} at element ${bad}`,
      );
  }
}

/** Refuses tensors of other shapes: they would not match the existing files until the last of them is replaced. */
function checkLayout(
  before: ReadonlyMap<string, TensorEntry>,
  after: ReadonlyMap<string, FloatTensor>,
  folder: string,
): void {
  const text = (tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>): string[] =>
    [...tensors].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`);
  const [had, has] = [new Set(text(before)), text(after)];
  const odd =
    has.find((entry) => !had.has(entry)) ??
    (had.size === has.length ? undefined : [...had].find((entry) => !has.includes(entry)));
  if (odd !== undefined)
    throw new SynsegError(
      'RUN_FOLDER',
      `Cannot save checkpoint: tensors must have the names and shapes of those in ${folder}, ` +
        `got a difference at ${odd}`,
    );
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
