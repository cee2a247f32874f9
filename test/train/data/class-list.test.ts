import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readClassList } from '../../../packages/train/src/data/class-list.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const path = join(folder, 'classes.json');

/** Reads a class list of this content. */
function read(content: unknown): ReturnType<typeof readClassList> {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readClassList(path);
}

it('reads classes in the order of their indices, with prompts, ignored value and background', async () => {
  const list = await read({
    classes: [
      { index: 4, name: 'car', prompts: ['car', 'van'] },
      { index: 0, name: 'void' },
    ],
    ignore_index: 255,
    background_index: 0,
  });
  expect(list).toEqual({
    classes: [
      { index: 0, name: 'void' },
      { index: 4, name: 'car', prompts: ['car', 'van'] },
    ],
    ignored: [255],
    backgroundIndex: 0,
  });
  expect(await read({ classes: [{ index: 0, name: 'a' }], ignore_index: null })).toEqual({
    classes: [{ index: 0, name: 'a' }],
    ignored: [],
    backgroundIndex: undefined,
  });
});

it.skipIf(!hasShared)('reads the class lists of CamVid and Clothing Co-Parsing', async () => {
  const camvid = await readClassList(join(SHARED, 'data/camvid/classes.json'));
  expect(camvid.classes.map(({ name }) => name)).toEqual([
    'sky',
    'building',
    'pole',
    'road',
    'sidewalk',
    'tree',
    'traffic sign',
    'fence',
    'car',
    'person',
    'bicyclist',
  ]);
  expect([camvid.ignored, camvid.backgroundIndex]).toEqual([[255], undefined]);
  const ccp = await readClassList(join(SHARED, 'data/ccp/classes.json'));
  expect(ccp.classes).toHaveLength(59);
  expect([ccp.ignored, ccp.backgroundIndex]).toEqual([[], 0]);
});

it.each([
  ['not json', /^Cannot read class list: .*classes\.json must be JSON, got /],
  [{ classes: [] }, /must have a list "classes" that is not empty, got \[\]$/],
  [{ names: ['a'] }, /must have a list "classes" that is not empty, got none$/],
  [[], /must have a list "classes" that is not empty, got none$/],
  [{ classes: ['a'] }, /must give each class an index from 0 to 255 and a name, got "a"$/],
  [
    { classes: [{ index: 256, name: 'a' }] },
    /must give each class an index from 0 to 255 and a name, got {"index":256,"name":"a"}$/,
  ],
  [
    { classes: [{ index: 0, name: ' ' }] },
    /must give each class an index from 0 to 255 and a name, got {"index":0,"name":" "}$/,
  ],
  [{ classes: [{ index: 0, name: 'a', prompts: [] }] }, /must give prompts of "a" as a list of strings, got \[\]$/],
  [
    {
      classes: [
        { index: 0, name: 'a' },
        { index: 0, name: 'b' },
      ],
    },
    /must give each class its own index, got 0 twice$/,
  ],
  [
    {
      classes: [
        { index: 0, name: 'a' },
        { index: 1, name: 'a' },
      ],
    },
    /must give each class its own name, got "a" twice$/,
  ],
  [
    { classes: [{ index: 0, name: 'a' }], ignore_index: -1 },
    /must have an integer from 0 to 255 as ignore_index, got -1$/,
  ],
  [{ classes: [{ index: 0, name: 'a' }], ignore_index: 0 }, /must have an ignore_index that is no class, got 0$/],
  [
    { classes: [{ index: 0, name: 'a' }], background_index: 1 },
    /must have the index of a class as background_index, got 1$/,
  ],
])('refuses %j', async (content, message) => {
  await expect(read(content)).rejects.toMatchObject({
    code: 'DATASET_FORMAT',
    message: expect.stringMatching(message) as string,
  });
});

it('names a class list that is not there', async () => {
  await expect(readClassList(join(folder, 'none.json'))).rejects.toMatchObject({
    code: 'DATASET_FORMAT',
    message: expect.stringMatching(
      /^Cannot read class list: .*none\.json must be a readable file, got ENOENT/,
    ) as string,
  });
});
