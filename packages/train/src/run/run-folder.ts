/**
 * The folder of a training run:
 *
 * ```text
 * config.json      the resolved training configuration (earlier ones of a resumed run: config.1.json, …)
 * log.jsonl        one line per report; events.out.tfevents.* has its numbers for TensorBoard
 * last/ best/ step-N/   checkpoints, each a folder the segmenter loads; last/ also holds the trainer's state
 * frozen/          files that all checkpoints share
 * run.lock         names the process that writes the run
 * ```
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { rangeError } from '@synseg/core/guards';
import { readJson } from '@synseg/core/checkpoint';
import { exists } from '../data/source.ts';
import { FROZEN_FOLDER, writeCheckpoint, type CheckpointContents, type CheckpointName } from './checkpoint-folder.ts';
import { configDifferences, formatDifference, type ConfigDifference } from './config-differences.ts';
import { copyDurably, diskError, replaceFiles } from './durable-file.ts';
import { isEventFile } from './event-file.ts';
import { lockRun } from './run-lock.ts';
import { LOG_FILE, RunLog } from './run-log.ts';
import { readTrainerState, type TrainerState } from './trainer-state.ts';

const CONFIG_FILE = 'config.json';
const CHECKPOINT = /^(?:last|best|step-\d+)$/;

/** Options of {@link RunFolder.create}. */
export interface RunFolderOptions {
  /** The resolved training configuration, JSON. */
  readonly config: object;
  /** Continue the run in the folder; @default false */
  readonly resume?: boolean;
  /**
   * Called with the differences from the run's earlier configuration; throw to leave everything as it is. Without it, a
   * difference is an error.
   */
  readonly onDifferences?: (differences: readonly ConfigDifference[]) => void;
}

/**
 * A run folder that this process writes. Calls may overlap; they are carried out in order.
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { RunFolder } from './run-folder.ts';
 * const run = await RunFolder.create(join(await mkdtemp(join(tmpdir(), 'synseg-')), 'run'), { config: { seed: 42 } });
 * await run.log({ step: 1, loss: 0.5 });
 * console.assert((await readFile(join(run.path, 'log.jsonl'), 'utf8')) === '{"step":1,"loss":0.5}\n');
 * await run.close();
 * ```
 */
export class RunFolder {
  /** Absolute path. */
  readonly path: string;
  readonly #log: RunLog;
  readonly #unlock: () => Promise<void>;
  #queue: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  private constructor(path: string, log: RunLog, unlock: () => Promise<void>) {
    [this.path, this.#log, this.#unlock] = [path, log, unlock];
  }

  /**
   * Starts a run in a folder, or continues the one it holds.
   *
   * @throws SynsegError `RUN_FOLDER` when the folder holds a run (without `resume`) or none (with it), when another
   *   process is writing it, when the configuration differs without `onDifferences`, or when it cannot be written
   */
  static async create(path: string, { config, resume = false, onDifferences }: RunFolderOptions): Promise<RunFolder> {
    const folder = resolve(path);
    try {
      if (resume) await checkHoldsRun(folder);
      else await mkdir(folder, { recursive: true });
      const unlock = await lockRun(folder);
      try {
        await removeHalfWritten(folder);
        await (resume ? resumeIn(folder, config, onDifferences) : startIn(folder, config));
        return new RunFolder(folder, await RunLog.open(folder), unlock);
      } catch (error) {
        await unlock();
        throw error;
      }
    } catch (error) {
      throw diskError('open run', folder, error);
    }
  }

  /** Folder of a checkpoint of this run. */
  checkpoint(name: CheckpointName): string {
    return join(this.path, name);
  }

  /** State in `last/`; undefined when the run ended before its first save. @throws as {@link readTrainerState} */
  async state(): Promise<TrainerState | undefined> {
    const last = this.checkpoint('last');
    return (await exists(last)) ? readTrainerState(last) : undefined;
  }

  /** Appends a report: any JSON with the step it is about. */
  async log<Report extends { readonly step: number }>(record: Report): Promise<void> {
    if (!Number.isSafeInteger(record.step) || record.step < 0)
      throw rangeError('log report', 'step', 'be an integer ≥ 0', record.step);
    await this.#next('write log', () => this.#log.append(record));
  }

  /** Truncates the log after `step`: it may be ahead of the checkpoint that is resumed. */
  async rewind(step: number): Promise<void> {
    await this.#next('rewind log', () => this.#log.rewind(step));
  }

  /**
   * Saves a checkpoint, in place of the one of this name. A kill at any instant leaves the old one or the new one, and
   * a full disk the old one. Reports before it are on disk before it is.
   *
   * @param state - for resuming; a checkpoint without it can segment but not be resumed
   * @returns the folder
   * @throws SynsegError `RUN_FOLDER` when it cannot be written, `TRAINING_DIVERGED` when a number is not finite
   * @throws RangeError for tensors that are not the model's
   */
  async save(name: CheckpointName, contents: CheckpointContents, state?: TrainerState): Promise<string> {
    if (!CHECKPOINT.test(name))
      throw rangeError('save checkpoint', 'name', 'be "last", "best" or "step-N"', `"${name}"`);
    const folder = this.checkpoint(name);
    const write = async (): Promise<void> => {
      await this.#log.sync();
      await writeCheckpoint(this.path, name, contents, state);
    };
    await this.#next('save checkpoint', write, folder, '; checkpoints saved before are unchanged');
    return folder;
  }

  /** Finishes pending writes and releases the folder. Idempotent. */
  async close(): Promise<void> {
    this.#closed ??= this.#queue.catch(() => undefined).then(() => this.#log.close().finally(this.#unlock));
    await this.#closed;
  }

  /** {@link RunFolder.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #next(action: string, work: () => Promise<void>, path = this.path, consequence = ''): Promise<void> {
    if (this.#closed !== undefined)
      throw new SynsegError('DISPOSED', `Cannot ${action}: run must be open, got a call after close()`);
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    await turn.catch((error: unknown) => {
      throw diskError(action, path, error, consequence);
    });
  }
}

/** Starts a run in a folder without anything it would overwrite; the remains of a failed start are removed. */
async function startIn(folder: string, config: object): Promise<void> {
  const names = await readdir(folder);
  const logged = await stat(join(folder, LOG_FILE)).catch(() => undefined);
  const remedy = 'pass --resume to continue it, or choose another folder';
  if (names.some((name) => CHECKPOINT.test(name)) || (logged?.size ?? 0) > 0)
    throw folderError('start run', 'not hold a run already', `${folder}; ${remedy}`);
  const foreign = names.find((name) => name === CONFIG_FILE || name === FROZEN_FOLDER);
  if (logged === undefined && foreign !== undefined)
    throw folderError('start run', 'be new or empty', `${folder} with a ${foreign} of something else`);
  const leftovers = names.filter((name) => isEventFile(name) || name === FROZEN_FOLDER);
  await Promise.all(leftovers.map((name) => rm(join(folder, name), { recursive: true, force: true })));
  // The log first: it says whose the configuration is.
  await replaceFiles(folder, new Map([[LOG_FILE, []]]));
  await writeConfig(folder, config);
}

async function checkHoldsRun(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  if (names.includes(CONFIG_FILE) && names.includes(LOG_FILE)) return;
  const got = `${folder} without ${CONFIG_FILE} and ${LOG_FILE}; leave out --resume to start one`;
  throw folderError('resume run', 'hold a run', got);
}

function folderError(action: string, rule: string, got: string): SynsegError {
  return new SynsegError('RUN_FOLDER', `Cannot ${action}: folder must ${rule}, got ${got}`);
}

type OnDifferences = RunFolderOptions['onDifferences'];

async function resumeIn(folder: string, config: object, onDifferences: OnDifferences): Promise<void> {
  const differences = configDifferences(await readJson(join(folder, CONFIG_FILE)), config);
  if (differences.length === 0) return;
  if (onDifferences === undefined) {
    const got = `${differences.map(formatDifference).join('; ')} (${folder})`;
    throw new SynsegError('RUN_FOLDER', `Cannot resume run: config must be that of the run, got ${got}`);
  }
  onDifferences(differences);
  const earlier = (await readdir(folder)).map((name) => Number(/^config\.(\d+)\.json$/.exec(name)?.[1] ?? 0));
  await copyDurably(join(folder, CONFIG_FILE), join(folder, `config.${Math.max(0, ...earlier) + 1}.json`));
  await writeConfig(folder, config);
}

/** Removes temporary files of a killed process, here and in checkpoints. */
async function removeHalfWritten(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (/^\..+\.tmp$/.test(entry.name)) await rm(path, { recursive: true, force: true });
    else if (entry.isDirectory() && CHECKPOINT.test(entry.name)) await removeHalfWritten(path);
  }
}

async function writeConfig(folder: string, config: object): Promise<void> {
  await replaceFiles(folder, new Map([[CONFIG_FILE, [`${JSON.stringify(config, null, 2)}\n`]]]));
}
