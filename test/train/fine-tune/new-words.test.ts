/** What the classes of new data become in a checkpoint's table of words. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { LabelInput } from '@synseg/core';
import { WordTable } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { taughtWords, wordsWith, type EmbedLabels } from '../../../packages/train/src/fine-tune/new-words.ts';
import { gaussians } from '../../support/random.ts';
import { SMALL_WORDS, writeWords } from '../../support/small-words.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const DIM = 8;
const load = async (content: unknown): Promise<WordTable> =>
  (await WordTable.load(writeWords(mkdtempSync(join(root, 'model-')), content), DIM))!;
const table = await load(SMALL_WORDS);

const nameOf = (label: LabelInput): string => (typeof label === 'string' ? label : label.name);
/** A vector of each name; all in `alike` have nearly the same. */
const embedding =
  (alike: readonly string[] = []): EmbedLabels =>
  async (labels) =>
    labels.map((label) => {
      const name = nameOf(label);
      const seed = alike.includes(name) ? 1 : [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7);
      return gaussians(DIM, seed % 100_003).map((value) => value + (alike.includes(name) ? name.length * 1e-3 : 0));
    });
const distance = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((value, at) => value - b[at]!));

describe('taughtWords()', () => {
  it('teaches a class, its plural and its synonym as the class', () => {
    expect(taughtWords(table, ['Dog', 'cars', 'couch'])).toEqual([
      { name: 'Dog', taught: 'dog', isNew: false },
      { name: 'cars', taught: 'car', isNew: false },
      { name: 'couch', taught: 'sofa', isNew: false },
    ]);
  });

  it('makes classes of kinds, of unknown words, and of a second name of the same class', () => {
    expect(taughtWords(table, ['car', 'automobile', 'poodle', 'red bus', 'forklift_truck', 'gizmo'])).toEqual([
      { name: 'car', taught: 'car', isNew: false },
      { name: 'automobile', taught: 'automobile', isNew: true, like: 'car' },
      { name: 'poodle', taught: 'poodle', isNew: true, like: 'dog' },
      { name: 'red bus', taught: 'red bus', isNew: true, like: 'bus' },
      { name: 'forklift_truck', taught: 'forklift truck', isNew: true },
      { name: 'gizmo', taught: 'gizmo', isNew: true },
    ]);
  });

  it('is one class for names that are compared alike', () => {
    const taught = taughtWords(table, ['Traffic_Cone', 'traffic cone']);
    expect(taught.map((word) => [word.taught, word.isNew])).toEqual([
      ['Traffic Cone', true],
      ['Traffic Cone', false],
    ]);
  });
});

describe('wordsWith()', () => {
  const taught = taughtWords(table, ['poodle', 'couch', 'forklift', 'gizmo']);

  it('is a table in which the new classes answer as themselves, and all others as before', async () => {
    const words = await load(await wordsWith(SMALL_WORDS, taught, embedding(), false));
    expect(words.classes).toEqual([...table.classes, 'poodle', 'forklift', 'gizmo']);
    for (const name of ['poodle', 'forklift', 'gizmo'])
      expect(words.find(name)).toEqual({ answered: name, why: 'class' });
    expect(words.find('poodles')?.answered).toBe('poodle');
    expect(['husky', 'couch', 'Saint Bernard'].map((word) => words.find(word)?.answered)).toEqual([
      'dog',
      'sofa',
      'dog',
    ]);
    // It was unknown and near to these.
    expect(words.alike('road roller')).toEqual(['truck', 'car']);
  });

  it('gives a kind an embedding near to its class, as far from it as classes stand from each other', async () => {
    const words = await load(await wordsWith(SMALL_WORDS, taught, embedding(), false));
    const classes = await embedding()(Object.keys(SMALL_WORDS.classes));
    const dog = classes[0]!;
    const apart = distance(words.vectorOf('poodle')!, dog);
    const nearest = classes.map((one) =>
      Math.min(...classes.filter((other) => other !== one).map((other) => distance(one, other))),
    );
    expect(apart).toBeGreaterThan(0.9 * Math.min(...nearest));
    expect(apart).toBeLessThan(1.1 * Math.max(...nearest));
    expect(words.vectorOf('sofa')).toBeUndefined();
  });

  it('gives an unknown word one only where the text encoder does not tell it from another', async () => {
    const clear = await load(await wordsWith(SMALL_WORDS, taught, embedding(), false));
    expect([clear.vectorOf('forklift'), clear.vectorOf('gizmo')]).toEqual([undefined, undefined]);
    const vague = await load(await wordsWith(SMALL_WORDS, taught, embedding(['forklift', 'gizmo']), false));
    expect(vague.vectorOf('forklift')).toBeUndefined();
    const [forklift] = await embedding(['forklift'])(['forklift']);
    expect(distance(vague.vectorOf('gizmo')!, forklift!)).toBeGreaterThan(0.5);
  });

  it('with only is a table of the taught classes', async () => {
    const words = await load(await wordsWith(SMALL_WORDS, taught, embedding(), true));
    expect(words.classes).toEqual(['sofa', 'poodle', 'forklift', 'gizmo']);
    expect(words.find('dog')).toBeUndefined();
    expect(words.find('settee')?.answered).toBe('sofa');
  });
});
