import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabelSet, Segmenter, type LabelInput, type SegmentOptions } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { classLabels } from '@synseg/street-world/bench/prompts.ts';
import { forEachPicture, scoreClasses, scoreNouns } from '@synseg/street-world/bench/scores.ts';
import type { StreetPicture } from '@synseg/street-world/bench/sets.ts';
import { IoUTally } from '@synseg/street-world/bench/tally.ts';
import { IGNORED, classIndex, type ClassName } from '@synseg/street-world/classes.ts';
import { classesJson } from '@synseg/street-world/dataset.ts';
import { picture as noise } from '../../../support/random.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../../support/tiny-clipseg.ts';
import { FakeModel, labelMap, writePicture } from '../../../train/evaluate/fake-model.ts';

const folder = temporaryFolder();
const cacheFolder = temporaryFolder();
const of = (...names: (ClassName | 'clutter')[]): Uint8Array =>
  Uint8Array.from(names, (name) => (name === 'clutter' ? IGNORED : classIndex(name)));

/** A picture of one row of pixels. */
function row(name: string, ...truth: (ClassName | 'clutter')[]): StreetPicture {
  return { name, image: name, width: truth.length, height: 1, classes: of(...truth) };
}

/** Labels that nothing is embedded for. */
function labels(...names: readonly string[]): LabelSet {
  return new LabelSet({
    names,
    embeddings: new Float32Array(names.length * 2),
    thresholds: names.map(() => undefined),
    background: 'none',
  });
}

/** What is found in each picture: a label per pixel, a mask per label. */
type Findings = Readonly<
  Record<string, { readonly taken: readonly string[]; readonly masks: Readonly<Record<string, readonly number[]>> }>
>;

/** Finds what it is told to, and keeps what it was asked. */
class FakeSegmenter {
  readonly asked: { readonly names: readonly string[]; readonly options: SegmentOptions }[] = [];
  readonly #found: Findings;

  constructor(found: Findings) {
    this.#found = found;
  }

  async segment(
    image: string,
    { names }: LabelSet,
    options: SegmentOptions = {},
  ): Promise<{ labelMap: Uint8Array; mask: (label: string) => Uint8Array }> {
    this.asked.push({ names, options });
    const { taken, masks } = this.#found[image]!;
    return Promise.resolve({
      labelMap: Uint8Array.from(taken, (name) => names.indexOf(name)),
      mask: (label) => Uint8Array.from(masks[label]!),
    });
  }
}

describe('IoUTally', () => {
  it('pools pictures before it divides, and leaves out what neither occurs nor was found', () => {
    const tally = new IoUTally();
    tally.add('car', 1, 2, 1);
    tally.add('car', 3, 4, 6);
    tally.add('bus', 0, 0, 5);
    tally.add('van', 0, 0, 0);
    expect([tally.iou('car'), tally.iou('bus'), tally.iou('van'), tally.iou('dog')]).toEqual([4 / 9, 0, null, null]);
    expect([tally.mean(['car', 'bus', 'van']), tally.mean(['van'])]).toEqual([4 / 18, null]);
  });
});

describe('scoreNouns()', () => {
  const pictures = [
    row('a', 'road', 'road', 'car', 'car', 'clutter', 'sky'),
    row('b', 'road', 'bus', 'bus', 'bus', 'road', 'clutter'),
  ];
  const found = {
    a: {
      taken: ['road', 'car', 'car', 'bus', 'bus', 'car'],
      masks: { road: [1, 1, 1, 0, 1, 0], car: [0, 0, 1, 0, 1, 1], bus: [1, 1, 1, 1, 1, 1] },
    },
    b: {
      taken: ['road', 'bus', 'bus', 'car', 'bus', 'car'],
      masks: { road: [1, 0, 0, 0, 0, 1], car: [1, 1, 1, 1, 1, 1], bus: [0, 1, 1, 1, 1, 1] },
    },
  };

  it('counts argmax over all pictures, on pixels of classes that were asked for', async () => {
    const model = new FakeSegmenter(found);
    const { argmax } = await scoreNouns(model, pictures, labels('road', 'car', 'bus'), {
      groups: { seen: ['road', 'car'], unseen: ['bus'] },
    });
    // road: 2 hits of 4 true and 2 found; car: 1 of 2 and 3; bus: 2 of 3 and 4. The sky's pixel does not count.
    expect(argmax.perClass).toEqual({ road: 0.5, car: 0.25, bus: 0.4 });
    expect([argmax.mean, argmax.groups]).toEqual([1.15 / 3, { seen: 0.375, unseen: 0.4 }]);
    expect(
      model.asked.map(({ names, options }) => [
        names.join(),
        options.output,
        options.background,
        options.threshold,
        options.views,
      ]),
    ).toEqual([
      ['road,car,bus', ['labels', 'masks'], 'none', 0.5, 1],
      ['road,car,bus', ['labels', 'masks'], 'none', 0.5, 1],
    ]);
  });

  it("counts each label's own map in the pictures that have the class, on all pixels but clutter", async () => {
    const { threshold } = await scoreNouns(new FakeSegmenter(found), pictures, labels('road', 'car', 'bus'), {
      groups: { seen: ['road', 'car'], unseen: ['bus'] },
    });
    // road: 2 + 1 hits of 4 true and 3 + 1 found; car: in a alone, 1 of 2 true and 2 found, one of them sky; bus: in b
    // alone, 3 of 3 and 4.
    expect(threshold.perClass).toEqual({ road: 0.6, car: 1 / 3, bus: 0.75 });
    expect([threshold.groups['seen'], threshold.groups['unseen']]).toEqual([(0.6 + 1 / 3) / 2, 0.75]);
  });

  it('lets only the classes of the picture compete when asked to', async () => {
    const model = new FakeSegmenter({
      ...found,
      a: { ...found.a, taken: ['road', 'car', 'car', 'road', 'car', 'car'] },
      b: { ...found.b, taken: ['road', 'bus', 'bus', 'road', 'road', 'bus'] },
    });
    const { argmax, threshold } = await scoreNouns(model, pictures, labels('road', 'car', 'bus', 'dog'), {
      labels: 'present',
      threshold: 0.3,
      views: 5,
    });
    expect(model.asked.map(({ names, options }) => [names, options.threshold, options.views])).toEqual([
      [['road', 'car'], 0.3, 5],
      [['road', 'bus'], 0.3, 5],
    ]);
    // road: 1 + 2 hits of 4 true and 2 + 3 found.
    expect(argmax.perClass).toEqual({ road: 0.5, car: 1 / 3, bus: 2 / 3, dog: null });
    expect(threshold.perClass['road']).toBe(0.6);
  });

  it('refuses a label that is no class', async () => {
    await expect(scoreNouns(new FakeSegmenter(found), pictures, labels('road', 'truck'))).rejects.toThrow(
      'Cannot score nouns: labels must be classes of the drawn world, got "truck"',
    );
  });

  it('gives a real network the same score twice, and a part of its labels the maps they had among all', async () => {
    await using segmenter = await Segmenter.load(writeTinyClipseg(join(folder, 'tiny')), {
      device: 'cpu',
      threads: 1,
      cacheFolder,
    });
    const asked = await segmenter.labels(classLabels());
    const raw = noise(48, 32, 3);
    const several = Array.from({ length: 12 }, (_, index): StreetPicture => ({
      name: String(index),
      image: '',
      width: 48,
      height: 32,
      classes: Uint8Array.from({ length: 48 * 32 }, (_none, pixel) => (pixel + index * 5) % 24),
    }));
    const model = {
      segment: (_image: string, some: LabelSet, options?: SegmentOptions) => segmenter.segment(raw, some, options),
    };
    const first = await scoreNouns(model, several, asked);
    expect(await scoreNouns(model, several, asked)).toEqual(first);
    const values = Object.values(first.argmax.perClass);
    expect([values.length, new Set(values).size > 4]).toEqual([24, true]);
    const part = await scoreNouns(model, several, await segmenter.labels(classLabels({}, ['car', 'road'])));
    expect(part.threshold.perClass).toEqual({
      car: first.threshold.perClass['car'],
      road: first.threshold.perClass['road'],
    });
  });
});

describe('scoreClasses()', () => {
  const write = async (name: string): Promise<string> => {
    const root = join(folder, name);
    await writePicture(root, 'test-00000000', [[9, 9, 17, 255]]);
    await writePicture(root, 'test-00000001', [[9, 0, 0, 0]]);
    await writePicture(root, 'test-00000002', [[1, 1, 1, 1]]);
    await writeFile(join(root, 'classes.json'), classesJson());
    return root;
  };
  const find = (image: string): ReturnType<typeof labelMap> =>
    labelMap([image.includes('test-00000000') ? [9, 17, 17, 17] : [9, 9, 0, 0]]);

  it('scores the pictures of the set, and none that lie beside them', async () => {
    const score = await scoreClasses(new FakeModel(find), {
      folder: await write('plain'),
      names: ['test-00000000', 'test-00000001'],
    });
    expect([score.images, score.perClass['road'], score.perClass['car'], score.perClass['cloud']]).toEqual([
      2,
      0.5,
      0.5,
      null,
    ]);
    expect(score.mIoU).toBeCloseTo((0.5 + 0.5 + 2 / 3) / 3, 9);
    expect([score.protocol.classList, score.protocol.templates, score.protocol.labels]).toEqual([null, 'plain', 'all']);
  });

  it('asks in other words when told to, and says so', async () => {
    const prompts: unknown[] = [];
    class Listening extends FakeModel {
      override labels(some: readonly LabelInput[]): Promise<LabelSet> {
        prompts.push(some.find((label) => typeof label !== 'string' && label.name === 'road'));
        return super.labels(some);
      }
    }
    const set = { folder: await write('names'), names: ['test-00000000', 'test-00000001'] };
    const { protocol } = await scoreClasses(new Listening(find), set, {
      asking: { words: 'names', templates: 'clipseg' },
      views: 5,
    });
    expect(prompts[0]).toEqual({ name: 'road', prompts: ['a photo of a road.'] });
    expect([protocol.templates, protocol.views, protocol.classList?.includes('classes-')]).toEqual([
      'clipseg',
      5,
      true,
    ]);
    await scoreClasses(new Listening(find), set);
    expect(prompts.at(-1)).toEqual({ name: 'road', prompts: ['road', 'street'] });
  });
});

describe('forEachPicture()', () => {
  it('has eight in progress at most and stops at the first error', async () => {
    let [now, most, started] = [0, 0, 0];
    const work = async (index: number): Promise<void> => {
      started++;
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now--;
      if (index === 20) throw new Error('twenty');
    };
    await expect(
      forEachPicture(
        Array.from({ length: 100 }, (_, index) => index),
        work,
      ),
    ).rejects.toThrow('twenty');
    expect([most, started < 40]).toEqual([8, true]);
  });
});
