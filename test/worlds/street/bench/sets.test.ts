import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, readFloats } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { combinationPictures } from '@synseg/street-world/bench/combinations.ts';
import { modelFolder, untrainedHead } from '../../../../bench/support/heads.ts';
import {
  SEEN_COMBINATIONS,
  classLabels,
  colorLabels,
  colorsOf,
  combinationsOf,
  describeAsking,
  synonymLabels,
  synonymOf,
} from '@synseg/street-world/bench/prompts.ts';
import { colorsIn, combinationSet, readColored, readPictures, testSet } from '@synseg/street-world/bench/sets.ts';
import { CLASSES, HELD_OUT_COMBINATIONS, classIndex, isHeldOut } from '@synseg/street-world/classes.ts';
import { COLOR_WORDS } from '@synseg/street-world/color.ts';
import type { DatasetRow } from '@synseg/street-world/dataset.ts';
import { drawScene } from '@synseg/street-world/draw.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../../support/tiny-clipseg.ts';

const [one, other] = [temporaryFolder(), temporaryFolder()];

describe('prompts', () => {
  it('are the nouns of training captions, or the names, in sentences or as they are', () => {
    const promptsOf = (labels: ReturnType<typeof classLabels>, name: string): readonly string[] | undefined =>
      labels.find((label) => label.name === name)?.prompts;
    expect(classLabels().map(({ name }) => name)).toEqual(CLASSES);
    expect([
      promptsOf(classLabels(), 'road'),
      promptsOf(classLabels(), 'car'),
      promptsOf(classLabels(), 'bicycle'),
    ]).toEqual([['road', 'street'], ['car'], ['bicycle']]);
    expect(promptsOf(classLabels({ words: 'names', templates: 'clipseg' }), 'road')).toEqual(['a photo of a road.']);
    expect(promptsOf(classLabels({ templates: ['one {}', 'two {}'] }), 'road')).toEqual([
      'one road',
      'one street',
      'two road',
      'two street',
    ]);
    expect(describeAsking()).toBe(
      'the nouns of training captions for each class, mean of their embeddings, as they are',
    );
    expect(describeAsking({ words: 'names', templates: 'clipseg' })).toBe(
      'each class\'s name alone, in "a photo of a {}."',
    );
  });

  it('ask for one class by a synonym that no training caption has', () => {
    const labels = synonymLabels('car', { templates: 'clipseg' });
    expect(labels.find(({ name }) => name === 'car')?.prompts).toEqual(['a photo of a automobile.']);
    expect(labels.filter(({ name }) => name !== 'car')).toEqual(
      classLabels({ templates: 'clipseg' }).filter(({ name }) => name !== 'car'),
    );
    expect([
      synonymOf('bicycle'),
      classLabels()
        .flatMap(({ prompts }) => prompts)
        .filter((prompt) => /automobile|bike/.test(prompt)),
    ]).toEqual(['bike', []]);
    expect(() => synonymOf('dog')).toThrow('Cannot ask by synonym: class must be one of car, bicycle, got dog');
  });

  it('split a class into the colors it has', () => {
    expect([colorsOf('dog'), colorsOf('bus'), colorsOf('car')]).toEqual([
      ['orange', 'brown', 'white', 'black', 'gray'],
      ['red', 'orange', 'yellow', 'green', 'blue', 'white'],
      COLOR_WORDS,
    ]);
    const labels = colorLabels('person');
    expect(labels.length).toBe(23 + 11);
    expect([
      labels.find(({ name }) => name === 'yellow person')?.prompts,
      labels.some(({ name }) => name === 'person'),
    ]).toEqual([['person in yellow'], false]);
    expect(colorLabels('dog').find(({ name }) => name === 'black dog')?.prompts).toEqual(['black dog']);
  });

  it('set a seen combination of the same class beside each held-out one', () => {
    expect(SEEN_COMBINATIONS.map((combination) => combination.class)).toEqual(
      HELD_OUT_COMBINATIONS.map((combination) => combination.class),
    );
    expect(SEEN_COMBINATIONS.filter((combination) => isHeldOut(combination.class, combination.color))).toEqual([]);
    for (const combination of [...SEEN_COMBINATIONS, ...HELD_OUT_COMBINATIONS])
      expect(colorsOf(combination.class)).toContain(combination.color);
    expect(combinationsOf('van')).toEqual([
      { color: 'blue', class: 'van' },
      { color: 'red', class: 'van' },
    ]);
    expect(() => combinationsOf('sky')).toThrow(
      'Cannot find combinations: class must be one of car, bus, van, dog, awning, umbrella, person, bench, got sky',
    );
  });
});

describe('testSet()', () => {
  it('makes the same bytes twice, keeps what is there, and grows without changing its beginning', async () => {
    const [set, again] = [await testSet(3, one), await testSet(3, other)];
    expect(set.names).toEqual(['test-00000000', 'test-00000001', 'test-00000002']);
    for (const name of set.names) {
      for (const file of [`images/${name}.jpg`, `masks/${name}.png`])
        expect(await readFile(join(again.folder, file))).toEqual(await readFile(join(set.folder, file)));
    }
    const grown = await testSet(9, one);
    expect([grown.folder, grown.names.length, grown.names.slice(0, 3)]).toEqual([set.folder, 9, set.names]);
    expect((await testSet(3, one)).names).toEqual(set.names);
  });

  it('reads the classes of every pixel', async () => {
    const set = await testSet(2, one);
    const [picture] = await readPictures(set.folder, set.names);
    const { labels, width, height } = await drawScene(sceneOf(0), { size: 128 });
    expect([picture?.width, picture?.height, picture?.classes]).toEqual([width, height, labels]);
    expect(picture?.image.endsWith('test-00000000.jpg')).toBe(true);
  });
});

describe('combinationSet()', () => {
  it('finds the first pictures that show each combination, the same each time', async () => {
    const wanted = [
      { color: 'green', class: 'car' },
      { color: 'orange', class: 'awning' },
    ] as const;
    const set = await combinationSet(wanted, 2, one);
    expect([...set.shown].map(([name, names]) => [name, names.length])).toEqual([
      ['green car', 2],
      ['orange awning', 2],
    ]);
    expect((await combinationSet(wanted, 2, other)).shown).toEqual(set.shown);
    expect(await combinationSet(wanted, 2, one)).toEqual(set);
    for (const name of set.shown.get('green car')!) {
      const row = JSON.parse(await readFile(join(set.folder, 'rows', `${name}.json`), 'utf8')) as DatasetRow;
      expect(row.combinations).toContain('green car');
    }
    const [car] = await readColored(set.folder, set.shown.get('green car')!);
    const greenCar = (classes: Uint8Array, colors: Uint8Array): number =>
      classes.filter((value, pixel) => value === classIndex('car') && colors[pixel] === COLOR_WORDS.indexOf('green'))
        .length;
    expect(greenCar(car!.classes, car!.colors)).toBeGreaterThan(40);
    const drawing = await drawScene(sceneOf(Number(car!.name.slice(-8))), { size: 128 });
    expect(car!.colors).toEqual(colorsIn(drawing));
  });

  it('gives up on a combination that no scene has', async () => {
    await expect(combinationSet([{ color: 'red', class: 'sky' }], 1, one)).rejects.toThrow(
      'Cannot make pictures: combinations must be in one scene of 1000 at least, got red sky',
    );
  });

  it('knows all sixteen combinations by name', async () => {
    const { shown } = await combinationPictures(1, one);
    expect([...shown.keys()].slice(0, 2)).toEqual(['green car', 'red bus']);
    expect([...shown.values()].map((names) => names.length)).toEqual(Array.from({ length: 16 }, () => 1));
  });
});

describe('untrainedHead()', () => {
  it('keeps the encoders and draws the decoder at random', async () => {
    const set = await testSet(2, one);
    const encoders = writeTinyClipseg(join(one, 'encoders'));
    const folder = await untrainedHead(encoders, join(set.folder, 'metadata.jsonl'), join(one, 'run'));
    const before = (await readSafetensors(join(encoders, 'model.safetensors'))).tensors;
    const { weight_map: files } = JSON.parse(await readFile(join(folder, 'model.safetensors.index.json'), 'utf8')) as {
      weight_map: Record<string, string>;
    };
    const same = async (name: string): Promise<boolean> => {
      const after = (await readSafetensors(join(folder, files[name]!))).tensors.get(name)!;
      return Buffer.from((await readFloats(after)).buffer).equals(
        Buffer.from((await readFloats(before.get(name)!)).buffer),
      );
    };
    expect([
      await same('clip.vision_model.encoder.layers.2.mlp.fc1.weight'),
      await same('clip.text_projection.weight'),
    ]).toEqual([true, true]);
    expect([await same('decoder.film_mul.weight'), await same('decoder.layers.1.mlp.fc1.weight')]).toEqual([
      false,
      false,
    ]);
  });

  it('knows where the shipped checkpoint lies', () => {
    expect(modelFolder('embedded').endsWith(join('packages', 'core', 'embedded'))).toBe(true);
    expect(modelFolder('runs/a')).toBe('runs/a');
  });
});
