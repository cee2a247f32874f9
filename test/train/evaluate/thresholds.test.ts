import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { evaluate } from '../../../packages/train/src/evaluate/evaluate.ts';
import { EVALUATE_OPTIONS, type EvaluateOptions } from '../../../packages/train/src/evaluate/evaluate-options.ts';
import { formatScore } from '../../../packages/train/src/evaluate/format-score.ts';
import { uniform } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FakeModel, writeClasses, writePicture } from './fake-model.ts';

const folder = temporaryFolder();
const root = join(folder, 'set');
const [WIDTH, HEIGHT, PICTURES] = [20, 12, 5];
const NAMES = ['background', 'sky', 'road <wide> & "long"', 'car'];
const thresholds = [0.3, 0.5, 0.7, 0.95];

/** Decides as a Segmenter: the highest activation, and background below the threshold. */
const model = new FakeModel((image, names, { threshold }) => {
  const next = uniform(Number(basename(image, '.jpg').slice(1)) + 1);
  const pixels = WIDTH * HEIGHT;
  const all = Float32Array.from({ length: NAMES.length * pixels }, next);
  const activations = Float32Array.from({ length: names.length * pixels }, (_, at) => {
    const row = NAMES.indexOf(names[Math.floor(at / pixels)]!);
    return all[row * pixels + (at % pixels)]!;
  });
  const labelMap = Uint8Array.from({ length: pixels }, (_, pixel) => {
    const values = names.map((_name, row) => activations[row * pixels + pixel]!);
    const best = Math.max(...values);
    return threshold !== undefined && best < threshold ? 255 : values.indexOf(best);
  });
  return { width: WIDTH, height: HEIGHT, labelMap, activations };
});

beforeAll(async () => {
  const next = uniform(5);
  for (let picture = 0; picture < PICTURES; picture++)
    await writePicture(
      root,
      `p${picture}`,
      Array.from({ length: HEIGHT }, () =>
        Array.from({ length: WIDTH }, () => (next() < 0.1 ? 255 : Math.floor(next() * NAMES.length))),
      ),
    );
  writeClasses(root, NAMES, { ignore_index: 255, background_index: 0 });
});

describe('thresholds', () => {
  it.each([{ background: 'class' }, { background: 'ignore' }, { background: 'class', labels: 'present' }] as const)(
    'give in one pass what a run at each of them gives, with %o',
    async (rules) => {
      const options: EvaluateOptions = { dataset: 'index-png', root, ...rules };
      const before = model.asked.length;
      const { curve, protocol } = await evaluate(model, { ...options, thresholds, threshold: 0.5 });
      expect([model.asked.length - before, protocol.thresholds]).toEqual([PICTURES, thresholds]);
      for (const [at, threshold] of thresholds.entries()) {
        const { mIoU, pixelAccuracy } = await evaluate(model, { ...options, threshold });
        expect(curve![at]).toEqual({ threshold, mIoU, pixelAccuracy });
      }
    },
  );

  it('are printed, and drawn as in the paper: activation map and masks', async () => {
    const maps = join(folder, 'maps.png');
    const options = { dataset: 'index-png', root, background: 'class', thresholds } as const;
    const score = await evaluate(model, { ...options, maps });
    const shown = score.curve!.map(({ threshold, mIoU }) => `${threshold}: ${(100 * mIoU).toFixed(2)} %`).join(', ');
    expect(formatScore(score)).toContain(`\nmIoU by threshold: ${shown}\n`);
    const { width, height } = await sharp(maps).metadata();
    expect([width, height]).toEqual([8 + 6 * 208, 22 + PICTURES * (22 + 120 + 8) + 8]);
    await expect(evaluate(model, { dataset: 'index-png', root, maps })).rejects.toThrow(
      'Cannot evaluate: maps must be left out without thresholds, got it',
    );
  });

  it('are refused where windows vote for the background at one of them', async () => {
    const protocol = { protocol: 'groupvit', background: 'class', threshold: 0.5 } as const;
    await expect(evaluate(model, { dataset: 'index-png', root, thresholds, ...protocol })).rejects.toThrow(
      'Cannot evaluate: thresholds must be left out where windows decide the background, got them',
    );
  });

  it('are a list or a range on the command line', () => {
    const { fromText } = EVALUATE_OPTIONS.thresholds;
    expect(fromText?.('0.1:0.6:0.1')).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    expect(fromText?.('0.2,0.75')).toEqual([0.2, 0.75]);
  });

  it.each([[[]], [[0.5, 0.4]], [[0.5, 1.5]], [['0.5']]])(
    'must be rising numbers from 0 to 1, not %j',
    async (given) => {
      await expect(evaluate(model, { dataset: 'index-png', root, thresholds: given as number[] })).rejects.toThrow(
        'Cannot evaluate: thresholds must be 1 to 101 rising numbers from 0 to 1, got ',
      );
    },
  );
});

describe('report', () => {
  it('is one page without addresses, with all figures and pictures', async () => {
    const [report, matrix] = [join(folder, 'out/report.html'), join(folder, 'matrix.png')];
    const options = { dataset: 'index-png', root, background: 'class', thresholds } as const;
    const score = await evaluate(model, { ...options, report, matrix });
    const page = readFileSync(report, 'utf8');
    const images = [...page.matchAll(/src="data:image\/(\w+);base64,([^"]*)"/g)];
    expect(page.match(/src=/g)).toHaveLength(images.length);
    // The matrix is a drawing; activation maps and the worst pictures are photographs.
    expect(images.map(([, format]) => format)).toEqual(['png', 'jpeg', 'jpeg']);
    for (const [, format, data = ''] of images)
      expect((await sharp(Buffer.from(data, 'base64')).metadata()).format).toBe(format);
    expect(page).not.toMatch(/<script|<link|https?:|url\(/);
    expect(page).not.toContain('road <wide>');
    expect(page).toContain('road &#60;wide&#62; &#38; &#34;long&#34;');
    for (const share of [score.mIoU, score.fwIoU, score.boundaryIoU!, score.interval.low, score.curve![2]!.mIoU])
      expect(page).toContain(`${(100 * share).toFixed(2)} %`);
    expect(page).toContain('protocol: all classes compete in every picture; background is a class');
    const { width, height } = await sharp(matrix).metadata();
    expect([width, height]).toEqual([170 + 5 * 48 + 8, 170 + 4 * 48 + 8]);
  });
});
