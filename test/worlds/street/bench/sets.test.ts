import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { classLabels, describeAsking } from '@synseg/street-world/bench/prompts.ts';
import { readPictures, testSet } from '@synseg/street-world/bench/sets.ts';
import { CLASSES } from '@synseg/street-world/classes.ts';
import { drawScene } from '@synseg/street-world/draw.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

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
