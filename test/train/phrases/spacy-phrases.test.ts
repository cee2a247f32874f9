/** Chunks that spaCy found become phrases like ours. */
import { describe, expect, it } from 'vitest';
import { spacyPhrases } from '../../../packages/train/src/phrases/spacy-phrases.ts';

describe('spacyPhrases()', () => {
  it('drops determiners, possessives, numbers and pronouns of strings', () => {
    expect(
      spacyPhrases([
        'A red  car',
        'the street.',
        'his two dogs',
        'it',
        'which',
        'the',
        '7',
        'this',
        'that old house',
        '"Vase"',
      ]),
    ).toEqual(['red car', 'street', 'dogs', 'old house', 'vase']);
  });

  it('keeps adjectives, participles and nouns of tagged tokens, and drops chunks without a noun', () => {
    const tagged = (...tokens: [string, string][]): unknown => ({
      text: tokens.map(([text]) => text).join(' '),
      tokens,
    });
    const chunks = [
      tagged(['A', 'DET'], ['parked', 'VERB'], ['Red', 'ADJ'], ['car', 'NOUN']),
      tagged(['a', 'DET'], ['black', 'ADJ'], ['and', 'CCONJ'], ['white', 'ADJ'], ['cat', 'NOUN']),
      tagged(['his', 'PRON'], ['t', 'NOUN'], ['-', 'PUNCT'], ['shirt', 'NOUN']),
      tagged(['the', 'DET'], ['homeless', 'ADJ']),
      tagged(['two', 'NUM'], ['very', 'ADV'], ['big', 'ADJ'], ['Paris', 'PROPN'], ['hotels', 'NOUN']),
    ];
    expect(spacyPhrases(chunks)).toEqual(['parked red car', 'black and white cat', 't-shirt', 'big paris hotels']);
    expect(spacyPhrases(chunks, 'nouns')).toEqual(['car', 'cat', 't-shirt', 'paris hotels']);
    expect(spacyPhrases(chunks.slice(0, 3), 'both')).toEqual([
      'parked red car',
      'car',
      'black and white cat',
      'cat',
      't-shirt',
    ]);
  });

  it('keeps with paper what is tagged NOUN alone, and needs tags for it', () => {
    const tokens = [
      ['his', 'PRON'],
      ['Paris', 'PROPN'],
      ['t', 'NOUN'],
      ['-', 'PUNCT'],
      ['Shirt', 'NOUN'],
    ];
    expect(spacyPhrases([{ text: 'his Paris t-Shirt', tokens }], 'paper')).toEqual(['t shirt']);
    expect(spacyPhrases([{ text: '#', tokens: [['#', 'NOUN']] }], 'paper')).toEqual([]);
    expect(spacyPhrases([{ text: 'it', pos: ['PRON'] }], 'paper')).toEqual([]);
    for (const chunk of ['a dog', { text: 'a dog' }]) expect(spacyPhrases([chunk], 'paper')).toBeUndefined();
  });

  it('reads tokens as objects, and parts of speech as a list beside the text', () => {
    expect(
      spacyPhrases([
        {
          text: 'a dog',
          tokens: [
            { text: 'a', pos: 'DET' },
            { text: 'dog', pos: 'NOUN' },
          ],
        },
      ]),
    ).toEqual(['dog']);
    expect(
      spacyPhrases([
        {
          text: 'a dog',
          tokens: [
            { text: 'a', pos_: 'DET' },
            { text: 'dog', pos_: 'NOUN' },
          ],
        },
      ]),
    ).toEqual(['dog']);
    expect(
      spacyPhrases([
        { text: 'some very old', pos: ['DET', 'ADV', 'ADJ'] },
        { text: 'a t-shirt', pos: ['DET', 'NOUN', 'PUNCT', 'NOUN'] },
        { text: 'the cat' },
      ]),
    ).toEqual(['t-shirt', 'cat']);
  });

  it('says when it is no list of chunks', () => {
    for (const value of [undefined, 'a dog', { text: 'a dog' }, [7], [null], [{ word: 'dog' }]])
      expect(spacyPhrases(value)).toBeUndefined();
  });
});
