/** Work that is done at once, and the command around it. */
import { pixelDefaults } from '../train/evaluate/pixel-protocol-default.ts';
import type { FineTuned, Score, StepReport, TrainOptions } from '@synseg/train';
import type { PhraseSummary } from '@synseg/train';
import type { Work } from '../../packages/synseg/src/context.ts';
import type { CommandProcess } from '../../packages/synseg/src/run.ts';
import { command as run, type Ran } from './command.ts';

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
    mIoU: 0.465,
    chanceMIoU: 0.1,
    labelsPerImage: 2,
    interval: { low: 0.35, high: 0.4512, level: 0.95, draws: 1000, seed: 42 },
    fwIoU: 0.5,
    meanAccuracy: 0.45,
    boundaryIoU: 0.3,
    pixelAccuracy: 0.8,
    perClass: { road: 0.93, car: 0 },
    perClassAccuracy: { road: 0.93, car: 0 },
    perClassBoundaryIoU: { road: 0.5, car: null },
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
    ...pixelDefaults,
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

/** What a fine-tuning comes to. */
export const fakeFineTuned: FineTuned = {
  ...{ model: 'runs/a/model', report: 'runs/a/report.html', kept: 0.91, share: 0.5, steps: 400, bestStep: 320 },
  sentences: ['mIoU of the 6 held-out pictures: 20.00 % at the start, 46.50 % now.'],
  start: { ...fakeScore, mIoU: 0.2, perClass: { road: 0.4, car: null } },
  score: fakeScore,
  said: null,
  rows: [
    ['class', 'IoU at the start', 'IoU now'],
    ['road', '40.00 %', '93.00 %'],
    ['car', '–', '–'],
  ],
  plan: {
    ...{ data: 'YOLO segmentation (data.yaml)', trainingPictures: 54, heldOutPictures: 6, rehearsed: 150 },
    words: [
      { name: 'road', taught: 'road', isNew: false },
      { name: 'auto', taught: 'car', isNew: false },
      { name: 'emu', taught: 'emu', isNew: true, like: 'bird' },
      { name: 'gizmo', taught: 'gizmo', isNew: true },
    ],
    ...{ steps: 400, batchSize: 8, secondsPerStep: 1.5, seconds: 700, memoryBytes: 1.9e9 },
  },
};

/** All of it. */
export const fakeWork: Omit<Work, 'load'> = {
  createCheckpoint: (folder) =>
    Promise.resolve({ folder, vocabulary: 600, parameters: { vision: 1_000_000, text: 200_000, decoder: 34_000 } }),
  train: fakeTrain,
  trainEncoders: fakeTrain,
  trainTextEncoder: fakeTrain,
  evaluate: () => Promise.resolve(fakeScore),
  extractPhrases: () => Promise.resolve(fakeSummary),
  fineTune: () => Promise.resolve(fakeFineTuned),
  exportCheckpoint: () => Promise.resolve(),
};

/** Runs a command line with fake work, in which some may be replaced. */
export function command(
  argv: readonly string[],
  work: Partial<Work> = {},
  more: Partial<CommandProcess> = {},
): Promise<Ran> {
  return run(argv, { work: { ...fakeWork, ...work }, ...more });
}

/** Lines of JSON. */
export function linesOf(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
