/**
 * The built trainer on convolution trunks by captions and tags: that it learns, resumes and loads, also where masks
 * teach some words and captions another.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { meanOf } from '../objective/numeric.ts';
import { uniform } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyConvolution } from '../../support/tiny-convolution.ts';
import { failureOf } from '../data/fixtures.ts';
import { benchIn, checkpointOf, loads, run, stateOf } from './runs.ts';

const root = temporaryFolder();
const { options, cacheFolder, set } = benchIn(root);
const model = writeTinyConvolution(join(root, 'convolution'));
const [WIDTH, HEIGHT] = [48, 32];
const [SKY, ROAD, UNKNOWN] = [0, 1, 255];
const COLORS = { sky: [120, 180, 250], road: [90, 90, 100], car: [220, 40, 40] } as const;

/** A picture, and its mask: sky and road, unknown where a car is. */
interface Scene {
  readonly pixels: Uint8Array;
  readonly mask: Uint8Array;
}

/** Sky above a road, and on every other picture a car of a quarter of its area somewhere. */
function sceneOf(number: number): Scene {
  const next = uniform(400 + number);
  const [left, top] = [Math.floor(next() * 3) * 12, Math.floor(next() * 3) * 8];
  const places = Array.from({ length: WIDTH * HEIGHT }, (_, at) => [at % WIDTH, Math.floor(at / WIDTH)] as const);
  const isCar = places.map(([x, y]) => number % 2 === 0 && x >= left && x < left + 24 && y >= top && y < top + 16);
  const pixels = places.flatMap(([, y], at) =>
    COLORS[isCar[at] === true ? 'car' : y < HEIGHT / 2 ? 'sky' : 'road'].map((value) =>
      Math.max(0, Math.min(255, Math.round(value + 20 * (next() - 0.5)))),
    ),
  );
  const mask = places.map(([, y], at) => (isCar[at] === true ? UNKNOWN : y < HEIGHT / 2 ? SKY : ROAD));
  return { pixels: Uint8Array.from(pixels), mask: Uint8Array.from(mask) };
}

const scenes = Array.from({ length: 24 }, (_, number) => sceneOf(number));

/** The scenes as two sets: one with captions, which alone name the car, and one without any. */
function writeScenes(): string {
  const folder = join(root, 'scenes');
  const png = (data: Uint8Array, channels: 1 | 3): Uint8Array =>
    encode({ width: WIDTH, height: HEIGHT, data, channels, depth: 8 });
  const rows = scenes.map(({ pixels, mask }, number) => {
    const name = number % 4 < 2 ? 'told' : 'shown';
    mkdirSync(join(folder, name), { recursive: true });
    const [image, masked] = [`${name}/${number}.png`, `${name}/${number}.mask.png`];
    writeFileSync(join(folder, image), png(pixels, 3));
    writeFileSync(join(folder, masked), png(mask, 1));
    const captions = [number % 2 === 0 ? 'A car on the road under the sky.' : 'The sky over the road.'];
    const row = { image, mask: masked, labels: ['sky', 'road'], set: name, split: 'train' };
    return JSON.stringify(name === 'told' ? { ...row, captions } : row);
  });
  writeFileSync(join(folder, 'index.jsonl'), `${rows.join('\n')}\n`);
  const classes = { classes: ['sky', 'road'] };
  writeFileSync(join(folder, 'classes.json'), JSON.stringify({ told: classes, shown: classes }));
  return folder;
}

const tags = { init: model, recipe: 'tags', learningRate: 0.01, projectorLearningRate: 0.05 } as const;

describe('a convolution trunk', () => {
  it('learns from captions beside masks of two sets, of which one has captions', async () => {
    const choices = { ...tags, data: writeScenes(), objective: 'both', steps: 30, projectorSteps: 24 } as const;
    const { reports, warnings } = await run(options('both', { ...choices, batchSize: 8, saveEvery: 30 }));
    expect(warnings).toEqual([]);
    expect(Object.keys(reports.at(-1)!.losses)).toEqual(['grounding', 'distillation', 'masks', 'maskShare']);
    const mean = (from: number): number =>
      meanOf(reports.slice(from, from + 8).map(({ losses }) => losses['grounding'] as number));
    expect(mean(16)).toBeLessThan(0.8 * mean(0));
    expect(await loads(join(root, 'both/last'), ['road', 'car'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('learns from tags, itself too where trainable names it, and resumes to the same bytes', async () => {
    const trainable = ['film', 'reduces', 'layers', 'head', 'projector', 'vision'] as const;
    const choices = { ...tags, unknownCategories: 'leave-out', steps: 6, projectorSteps: 2, trainable } as const;
    const { reports } = await run(options('whole', choices));
    expect(Object.keys(reports.at(-1)!.losses)).toEqual(['grounding', 'distillation']);
    await run(options('resumed', choices), ({ step }) => step === 4);
    expect((await stateOf(join(root, 'resumed'))).step).toBeLessThan(6);
    await run({ ...options('resumed', choices), resume: true });
    expect(checkpointOf(join(root, 'resumed'))).toEqual(checkpointOf(join(root, 'whole')));
    expect(await loads(join(root, 'whole/last'), ['road', 'car'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('takes the losses of the paper', async () => {
    const { reports } = await run(options('paper', { init: model, unknownCategories: 'leave-out', steps: 2 }));
    expect(Object.keys(reports[0]!.losses)).toEqual(['align', 'contrast', 'background', 'separation']);
    expect(reports.every(({ total }) => Number.isFinite(total))).toBe(true);
  });

  it('has no windows, whose recipe wants a picture encoder', async () => {
    expect(await failureOf(run(options('windows', { init: model, recipe: 'dense-captions' })))).toBe(
      'CHECKPOINT_FORMAT: Cannot train: checkpoint must have CLIP\'s picture encoder for recipe "dense-captions" ' +
        '(recipe "tags" needs none), got a convolution trunk',
    );
  });

  it('keeps no features', async () => {
    const cached = run(options('cached', { init: model, objective: 'masks', data: set.masked, cacheFeatures: true }));
    expect(await failureOf(cached)).toContain(
      'Cannot train: cacheFeatures must be false for a convolution trunk, whose finer map is not kept, got true',
    );
  });
});
