import { join } from 'node:path';
import { labelColors } from '@synseg/core/masks';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { evaluate } from '../../../packages/train/src/evaluate/evaluate.ts';
import { drawPictureSheet } from '../../../packages/train/src/evaluate/picture-sheet.ts';
import type { JudgedPicture } from '../../../packages/train/src/evaluate/worst-pictures.ts';
import { decodePixels } from '../../support/pixels.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FakeModel, labelMap, writeClasses, writePicture } from './fake-model.ts';

const folder = temporaryFolder();
const GREY = 119;

/** A grey picture of 36×27: truth is class 0 on the left and nothing on the right, prediction is class 1 everywhere. */
async function judged(key: string): Promise<JudgedPicture> {
  const [width, height] = [36, 27];
  const image = join(folder, `${key.replace(/\W/g, '')}.png`);
  await sharp({ create: { width, height, channels: 3, background: { r: GREY, g: GREY, b: GREY } } })
    .png()
    .toFile(image);
  const truth = Uint8Array.from({ length: width * height }, (_, pixel) => (pixel % width < width / 2 ? 0 : 255));
  return {
    key,
    image,
    meanIoU: 0,
    iou: [0, 0],
    width,
    height,
    truth,
    prediction: truth.map((value) => (value === 0 ? 1 : 255)),
  };
}

/** The color the sheet shows for a label over gray. */
function painted(label: number): number[] {
  const weight = Math.round(256 * 0.65);
  return labelColors(['sky', 'road'])[label]!.map((part) => (GREY * (256 - weight) + part * weight + 128) >> 8);
}

it('shows photo, ground truth and prediction side by side, colors only where pixels count', async () => {
  const sheet = await drawPictureSheet([await judged('a')], ['sky', 'road']);
  const { data, width, height } = await decodePixels(sheet);
  expect([width, height]).toEqual([8 + 3 * 368 + 200 + 8, 22 + 22 + 270 + 8 + 8]);
  const at = (x: number, y: number): number[] => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  const [left, right, middle] = [90, 270, 180];
  const grey = [GREY, GREY, GREY];
  expect([at(8 + left, middle), at(8 + right, middle)]).toEqual([grey, grey]);
  expect([at(376 + left, middle), at(376 + right, middle)]).toEqual([painted(0), grey]);
  expect([at(744 + left, middle), at(744 + right, middle)]).toEqual([painted(1), grey]);
});

it('draws names, scores and a legend, whatever characters a name has', async () => {
  const sheet = await drawPictureSheet(
    [await judged('<a & "b">'), await judged('second')],
    ['sky & <sea>', 'road'.repeat(12)],
  );
  const { data, width, height } = await decodePixels(sheet);
  // A long name widens the legend's column.
  expect(width).toBeGreaterThan(8 + 3 * 368 + 200 + 8);
  expect(height).toBe(22 + 2 * (22 + 270 + 8) + 8);
  const bright = (fromX: number, fromY: number, toX: number, toY: number): number => {
    let count = 0;
    for (let y = fromY; y < toY; y++)
      for (let x = fromX; x < toX; x++)
        if (data[(y * width + x) * 3]! > 200 && data[(y * width + x) * 3 + 2]! > 200) count++;
    return count;
  };
  expect(bright(0, 0, 360, 22)).toBeGreaterThan(20); // "photo"
  expect(bright(0, 24, 360, 44)).toBeGreaterThan(50); // key and score of the first
  expect(bright(0, 324, 360, 344)).toBeGreaterThan(50); // and of the second
  expect(bright(1112, 44, width, 120)).toBeGreaterThan(50); // legend
});

it('is written by evaluate() with the worst pictures first', async () => {
  const root = join(folder, 'set');
  for (const key of ['a', 'b', 'c'])
    await writePicture(root, key, [
      [0, 1],
      [0, 1],
    ]);
  writeClasses(root, ['sky', 'road']);
  const model = new FakeModel((image) =>
    labelMap(
      image.endsWith('a.jpg')
        ? [
            [0, 1],
            [0, 1],
          ]
        : image.endsWith('b.jpg')
          ? [
              [1, 0],
              [1, 0],
            ]
          : [
              [0, 1],
              [0, 0],
            ],
    ),
  );
  const sheet = join(folder, 'new/folder/worst.png');
  await evaluate(model, { dataset: 'index-png', root, sheet, sheetPictures: 2 });
  const { data, width, height } = await decodePixels(sheet);
  expect([width, height]).toEqual([1320, 22 + 2 * (22 + 360 + 8) + 8]);
  // Of picture b everything was mistaken, so its row, where the prediction's halves are swapped, is the first.
  const predicted = (x: number, row: number): number[] => [
    ...data.subarray(((200 + 390 * row) * width + 744 + x) * 3, ((200 + 390 * row) * width + 744 + x) * 3 + 3),
  ];
  expect([predicted(90, 0), predicted(270, 0)]).toEqual([painted(1), painted(0)]);
  expect(predicted(90, 1)).toEqual(painted(0));
});
