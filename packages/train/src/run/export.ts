/** From a checkpoint of a run to a folder to give away: one weight file, nothing that only training needs. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { describeValue } from '@synseg/core/guards';
import { openCheckpoint, readJson } from '@synseg/core/internals';
import { SINGLE, companionFiles, belongsToEncoders } from './checkpoint-files.ts';
import { copyDurably, createFolder, diskError, syncFolder, writeDurably } from './durable-file.ts';
import { TensorReader, convertedSource, safetensorsChunks } from './tensor-file.ts';

/** Options of {@link exportCheckpoint}. */
export interface ExportOptions {
  /** Type of the weights in the file; a ready-made ONNX trunk and a vocabulary are copied as they are. */
  readonly precision: 'fp32' | 'fp16';
  /** Activation in [0, 1] below which a pixel is background unless labels say otherwise, stated in `config.json`. @default what `from` states */
  readonly threshold?: number;
  /** Replace the checkpoint that `to` holds; @default false */
  readonly overwrite?: boolean;
  /** Ends the export; what was written of it is removed. */
  readonly signal?: AbortSignal;
}

/**
 * Writes a checkpoint as a folder for the segmenter: `config.json`, a single `model.safetensors` without projector and
 * optimizer state, and the trunk, tokenizer or vocabulary it needs. The folder appears whole or not at all; weights pass
 * through a few megabytes of memory, however large they are.
 *
 * @param from - checkpoint folder, such as `runs/x/best`
 * @param to - folder to write: new, empty, or with `overwrite` one that holds a checkpoint
 * @throws SynsegError `RUN_FOLDER` when `to` is in use or cannot be written, `MODEL_LOAD` or `CHECKPOINT_FORMAT` when
 *   `from` is no checkpoint, or fp16 cannot hold one of its weights
 * @throws the signal's reason when aborted
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint
 * import { exportCheckpoint } from '@synseg/train';
 * await exportCheckpoint('runs/clothes/best', 'clothes-fp16', { precision: 'fp16' });
 * ```
 */
export async function exportCheckpoint(from: string, to: string, { precision, threshold, overwrite = false, signal }: ExportOptions): Promise<void> {
  if ((precision as string) !== 'fp32' && (precision as string) !== 'fp16') throw new RangeError(`Cannot export checkpoint: precision must be "fp32" or "fp16", got "${String(precision)}"`);
  if (threshold !== undefined && !(typeof threshold === 'number' && threshold >= 0 && threshold <= 1)) throw new RangeError(`Cannot export checkpoint: threshold must be in [0, 1], got ${describeValue(threshold)}`);
  const [source, target] = [resolve(from), resolve(to)];
  if (isWithin(source, target) || isWithin(target, source)) throw new RangeError(`Cannot export checkpoint: target must lie outside ${source}, got ${target}`);
  signal?.throwIfAborted();
  await checkSource(source, from);
  const { config, weights } = await openCheckpoint(source);
  const entries = weights.entries().filter(({ name }) => name.startsWith('decoder.') || belongsToEncoders(name, config));
  if (!entries.some(({ name }) => name.startsWith('decoder.'))) {
    throw new SynsegError('CHECKPOINT_FORMAT', `Cannot export checkpoint: weights must hold a decoder, got none in ${weights.files.join(', ')}`);
  }
  const companions = await companionFiles(source, config, 'export checkpoint');
  const dtype = precision === 'fp16' ? 'float16' : 'float32';
  const reader = new TensorReader();
  try {
    await placeFolder(target, overwrite, async (staging) => {
      for (const file of companions) await copyDurably(join(source, file), join(staging, file));
      await writeDurably(join(staging, 'config.json'), [`${JSON.stringify({ ...withDType(await readJson(join(source, 'config.json')), dtype), ...(threshold === undefined ? {} : { threshold }) }, null, 2)}\n`]);
      await writeDurably(join(staging, SINGLE), safetensorsChunks(entries.map((entry) => convertedSource(reader, entry, dtype)), { format: 'pt' }, signal));
    });
  } catch (error) {
    throw diskError('export checkpoint', target, error);
  } finally {
    await reader.close();
  }
}

function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || !way.startsWith('..');
}

async function checkSource(source: string, given: string): Promise<void> {
  const names = await readdir(source).catch((): string[] => []);
  const checkpoints = names.filter((name) => /^(?:last|best|step-\d+)$/.test(name));
  if (names.includes('log.jsonl') && checkpoints.length > 0) {
    throw new SynsegError('MODEL_LOAD', `Cannot export checkpoint: source must be a checkpoint, got the run ${given}; choose one of its folders ${checkpoints.join(', ')}`);
  }
}

/** Python's `transformers` loads weights in the type `config.json` states. */
function withDType(json: unknown, dtype: string): Record<string, unknown> {
  const config = json as Record<string, unknown>;
  const stated = Object.fromEntries(['torch_dtype', 'dtype'].filter((field) => field in config).map((field) => [field, dtype]));
  return { ...config, ...stated };
}

/** Makes a folder under another name and renames it; an earlier checkpoint steps aside only when the new one is ready. */
async function placeFolder(target: string, overwrite: boolean, fill: (staging: string) => Promise<void>): Promise<void> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (names !== undefined && names.length > 0) {
    if (!overwrite) throw new SynsegError('RUN_FOLDER', `Cannot export checkpoint: target must be a new or empty folder, got ${target}; pass --overwrite to replace the checkpoint there`);
    const model = (await readJson(join(target, 'config.json'))) as { model_type?: unknown } | undefined;
    if (typeof model?.model_type !== 'string') throw new SynsegError('RUN_FOLDER', `Cannot export checkpoint: a folder to overwrite must hold a checkpoint, got ${target}`);
  }
  await mkdir(dirname(target), { recursive: true });
  const [ready, aside] = ['new', 'old'].map((what) => join(dirname(target), `.${what}-${randomUUID()}`)) as [string, string];
  await createFolder(ready, fill);
  try {
    if (names !== undefined) await rename(target, aside);
    await rename(ready, target);
  } catch (error) {
    if ((await stat(target).catch(() => undefined)) === undefined) await rename(aside, target).catch(() => undefined);
    throw error;
  } finally {
    await rm(ready, { recursive: true, force: true });
    await rm(aside, { recursive: true, force: true });
  }
  await syncFolder(dirname(target));
}
