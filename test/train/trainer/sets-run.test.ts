/** Training on several sets of masks at once: whose classes have a row in which picture, and whole runs. */
import { join } from 'node:path';
import { evaluate, type TrainProgress } from '@synseg/train';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../packages/train/src/data/batch-loader.ts';
import type { MaskClass } from '../../../packages/train/src/data/dataset.ts';
import { labelsOf, microBatches, type RowSettings } from '../../../packages/train/src/trainer/row-batch.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { load, openWarned } from '../data/fixtures.ts';
import { writePhotos, type Photo } from '../data/photo-folder.ts';
import { benchIn, checkpointOf, run, timeless } from './runs.ts';

const root = temporaryFolder();
const { options, cacheFolder } = benchIn(root);

/** Pictures of 16 × 16 pixels, whose left half has one value and right half another. */
const halves = (set: string, labels: readonly string[], left: number, right: number): Photo => ({
  set,
  labels,
  split: 'train',
  mask: Array.from({ length: 16 }, () => Array.from({ length: 16 }, (_, x) => (x < 8 ? left : right))),
});
const photos = await writePhotos(join(root, 'photos'), [
  halves('rooms', ['wall', 'sofa'], 0, 2),
  halves('rooms', ['wall', 'person'], 0, 1),
  halves('rooms', ['wall'], 0, 255),
  halves('things', ['cat'], 0, 254),
  halves('things', ['body', 'face'], 1, 2),
  halves('things', ['tv', 'cat'], 3, 0),
]);
const data = { source: photos, rename: { body: 'person', face: 'person' } };

const { dataset } = await openWarned(data);
const { batches } = await load(dataset.each!, 1, { batchSize: 6, masks: 'required', inputSize: [2, 2] });
const [batch] = batches as [Batch];

describe('rows of pictures of several sets', () => {
  const settings = (classes: readonly MaskClass[] | undefined, maxCategories: number, seed: number): RowSettings => ({
    ...{ microBatchSize: 6, inputSize: [2, 2], embeddingDim: 1, maxCategories, seed, captions: false },
    ...{ unstated: false, textCentre: undefined, classes },
  });
  /** Of each picture its rows, as label and class, sorted. */
  function rowsOf(maxCategories: number, seed = 1): Record<string, [string, number][]> {
    const own = settings(dataset.classes, maxCategories, seed);
    const labels = labelsOf(batch, own);
    const embeddings = new Map(labels.map((label, place) => [label, Float32Array.of(place)]));
    const [part] = microBatches(batch, own, embeddings, () => ({ pixels: new Uint8Array(0) }));
    const rows: Record<string, [string, number][]> = {};
    for (let row = 0; row < part!.rows; row++) {
      const key = batch.keys[part!.imageOfRow[row]!];
      if (key !== undefined) (rows[key] ??= []).push([labels[part!.text[row]!]!, part!.classOfRow![row]!]);
    }
    return rows;
  }

  it('are labels of its own set, present or not, and of no other', () => {
    const rooms = [
      ['person', 1],
      ['sofa', 2],
      ['wall', 0],
    ];
    const things = [
      ['cat', 0],
      ['person', 1],
      ['tv', 3],
    ];
    const rows = rowsOf(8);
    const sorted = Object.entries(rows).map(([key, own]) => [key, own.toSorted()] as const);
    expect(Object.fromEntries(sorted)).toEqual({
      ...Object.fromEntries([0, 1, 2].map((number) => [`rooms/${number}.png`, rooms])),
      ...Object.fromEntries([3, 4, 5].map((number) => [`things/${number}.png`, things])),
    });
  });

  it('are the present ones first, then some of the absent ones', () => {
    const absent = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const rows = rowsOf(2, seed);
      expect(rows['rooms/0.png']!.map(([label]) => label).toSorted()).toEqual(['sofa', 'wall']);
      expect(rows['things/3.png']![0]).toEqual(['cat', 0]);
      absent.add(rows['things/3.png']![1]![0]);
    }
    expect(absent).toEqual(new Set(['person', 'tv']));
  });
});

describe('train() on several sets', () => {
  const choices = { data, objective: 'masks', maxCategories: 3, saveEvery: 2, steps: 6 } as const;

  it('learns from masks of all of them, and goes on after a stop as if there had been none', async () => {
    const whole = await run(options('whole', choices));
    expect(whole.warnings).toEqual([]);
    expect(whole.reports).toHaveLength(6);
    expect(whole.reports.every(({ losses }) => losses.masks! > 0)).toBe(true);
    await run(options('stopped', choices), ({ step }) => step === 3);
    const rest = await run(options('stopped', { ...choices, resume: true }));
    expect(rest.reports.map(timeless)).toEqual(whole.reports.slice(-rest.reports.length).map(timeless));
    expect(checkpointOf(join(root, 'stopped'))).toEqual(checkpointOf(join(root, 'whole')));
  });

  it('encodes each picture once for cached features, also one that no step draws', async () => {
    const seen: number[] = [];
    const { reports } = await run(
      options('cached', {
        ...choices,
        data: { ...data, sets: { rooms: 1, things: 1e-9 } },
        cacheFeatures: true,
        onProgress: (progress) => progress.stage === 'features' && seen.push(progress.done),
      }),
    );
    expect([reports.length, seen.at(-1)]).toEqual([6, 6]);
  });

  it('keeps the best checkpoint by the mean over the sets', async () => {
    const evaluation = { dataset: 'index-jsonl', root: photos, split: 'train', rename: data.rename, every: 3 } as const;
    let start = 0;
    const onProgress = (at: TrainProgress): void => {
      if (at.stage === 'start' && 'mIoU' in at.score) start = at.score.mIoU;
    };
    const { reports } = await run(options('scored', { ...choices, evaluation, onProgress }));
    const scores = reports.flatMap(({ score }) => (score !== undefined && 'mIoU' in score ? [score] : []));
    const [first, second] = scores.map(({ mIoU }) => mIoU) as [number, number];
    expect(start).toBeGreaterThan(0);
    expect(scores.map(({ best }) => best)).toEqual([first > start, second > Math.max(first, start)]);
    const again = await evaluate(join(root, 'scored/last'), {
      ...{ dataset: 'index-jsonl', root: photos, split: 'train', rename: data.rename },
      ...{ device: 'cpu', cacheFolder },
    });
    expect(again.mIoU).toBeCloseTo(scores[1]!.mIoU, 10);
    expect(Object.keys(again.sets!)).toEqual(['rooms', 'things']);
  });

  it('scores checkpoints by the rule of the background and the threshold that it is told', async () => {
    const set = {
      dataset: 'index-jsonl',
      root: photos,
      split: 'train',
      rename: data.rename,
      sets: ['things'],
    } as const;
    const rule = { background: 'class', threshold: 0.9 } as const;
    const { reports } = await run(options('ruled', { ...choices, evaluation: { ...set, ...rule, every: 6 } }));
    const scores = reports.flatMap(({ score }) => (score !== undefined && 'mIoU' in score ? [score.mIoU] : []));
    const scored = (more: object): ReturnType<typeof evaluate> =>
      evaluate(join(root, 'ruled/last'), { ...set, ...more, device: 'cpu', cacheFolder });
    const [ruled, plain] = [await scored(rule), await scored({ background: 'ignore' })];
    expect(scores).toEqual([ruled.mIoU]);
    expect(ruled.mIoU).not.toBe(plain.mIoU);
  });

  it('says which options of the data are wrong', async () => {
    const wrong = run(options('wrong', { ...choices, data: { source: photos, sets: ['gardens'] } }));
    await expect(wrong).rejects.toThrow('Cannot open dataset: sets must be among [rooms, things], got "gardens"');
  });
});
