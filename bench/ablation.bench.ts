/**
 * The paper's Table III in the drawn world: the head retrained on frozen encoders from captions alone, under L_cont
 * only, + L_align, + L_back, all four, and all but L_cont; and, for reference, `recipe: tags`, `recipe:
 * dense-captions`, no training, and masks of all nouns. Each from a random decoder, and from one that learned every
 * second noun from masks, as CLIPSeg did others; that one is scored apart on the nouns it had seen and on those it had
 * not.
 *
 *   npm run bench -- ablation --model FOLDER [--steps 80] [--batch 8] [--seeds 3] [--only all,tags]
 *       [--start random|half] [--learning-rate 1e-3] [--half-learning-rate 1e-4] [--lambda 0.1,0.001,0.01,1]
 *       [--categories 4] [--mask-steps 250] [--pictures 800] [--scored 150] [--seed 42]
 *
 * --model: whose encoders, a checkpoint of CLIPSeg's architecture that knows the street in words: `synseg train
 * --encoders` makes one of the captions that worlds/street draws. --only: settings by name (untrained, cont, align,
 * back, all, no-cont, tags, dense-captions, masks), the start is always scored; --categories: labels a picture in
 * training, at most, about as many as a caption has; --mask-steps: of a random decoder on masks, of half the nouns or
 * all. Pictures, and decoders that learnt half the nouns, are made on the first run and kept below out/. With the
 * encoders of 96 px that its results are of, the default takes about 35 minutes on two quiet cores.
 *
 * What to expect. The paper's learning rate, 1e-5, moves nothing in so few steps: here a random decoder learns at 1e-3,
 * one
 * that already localizes at 1e-4 after half of the steps have moved the projector alone, which starts at random; both
 * on a
 * cosine. The default weights are the paper's, λ = (0.1, 0.001, 0.01, 1) of L_align, L_cont, L_back and L_sep. In
 * prototypes:
 * - a random decoder did not start under them: while its maps are flat, foreground and background are parallel and
 *   L_cont
 *   sits in the clamp of eq. 4 without a gradient, and features conditioned on a label satisfy L_align and L_sep
 *   without looking
 * - a decoder that already localised was eroded by all four, the faster the higher the learning rate: L_sep shrinks the
 *   maps, and nothing in the four ties them to the picture
 * The last columns help to see which it was: maps without deviation are flat, rows in the clamp give L_cont no
 * gradient.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import {
  SETTINGS,
  STARTS,
  ablationTable,
  lambdaOf,
  type AblationOptions,
  type Outcome,
  type Setting,
  type Start,
} from './support/ablation-settings.ts';
import { countOf, rateOf, someOf } from './support/arguments.ts';
import { circumstances } from './support/machine.ts';
import { percent } from './support/statistics.ts';
import { classLabels, describeAsking } from '@synseg/street-world/bench/prompts.ts';
import { scoreNouns, type NounScores } from '@synseg/street-world/bench/scores.ts';
import { readPictures, testSet, trainSet, type StreetPicture } from '@synseg/street-world/bench/sets.ts';
import {
  NOUNS,
  makeHalfTrained,
  streetData,
  trainHead,
  type HeadOptions,
  type StreetData,
  type TrainedHead,
} from '@synseg/street-world/bench/training.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    'model': text,
    'steps': { ...text, default: '80' },
    'batch': { ...text, default: '8' },
    'seeds': { ...text, default: '3' },
    'only': text,
    'start': text,
    'learning-rate': { ...text, default: '1e-3' },
    'half-learning-rate': { ...text, default: '1e-4' },
    'lambda': { ...text, default: '0.1,0.001,0.01,1' },
    'categories': { ...text, default: '4' },
    'mask-steps': { ...text, default: '250' },
    'pictures': { ...text, default: '800' },
    'scored': { ...text, default: '150' },
    'seed': { ...text, default: '42' },
  },
});

/** Scores of the tables: name, heading. */
const COLUMNS: Readonly<Record<Start, readonly (readonly [string, string])[]>> = {
  random: [
    ['argmax', 'classes present, mIoU, %'],
    ['threshold', 'threshold 0.5'],
  ],
  half: [
    ['seen', 'seen nouns, %'],
    ['unseen', 'unseen nouns, %'],
    ['seenThreshold', 'seen, threshold 0.5'],
    ['unseenThreshold', 'unseen, threshold 0.5'],
  ],
};

const options: AblationOptions = {
  lambda: lambdaOf(values.lambda),
  steps: countOf('steps', values.steps),
  maskSteps: countOf('mask-steps', values['mask-steps']),
  learningRate: rateOf('learning-rate', values['learning-rate']),
  halfLearningRate: rateOf('half-learning-rate', values['half-learning-rate']),
  maxCategories: countOf('categories', values.categories),
};
const batchSize = countOf('batch', values.batch);
const seeds = Array.from(
  { length: countOf('seeds', values.seeds) },
  (_, index) => countOf('seed', values.seed, 0) + index,
);
const names = someOf(
  'only',
  values.only,
  SETTINGS.map(({ name }) => name),
);
const settings = SETTINGS.filter(({ name }) => name === 'untrained' || names.includes(name));
const starts = someOf('start', values.start, STARTS);
const trunk = given(values.model);
const [trained, scored] = [countOf('pictures', values.pictures), countOf('scored', values.scored)];

const folder = mkdtempSync(join(tmpdir(), 'synseg-ablation-'));
const cacheFolder = join(folder, 'cache');
const spent = { pictures: 0, halves: 0, training: 0, scoring: 0 };

/** The folder of the encoders. @throws TypeError without one */
function given(model: string | undefined): string {
  if (model === undefined)
    throw new TypeError('Cannot run bench: --model must be the folder of a checkpoint with CLIP encoders, got none');
  return model;
}

/** Adds up where the time goes. */
async function timed<Result>(what: keyof typeof spent, work: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const result = await work();
  spent[what] += (performance.now() - began) / 60_000;
  return result;
}

async function score(checkpoint: string, pictures: readonly StreetPicture[]): Promise<NounScores> {
  await using segmenter = await Segmenter.load(checkpoint, { device: 'cpu', cacheFolder });
  return await scoreNouns(segmenter, pictures, await segmenter.labels(classLabels(), { background: 'none' }), {
    labels: 'present',
    groups: { seen: NOUNS.seen, unseen: NOUNS.unseen },
  });
}

/** Trains and scores one setting with one seed. */
async function run(
  setting: Setting,
  start: Start,
  seed: number,
  data: StreetData,
  pictures: readonly StreetPicture[],
): Promise<Outcome> {
  const out = join(folder, `${start}-${setting.name}-${seed}`);
  const half =
    start === 'random'
      ? undefined
      : await timed('halves', () =>
          makeHalfTrained(trunk, seed, { data, cacheFolder, steps: options.maskSteps, batchSize }),
        );
  const from = half === undefined ? { trunk } : { init: half };
  const how = { steps: options.steps, batchSize, seed, cacheFolder, ...setting.options(start, options) };
  const learn = (): Promise<TrainedHead> =>
    trainHead(from, {
      ...(how as HeadOptions),
      data: setting.learnsFrom === 'masks' ? data.masks : data.captions,
      out,
    });
  const head =
    half !== undefined && setting.learnsFrom === 'nothing'
      ? { folder: half, report: undefined, seconds: 0 }
      : await timed('training', learn);
  const { argmax, threshold } = await timed('scoring', () => score(head.folder, pictures));
  rmSync(out, { recursive: true, force: true });
  const scores = {
    argmax: argmax.mean,
    threshold: threshold.mean,
    seen: argmax.groups['seen'] ?? null,
    unseen: argmax.groups['unseen'] ?? null,
    seenThreshold: threshold.groups['seen'] ?? null,
    unseenThreshold: threshold.groups['unseen'] ?? null,
  };
  process.stderr.write(
    `${start}, ${setting.title}, seed ${seed}: ` +
      `${COLUMNS[start].map(([name]) => percent(scores[name as keyof typeof scores] ?? NaN)).join(' ')} ` +
      `(${head.seconds.toFixed(1)} s)\n`,
  );
  return { scores, mapDeviation: head.report?.activationDeviation, clampShare: head.report?.clampShare };
}

const began = performance.now();
try {
  process.stderr.write('pictures: a minute on the first run\n');
  const test = await timed('pictures', () => testSet(scored));
  const pictures = await readPictures(test.folder, test.names);
  const data = await timed('pictures', async () => streetData(await trainSet(trained)));
  const tables: string[] = [];
  for (const start of starts) {
    const outcomes = new Map<string, Outcome[]>(settings.map(({ name }) => [name, []]));
    for (const seed of seeds)
      for (const setting of settings) outcomes.get(setting.name)!.push(await run(setting, start, seed, data, pictures));
    tables.push(
      `From a ${start === 'random' ? 'random decoder' : 'decoder that learnt the seen nouns from masks'}:\n\n` +
        ablationTable(COLUMNS[start], outcomes),
    );
  }
  const { lambda, learningRate, halfLearningRate, steps, maskSteps, maxCategories } = options;
  console.log(`\n${circumstances(['@synseg/train', 'onnxruntime-node', 'sharp'])}\n`);
  console.log(
    `${((performance.now() - began) / 60_000).toFixed(1)} minutes in all: ${Object.entries(spent)
      .map(([what, minutes]) => `${what} ${minutes.toFixed(1)}`)
      .join(', ')}.`,
  );
  console.log(
    `Frozen encoders; ${steps} steps of ` +
      `${batchSize} out of ${trained} pictures, ${maxCategories} labels each at most; seeds ${seeds.join(', ')}: ` +
      `mean ± standard deviation, in brackets the change from the same seed's start.`,
  );
  console.log(
    `Learning rate ${learningRate} from a random decoder and with masks, else ${halfLearningRate}, the first half ` +
      'of the steps for the projector alone; cosine. λ of L_align, L_cont, L_back, L_sep: ' +
      `${Object.values(lambda).join(', ')}.`,
  );
  console.log(
    `Scored on ${scored} scenes of the split test, one view; the classes in a picture compete, or each is cut at ` +
      `0.5; prompts: ${describeAsking()}.`,
  );
  console.log(
    `Seen nouns, learnt from masks in ${maskSteps} steps, as many as all nouns from a random decoder: ` +
      `${NOUNS.seen.join(', ')}. Unseen: ${NOUNS.unseen.join(', ')}.\n`,
  );
  console.log(tables.join('\n\n'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
