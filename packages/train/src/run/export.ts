/** From a checkpoint of a run to a folder to share: one weight file, nothing that only training needs. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { abortSignal, choice, flag, number, readOptions, text, value, withDefault } from '@synseg/core/guards';
import { checkOutputs, describeValue, rangeError, type OptionsOf } from '@synseg/core/guards';
import { openCheckpoint, readJson, writeDurably } from '@synseg/core/checkpoint';
import { isRecord } from '../data/json-kinds.ts';
import type { Calibration } from '../evaluate/calibrate.ts';
import { SINGLE, companionFiles, belongsToEncoders } from './checkpoint-files.ts';
import { copyDurably, diskError, placeFolder, placedNames } from './durable-file.ts';
import { TRAINER_FILE } from './trainer-state.ts';
import { TensorReader, convertedSource, safetensorsChunks } from './tensor-file.ts';

const CALIBRATION = value<string | Pick<Calibration, 'threshold' | 'thresholds'>>(
  'be thresholds, or a path of a JSON file of them',
  (given) => typeof given === 'string' || isThresholds(given),
  (given) => given !== '',
  { fromText: String, placeholder: 'file' },
);

/** Options of {@link exportCheckpoint}. */
export const EXPORT_OPTIONS = {
  /** Type of the weights in the file; a ready-made ONNX trunk and a vocabulary are copied as they are. */
  precision: choice(['fp32', 'fp16']),
  /** Activation below which a pixel is background, for `config.json`. @default that of the checkpoint */
  threshold: number({ least: 0, most: 1 }),
  /** Thresholds for `config.json`: what `calibrate()` returned, or the path of it as JSON. @default the checkpoint's */
  calibration: CALIBRATION,
  /** Replaces the checkpoint that the target holds. @default false */
  overwrite: withDefault(flag(), false),
  /** Ends the export and removes what was written. */
  signal: abortSignal(),
};
export type ExportOptions = OptionsOf<typeof EXPORT_OPTIONS, 'precision'>;

const ACTION = 'export checkpoint';

/**
 * Writes a checkpoint as a folder for the segmenter: `config.json`, a single `model.safetensors` without projector and
 * optimizer state, and the trunk, tokenizer or vocabulary it needs. The folder appears whole or not at all; weights
 * pass through a few megabytes of memory, however large they are.
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
export async function exportCheckpoint(from: string, to: string, options: ExportOptions): Promise<void> {
  readOptions(ACTION, { from: text(), to: text() }, { from, to }, ['from', 'to']);
  const { precision, threshold, calibration, overwrite, signal } = readOptions(ACTION, EXPORT_OPTIONS, options, [
    'precision',
  ]);
  for (const [name, path] of Object.entries({ from, to }))
    if (path.includes('\0')) throw rangeError(ACTION, name, 'be a path without null bytes', describeValue(path));
  const [source, target] = [resolve(from), resolve(to)];
  await checkOutputs(ACTION, [{ name: 'target', path: to, folder: true }], [from]);
  signal?.throwIfAborted();
  await checkSource(source, from);
  const { config, weights } = await openCheckpoint(source);
  const isDecoder = (name: string): boolean => name.startsWith('decoder.');
  const entries = weights.entries().filter(({ name }) => isDecoder(name) || belongsToEncoders(name, config));
  const got = `none in ${weights.files.join(', ')}`;
  if (!entries.some(({ name }) => isDecoder(name)))
    throw new SynsegError('CHECKPOINT_FORMAT', `Cannot ${ACTION}: weights must hold a decoder, got ${got}`);
  const companions = await companionFiles(source, config, ACTION);
  const calibrated = await readCalibration(calibration);
  const dtype = precision === 'fp16' ? 'float16' : 'float32';
  const reader = new TensorReader();
  try {
    const names = await placedNames(target);
    await checkReplaced(target, names, overwrite);
    await placeFolder(target, names, async (staging) => {
      for (const file of companions) await copyDurably(join(source, file), join(staging, file));
      const json = withDType(await readJson(join(source, 'config.json')), dtype);
      const stated = { ...json, ...calibrated, ...(threshold === undefined ? {} : { threshold }) };
      await writeDurably(join(staging, 'config.json'), [`${JSON.stringify(stated, null, 2)}\n`]);
      const sources = entries.map((entry) => convertedSource(reader, entry, dtype));
      await writeDurably(join(staging, SINGLE), safetensorsChunks(sources, { format: 'pt' }, signal));
    });
  } catch (error) {
    throw diskError(ACTION, target, error);
  } finally {
    await reader.close();
  }
}

/** The fields of `config.json`. */
async function readCalibration(given: string | Pick<Calibration, 'threshold' | 'thresholds'> | undefined) {
  if (given === undefined) return {};
  const json = typeof given === 'string' ? await readJson(given) : given;
  if (!isThresholds(json))
    throw rangeError(ACTION, 'calibration', 'hold threshold and thresholds from 0 to 1', describeValue(given));
  const { threshold, thresholds } = json;
  return { threshold, thresholds };
}

function isThresholds(given: unknown): given is Pick<Calibration, 'threshold' | 'thresholds'> {
  const isShare = (entry: unknown): boolean => typeof entry === 'number' && entry >= 0 && entry <= 1;
  if (!isRecord(given) || !isRecord(given['thresholds'])) return false;
  return isShare(given['threshold']) && Object.values(given['thresholds']).every(isShare);
}

async function checkSource(source: string, given: string): Promise<void> {
  const names = await readdir(source).catch((): string[] => []);
  const checkpoints = names.filter((name) => /^(?:last|best|step-\d+)$/.test(name));
  const got = `the run ${given}; choose one of its folders ${checkpoints.join(', ')}`;
  if (names.includes('log.jsonl') && checkpoints.length > 0)
    throw new SynsegError('MODEL_LOAD', `Cannot ${ACTION}: source must be a checkpoint, got ${got}`);
}

/** Python's `transformers` loads weights in the type `config.json` states. */
function withDType(json: unknown, dtype: string): Record<string, unknown> {
  const config = json as Record<string, unknown>;
  const stated = ['torch_dtype', 'dtype'].filter((field) => field in config);
  return { ...config, ...Object.fromEntries(stated.map((field) => [field, dtype])) };
}

/** Files of a checkpoint folder; any other file in it belongs to somebody and must not be deleted. */
const PARTS = /\.(?:json|txt|safetensors|onnx|md)$|^(?:LICEN[CS]E|NOTICE|\.gitattributes)\b/i;

/** Refuses to replace anything but a checkpoint, or one that belongs to a run. */
async function checkReplaced(target: string, names: readonly string[], overwrite: boolean): Promise<void> {
  if (names.length === 0) return;
  const refuse = (rule: string, got = ''): SynsegError =>
    new SynsegError('RUN_FOLDER', `Cannot ${ACTION}: ${rule}, got ${target}${got}`);
  if (!overwrite)
    throw refuse('target must be a new or empty folder', '; pass --overwrite to replace the checkpoint there');
  const model = (await readJson(join(target, 'config.json'))) as { model_type?: unknown } | undefined;
  if (typeof model?.model_type !== 'string') throw refuse('a folder to overwrite must hold a checkpoint');
  if (names.includes(TRAINER_FILE))
    throw refuse("a folder to overwrite must not be a run's", `, which holds ${TRAINER_FILE}`);
  const foreign = names.find((name) => !PARTS.test(name) && !JSON.stringify(model).includes(name));
  if (foreign !== undefined) throw refuse('a folder to overwrite must hold a checkpoint alone', ` with "${foreign}"`);
}
