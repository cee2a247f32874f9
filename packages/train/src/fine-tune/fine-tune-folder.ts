/** The folder of a fine-tuning: new, or one that an earlier call began. What others put into one is not touched. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SynsegError } from '@synseg/core';
import { readJson, writeFileAtomic } from '@synseg/core/checkpoint';
import { checkOutputs } from '@synseg/core/guards';
import { exists } from '../data/source.ts';
import { configDifferences, formatDifference } from '../run/config-differences.ts';
import { diskError, placedNames } from '../run/durable-file.ts';
import { lockRun } from '../run/run-lock.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';

/** Options that the run began with. */
const OPTIONS_FILE = 'fine-tune.json';
/** Form and sets of the data, there once the data is. */
export const DATA_FILE = 'data.json';
/** What a call that was killed can have left before it wrote its options, and what file managers leave anywhere. */
const OF_NOBODY = /^(?:run\.lock$|\.)/;
/** Data that was not whole yet when a call was killed. */
const HALF_DATA = /^\.data\..*\.tmp$/;

/**
 * Takes the folder of a run.
 *
 * @returns a function that releases it
 * @throws RangeError when it is, holds or lies in the data; SynsegError `RUN_FOLDER` when it holds anything but a run,
 *   one of other options, or is in use
 */
export async function openFolder(request: FineTuneRequest): Promise<() => Promise<void>> {
  const { out, data } = request;
  await checkOutputs('fine-tune', [{ name: 'out', path: out, folder: true }], [data]);
  const failed = (error: unknown): never => {
    throw diskError('fine-tune', out, error);
  };
  const names = await placedNames(out).catch(failed);
  const foreign = names.find((name) => !OF_NOBODY.test(name));
  if (foreign !== undefined && !names.includes(OPTIONS_FILE)) {
    const rule = 'out must be new, empty or the folder of such a run';
    throw new SynsegError('RUN_FOLDER', `Cannot fine-tune: ${rule}, got ${out} with "${foreign}" in it`);
  }
  await mkdir(out, { recursive: true }).catch(failed);
  const unlock = await lockRun(out).catch(failed);
  try {
    await checkSame(request);
    for (const name of await readdir(out))
      if (HALF_DATA.test(name)) await rm(join(out, name), { recursive: true, force: true });
  } catch (error) {
    await unlock();
    throw error;
  }
  return unlock;
}

/** A run goes on with the options that it began with, or not at all; it has begun once its data is there. */
async function checkSame({ out, data, init, split, limit, only, seed, time, steps }: FineTuneRequest): Promise<void> {
  const file = join(out, OPTIONS_FILE);
  const config = { data: resolve(data), init, split, limit, only, seed, time, steps };
  const before = (await exists(join(out, DATA_FILE))) ? await readJson(file) : undefined;
  if (before === undefined) return writeFileAtomic(file, `${JSON.stringify(config, null, 1)}\n`);
  const differences = configDifferences(before, config);
  if (differences.length > 0)
    throw new SynsegError(
      'RUN_FOLDER',
      `Cannot fine-tune: the run in ${out} must go on with the options it began with (or choose another folder), got ` +
        differences.map(formatDifference).join('; '),
    );
}

/**
 * True for a run that was saved and can go on. One that was killed before it saved is removed: its log would be taken
 * for that of a run which must not be overwritten.
 */
export async function canResume(run: string): Promise<boolean> {
  if (await exists(join(run, 'last'))) return true;
  await rm(run, { recursive: true, force: true });
  return false;
}
