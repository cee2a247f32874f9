/** Words and their parts of speech. */
import { expect, it } from 'vitest';
import { Tagger } from '../../../packages/train/src/phrases/tagger.ts';

it('tag() gives words in order, their tags, and which of them stand without a space before', () => {
  expect(new Tagger().tag('a red t-shirt')).toEqual([
    { text: 'a', pos: 'DET', attached: false },
    { text: 'red', pos: 'ADJ', attached: false },
    { text: 't', pos: 'NOUN', attached: false },
    { text: '-', pos: 'PUNCT', attached: true },
    { text: 'shirt', pos: 'NOUN', attached: true },
  ]);
});

it('tag() gives the same after its instance was replaced, with words it had not met before', () => {
  const tagger = new Tagger(20);
  const first = tagger.tag('a qwertyish car on the street');
  expect(tagger.tag('a zxcvbish car on the street').map(({ pos }) => pos)).toEqual(first.map(({ pos }) => pos));
  expect(tagger.tag('a qwertyish car on the street')).toEqual(first);
});

it('tag() goes on however often its instance was replaced', { timeout: 60_000 }, () => {
  const tagger = new Tagger(1);
  for (let replaced = 0; replaced < 40; replaced++) tagger.tag('a car');
  expect(tagger.tag('a red car').map(({ pos }) => pos)).toEqual(['DET', 'ADJ', 'NOUN']);
});
