import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../packages/train/src/data/batch-loader.ts';
import { Random } from '../../../packages/train/src/data/random.ts';
import { START } from '../../../packages/train/src/data/dataset.ts';
import { composePairs } from '../../../packages/train/src/trainer/batch-source.ts';
import { keptTokens, pairBatch, partOfPairs } from '../../../packages/train/src/trainer/pair-batch.ts';
import type { PairEmbeddings } from '../../../packages/train/src/trainer/protocol.ts';
import { retrievalOf, retrieve } from '../../../packages/train/src/trainer/retrieval.ts';
import { NOTHING_LEFT_OUT } from '../data/fixtures.ts';

const tokens: Readonly<Record<string, readonly number[]>> = {
  'red': [9, 1, 8],
  'red car': [9, 1, 2, 8],
  'blue': [9, 3, 8],
};
const batch = pairBatch(
  ['red', 'blue', 'red car', 'red'],
  Uint8Array.from({ length: 12 }, (_, at) => at),
  (text) => tokens[text] as readonly number[],
  4,
);

describe('pairBatch()', () => {
  it('fills captions up with their end token, says where they end and which are the same', () => {
    expect([...batch.ids].map(Number)).toEqual([9, 1, 8, 8, 9, 3, 8, 8, 9, 1, 2, 8, 9, 1, 8, 8]);
    expect([...batch.ends].map(Number)).toEqual([2, 6, 11, 14]);
    expect([...batch.captions].map(Number)).toEqual([0, 1, 2, 0]);
  });

  it('can be taken apart', () => {
    const part = partOfPairs(batch, 2, 4);
    expect([part.pairs, [...part.pixels], [...part.ends].map(Number), [...part.ids.slice(0, 4)].map(Number)]).toEqual([
      2,
      [6, 7, 8, 9, 10, 11],
      [3, 6],
      [9, 1, 2, 8],
    ]);
  });
});

describe('composePairs()', () => {
  it('tells once when captions fill the text encoder', async () => {
    const warnings: string[] = [];
    const compose = composePairs(
      {
        tokenize: (text) => tokens[text] as readonly number[],
        maxTokens: 4,
        tokens: 5,
        patchesKept: undefined,
        seed: 1,
      },
      (message) => warnings.push(message),
    );
    const batchOf = (...captions: string[]): Batch => ({
      images: captions.length,
      pixels: new Uint8Array(captions.length),
      keys: captions,
      indices: captions.map((_, index) => index),
      categories: captions.map((caption) => [caption]),
      said: captions.map((caption) => [caption]),
      leftOut: NOTHING_LEFT_OUT,
      after: START,
    });
    await compose(batchOf('red', 'blue'));
    expect(warnings).toEqual([]);
    for (let time = 0; time < 2; time++) await compose(batchOf('red car', 'red', 'blue'));
    expect(warnings).toEqual([
      'Captions may lose their end: 1 of 3 in a batch have the 4 tokens that the text encoder takes, or more. What ' +
        'helps: a checkpoint with more tokens, or with a larger vocabulary (synseg create).',
    ]);
  });
});

describe('keptTokens()', () => {
  it('keeps the class token and a random choice of patches, each in one place', () => {
    const choices = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const matrix = keptTokens(5, 2, new Random(seed));
      const rows = [0, 1, 2].map((row) => [...matrix.slice(row * 5, row * 5 + 5)]);
      expect(rows.map((row) => [Math.max(...row), row.reduce((sum, value) => sum + value)])).toEqual([
        [1, 1],
        [1, 1],
        [1, 1],
      ]);
      const places = rows.map((row) => row.indexOf(1));
      expect(places[0]).toBe(0);
      expect(places[1]).toBeLessThan(places[2]!);
      choices.add(places.join());
    }
    expect(choices.size).toBe(6);
  });
});

describe('retrievalOf()', () => {
  it('counts whose nearest is right, a caption of the same words too', () => {
    const text = Float32Array.of(1, 0, 0, 1, 0.6, 0.8, 1, 0);
    // Pictures 1 to 3 find theirs, the last one finds the first caption, which says the same.
    const image = Float32Array.of(1, 0, 0, 1, 0.6, 0.8, 1, 0);
    expect(retrievalOf({ image, text }, batch.captions)).toEqual({
      imageToText: 1,
      textToImage: 1,
      chance: 6 / 16,
      pairs: 4,
    });
    // The second picture takes the third's caption.
    expect(retrievalOf({ image: Float32Array.of(1, 0, 0.6, 0.8, 0.6, 0.8, 1, 0), text }, batch.captions)).toMatchObject(
      { imageToText: 0.75, textToImage: 0.75 },
    );
  });

  it('embeds in parts', async () => {
    const sizes: number[] = [];
    const done: number[] = [];
    const embed = (part: { readonly pairs: number; readonly captions: BigInt64Array }): Promise<PairEmbeddings> => {
      sizes.push(part.pairs);
      const one = Float32Array.from(
        [...part.captions].flatMap((caption) => [Math.cos(Number(caption)), Math.sin(Number(caption))]),
      );
      return Promise.resolve({ image: one, text: one });
    };
    expect(await retrieve(batch, 3, embed, (count) => done.push(count))).toMatchObject({
      imageToText: 1,
      textToImage: 1,
    });
    expect([sizes, done]).toEqual([
      [3, 1],
      [3, 4],
    ]);
  });
});
