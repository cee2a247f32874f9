import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClipTokenizer } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { learnBytePairs, mergesText, type BytePairs } from '../../../packages/train/src/fresh/byte-pairs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const CAPTIONS = [
  'A red car.',
  'the red bus on the road',
  'two red cars, a café and 12 dogs',
  "the dog's road",
  'a red dog on the road',
];

async function tokenizerOf(name: string, learnt: BytePairs): Promise<ClipTokenizer> {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'vocab.json'), JSON.stringify(learnt.vocabulary));
  writeFileSync(join(folder, 'merges.txt'), mergesText(learnt));
  return ClipTokenizer.load(folder, 77);
}

describe('learnBytePairs()', () => {
  it('merges what occurs most often first, and of equals the first in order', async () => {
    // In "ab ab ab cb": a b</w> three times; then c b</w> once, which is no rule.
    const { merges, vocabulary } = await learnBytePairs(['ab ab', 'ab cb'], 600);
    expect(merges).toEqual(['a b</w>']);
    expect(Object.keys(vocabulary)).toHaveLength(515);
    expect([
      vocabulary['!'],
      vocabulary['!</w>'],
      vocabulary['ab</w>'],
      vocabulary['<|startoftext|>'],
      vocabulary['<|endoftext|>'],
    ]).toEqual([33, 33 + 256, 512, 513, 514]);
    expect((await learnBytePairs(['xy ab', 'ab xy'], 515)).merges).toEqual(['a b</w>']);
  });

  it('is the same for the same captions in any order, from any kind of stream', async () => {
    async function* stream(): AsyncGenerator<string> {
      for (const caption of [...CAPTIONS].reverse()) yield await Promise.resolve(caption);
    }
    const [one, other] = [await learnBytePairs(CAPTIONS, 530), await learnBytePairs(stream(), 530)];
    expect(one.merges).toHaveLength(11);
    expect(other).toEqual(one);
  });

  it("is read by core's tokenizer, which gives every text back, unseen ones too", async () => {
    const learnt = await learnBytePairs(CAPTIONS, 560);
    const tokenizer = await tokenizerOf('round', learnt);
    const tokens = new Map(Object.entries(learnt.vocabulary).map(([token, id]) => [id, token]));
    const written = (text: string): string =>
      tokenizer
        .encode(text)
        .slice(1, -1)
        .map((id) => tokens.get(id) as string)
        .join('')
        .replaceAll('</w>', ' ')
        .trim();
    expect(written('A red   car.')).toBe('a red car .');
    expect(written('12 Zebras')).toBe('1 2 zebras');
    // Two bytes of é, as their letters.
    expect(written('café')).toBe('cafÃ©');
    expect(tokenizer.encode('red')).toEqual([
      learnt.vocabulary['<|startoftext|>'],
      learnt.vocabulary['red</w>'],
      learnt.vocabulary['<|endoftext|>'],
    ]);
  });
});
