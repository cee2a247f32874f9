/** Tags of captions, corrected word by word. */
import { describe, expect, it } from 'vitest';
import { retag } from '../../../packages/train/src/phrases/retag.ts';
import type { PartOfSpeech } from '../../../packages/train/src/phrases/tagger.ts';

/** Corrected tags of words that are written with theirs: "storm/NOUN hits/NOUN". */
function tagsOf(text: string): string {
  const words = text.split(' ').map((word) => {
    const [given = '', pos = 'X'] = word.split('/');
    return { text: given, pos: pos as PartOfSpeech, attached: false };
  });
  return retag(words)
    .map(({ pos }) => pos)
    .join(' ');
}

describe('retag()', () => {
  it.each([
    ['storm/NOUN hits/NOUN downtown/NOUN', 'NOUN VERB NOUN'],
    ['a/DET woman/NOUN points/NOUN out/ADP', 'DET NOUN VERB ADP'],
    ['signs/NOUN march/NOUN through/ADP', 'NOUN VERB ADP'],
    ['cliff/NOUN faces/NOUN the/DET', 'NOUN VERB DET'],
    ['man/NOUN standing/NOUN on/ADP', 'NOUN VERB ADP'],
    ['while/SCONJ standing/NOUN in/ADP', 'SCONJ VERB ADP'],
    [',/PUNCT displays/NOUN his/PRON', 'PUNCT VERB PRON'],
  ])('takes for verbs what follows a subject: %s', (text, tags) => {
    expect(tagsOf(text)).toBe(tags);
  });

  it.each([
    ['street/NOUN lights/NOUN on/ADP', 'NOUN NOUN ADP'],
    ['brick/NOUN building/NOUN on/ADP', 'NOUN NOUN ADP'],
    ['flowers/NOUN ./PUNCT', 'NOUN PUNCT'],
  ])('leaves nouns behind nouns: %s', (text, tags) => {
    expect(tagsOf(text)).toBe(tags);
  });

  it.each([
    ['rubber/NOUN sole/ADJ', 'NOUN NOUN'],
    ['garden/NOUN shed/VERB', 'NOUN NOUN'],
    ['the/DET back/ADV of/ADP', 'DET NOUN ADP'],
    ['the/DET final/ADJ', 'DET NOUN'],
    ['a/DET guide/VERB leads/VERB', 'DET NOUN VERB'],
    ['traffic/NOUN light/ADJ', 'NOUN NOUN'],
    ['the/DET living/ADJ room/NOUN', 'DET NOUN NOUN'],
    ['the/DET new/ADJ ,/PUNCT heavy/ADJ metal/NOUN', 'DET ADJ PUNCT ADJ NOUN'],
    ['the/DET other/ADJ in/ADP', 'DET ADJ ADP'],
  ])('finds nouns among other words: %s', (text, tags) => {
    expect(tagsOf(text)).toBe(tags);
  });

  it('takes colors for adjectives, but for the one that is meant itself', () => {
    expect(tagsOf('an/DET orange/NOUN and/CCONJ blue/ADJ kite/NOUN')).toBe('DET ADJ CCONJ ADJ NOUN');
    expect(tagsOf('dressed/VERB in/ADP red/NOUN')).toBe('VERB ADP ADJ');
    expect(tagsOf('isolated/VERB on/ADP the/DET white/ADJ')).toBe('VERB ADP DET NOUN');
  });

  it('takes holidays for names', () => {
    expect(tagsOf('a/DET christmas/NOUN tree/NOUN')).toBe('DET PROPN NOUN');
  });
});
