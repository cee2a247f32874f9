/** Thresholds from pictures with masks, beside those that trying every one of them finds. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { calibrate, exportCheckpoint } from '@synseg/train';
import { UNCOUNTED } from '../../../packages/train/src/evaluate/confusion-matrix.ts';
import { ThresholdCurves } from '../../../packages/train/src/evaluate/threshold-curves.ts';
import { failureOf } from '../data/fixtures.ts';
import { writePhotos } from '../data/photo-folder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const folder = temporaryFolder();
const cacheFolder = join(folder, 'cache');
/** Mask values: 0 and 1 are classes, 2 is none of them, 3 is unknown. */
const places = new Int16Array(256).fill(UNCOUNTED);
places.set([0, 1, 255]);

describe('ThresholdCurves', () => {
  it('finds where the mask of a label overlaps best, unknown pixels left out', () => {
    const curves = new ThresholdCurves();
    // Of the first label's pixels 0.7 and 0.45, of others 0.3 and 0.6: from 0.31 to 0.45 it is 2 of 3.
    const activations = Float32Array.of(0.7, 0.45, 0.3, 0.6, 0.99);
    curves.add('dog', activations, Uint8Array.of(0, 0, 1, 2, 3), places, 0);
    const { threshold, thresholds, labels } = curves.best();
    expect([threshold, thresholds]).toEqual([0.31, { dog: 0.31 }]);
    expect(labels).toEqual([{ name: 'dog', pictures: 1, threshold: 0.31, iou: 2 / 3, iouAtCommon: 2 / 3 }]);
  });

  it('keeps a label of few pictures near what is best for all, and lets one of many go its own way', () => {
    const curves = new ThresholdCurves();
    const add = (label: string, times: number, right: number, wrong: number): void => {
      for (let time = 0; time < times; time++)
        curves.add(label, Float32Array.of(right, wrong), Uint8Array.of(0, 2), places, 0);
    };
    for (const usual of ['a', 'b', 'c', 'd', 'e']) add(usual, 20, 0.505, 0.395);
    add('rare', 1, 0.905, 0.795);
    add('other', 100, 0.905, 0.795);
    const { threshold, thresholds } = curves.best();
    expect(threshold).toBe(0.4);
    expect(thresholds).toMatchObject({ a: 0.4, rare: 0.4, other: 0.8 });
  });

  it('leaves out labels that no picture has', () => {
    const curves = new ThresholdCurves();
    curves.add('dog', Float32Array.of(0.5), Uint8Array.of(0), places, 0);
    curves.add('cat', Float32Array.of(0.5), Uint8Array.of(0), places, 1);
    expect(Object.keys(curves.best().thresholds)).toEqual(['dog']);
  });
});

describe('calibrate()', () => {
  it('finds thresholds that the exported checkpoint has', async () => {
    const model = writeTinyClipseg(join(folder, 'tiny'));
    const mask = Array.from({ length: 8 }, (_, row) => Array.from({ length: 8 }, () => (row < 4 ? 0 : 254)));
    const sets = { things: { classes: ['road', 'car'], background: 254 } };
    const root = await writePhotos(join(folder, 'photos'), [{ set: 'things', labels: ['road'], mask }], sets);
    const dones: string[] = [];
    const calibration = await calibrate(model, {
      ...{ root, cacheFolder, device: 'cpu' },
      onProgress: ({ done, total }) => void dones.push(`${done}/${total}`),
    });
    expect(dones).toEqual(['1/1']);
    await using segmenter = await Segmenter.load(model, { cacheFolder, device: 'cpu' });
    const labels = await segmenter.labels(['road', 'car']);
    const result = await segmenter.segment(join(root, 'things/0.png'), labels, { output: ['activations'] });
    const activations = [...result.activation('road')];
    const iouAt = (threshold: number): number => {
      const [inside, outside] = [activations.slice(0, 32), activations.slice(32)];
      const reached = (values: number[]): number => values.filter((value) => value >= threshold).length;
      return reached(inside) / (32 + reached(outside));
    };
    const best = Math.max(...Array.from({ length: 99 }, (_, step) => iouAt((step + 1) / 100)));
    expect(calibration.labels.map(({ name, pictures }) => [name, pictures])).toEqual([['road', 1]]);
    expect(iouAt(calibration.thresholds['road']!)).toBeCloseTo(best, 10);

    const to = join(folder, 'exported');
    await exportCheckpoint(model, to, { precision: 'fp32', calibration });
    const config = JSON.parse(readFileSync(join(to, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ threshold: calibration.threshold, thresholds: calibration.thresholds });
    await using calibrated = await Segmenter.load(to, { cacheFolder, device: 'cpu' });
    expect((await calibrated.labels(['road'])).defaultThresholds).toEqual([calibration.thresholds['road']]);
  });

  it('refuses what does not fit', async () => {
    expect(await failureOf(calibrate('nowhere', {} as never))).toBe(
      'TypeError: Cannot calibrate: root must be a string that is not empty, got none',
    );
    const model = writeTinyClipseg(join(folder, 'other'));
    const calibration = { threshold: 2, thresholds: {} };
    expect(await failureOf(exportCheckpoint(model, join(folder, 'no'), { precision: 'fp32', calibration }))).toContain(
      'Cannot export checkpoint: calibration must be thresholds, or a path of a JSON file of them, got an object',
    );
  });
});
