/** Options of `fineTune()`: few, for data, start and machine decide the rest. */
import { EMBEDDED } from '@synseg/core/checkpoint';
import {
  abortSignal,
  callback,
  flag,
  integer,
  text,
  value,
  withDefault,
  type OptionsOf,
  type Resolved,
} from '@synseg/core/guards';
import { RUN_OPTIONS } from '../trainer/train-options.ts';
import type { TrainWarning } from '../trainer/reports.ts';
import type { FineTuneProgress } from './fine-tune-progress.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600 };
/** The shortest time: loading takes about as long. */
const LEAST_TIME = 30;

/** A time on the command line as seconds: `20m`, `1.5h`, `90s`. */
function secondsFromText(given: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(s|m|min|h)$/.exec(given.trim()) ?? [];
  return Number(number) * (SECONDS[unit] ?? NaN);
}

/** Options of `fineTune()`. */
export const FINE_TUNE_OPTIONS = {
  /** Folder of the run. The checkpoint is written to `model` in it. */
  out: text(),
  /** Checkpoint to start from: a folder, a hub id or 'embedded'. */
  init: withDefault(text(), EMBEDDED),
  /**
   * Time that all of it may take, from now on: fewer steps where the machine is slow. In seconds; on the command line
   * 90s, 20m or 2h.
   * @default 30 minutes
   */
  time: value<number>(
    `be at least ${LEAST_TIME} seconds: 90s, 20m, 2h`,
    (given) => typeof given === 'number',
    (given) => given >= LEAST_TIME && given < Infinity,
    { fromText: secondsFromText, placeholder: '20m' },
  ),
  /**
   * Steps of training.
   * @default by the number of pictures and by the time
   */
  steps: integer(),
  /**
   * Part of the data to train on.
   * @default train where the data has it, else all but val and test
   */
  split: text(),
  /**
   * Pictures to use, the first ones.
   * @default all
   */
  limit: integer({ least: 2 }),
  /** Forgets the words that the start knew and the data does not name. */
  only: withDefault(flag(), false),
  /** Shows the run on a page of this machine: curves, and held-out pictures as they are segmented by then. */
  page: withDefault(flag(), false),
  /** Seed of everything random, the choice of the held-out pictures included. */
  seed: withDefault(integer({ least: 0 }), 42),
  device: RUN_OPTIONS.device,
  threads: RUN_OPTIONS.threads,
  cacheFolder: RUN_OPTIONS.cacheFolder,
  /** Called with problems that do not stop the run. */
  onWarning: callback<(warning: TrainWarning) => void>(),
  /** Called with what is being done, and with every step. */
  onProgress: callback<(progress: FineTuneProgress) => void>(),
  /** Finishes the step, saves, and rejects with the signal's reason; the same call goes on from there. */
  signal: abortSignal(),
};
export type FineTuneOptions = OptionsOf<typeof FINE_TUNE_OPTIONS, 'out'>;

/** {@link FineTuneOptions}, checked, with the data. */
export type FineTuneRequest = Resolved<typeof FINE_TUNE_OPTIONS, 'out'> & {
  /** Absolute path. */
  readonly out: string;
  readonly data: string;
};
