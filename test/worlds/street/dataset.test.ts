import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLASSES } from '@synseg/street-world/classes.ts';
import {
  beginDataset,
  drawOf,
  finishDataset,
  nameOf,
  writeSample,
  type DatasetPlan,
  type DatasetRow,
} from '@synseg/street-world/dataset.ts';
import { sceneryOf } from '@synseg/street-world/scenery.ts';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import { START } from '../../../packages/train/src/data/dataset.ts';
import { readClassList } from '../../../packages/train/src/data/class-list.ts';
import { PhraseExtractor } from '../../../packages/train/src/phrases/phrase-extractor.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'street-world-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function planOf(plan: Partial<DatasetPlan> = {}): DatasetPlan {
  return { folder, count: 3, firstSeed: 0, size: 64, split: 'train', captions: 3, scenery: 0, views: 'whole', ...plan };
}

const make = async (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    join(import.meta.dirname, '../../../worlds/street/make.ts'),
    ...args,
  ]);

describe('writeSample()', () => {
  it('writes a set that the trainer opens, with pictures, masks, captions and classes', async () => {
    const plan = planOf();
    await beginDataset(plan);
    for (const seed of [0, 1, 2]) expect(await writeSample(plan, seed)).toBe(true);
    expect(
      await finishDataset(
        folder,
        [0, 1, 2].map((seed) => nameOf('train', seed)),
      ),
    ).toBe(3);
    const extractor = new PhraseExtractor();
    const dataset = await openDataset(
      { source: folder, split: 'train' },
      { phrases: (caption) => extractor.extract(caption), onWarning: (warning) => expect(warning).toBeUndefined() },
    );
    expect([dataset.size, dataset.ignoreIndex, dataset.classes?.map(({ name }) => name)]).toEqual([
      3,
      255,
      [...CLASSES],
    ]);
    const keys: string[] = [];
    for await (const { sample } of dataset.draw(START, 1)) {
      keys.push(sample.key);
      expect(sample.categories.length).toBeGreaterThan(0);
      expect((await stat(sample.mask as string)).size).toBeGreaterThan(100);
      if (keys.length === 3) break;
    }
    expect(keys.sort()).toEqual([0, 1, 2].map((seed) => `images/${nameOf('train', seed)}.jpg`));
    expect(
      (await readClassList(join(folder, 'classes.json'))).classes.find(({ name }) => name === 'traffic light')?.prompts,
    ).toContain('traffic signal');
  });

  it('leaves what is there, and writes the same bytes again', async () => {
    const plan = planOf();
    await beginDataset(plan);
    await writeSample(plan, 1);
    const picture = join(folder, 'images', `${nameOf('train', 1)}.jpg`);
    const bytes = await readFile(picture);
    await writeFile(picture, 'kept');
    await writeSample(plan, 1);
    expect(await readFile(picture, 'utf8')).toBe('kept');
    await rm(join(folder, 'rows', `${nameOf('train', 1)}.json`));
    await writeSample(plan, 1);
    expect(await readFile(picture)).toEqual(bytes);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('writes captions of scenery beside the others, which stay as they are', async () => {
    const rowOf = async (plan: Partial<DatasetPlan>, seed: number): Promise<DatasetRow> => {
      const inner = join(folder, JSON.stringify(plan));
      const whole = planOf({ folder: inner, ...plan });
      await beginDataset(whole);
      await writeSample(whole, seed);
      return JSON.parse(await readFile(join(inner, 'rows', `${nameOf(whole.split, seed)}.json`), 'utf8')) as DatasetRow;
    };
    for (const seed of [1, 2]) {
      const drawing = (await drawOf(seed, planOf()))!;
      const scenery = sceneryOf(drawing, { count: 2, synonyms: 'avoid' });
      const [plain, more] = [await rowOf({}, seed), await rowOf({ scenery: 2 }, seed)];
      expect(scenery).toHaveLength(2);
      expect(more).toEqual({ ...plain, caption: [...plain.caption, ...scenery] });
    }
    // Where texts are of several captions, these are among them.
    const texts = await rowOf({ split: 'pretrain', scenery: 2 }, 1);
    expect(texts.caption).toHaveLength(5);
    for (const caption of sceneryOf((await drawOf(1, planOf({ split: 'pretrain' })))!, { count: 2 }))
      expect(texts.caption.join('|')).toContain(caption);
  });

  it('refuses a folder that was begun with another plan', async () => {
    await beginDataset(planOf());
    await expect(beginDataset(planOf({ size: 32 }))).rejects.toThrow(
      /^Cannot write data set: .* must be empty or have been begun with \{"size":32,"split":"train","captions":3,"views":"whole"\}, got \{"size":64,/,
    );
  });

  it('tells a plan with scenery from one without', async () => {
    const planned = async (): Promise<unknown> => JSON.parse(await readFile(join(folder, 'plan-train.json'), 'utf8'));
    await beginDataset(planOf());
    expect(await planned()).toEqual({ size: 64, split: 'train', captions: 3, views: 'whole' });
    await expect(beginDataset(planOf({ scenery: 2 }))).rejects.toThrow(
      /have been begun with \{"size":64,"split":"train","captions":3,"scenery":2,"views":"whole"\}, got \{"size":64,"split":"train","captions":3,"views":"whole"\}$/,
    );
    await rm(join(folder, 'plan-train.json'));
    await beginDataset(planOf({ scenery: 2 }));
    expect(await planned()).toEqual({ size: 64, split: 'train', captions: 3, scenery: 2, views: 'whole' });
    for (const scenery of [0, 1])
      await expect(beginDataset(planOf({ scenery }))).rejects.toThrow(
        /^Cannot write data set: .* must be empty or have been begun with /,
      );
    await beginDataset(planOf({ scenery: 2 }));
  });
});

describe('drawOf()', () => {
  it('keeps for the split held-out only pictures that show a held-out combination', async () => {
    let kept = 0;
    for (let seed = 0; seed < 10; seed++)
      kept += (await drawOf(seed, { split: 'held-out', size: 64, views: 'whole' })) === undefined ? 0 : 1;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(10);
  });

  it('shows a varied set in several shapes, most of it from near, and each seed as before', async () => {
    const drawings = await Promise.all(
      Array.from({ length: 12 }, async (_, seed) => drawOf(seed, { split: 'pretrain', size: 48, views: 'varied' })),
    );
    expect(new Set(drawings.map((drawing) => drawing?.width)).size).toBeGreaterThan(2);
    const near = drawings.filter((drawing) => drawing !== undefined && drawing.window.share < 1);
    expect(near.length).toBeGreaterThan(5);
    const again = await drawOf(near[0]!.scene.seed, { split: 'pretrain', size: 48, views: 'varied' });
    expect(again?.pixels).toEqual(near[0]!.pixels);
  });
});

describe('make.ts', () => {
  it('writes a set with threads and, run again, the same table', async () => {
    const args = [
      '--out',
      folder,
      '--count',
      '3',
      '--size',
      '48',
      '--split',
      'held-out',
      '--captions',
      '2',
      '--scenery',
      '1',
      '--workers',
      '2',
    ];
    const { stdout } = await make(...args);
    expect(stdout).toMatch(/metadata\.jsonl: 3 rows, 48 × 48 px/);
    const table = await readFile(join(folder, 'metadata.jsonl'), 'utf8');
    const rows = table
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as DatasetRow);
    expect(rows.every(({ combinations }) => combinations.length > 0)).toBe(true);
    expect(JSON.parse(await readFile(join(folder, 'plan-held-out.json'), 'utf8'))).toMatchObject({
      captions: 2,
      scenery: 1,
    });
    expect(rows.map(({ caption }) => caption.length)).toEqual([3, 3, 3]);
    await make(...args, '--workers', '1');
    expect(await readFile(join(folder, 'metadata.jsonl'), 'utf8')).toBe(table);
  });

  it('says what is wrong with its arguments', async () => {
    await expect(make()).rejects.toThrow(
      'Cannot make: one of --out FOLDER, --video FILE and --sheet FILE must be given, got none',
    );
    await expect(make('--out', folder, '--count', '0')).rejects.toThrow(
      'Cannot make: --count must be an integer from 1, got 0',
    );
    await expect(make('--out', folder, '--count', '1', '--split', 'dev')).rejects.toThrow(
      'Cannot make: --split must be one of train, pretrain, test, held-out, got dev',
    );
  });
});
