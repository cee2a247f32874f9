/** Words of the checkpoint that ships: what it answers to, and what it says that it does not know. */
import { afterAll, describe, expect, it } from 'vitest';
import { Segmenter } from '@synseg/core';
import { FORMS, STRANGERS, TRAINED } from '../../../bench/support/word-lists.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const segmenter = await Segmenter.load('embedded', { device: 'cpu', threads: 1, cacheFolder: temporaryFolder() });
afterAll(() => segmenter.dispose());

/** Words near unknown ones. */
const NEAREST: Readonly<Record<string, readonly string[]>> = {
  'rocking horse': ['horse', 'frisbee', 'kite'],
  'toy car': ['car'],
  'pushchair': ['chair', 'bicycle', 'skateboard'],
  'firetruck': ['truck', 'fire truck'],
  'fork lift truck': ['truck'],
  'giraff': ['giraffe'],
  'elephent': ['elephant'],
  'umbrela': ['umbrella'],
  'refridgerator': ['refrigerator'],
  'forklift': ['truck', 'car'],
  'lion': ['cat'],
  'goat': ['sheep', 'cow'],
  'violin': [],
};

describe('the embedded checkpoint', () => {
  it('is asked sixty plurals, synonyms and kinds, fifty names and kinds, and fifty strange words', () => {
    expect([FORMS, TRAINED, STRANGERS].map((words) => words.length)).toEqual([60, 50, 50]);
    expect(new Set([...FORMS, ...TRAINED].map(({ asked }) => asked)).size).toBe(110);
    expect(new Set(STRANGERS).size).toBe(50);
  });

  it('answers as the class that a word means', async () => {
    const words = [...FORMS, ...TRAINED];
    const set = await segmenter.labels(words.map(({ asked }) => asked));
    expect(set.words.map(({ asked, answered }) => ({ asked, means: answered }))).toEqual(words);
    expect(set.words.filter(({ why }) => why === 'text')).toEqual([]);
    expect(set.unknown).toEqual([]);
  });

  it('has one embedding and one threshold for all words of a class', async () => {
    const words = [...new Map(FORMS.map((word) => [word.means, word])).values()];
    const asked = await segmenter.labels(words.map((word) => word.asked));
    const means = await segmenter.labels(words.map((word) => word.means));
    expect(asked.embeddings).toEqual(means.embeddings);
    expect(asked.ruleWith({})).toEqual(means.ruleWith({}));
  });

  it('says that things that are none of its classes are unknown, and names classes alone beside them', async () => {
    const { unknown, words } = await segmenter.labels(STRANGERS);
    expect(unknown.map(({ asked }) => asked)).toEqual(STRANGERS);
    const near = await segmenter.labels([...new Set(unknown.flatMap(({ nearest }) => nearest))]);
    expect(near.words.filter(({ why }) => why !== 'class')).toEqual([]);
    expect(words.filter(({ why }) => why !== 'unknown')).toEqual([]);
  });

  it('names what a misspelled word may be, what a longer word ends with, and what kind of thing it is', async () => {
    const { unknown } = await segmenter.labels(Object.keys(NEAREST));
    expect(Object.fromEntries(unknown.map(({ asked, nearest }) => [asked, nearest]))).toEqual(NEAREST);
  });
});
