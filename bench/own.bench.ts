/**
 * A checkpoint of one's own from 10, 30, 60, … annotated pictures: `synseg train DATA` with every option left alone, on
 * CamVid, and beside it the same network trained on the same pictures for as many steps from a random decoder, which is
 * how a segmentation network is usually made of a trunk.
 *
 *   npm run bench -- own --root FOLDER [--counts 10,30,60,150,367] [--minutes 30] [--only own,peer] [--work out/own]
 *
 * --root: CamVid (`{train,val,test}/images`, `labels`, `classes.json`). The first pictures of `train` are used and all
 * of `test` is scored, one view. The peer's trunk is that of the checkpoint that ships, trained too: other weights of
 * small trunks cannot be had without a hub. A score that is done is kept in the work folder.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluate, fineTune, train } from '@synseg/train';
import { countOf, someOf } from './support/arguments.ts';
import { circumstances } from './support/machine.ts';
import { percent, table } from './support/statistics.ts';

const KINDS = ['own', 'peer'] as const;
type Kind = (typeof KINDS)[number];

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    ...{ root: text, only: text },
    counts: { ...text, default: '10,30,60,150,367' },
    minutes: { ...text, default: '30' },
    work: { ...text, default: 'out/own' },
  },
});
if (values.root === undefined) throw new TypeError('Cannot run bench: --root must be given, got none');
const { root, work } = values;
const counts = values.counts.split(',').map((count) => countOf('counts', count, 2));
const time = 60 * countOf('minutes', values.minutes);
mkdirSync(work, { recursive: true });

/** What a run came to. */
interface Outcome {
  readonly mIoU: number;
  readonly perClass: Readonly<Record<string, number | null>>;
  readonly steps: number;
  readonly minutes: number;
}

async function own(count: number): Promise<Outcome> {
  const began = performance.now();
  const { model, steps } = await fineTune(root, { out: runOf('own', count), split: 'train', limit: count, time });
  return { ...(await scored(model)), steps, minutes: (performance.now() - began) / 60_000 };
}

/** The data and the steps are those of the run before. */
async function peer(count: number): Promise<Outcome> {
  const began = performance.now();
  const { steps } = JSON.parse(readFileSync(join(runOf('own', count), 'plan.json'), 'utf8')) as { steps: number };
  const out = runOf('peer', count);
  for await (const _ of train({
    ...{ data: { source: join(runOf('own', count), 'data'), format: 'index-jsonl', split: 'train' }, out, steps },
    ...{ init: 'random', trunk: 'embedded', recipe: 'tags', objective: 'masks', batchSize: 4, maxCategories: 16 },
    augmentation: { flip: true, scale: [0.75, 1.75], brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.03 },
    advanced: { decoder: { reduceDim: 96 }, trainable: ['film', 'reduces', 'layers', 'head', 'vision'], clipNorm: 1 },
    resume: existsSync(join(out, 'last')),
  }));
  return { ...(await scored(join(out, 'last'))), steps, minutes: (performance.now() - began) / 60_000 };
}

const runOf = (kind: Kind, count: number): string => join(work, `${kind}-${count}`);

async function scored(model: string): Promise<Pick<Outcome, 'mIoU' | 'perClass'>> {
  const { mIoU, perClass } = await evaluate(model, { dataset: 'camvid', root, split: 'test' });
  return { mIoU, perClass };
}

const chosen = someOf('only', values.only, KINDS);
const outcomes = new Map<number, Partial<Record<Kind, Outcome>>>();
for (const count of counts) {
  const both: Partial<Record<Kind, Outcome>> = {};
  for (const kind of chosen) {
    const file = join(work, `${kind}-${count}.json`);
    if (!existsSync(file)) writeFileSync(file, JSON.stringify(await (kind === 'own' ? own : peer)(count)));
    const outcome = JSON.parse(readFileSync(file, 'utf8')) as Outcome;
    both[kind] = outcome;
    const { mIoU, steps, minutes } = outcome;
    process.stderr.write(
      `${kind}, ${count} pictures: ${percent(mIoU)} % (${steps} steps, ${minutes.toFixed(1)} min)\n`,
    );
  }
  outcomes.set(count, both);
}

console.log(`${circumstances(['@synseg/train', 'onnxruntime-node', 'sharp'])}\n`);
const start = await scored('embedded');
console.log(`CamVid test, mIoU in %; the checkpoint that ships, as it is: ${percent(start.mIoU)}.\n`);
const cell = (outcome: Outcome | undefined): string => (outcome === undefined ? '–' : percent(outcome.mIoU));
console.log(
  table(
    ['pictures', 'synseg train', 'steps', 'minutes', 'from a random decoder'],
    [...outcomes].map(([count, { own: mine, peer: other }]) => [
      ...[String(count), cell(mine), String(mine?.steps ?? '–'), mine?.minutes.toFixed(1) ?? '–', cell(other)],
    ]),
  ),
);
