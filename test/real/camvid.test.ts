/**
 * Real photos, real weights, public door: the street checkpoint on CamVid's 233 test pictures.
 *
 * Its README states mIoU 46.57, measured with another bilinear resampling of the photos; ±0.5 points is what such a
 * kernel moves, while a wrong normalisation, channel order, upsampling or label order costs several.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BACKGROUND, Segmenter } from '@synseg/core';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { SHARED, STREET, namesIn } from '../support/shared.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const camvid = join(SHARED, 'data/camvid');
const cacheFolder = temporaryFolder();
/** Pictures handed in together: enough to fill the network's batches while the next are decoded. */
const TOGETHER = 8;
const IGNORED = 255;

it('reaches the stated mIoU on the 233 test pictures', { timeout: 300_000 }, async ({ skip }) => {
  if (!existsSync(camvid) || !existsSync(STREET)) skip(`no ${camvid} or no ${STREET}`);
  const { classes } = JSON.parse(readFileSync(join(camvid, 'classes.json'), 'utf8')) as { classes: { name: string }[] };
  const names = namesIn(join(camvid, 'test/images')).map((file) => file.replace(/\.jpg$/, ''));
  expect(names).toHaveLength(233);
  const [intersections, unions] = [new Float64Array(classes.length), new Float64Array(classes.length)];
  let [right, counted] = [0, 0];
  const compare = (labelMap: Uint8Array, truth: Uint8Array): void => {
    expect(labelMap).toHaveLength(truth.length);
    for (let pixel = 0; pixel < truth.length; pixel++) {
      const [found, wanted] = [labelMap[pixel] as number, truth[pixel] as number];
      if (wanted === IGNORED) continue;
      counted++;
      unions[wanted]!++;
      if (found === wanted) {
        right++;
        intersections[wanted]!++;
      } else unions[found]!++;
    }
  };

  await using segmenter = await Segmenter.load(STREET, { device: 'cpu', cacheFolder });
  const labels = await segmenter.labels(
    classes.map(({ name }) => name),
    { background: 'none' },
  );
  for (let start = 0; start < names.length; start += TOGETHER) {
    const some = names.slice(start, start + TOGETHER);
    const results = await segmenter.segmentBatch(
      some.map((name) => join(camvid, 'test/images', `${name}.jpg`)),
      labels,
    );
    for (const [index, result] of results.entries()) {
      const { data, info } = await sharp(join(camvid, 'test/labels', `${some[index] as string}.png`))
        .extractChannel(0)
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height, info.channels]).toEqual([result.width, result.height, 1]);
      expect(result.labelMap.includes(BACKGROUND)).toBe(false);
      compare(result.labelMap, data);
    }
  }

  const scores = [...intersections].map((intersection, label) => intersection / (unions[label] as number));
  const mIoU = (100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length;
  const accuracy = (100 * right) / counted;
  console.info(
    `CamVid test: mIoU ${mIoU.toFixed(2)}, pixel accuracy ${accuracy.toFixed(2)}; ` +
      `${classes.map(({ name }, label) => `${name} ${(100 * (scores[label] as number)).toFixed(1)}`).join(', ')}`,
  );
  expect(Math.abs(mIoU - 46.57), `mIoU ${mIoU.toFixed(2)}`).toBeLessThanOrEqual(0.5);
  expect(Math.abs(accuracy - 84.55), `pixel accuracy ${accuracy.toFixed(2)}`).toBeLessThanOrEqual(0.5);
});
