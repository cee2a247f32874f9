/** Training runs with the built package, as a user has it, and what they leave on disk. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { train, type StepReport, type TrainOptions, type TrainWarning } from '@synseg/train';
import { readTrainerState, type TrainerState } from '../../../packages/train/src/run/trainer-state.ts';
import { picture } from '../../support/random.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { snapshot } from '../run/contents.ts';
import { nested, type FlatOptions } from './flat-options.ts';
import { writeTinySet, type TinySet } from './tiny-set.ts';

/** A model and a set that the runs of a test file share. */
export interface Bench {
  readonly root: string;
  readonly model: string;
  readonly set: TinySet;
  readonly cacheFolder: string;
  /** Options of a run of eight steps with what is small and quick filled in. */
  options(name: string, changes?: Partial<FlatOptions>): TrainOptions;
}

export function benchIn(root: string): Bench {
  const model = writeTinyClipseg(join(root, 'model'), { hidden: 16, size: 32, patch: 8 });
  const set = writeTinySet(join(root, 'set'));
  const cacheFolder = join(root, 'cache');
  return {
    root,
    model,
    set,
    cacheFolder,
    options: (name, changes = {}) =>
      nested<FlatOptions>({
        recipe: 'paper',
        data: set.tags,
        init: model,
        out: join(root, name),
        steps: 8,
        batchSize: 4,
        saveEvery: 3,
        learningRate: 1e-3,
        threads: 1,
        workers: 1,
        device: 'cpu',
        cacheFolder,
        ...changes,
      }),
  };
}

export interface Outcome {
  readonly reports: StepReport[];
  readonly warnings: TrainWarning[];
}

type Callbacks = Pick<TrainOptions, 'onWarning'>;

/** Runs to the end, or to the report after which `until` is true. */
export async function run<Options extends Callbacks = TrainOptions>(
  options: Options,
  until: (report: StepReport) => boolean = () => false,
  start: (options: Options) => AsyncIterable<StepReport> = train as never,
): Promise<Outcome> {
  const [reports, warnings]: [StepReport[], TrainWarning[]] = [[], []];
  for await (const report of start({
    ...options,
    onWarning: (warning) => (warnings.push(warning), options.onWarning?.(warning)),
  })) {
    reports.push(report);
    if (until(report)) break;
  }
  return { reports, warnings };
}

/** What a report says that does not depend on the clock. */
export function timeless({
  imagesPerSecond: _,
  dataWaitShare: __,
  ...report
}: StepReport): Omit<StepReport, 'imagesPerSecond' | 'dataWaitShare'> {
  return report;
}

/** The reports that a run logged, in order, without what depends on the clock. */
export function logOf(folder: string): Omit<StepReport, 'imagesPerSecond' | 'dataWaitShare'>[] {
  return readFileSync(join(folder, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => timeless(JSON.parse(line) as StepReport));
}

export function stepsOf(folder: string): number[] {
  return logOf(folder).map(({ step }) => step);
}

/** Every byte of a checkpoint, by file. */
export function checkpointOf(folder: string, name = 'last'): Map<string, string> {
  const path = join(folder, name);
  return new Map([...snapshot(path)].map(([file, bytes]) => [file.slice(path.length + 1), bytes]));
}

/** The trainer's state in `last/`. */
export function stateOf(folder: string): Promise<TrainerState> {
  return readTrainerState(join(folder, 'last'));
}

/** Loads a checkpoint and segments a picture with it; the shares of the labels. */
export async function loads(
  folder: string,
  labels: readonly string[],
  cacheFolder: string,
): Promise<{ width: number; height: number; largest: number }> {
  await using segmenter = await Segmenter.load(folder, { device: 'cpu', cacheFolder });
  const { labelMap, width, height } = await segmenter.segment(
    picture(40, 30, 1),
    await segmenter.labels(labels, { background: 'none' }),
  );
  return { width, height, largest: Math.max(...labelMap) };
}
