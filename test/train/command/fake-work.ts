/** Work that is done at once, and the command around it. */
import { runCommand, type CommandSurroundings, type CommandWork } from '../../../packages/train/src/command/run.ts';
import type { Score } from '../../../packages/train/src/evaluate/score.ts';
import type { PhraseSummary } from '../../../packages/train/src/phrases/phrase-summary.ts';
import type { StepReport } from '../../../packages/train/src/trainer/reports.ts';
import type { TrainOptions } from '../../../packages/train/src/trainer/train-options.ts';

/** A report of a step. */
export function stepReport(step: number, steps: number, more: Partial<StepReport> = {}): StepReport {
  return {
    ...{
      step,
      steps,
      epoch: 0,
      learningRate: 1e-5,
      losses: { align: 0.5 / step, separation: 0.25 },
      total: 0.5 / step + 0.25,
      gradientNorm: 1,
    },
    ...{ activationMean: 0.5, activationDeviation: 0.1, clampShare: 0, imagesPerSecond: 12, dataWaitShare: 0, ...more },
  };
}

/** Trains as `train()` does when nothing goes wrong: finishes its step and throws the signal's reason when aborted. */
export async function* fakeTrain({
  steps = 3,
  signal,
}: Pick<TrainOptions, 'steps' | 'signal'>): AsyncGenerator<StepReport> {
  for (let step = 1; step <= steps; step++) {
    if (signal?.aborted === true) break;
    yield Promise.resolve(stepReport(step, steps));
  }
  signal?.throwIfAborted();
}

export const fakeScore: Score = {
  ...{
    mIoU: 46.5,
    chanceMIoU: 10,
    labelsPerImage: 2,
    pixelAccuracy: 80,
    perClass: { road: 93, car: 0 },
    classes: ['road', 'car'],
  },
  ...{
    confusion: [
      [93, 7],
      [0, 0],
    ],
    missed: [0, 0],
    images: 2,
    leftOut: { classes: [], pixels: 0 },
    imagesWithoutClasses: 0,
    failures: [],
    timeSeconds: 1,
  },
  protocol: {
    ...{
      dataset: 'camvid',
      split: 'test',
      offset: 0,
      limit: null,
      labels: 'all',
      background: null,
      decision: 'argmax',
      views: 1,
      merge: 'mean',
    },
    ...{
      templates: 'vocabulary',
      classList: null,
      inputSize: [352, 352],
      precision: 'fp32',
      device: 'cpu',
      metric: 'mIoU',
    },
  },
};

export const fakeSummary: PhraseSummary = {
  ...{
    captions: 'cc.tsv',
    out: 'phrases.jsonl',
    format: 'tsv',
    lines: 3,
    kept: 2,
    withoutPhrases: 1,
    broken: 0,
    phrases: 4,
    distinct: 2,
    exact: true,
  },
  ...{
    frequent: [
      { phrase: 'red car', count: 3 },
      { phrase: 'street', count: 1 },
    ],
    countError: 0,
    excluded: { phrases: 0, byEntry: [] },
    seconds: 1,
  },
};

/** All of it. */
export const fakeWork: CommandWork = {
  createCheckpoint: (folder) =>
    Promise.resolve({ folder, vocabulary: 600, parameters: { vision: 1_000_000, text: 200_000, decoder: 34_000 } }),
  train: fakeTrain,
  trainEncoders: fakeTrain,
  evaluate: () => Promise.resolve(fakeScore),
  extractPhrases: () => Promise.resolve(fakeSummary),
  exportCheckpoint: () => Promise.resolve(),
};

/** Runs a command line with fake work, in which some may be replaced. */
export async function command(
  argv: readonly string[],
  work: Partial<CommandWork> = {},
  more: Partial<CommandSurroundings> = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const text = { stdout: '', stderr: '' };
  const exitCode = await runCommand(argv, {
    version: '1.2.3',
    stdout: { write: (part: string) => (text.stdout += part) },
    stderr: { write: (part: string) => (text.stderr += part) },
    signal: new AbortController().signal,
    work: { ...fakeWork, ...work },
    ...more,
  });
  return { exitCode, ...text };
}

/** Lines of JSON. */
export function linesOf(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
