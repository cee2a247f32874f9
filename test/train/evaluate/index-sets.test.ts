/** Evaluation on a folder of several sets: a score of each, and means over them. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../packages/train/src/evaluate/evaluate.ts';
import type { EvaluateOptions } from '../../../packages/train/src/evaluate/evaluate-options.ts';
import { formatScore } from '../../../packages/train/src/evaluate/format-score.ts';
import { SHARED } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf, write } from '../data/fixtures.ts';
import { SETS, writePhotos, type Photo } from '../data/photo-folder.ts';
import type { LabelMap } from '../../../packages/train/src/evaluate/contest.ts';
import { FakeModel, labelMap, type Rows } from './fake-model.ts';

const folder = temporaryFolder();
const val = (set: string, labels: readonly string[], mask: Rows): Photo => ({ set, labels, mask, split: 'val' });
const root = await writePhotos(join(folder, 'photos'), [
  val('rooms', ['wall', 'sofa'], [[0, 0, 2, 255]]),
  val('rooms', ['person'], [[1, 1, 1, 1]]),
  val('things', ['body', 'face'], [[1, 2, 254, 254]]),
  { ...val('things', ['cat'], [[0, 0, 0, 0]]), split: 'train' },
]);
const options: EvaluateOptions = { dataset: 'index-jsonl', root, rename: { body: 'person', face: 'person' } };

/** Finds these labels, by the number of the picture; `none` is background. */
function finding(
  found: Readonly<Record<string, readonly string[]>>,
  vocabulary?: readonly string[],
  answers?: Readonly<Record<string, string>>,
): FakeModel {
  const find = (image: string, names: readonly string[]): LabelMap => {
    const labels = found[basename(image, '.png')]!;
    return labelMap([labels.map((label) => (label === 'none' ? 255 : names.indexOf(label)))]);
  };
  return new FakeModel(find, vocabulary, answers);
}

const found = {
  0: ['wall', 'sofa', 'sofa', 'wall'],
  1: ['person', 'person', 'wall', 'wall'],
  2: ['person', 'tv', 'person', 'tv'],
};

describe('evaluate() on several sets', () => {
  it('scores each on its own classes: those that occur in truth or prediction, unknown pixels left out', async () => {
    const model = finding(found);
    const score = await evaluate(model, options);
    expect(model.asked.map((names) => names.join()).toSorted()).toEqual([
      'cat,person,tv',
      'wall,person,sofa',
      'wall,person,sofa',
    ]);
    const { rooms, things } = score.sets!;
    expect(Object.keys(score.sets!)).toEqual(['rooms', 'things']);
    // wall: 1 of 2 found and 2 others taken for it; person: 2 of 4; sofa: 1 found and another taken for it.
    expect(rooms!.perClass).toEqual({ wall: 0.25, person: 0.5, sofa: 0.5 });
    expect(rooms!.mIoU).toBeCloseTo(1.25 / 3, 10);
    expect(rooms!.pixelAccuracy).toBeCloseTo(4 / 7, 10);
    // Both values of "person" are it; what is none of the classes is background; cat is in neither.
    expect(things!.perClass).toMatchObject({ cat: null, tv: 0, background: 0 });
    expect(things!.perClass['person']).toBeCloseTo(1 / 3, 10);
    expect(things!.mIoU).toBeCloseTo(1 / 9, 10);
    expect([things!.pixelAccuracy, things!.images]).toEqual([0.25, 1]);
    expect([rooms!.protocol.background, things!.protocol.background]).toEqual([null, 'class']);
    expect([rooms!.protocol.decision, things!.protocol.decision]).toEqual([
      'argmax',
      "argmax of the labels with an activation of at least the checkpoint's threshold",
    ]);
    expect([rooms!.protocol.set, things!.protocol.split]).toEqual(['rooms', 'val']);
    expect(JSON.parse(JSON.stringify(score))).toEqual(score);
  });

  it('gives means over the sets, and counts of each label over all of them', async () => {
    const score = await evaluate(finding(found), options);
    const { rooms, things } = score.sets!;
    expect(score.mIoU).toBeCloseTo((rooms!.mIoU + things!.mIoU) / 2, 10);
    expect(score.pixelAccuracy).toBeCloseTo((rooms!.pixelAccuracy + things!.pixelAccuracy) / 2, 10);
    expect(score.chanceMIoU).toBeCloseTo((rooms!.chanceMIoU + things!.chanceMIoU) / 2, 10);
    expect([score.classes, score.images]).toEqual([['wall', 'person', 'sofa', 'cat', 'tv', 'background'], 3]);
    expect(score.labelsPerImage).toBeCloseTo(10 / 3, 10);
    // Of 6 pixels 3 are found, and one more is taken for a person.
    expect(score.perClass).toMatchObject({ wall: 0.25, sofa: 0.5, cat: null, tv: 0, background: 0 });
    expect(score.perClass['person']).toBeCloseTo(3 / 7, 10);
    expect(score.confusion[1]).toEqual([2, 3, 0, 0, 1, 0]);
    expect([score.leftOut, score.failures]).toEqual([{ classes: [], pixels: 0, sets: [] }, []]);
  });

  it('joins classes that the checkpoint answers as one word: their contest would be none', async () => {
    const model = finding({ 2: ['person', 'none', 'person', 'tv'] }, undefined, { face: 'person', body: 'person' });
    const score = await evaluate(model, { ...options, rename: {}, sets: ['things'] });
    expect(model.asked).toEqual([['cat', 'person', 'tv']]);
    expect(score.sets!['things']!.classes).toEqual(['cat', 'person', 'tv', 'background']);
    expect(score.perClass['person']).toBeCloseTo(1 / 3, 10);
  });

  it('takes the background as a class: what no label reaches its threshold for', async () => {
    const answers = { ...found, 2: ['person', 'none', 'none', 'tv'] };
    const score = await evaluate(finding(answers), options);
    expect(await evaluate(finding(answers), { ...options, threshold: 0.5 })).toMatchObject({ mIoU: score.mIoU });
    const { rooms, things } = score.sets!;
    expect([rooms!.protocol.background, things!.protocol.background]).toEqual([null, 'class']);
    expect(rooms!.classes).toEqual(['wall', 'person', 'sofa']);
    expect(things!.perClass['background']).toBeCloseTo(1 / 3, 10);
    expect(things!.perClass).toMatchObject({ cat: null, person: 0.5, tv: 0 });
    const ignored = await evaluate(finding(answers), { ...options, background: 'ignore' });
    expect(ignored.sets!['things']!.perClass).toEqual({ cat: null, person: 0.5, tv: null });
  });

  it('evaluates the sets and the split that are named, each up to the limit', async () => {
    const score = await evaluate(finding({ 3: ['cat', 'cat', 'cat', 'tv'] }), {
      ...options,
      sets: ['things'],
      split: 'train',
    });
    expect(Object.keys(score.sets!)).toEqual(['things']);
    expect(score.sets!['things']!.perClass).toEqual({ cat: 0.75, person: null, tv: 0, background: null });
    const dones: string[] = [];
    const limited = await evaluate(finding(found), {
      ...options,
      limit: 1,
      onProgress: ({ done, total }) => void dones.push(`${done}/${total}`),
    });
    expect([limited.images, dones]).toEqual([2, ['1/2', '2/2']]);
    expect(await failureOf(evaluate(finding(found), { ...options, offset: 1 }))).toBe(
      'RangeError: Cannot evaluate index-jsonl: offset must be below its 1 pictures, got 1',
    );
  });

  it('leaves out sets of which the checkpoint has no class, unless that is all', async () => {
    const score = await evaluate(finding(found, ['wall', 'sofa']), options);
    expect([Object.keys(score.sets!), score.leftOut]).toEqual([
      ['rooms'],
      { classes: ['person'], pixels: 4, sets: ['things'] },
    ]);
    expect(formatScore(score)).toContain('left out, as the checkpoint has no embedding of a class: things');
    expect(await failureOf(evaluate(finding(found, ['lamp']), options))).toContain('LABEL_UNKNOWN: Cannot evaluate: ');
  });

  it('names pictures that cannot be evaluated, with file, rule and value', async () => {
    const own = await writePhotos(join(folder, 'broken'), [
      val('rooms', ['wall'], [[0, 0]]),
      val('rooms', ['wall'], [[0, 9]]),
      val('rooms', ['wall'], [[0, 254]]),
    ]);
    const all = ['wall', 'wall'];
    const score = await evaluate(finding({ 0: all, 1: all, 2: all }), { dataset: 'index-jsonl', root: own });
    expect(score.failures).toEqual(
      [9, 254].map((value, place) => ({
        key: `rooms/${place + 1}.png`,
        reason:
          'Cannot evaluate picture: mask must hold indices of the class list or ignored values, got ' +
          `${value} in ${join(own, `rooms/${place + 1}.mask.png`)}`,
      })),
    );
  });

  it('writes a sheet of one set', async () => {
    const sheet = join(folder, 'sheet.png');
    await evaluate(finding(found), { ...options, sets: ['rooms'], sheet });
    expect(existsSync(sheet)).toBe(true);
    expect(await failureOf(evaluate(finding(found), { ...options, sheet }))).toBe(
      'RangeError: Cannot evaluate: sheet must be left out for several sets (name one in sets), got it for 2',
    );
  });

  it('refuses what does not fit', async () => {
    const broken = (changes: object): Promise<string> =>
      failureOf(evaluate(finding(found), { ...options, ...changes }));
    expect(await broken({ sets: ['room'] })).toBe(
      'DATASET_FORMAT: Cannot read dataset index-jsonl: sets must be among [rooms, things], got "room"',
    );
    expect(await broken({ dataset: 'index-png' })).toBe(
      'RangeError: Cannot evaluate: rename must be left out for dataset index-png, got it',
    );
    expect(await broken({ dataset: 'ccp', rename: undefined, sets: ['a'] })).toBe(
      'RangeError: Cannot evaluate: sets must be left out for dataset ccp, got it',
    );
    const sets = { ...SETS, things: { ...SETS.things, classes: ['cat', 'body', 'face', 'background'] } };
    const classes = write(join(folder, 'other.json'), JSON.stringify(sets));
    expect(await broken({ classes })).toBe(
      'DATASET_FORMAT: Cannot read dataset index-jsonl: set "things" must not have a class "background" beside a ' +
        'background value, got both',
    );
  });
});

describe('formatScore() of several sets', () => {
  it('has a line for each, then its table', async () => {
    const score = await evaluate(finding(found), options);
    const lines = formatScore(score).split('\n');
    expect(lines[0]).toMatch(
      /^index-jsonl val: mean over 2 sets: mIoU 26\.39 % \(95 % interval .* %\), pixel accuracy 41\.07 %, 3 pictures in /,
    );
    expect(lines[1]).toContain("a set's background value is a class, which pixels have where no label reaches its");
    expect(lines[1]).toContain('classes renamed by {"body":"person","face":"person"}');
    expect(lines.slice(3, 6)).toEqual([
      'set     pictures  mIoU %  pixel accuracy %  chance mIoU %  background',
      expect.stringMatching(/^rooms          2   41\.67             57\.14          \d\d\.\d\d  none$/),
      expect.stringMatching(/^things         1   11\.11             25\.00          \d\d\.\d\d  a class$/),
    ]);
    expect(lines.filter((line) => line.startsWith('class '))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('protocol: '))).toHaveLength(1);
    expect(lines.find((line) => line.startsWith('things: '))).toContain('mIoU 11.11 %');
  });
});

// Skipped without the photographs, which are not part of the repository.
const photographs = join(SHARED, 'data/photos');
it.skipIf(!existsSync(photographs))('reads every set of the photographs', async () => {
  const names = ['nyu', 'voc', 'coco-panoptic', 'coco-things', 'msrc', 'furniture', 'facade', 'animals'];
  const model = new FakeModel(async (image) => {
    const { width, height } = await (await import('sharp')).default(image).metadata();
    return { width, height, labelMap: new Uint8Array(width * height) };
  });
  const score = await evaluate(model, { dataset: 'index-jsonl', root: photographs, limit: 12 });
  expect(Object.keys(score.sets!).toSorted()).toEqual(names.toSorted());
  expect([score.images, score.failures]).toEqual([8 * 12, []]);
  const withBackground = Object.values(score.sets!).filter(({ protocol }) => protocol.background === 'class');
  expect(withBackground.map(({ protocol }) => protocol.set).toSorted()).toEqual(['animals', 'coco-things', 'voc']);
});
