/**
 * The paper's recipe and this project's own on captions of photographs, from a decoder that learned half of the classes
 * from masks: do captions teach it the other half?
 *
 *   npm run bench -- half-classes --start RUN/last --photos FOLDER --known FOLDER --rename FILE
 *       [--steps 300] [--batch 16] [--categories 8] [--seeds 3] [--only paper,tags] [--work out/half-classes]
 *
 * --start: the checkpoint that learned half of the classes; --known: the folder of sets it learned from, whose
 * classes.json names them (`npm run embedded -- --without … ` makes both, docs in examples/embedded); --rename: labels
 * in place of classes' names; --photos: photographs with masks in index.jsonl and classes.json, and others with
 * captions in captions.jsonl. --only: recipes. Losses, their weights and the learning rate are those of the recipe;
 * the trunk is frozen.
 *
 * Every class of `val` is scored with all classes of its set competing. A run that is done is kept in the work folder
 * and not repeated.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { train, type StepReport } from '@synseg/train';
import { countOf, someOf } from './support/arguments.ts';
import { THRESHOLDS, scoreGroups, type GroupScores } from './support/group-scores.ts';
import { circumstances } from './support/machine.ts';
import { photoFolder } from './support/photo-set.ts';
import { deviation, mean, percent, table } from './support/statistics.ts';

const GROUPS = ['seen', 'unseen'] as const;
type Group = (typeof GROUPS)[number];
const RECIPES = ['paper', 'tags'] as const;
/** Sets whose photographs have many classes, some of both halves. */
const SETS = ['nyu', 'voc', 'msrc', 'coco-things'];

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    ...{ start: text, photos: text, known: text, rename: text, only: text },
    steps: { ...text, default: '300' },
    batch: { ...text, default: '16' },
    categories: { ...text, default: '8' },
    seeds: { ...text, default: '3' },
    work: { ...text, default: 'out/half-classes' },
  },
});

/** An argument that has no default. @throws TypeError without it */
function given(name: 'start' | 'photos' | 'known' | 'rename'): string {
  const value = values[name];
  if (value === undefined) throw new TypeError(`Cannot run bench: --${name} must be given, got none`);
  return value;
}

const [start, photos] = [given('start'), given('photos')];
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const rename = json(given('rename')) as Record<string, string>;
const known = json(join(given('known'), 'classes.json')) as Record<string, { readonly classes: readonly string[] }>;
const learned = new Set(
  Object.entries(known).flatMap(([set, { classes }]) =>
    classes.map((name) => rename[`${set}/${name}`] ?? rename[name] ?? name),
  ),
);
const groupOf = (label: string): Group => (learned.has(label) ? 'seen' : 'unseen');
const question = { folder: photoFolder(photos, 'val'), sets: SETS, rename, groupOf, groups: GROUPS };
mkdirSync(values.work, { recursive: true });
const [steps, batchSize] = [countOf('steps', values.steps), countOf('batch', values.batch)];
const maxCategories = countOf('categories', values.categories);
const seeds = Array.from({ length: countOf('seeds', values.seeds) }, (_, index) => 42 + index);

async function score(checkpoint: string): Promise<GroupScores<Group>> {
  await using segmenter = await Segmenter.load(checkpoint, { device: 'cpu' });
  return await scoreGroups(segmenter, question);
}

/** What a run, or a score, left in the work folder; made where it is not there. */
async function kept<Result>(name: string, make: () => Promise<Result>): Promise<Result> {
  const path = join(values.work, `${name}.json`);
  if (existsSync(path)) return json(path) as Result;
  const result = await make();
  writeFileSync(path, JSON.stringify(result));
  return result;
}

/** A run's scores, and what its last step reported. */
interface Outcome {
  readonly scores: GroupScores<Group>;
  readonly last?: StepReport;
  readonly minutes?: number;
}

async function run(recipe: (typeof RECIPES)[number], seed: number): Promise<Outcome> {
  const out = join(values.work, `${recipe}-${seed}`);
  const began = performance.now();
  let last: StepReport | undefined;
  for await (const report of train({
    data: { source: join(photos, 'captions.jsonl'), split: 'train', keys: { caption: 'captions' } },
    ...{ init: start, recipe, steps, batchSize, maxCategories, seed, out, device: 'cpu' },
    resume: existsSync(join(out, 'last')),
    onWarning: ({ message }) => process.stderr.write(`${message}\n`),
  }))
    last = report;
  const minutes = (performance.now() - began) / 60_000;
  return { scores: await score(join(out, 'last')), minutes, ...(last && { last }) };
}

const rows: [title: string, outcomes: readonly Outcome[]][] = [
  ['the start', [await kept('start', async () => ({ scores: await score(start) }))]],
];
for (const recipe of someOf('only', values.only, RECIPES)) {
  const outcomes: Outcome[] = [];
  for (const seed of seeds) {
    const outcome = await kept(`${recipe}-${seed}-score`, () => run(recipe, seed));
    outcomes.push(outcome);
    const { scores, minutes } = outcome;
    const figures = GROUPS.map((group) => `${group} ${percent(scores[group][0]!)}`).join(', ');
    process.stderr.write(`${recipe}, seed ${seed}: ${figures} % (${minutes?.toFixed(1) ?? '?'} min)\n`);
  }
  rows.push([`recipe ${recipe}`, outcomes]);
}

const cell = (figures: readonly number[]): string =>
  figures.length < 2 ? percent(figures[0]!) : `${percent(mean(figures))} ± ${percent(deviation(figures))}`;
console.log(`${circumstances(['@synseg/train', 'onnxruntime-node', 'sharp'])}\n`);
console.log(
  `${steps} steps of ${batchSize} photographs with captions, ${maxCategories} phrases of each at most; seeds ` +
    `${seeds.join(', ')}: mean ± standard deviation. ${learned.size} classes seen.`,
);
for (const group of GROUPS) {
  const header = [`${group} classes, mIoU, %`, 'argmax', ...THRESHOLDS.map(String)];
  const cells = rows.map(([title, outcomes]) => [
    title,
    ...[0, ...THRESHOLDS].map((_, step) => cell(outcomes.map(({ scores }) => scores[group][step]!))),
  ]);
  console.log(`\n${table(header, cells)}`);
}
