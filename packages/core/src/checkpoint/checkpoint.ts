/** A checkpoint folder on disk: its configuration, its weights, and where its other files are. */
import { checkpointError } from './checkpoint-error.ts';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynsegError, messageOf } from '../errors.ts';
import { readTextFile } from '../guard/text-file.ts';
import { fileInside } from './file-inside.ts';
import { readModelConfig, withStatistics, type ModelConfig } from './model-config.ts';
import type { StatisticsName } from './statistics.ts';
import { Weights } from './weights.ts';

/** An opened checkpoint; its weights are not in memory. */
export interface Checkpoint {
  readonly folder: string;
  readonly config: ModelConfig;
  readonly weights: Weights;
}

/** Options of {@link openCheckpoint}. */
export interface OpenCheckpointOptions {
  /** Side of the square picture the trunk takes, pixels; @default the folder's own */
  readonly inputSize?: number;
  /** Statistics that pixels are normalized with; @default the folder's own */
  readonly statistics?: StatisticsName;
}

/**
 * Opens a folder of either kind (CLIPSeg, or own trunk).
 *
 * @throws SynsegError `MODEL_LOAD` when the folder or its `config.json` is missing, `CHECKPOINT_FORMAT` when a file is
 *   malformed.
 */
export async function openCheckpoint(folder: string, options: OpenCheckpointOptions = {}): Promise<Checkpoint> {
  const root = resolve(folder);
  const info = await stat(root).catch(() => undefined);
  if (info?.isDirectory() !== true)
    throw new SynsegError('MODEL_LOAD', `Cannot load checkpoint: path must be a folder, got "${folder}"`);
  const configuration = await readJson(join(root, 'config.json'));
  if (configuration === undefined)
    throw new SynsegError('MODEL_LOAD', `Cannot load checkpoint: folder must hold config.json, got "${folder}"`);
  const preprocessor = await readJson(join(root, 'preprocessor_config.json'));
  const own = readModelConfig(configuration, preprocessor, root, options.inputSize);
  const config = options.statistics === undefined ? own : withStatistics(own, options.statistics);
  const named = [
    ...(config.trunk.kind === 'onnx' ? [config.trunk.file] : []),
    ...(config.text.kind === 'vocabulary' ? [config.text.names, config.text.embeddings] : []),
  ];
  for (const name of named) await fileInside(root, name);
  return { folder: root, config, weights: await Weights.open(root) };
}

/** Parses a JSON file of at most so many bytes; undefined when it is not there. */
export async function readJson(path: string, action = 'load checkpoint', maxTextBytes?: number): Promise<unknown> {
  const text = await readTextFile(path, maxTextBytes).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw checkpointError(action, `${path} must be readable, got ${error.message}`, error);
  });
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch (cause) {
    throw checkpointError(action, `${path} must be JSON, got ${messageOf(cause)}`, cause);
  }
}
