import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readFloats, readSafetensors } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { readPictures, trainSet } from '@synseg/street-world/bench/sets.ts';
import {
  NOUNS,
  makeHalfTrained,
  splitNouns,
  streetData,
  trainHead,
  withoutNouns,
} from '@synseg/street-world/bench/training.ts';
import { CLASSES, IGNORED, classIndex } from '@synseg/street-world/classes.ts';
import type { DatasetRow } from '@synseg/street-world/dataset.ts';
import { decodeMask } from '@synseg/street-world/draw.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../../support/tiny-clipseg.ts';

const folder = temporaryFolder();
const encoders = writeTinyClipseg(join(folder, 'encoders'));
const cacheFolder = join(folder, 'cache');

async function rowsOf(file: string): Promise<(DatasetRow & { readonly nouns?: readonly string[] })[]> {
  return (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DatasetRow);
}

/** A tensor of a run's checkpoint. */
async function tensorOf(checkpoint: string, name: string): Promise<number[]> {
  const { weight_map: files } = JSON.parse(
    await readFile(join(checkpoint, 'model.safetensors.index.json'), 'utf8'),
  ) as { weight_map: Record<string, string> };
  return [...(await readFloats((await readSafetensors(join(checkpoint, files[name]!))).tensors.get(name)!))];
}

describe('splitNouns()', () => {
  it('makes every second class seen, and of kin one each', () => {
    expect(splitNouns()).toEqual(NOUNS);
    expect(NOUNS.seen).toEqual([
      'sky',
      'sun',
      'building',
      'tree',
      'grass',
      'crosswalk',
      'fence',
      'sign',
      'bench',
      'bus',
      'bicycle',
      'dog',
    ]);
    expect(NOUNS.unseen).toEqual([
      'cloud',
      'hill',
      'awning',
      'bush',
      'road',
      'pavement',
      'traffic light',
      'lamp',
      'car',
      'van',
      'person',
      'umbrella',
    ]);
    expect([...NOUNS.seen, ...NOUNS.unseen].sort()).toEqual([...CLASSES].sort());
  });
});

describe('withoutNouns()', () => {
  it('ignores the pixels of classes', () => {
    expect([...withoutNouns(Uint8Array.of(0, 1, 1, 17, IGNORED, 18), ['cloud', 'car'])]).toEqual([
      0,
      IGNORED,
      IGNORED,
      IGNORED,
      IGNORED,
      18,
    ]);
  });
});

describe('streetData()', () => {
  it('has the same pictures with captions alone, with masks, and with masks of half the nouns', async () => {
    const set = await trainSet(3, folder);
    const { captions, masks, halfMasks, pictures } = await streetData(set);
    const [said, masked, half] = await Promise.all(
      [captions, masks, halfMasks].map(({ source }) => rowsOf(source as string)),
    );
    expect([pictures, said!.map(({ image }) => image)]).toEqual([3, set.names.map((name) => `images/${name}.jpg`)]);
    expect([masked, half].map((rows) => rows!.map(({ image }) => image))).toEqual(
      [said, said].map((rows) => rows!.map(({ image }) => image)),
    );
    expect([Object.keys(said![0]!), Object.keys(masked![0]!), Object.keys(half![0]!)]).toEqual([
      ['image', 'nouns'],
      ['image', 'mask'],
      ['image', 'mask'],
    ]);
    const written = (await rowsOf(join(set.folder, 'metadata.jsonl'))).map(({ caption }) => caption.join(' '));
    for (const [index, { nouns }] of said!.entries()) {
      expect(nouns?.length).toBeGreaterThan(2);
      for (const noun of nouns ?? []) expect(written[index]!.toLowerCase()).toContain(noun);
    }
    const unseen = NOUNS.unseen.map(classIndex);
    for (const [index, { classes }] of (await readPictures(set.folder, set.names)).entries()) {
      const left = await decodeMask(join(set.folder, half![index]!.mask));
      expect(new Uint8Array(left)).toEqual(classes.map((value) => (unseen.includes(value) ? IGNORED : value)));
    }
    const { classes } = JSON.parse(await readFile(halfMasks.classes!, 'utf8')) as {
      classes: { index: number; name: string }[];
    };
    expect(classes).toEqual(NOUNS.seen.map((name) => ({ index: classIndex(name), name })));
  });

  it('stays what it was when the set grows', async () => {
    const three = await streetData(await trainSet(3, folder));
    const five = await streetData(await trainSet(5, folder));
    expect([
      (await rowsOf(three.captions.source as string)).length,
      (await rowsOf(five.captions.source as string)).length,
      three.key === five.key,
    ]).toEqual([3, 5, false]);
    expect(await streetData(await trainSet(3, folder))).toEqual(three);
  });
});

describe('makeHalfTrained()', () => {
  it('trains a decoder once for encoders, pictures and seed, and keeps it', async () => {
    const data = await streetData(await trainSet(3, folder));
    const options = { data, cacheFolder, steps: 2, batchSize: 2, parent: join(folder, 'half') };
    const first = await makeHalfTrained(encoders, 1, options);
    const { mtimeMs } = await stat(join(first, 'config.json'));
    expect([await makeHalfTrained(encoders, 1, options), (await stat(join(first, 'config.json'))).mtimeMs]).toEqual([
      first,
      mtimeMs,
    ]);
    const other = await makeHalfTrained(encoders, 2, options);
    expect([first === other, (await readdir(options.parent)).length]).toEqual([false, 2]);
    const untrained = await trainHead(
      { trunk: encoders },
      { data: data.halfMasks, out: join(folder, 'untrained'), steps: 0, batchSize: 2, seed: 1, cacheFolder },
    );
    const name = 'decoder.film_mul.weight';
    expect(await tensorOf(first, name)).not.toEqual(await tensorOf(untrained.folder, name));
    expect(await tensorOf(first, name)).not.toEqual(await tensorOf(other, name));
    expect(untrained.report).toBeUndefined();
  });

  it('is a start to go on from with captions', async () => {
    const data = await streetData(await trainSet(3, folder));
    const init = await makeHalfTrained(encoders, 1, {
      data,
      cacheFolder,
      steps: 2,
      batchSize: 2,
      parent: join(folder, 'half'),
    });
    const head = await trainHead(
      { init },
      {
        data: data.captions,
        out: join(folder, 'captions'),
        steps: 2,
        batchSize: 2,
        seed: 1,
        cacheFolder,
        learningRate: 1e-3,
        advanced: { projectorSteps: 1 },
        maxCategories: 4,
      },
    );
    expect([head.report?.step, Object.keys(head.report!.losses)]).toEqual([
      2,
      ['align', 'contrast', 'background', 'separation'],
    ]);
    const name = 'decoder.film_add.weight';
    const [before, after] = [await tensorOf(init, name), await tensorOf(head.folder, name)];
    const moved = Math.max(...after.map((value, index) => Math.abs(value - before[index]!)));
    // One step of AdamW moves a number by about the learning rate.
    expect([moved > 1e-5, moved < 1.1e-3]).toEqual([true, true]);
  });
});
