/**
 * The rows of `npm run bench -- ablation`: the settings of the paper's Table III, reference rows, and how they are
 * printed.
 */
import type { LossWeights, TrainOptions } from '@synseg/train';
import { meanAndDeviation, mean, table } from './statistics.ts';
import { WITH_MASKS } from '@synseg/street-world/bench/training.ts';

/** What a setting starts from. */
export const STARTS = ['random', 'half'] as const;

/** `random`: a random decoder; `half`: one that learnt the seen nouns from masks. */
export type Start = (typeof STARTS)[number];

/** λ1 … λ4. */
export type MCCLWeights = Readonly<Record<MCCLLoss, number>>;

type MCCLLoss = (typeof MCCL)[number];
const MCCL = ['align', 'contrast', 'background', 'separation'] as const;

/** How long and how fast. */
export interface AblationOptions {
  readonly lambda: MCCLWeights;
  readonly steps: number;
  /** Of a random decoder that learns from masks. */
  readonly maskSteps: number;
  /** Of a random decoder, and of masks whatever they start from. */
  readonly learningRate: number;
  /** Of a decoder that already localizes. */
  readonly halfLearningRate: number;
  /** Labels a picture, a random choice of what its captions say. */
  readonly maxCategories: number;
}

/** A row. */
export interface Setting {
  readonly name: string;
  readonly title: string;
  /** mIoU on VOC, Context and Cityscapes in Table III, percent as it prints them. */
  readonly paper?: readonly [voc: number, context: number, city: number];
  readonly learnsFrom: 'nothing' | 'captions' | 'masks';
  readonly options: (start: Start, given: AblationOptions) => Partial<TrainOptions>;
}

/** What one run came to. */
export interface Outcome {
  /** mIoU, 0 to 1, by name of the column. */
  readonly scores: Readonly<Record<string, number | null>>;
  /** Spatial standard deviation of the activation maps of the last step. */
  readonly mapDeviation: number | undefined;
  /** Share of the last step's rows that eq. 4's clamp leaves without gradient. */
  readonly clampShare: number | undefined;
}

/** The projector's learning rate while it moves alone, before a decoder that already localizes. */
const PROJECTOR_LEARNING_RATE = 1e-3;

/**
 * Of recipe 'dense-captions', whose projector takes no time while it moves alone; its decoder takes about as many steps
 * as that of half the nouns took from masks.
 */
const DENSE_CAPTIONS = { steps: 600, maxCategories: 8, advanced: { projectorSteps: 400 } } as const;
/** Its learning rate for a decoder that already localizes, which stays what it was where the prior is sure. */
const DENSE_LEARNING_RATE = 1e-3;

/** All rows, the starting point first. */
export const SETTINGS: readonly Setting[] = [
  { name: 'untrained', title: 'as it starts', learnsFrom: 'nothing', options: () => ({ steps: 0 }) },
  mccl('cont', 'L_cont only', ['contrast'], [33.0, 25.8, 28.4]),
  mccl('align', '+ L_align', ['contrast', 'align'], [50.7, 28.4, 26.0]),
  mccl('back', '+ L_back', ['contrast', 'align', 'background'], [54.6, 35.7, 30.1]),
  mccl('all', 'all four', MCCL, [60.5, 43.8, 35.8]),
  mccl('no-cont', 'all but L_cont', ['align', 'background', 'separation'], [59.8, 43.5, 35.7]),
  {
    name: 'tags',
    title: '`recipe: tags`',
    learnsFrom: 'captions',
    options: (start, { learningRate, halfLearningRate, maxCategories }) => ({
      recipe: 'tags',
      learningRate: start === 'half' ? halfLearningRate : learningRate,
      maxCategories,
    }),
  },
  {
    name: 'dense-captions',
    title: '`recipe: dense-captions`',
    learnsFrom: 'captions',
    options: (start) => ({
      recipe: 'dense-captions',
      ...DENSE_CAPTIONS,
      ...(start === 'half' ? { learningRate: DENSE_LEARNING_RATE } : {}),
    }),
  },
  {
    name: 'masks',
    title: 'masks of all nouns',
    learnsFrom: 'masks',
    options: (start, { learningRate, steps, maskSteps }) => ({
      ...WITH_MASKS,
      learningRate,
      steps: start === 'random' ? maskSteps : steps,
    }),
  },
];

/** The paper's losses on captions. */
function mccl(name: string, title: string, losses: readonly MCCLLoss[], paper: Setting['paper']): Setting {
  return {
    name,
    title,
    ...(paper === undefined ? {} : { paper }),
    learnsFrom: 'captions',
    options: (start, { lambda, steps, learningRate, halfLearningRate, maxCategories }) => ({
      recipe: 'paper',
      maxCategories,
      learningRate: start === 'half' ? halfLearningRate : learningRate,
      advanced: {
        lambda: onlyLosses(lambda, losses),
        schedule: 'cosine',
        // A projector that starts at random would lead a decoder that already localizes astray; beside a random one it
        // is no worse.
        ...(start === 'half'
          ? { projectorSteps: Math.floor(steps / 2), projectorLearningRate: PROJECTOR_LEARNING_RATE }
          : {}),
      },
    }),
  };
}

/** Weights with those of other losses at 0. */
export function onlyLosses(lambda: MCCLWeights, losses: readonly MCCLLoss[]): Partial<LossWeights> {
  return Object.fromEntries(MCCL.map((loss) => [loss, losses.includes(loss) ? lambda[loss] : 0]));
}

/** λ1 … λ4 of "0.1,0.001,0.01,1". @throws RangeError for anything but four numbers from 0 */
export function lambdaOf(given: string): MCCLWeights {
  const weights = given.split(',').map((weight) => (weight.trim() === '' ? NaN : Number(weight)));
  if (weights.length !== MCCL.length || weights.some((weight) => !(weight >= 0 && Number.isFinite(weight))))
    throw new RangeError(
      `Cannot run bench: --lambda must be four numbers from 0, of L_align, L_cont, L_back and L_sep, got ${given}`,
    );
  return Object.fromEntries(MCCL.map((loss, place) => [loss, weights[place]])) as MCCLWeights;
}

/**
 * A table of settings: mean ± standard deviation over seeds of each score, in brackets by how much a setting moves it
 * from
 * where the same seed started, and the paper's three columns.
 *
 * @param columns - names of scores, each with its heading
 * @param outcomes - one a seed, seeds in the same order everywhere, by the setting's name
 */
export function ablationTable(
  columns: readonly (readonly [name: string, heading: string])[],
  outcomes: ReadonlyMap<string, readonly Outcome[]>,
): string {
  const starts = outcomes.get('untrained') ?? [];
  const rows = SETTINGS.flatMap((setting): string[][] => {
    const found = outcomes.get(setting.name);
    if (found === undefined) return [];
    const cells = columns.map(([name]) => {
      const cell = meanAndDeviation(numbers(found.map(({ scores }) => scores[name])).map((share) => 100 * share));
      return setting.name === 'untrained' ? cell : `${cell}${changeCell(changes(found, starts, name))}`;
    });
    const [voc, context, city] = (setting.paper ?? ['', '', '']).map((value) =>
      typeof value === 'number' ? value.toFixed(1) : value,
    ) as [string, string, string];
    return [
      [
        setting.title,
        ...cells,
        voc,
        context,
        city,
        optional(
          found.map(({ mapDeviation }) => mapDeviation),
          2,
        ),
        optional(
          found.map(({ clampShare }) => clampShare),
          2,
        ),
      ],
    ];
  });
  return table(
    [
      'setting',
      ...columns.map(([, heading]) => heading),
      'paper: VOC',
      'Context',
      'City',
      'deviation of maps',
      'rows in the clamp',
    ],
    rows,
  );
}

/** A score less that of the same seed's start. */
function changes(found: readonly Outcome[], starts: readonly Outcome[], name: string): number[] {
  return numbers(
    found.map(({ scores }, seed) => {
      const [now, before] = [scores[name], starts[seed]?.scores[name]];
      return typeof now === 'number' && typeof before === 'number' ? now - before : undefined;
    }),
  );
}

function changeCell(moved: readonly number[]): string {
  if (moved.length === 0) return '';
  const by = 100 * mean(moved);
  return ` (${by < 0 ? '−' : '+'}${Math.abs(by).toFixed(1)})`;
}

function optional(values: readonly (number | undefined)[], digits: number): string {
  const known = numbers(values);
  return known.length === 0 ? '' : mean(known).toFixed(digits);
}

function numbers(values: readonly (number | null | undefined)[]): number[] {
  return values.filter((value) => typeof value === 'number');
}
