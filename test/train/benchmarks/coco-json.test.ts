/** Instances in COCO's JSON, read through the command line. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CocoSink } from '../../../packages/video/src/sinks/coco.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { sinkFrame } from '../../video/sinks/frames.ts';
import { commandLine } from './command-line.ts';
import { photo, writeTree } from './miniature.ts';

const folder = temporaryFolder();
const { evaluated, refusal } = commandLine(folder);
const frame = photo([
  [0, 0, 0, 0],
  [0, 0, 0, 0],
]);

describe('what synseg video --coco writes', async () => {
  const root = await writeTree(join(folder, 'video'), { 'drive/000003.png': frame, 'drive/000004.png': frame });
  const file = join(root, 'drive.coco.json');
  const sink = await CocoSink.open(file);
  await sink.write(sinkFrame());
  await sink.write(sinkFrame({ index: 4, labelMap: new Uint8Array(8).fill(255) }));
  await sink.close();

  it('is ground truth as it stands, also frames without a label', async () => {
    const expected = {
      classes: 3,
      pixels: { background: 11, road: 4, car: 1 },
      ...{ images: 2, failures: [], split: null, background: 'class' },
    };
    expect(await evaluated('coco-json', file)).toEqual(expected);
    expect(await evaluated('coco-json', root)).toEqual(expected);
  });

  it('says which picture is missing, and that a file has no splits', async () => {
    expect(await refusal('coco-json', file, '--split', 'val')).toBe(
      'synseg: Cannot evaluate coco-json: split must not be given for a file, got "val"\n',
    );
    rmSync(join(root, 'drive/000004.png'));
    expect(await refusal('coco-json', root)).toBe(
      `synseg: Cannot read dataset coco-json: every picture of "${file}" must be there, got 1 of 2, and no ` +
        `${root}/drive/000004.png (DATASET_FORMAT)\n`,
    );
  });
});

describe("COCO's own folder", async () => {
  const square = [0, 0, 2, 0, 2, 2, 0, 2];
  const instances = (more: object = {}): string =>
    JSON.stringify({
      images: [
        { id: 139, file_name: '000000000139.jpg', width: 4, height: 2 },
        { id: 285, file_name: '000000000285.jpg', width: 4, height: 2 },
      ],
      categories: [
        { id: 90, name: 'toothbrush' },
        { id: 1, name: 'person' },
      ],
      annotations: [
        { image_id: 139, category_id: 1, segmentation: [square], area: 4, iscrowd: 0 },
        { image_id: 139, category_id: 90, segmentation: [[1, 0, 2, 0, 2, 1, 1, 1]], area: 1, iscrowd: 0 },
        { image_id: 139, category_id: 1, segmentation: { size: [2, 4], counts: [6, 2] }, area: 2, iscrowd: 1 },
        { image_id: 285, category_id: 1, segmentation: [square], area: 4, iscrowd: 0, ...more },
      ],
    });
  const pictures = { 'val2017/000000000139.jpg': frame, 'val2017/000000000285.jpg': frame };
  const root = await writeTree(join(folder, 'coco'), {
    ...pictures,
    'annotations/instances_val2017.json': instances(),
    'annotations/captions_val2017.json': '{}',
  });

  it('has a background, and pixels of a crowd do not count', async () => {
    expect(await evaluated('coco-json', root)).toEqual({
      classes: 3,
      pixels: { background: 6, person: 7, toothbrush: 1 },
      ...{ images: 2, failures: [], split: 'val2017', background: 'class' },
    });
    expect(await evaluated('coco-json', root, '--background', 'ignore')).toMatchObject({
      classes: 2,
      pixels: { person: 7, toothbrush: 1 },
    });
  });

  it('says what it looked for', async () => {
    expect(await refusal('coco-json', root, '--split', 'train2017')).toBe(
      `synseg: Cannot read dataset coco-json: "${root}" must be a JSON file, or hold ` +
        'annotations/instances_train2017.json, got [annotations, val2017] (DATASET_FORMAT)\n',
    );
    const half = await writeTree(join(folder, 'half'), { 'annotations/instances_val2017.json': instances() });
    expect(await refusal('coco-json', half)).toContain(
      `"${half}" must hold val2017 or images/val2017 beside annotations, got [annotations]`,
    );
    const none = join(folder, 'none');
    expect(await refusal('coco-json', none)).toContain(
      `"${none}" must be a JSON file, or hold annotations/instances_val2017.json or one JSON file, got no folder`,
    );
  });

  it('refuses annotations that training would leave out, and a category that is the background', async () => {
    const file = join(folder, 'broken/annotations/instances_val2017.json');
    await writeTree(join(folder, 'broken'), {
      ...pictures,
      'annotations/instances_val2017.json': instances({ image_id: 7 }),
    });
    expect(await refusal('coco-json', join(folder, 'broken'))).toBe(
      'synseg: Cannot read dataset coco-json: every image and annotation must be whole, got ' +
        `${file} annotations[3] image_id must be the id of an image, got 7 (DATASET_FORMAT)\n`,
    );
    const named = instances().replace('toothbrush', 'background');
    await writeTree(join(folder, 'broken'), { 'annotations/instances_val2017.json': named });
    expect(await refusal('coco-json', join(folder, 'broken'))).toContain(
      `"${file}" must not have a category "background", which is what no instance covers, got it`,
    );
  });

  it('names a picture of another size than the file says', async () => {
    const wide = { 'val2017/000000000139.jpg': photo([[0, 0, 0]]) };
    const files = { ...pictures, ...wide, 'annotations/instances_val2017.json': instances() };
    expect(await evaluated('coco-json', await writeTree(join(folder, 'odd'), files))).toMatchObject({
      images: 1,
      failures: [
        {
          key: '000000000139.jpg',
          reason: "Cannot use mask of 000000000139.jpg: it must have the picture's size 3×1, got 4×2",
        },
      ],
    });
  });
});
