/** The state of training in one file, so that parameters and optimizer state of a step always belong together. */
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { readFloats, readSafetensors, type Chunks, type FloatTensor } from '@synseg/core/checkpoint';
import type { DatasetPosition } from '../data/dataset.ts';
import { floatSources, safetensorsChunks } from './tensor-file.ts';

/** File name of the trainer's state in a checkpoint folder. The segmenter does not read it. */
export const TRAINER_FILE = 'trainer.safetensors';
const FORMAT = 'synseg-trainer-1';

/** The state of training after a step. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  /** Position in the data. */
  readonly position: DatasetPosition;
  /** Flat float32 vectors: parameters, momentum, variance, and the moving average where there is one. */
  readonly tensors: ReadonlyMap<string, FloatTensor>;
  /** Identifies the layout of the vectors; a state of another layout cannot be used. */
  readonly layoutKey: string;
  /** Anything else to keep as JSON, such as the best score so far. */
  readonly notes?: Readonly<Record<string, unknown>>;
}

/** The bytes of the state's file. */
export function trainerStateChunks({ step, position, tensors, layoutKey, notes = {} }: TrainerState): Chunks {
  return safetensorsChunks(floatSources(tensors), {
    format: FORMAT,
    step: String(step),
    position: JSON.stringify(position),
    layoutKey,
    notes: JSON.stringify(notes),
  });
}

/**
 * Reads the state that a checkpoint folder (`last/`) holds.
 *
 * @throws SynsegError `RUN_FOLDER` when there is none, `CHECKPOINT_FORMAT` when the file is damaged
 */
export async function readTrainerState(folder: string): Promise<TrainerState> {
  const path = join(folder, TRAINER_FILE);
  const file = await readSafetensors(path).catch((error: unknown) => {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw error;
    const rest = `checkpoint must hold ${TRAINER_FILE}, got none in ${folder}`;
    throw new SynsegError('RUN_FOLDER', `Cannot resume run: ${rest}`, { cause: error });
  });
  const fail = (rest: string, cause?: unknown): SynsegError =>
    new SynsegError('CHECKPOINT_FORMAT', `Cannot resume run: ${rest} (${path})`, { cause });
  const { format, layoutKey } = file.metadata;
  if (format !== FORMAT || layoutKey === undefined)
    throw fail(`format of ${TRAINER_FILE} must be ${FORMAT}, got ${format}`);
  const read = <Result>(field: string): Result => {
    try {
      return JSON.parse(file.metadata[field] ?? '') as Result;
    } catch (cause) {
      throw fail(`${field} in ${TRAINER_FILE} must be JSON, got ${messageOf(cause)}`, cause);
    }
  };
  const tensors = new Map<string, FloatTensor>();
  for (const [name, entry] of file.tensors) tensors.set(name, { shape: entry.shape, data: await readFloats(entry) });
  return { step: read('step'), position: read('position'), tensors, layoutKey, notes: read('notes') };
}
