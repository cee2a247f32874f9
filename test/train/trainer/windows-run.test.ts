/**
 * `recipe: 'dense-captions'` with the built package: what is kept of the windows, what is measured of them, and where
 * none are read.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainOptions, TrainProgress } from '@synseg/train';
import { describe, expect, it } from 'vitest';
import { toSingle } from '../../../packages/train/src/trainer/half.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { failureOf } from '../data/fixtures.ts';
import { lengthOf, meanOf } from '../objective/numeric.ts';
import { numbersOf } from '../run/contents.ts';
import type { FlatOptions } from './flat-options.ts';
import { benchIn, checkpointOf, run, stateOf, timeless } from './runs.ts';
import { writeTinySet, writeTinyTrunk } from './tiny-set.ts';

const bench = benchIn(temporaryFolder());
const { root, model, set } = bench;
/** With a picture encoder that embeds; that of the bench ends with its last tap. */
const embedding = writeTinyClipseg(join(root, 'embedding'), { hidden: 16, size: 32, patch: 8, embedsPictures: true });
const options = (name: string, changes: Partial<FlatOptions> = {}): TrainOptions =>
  bench.options(name, { recipe: 'dense-captions', init: embedding, steps: 2, projectorSteps: 1, ...changes });

/** Three taps of 16 channels, and embeddings of 16; a class token and 4 × 4 patches. */
const DIMS = [16, 16, 16, 16];
const TOKENS = 17;
const RECORD = TOKENS * DIMS.reduce((sum, channels) => sum + channels, 0);

/** What a cache folder keeps of each picture: `[picture][tap or windows][token][channel]`. */
function keptIn(cacheFolder: string): number[][][][] {
  const [file, ...others] = readdirSync(join(cacheFolder, 'features')).filter((name) => name.endsWith('.f16'));
  expect(others).toEqual([]);
  const bytes = readFileSync(join(cacheFolder, 'features', file as string));
  const halves = new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const numbers = new Float32Array(halves.length);
  toSingle(halves, numbers, 0);
  return Array.from({ length: numbers.length / RECORD }, (_, picture) => {
    let start = picture * RECORD;
    return DIMS.map((channels) =>
      Array.from({ length: TOKENS }, () => [...numbers.subarray(start, (start += channels))]),
    );
  });
}

/** What a run will take, told before its first step. */
const ESTIMATE = expect.objectContaining({ stage: 'estimate' }) as unknown;

describe('recipe "dense-captions"', () => {
  it('encodes taps and windows of each picture once, and tells how far it is', async () => {
    const progress: TrainProgress[][] = [[], []];
    const cacheFolder = join(root, 'windows');
    const first = await run(options('first', { cacheFolder, onProgress: (now) => progress[0]?.push(now) }));
    const second = await run(options('second', { cacheFolder, onProgress: (now) => progress[1]?.push(now) }));
    const bytes = RECORD * 2 * 12;
    expect(progress[0]).toEqual([
      { stage: 'load' },
      ESTIMATE,
      ...[0, 8, 12].map((done) => ({ stage: 'features', done, total: 12, bytes })),
    ]);
    expect(progress[1]).toEqual([{ stage: 'load' }, ESTIMATE]);
    expect(second.reports.map(timeless)).toEqual(first.reports.map(timeless));
    expect(checkpointOf(join(root, 'second'))).toEqual(checkpointOf(join(root, 'first')));
    // Of the windows of a picture the mean is no longer than each of them, and they differ from patch to patch.
    const pictures = keptIn(cacheFolder);
    expect(pictures).toHaveLength(12);
    for (const windows of pictures.map((parts) => parts[3] as number[][])) {
      for (const token of windows) expect(lengthOf(token)).toBeLessThan(1.001);
      for (const token of windows) expect(lengthOf(token)).toBeGreaterThan(0.1);
      expect(new Set(windows.map(String)).size).toBe(TOKENS);
    }
  });

  it('measures the set by what the cache keeps, to the last digit of fp16, windows like taps', async () => {
    const cacheFolder = join(root, 'measured');
    // Eight pictures: of 64 looked at, each as often as the others.
    await run(options('measured run', { data: writeTinySet(join(root, 'eight'), 8).tags, cacheFolder, steps: 1 }));
    const { tensors } = await stateOf(join(root, 'measured run'));
    const pictures = keptIn(cacheFolder);
    const channels = DIMS.flatMap((width, part) =>
      Array.from({ length: width }, (_, channel) =>
        pictures.flatMap((picture) => (picture[part] as number[][]).slice(1).map((patch) => patch[channel] as number)),
      ),
    );
    const [means, deviations] = ['tapMean', 'tapDeviation'].map((name) => [
      ...(tensors.get(name)?.data as Float32Array),
    ]) as [number[], number[]];
    expect([means.length, deviations.length]).toEqual([64, 64]);
    channels.forEach((values, index) => {
      const mean = meanOf(values);
      const deviation = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
      expect(Math.abs((means[index] as number) - mean)).toBeLessThan(1e-6 * Math.max(deviation, Math.abs(mean)));
      expect(Math.abs((deviations[index] as number) - Math.max(deviation, 1e-3))).toBeLessThan(
        1e-5 * Math.max(deviation, 1e-3),
      );
    });
  });

  it('learns from masks as well, with a projector on the shallowest tap and the windows', async () => {
    const { reports } = await run(
      options('both', { objective: 'both', data: set.masked, projectorSteps: 0, steps: 1 }),
    );
    expect(Object.keys(reports[0]?.losses ?? {})).toEqual(['partial', 'sharing', 'masks', 'maskShare']);
    expect(Number.isFinite(reports[0]?.total)).toBe(true);
    expect((await numbersOf(join(root, 'both/last'))).get('projector.weight')).toHaveLength(16 * 32);
  });

  it('may be given up and taken up in one folder of caches: features of another choice are apart', async () => {
    const cacheFolder = join(root, 'shared');
    const stages: string[][] = [];
    for (const [index, recipe] of (['dense-captions', 'tags', 'dense-captions', 'tags'] as const).entries()) {
      const seen: string[] = [];
      stages.push(seen);
      await run(
        options(`choice ${String(index)}`, {
          recipe,
          cacheFeatures: true,
          cacheFolder,
          steps: 1,
          onProgress: ({ stage }) => seen.push(stage),
        }),
      );
    }
    expect(stages.map((seen) => seen.includes('features'))).toEqual([true, true, false, false]);
  });
});

describe('objective "masks" with recipe "dense-captions"', () => {
  it.each([
    ['a picture encoder that ends with its last tap', { init: model }],
    [
      'a ready-made trunk',
      {
        init: 'random',
        trunk: writeTinyTrunk(join(root, 'trunk')),
        decoder: { reduceDim: 8, heads: 2, intermediateSize: 16 },
        unknownCategories: 'leave-out',
      },
    ],
  ] as const)('reads no windows: it keeps no features, and takes %s', async (name, choices) => {
    const progress: TrainProgress[] = [];
    const { reports } = await run(
      options(name, {
        ...choices,
        objective: 'masks',
        data: set.masked,
        projectorSteps: 0,
        steps: 1,
        onProgress: (now) => progress.push(now),
      }),
    );
    expect(progress).toEqual([{ stage: 'load' }, ESTIMATE]);
    expect(Object.keys(reports[0]?.losses ?? {})).toEqual(['masks', 'maskShare']);
    expect((await numbersOf(join(root, name, 'last'))).has('projector.weight')).toBe(false);
  });
});

describe('windows that cannot be read', () => {
  it('are those without a cache', async () => {
    expect(await failureOf(run(options('uncached', { cacheFeatures: false })))).toBe(
      'RangeError: Cannot train: cacheFeatures must be true with recipe "dense-captions", whose windows are ' +
        'encoded once, got false',
    );
  });

  it('are those of a ready-made trunk', async () => {
    const choices = {
      init: 'random',
      trunk: writeTinyTrunk(join(root, 'ready-made')),
      decoder: { reduceDim: 8, heads: 2, intermediateSize: 16 },
    } as const;
    expect(await failureOf(run(options('ready-made run', choices)))).toBe(
      'CHECKPOINT_FORMAT: Cannot train: checkpoint must have CLIP\'s picture encoder for recipe "dense-captions" ' +
        '(recipe "tags" needs none), got a ready-made trunk',
    );
  });

  it(
    'are those of an encoder that ends with its last tap: the missing tensor is named, and nothing is left in the ' +
      'way of another try',
    async () => {
      const cacheFolder = join(root, 'cut off cache');
      expect(await failureOf(run(options('cut off', { init: model, cacheFolder })))).toBe(
        'CHECKPOINT_FORMAT: Cannot load checkpoint: tensor "clip.vision_model.post_layernorm.weight" [16] must be in ' +
          `model.safetensors, got none (${join(model, 'model.safetensors')})`,
      );
      expect(readdirSync(join(cacheFolder, 'features'))).toEqual([]);
      expect(await failureOf(run(options('cut off', { steps: 1 })))).toBe('no error');
    },
  );
});
