import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../packages/train/src/data/batch-loader.ts';
import type { LabelBankData, MicroBatch } from '../../../packages/train/src/trainer/protocol.ts';
import { DIM, batchOf, rowsOf, cut } from './row-batches.ts';

describe('captions beside masks of several sets', () => {
  // Set 0 has cat and dog, set 1 has sky and sea.
  const classes = [
    { index: 0, name: 'cat', set: 0 },
    { index: 1, name: 'dog', set: 0 },
    { index: 0, name: 'sky', set: 1 },
    { index: 1, name: 'sea', set: 1 },
  ];
  const batch: Batch = {
    ...batchOf(
      [['sun'], [], ['fog'], []],
      [
        [0, 0, 255, 255],
        [1, 1, 1, 1],
        [0, 1, 0, 1],
        [1, 1, 1, 1],
      ],
    ),
    sets: [0, 0, 1, 1],
  };
  const [part] = cut(batch, { classes, microBatchSize: 4, textCentre: new Float32Array(DIM) }) as [MicroBatch];
  const bank = part.bank as LabelBankData;
  const labels = Array.from({ length: 6 }, (_, place) =>
    String.fromCharCode(...bank.text.subarray(place * DIM, (place + 1) * DIM)),
  );
  const marked = (numbers: Float32Array, image: number): string[] =>
    labels.filter((_, place) => numbers[image * bank.labels + place] === 1).sort();

  it('teach a label that is no class of the set by captions alone', () => {
    const rows = rowsOf(part).filter(([image]) => image === 0);
    expect(rows.toSorted(([, a], [, b]) => a.localeCompare(b))).toEqual([
      [0, 'cat', 1, 0],
      [0, 'dog', 0, 1],
      [0, 'sun', 1, -1],
    ]);
  });

  it('leave a picture without captions to its mask', () => {
    const rows = rowsOf(part).filter(([image]) => image === 1);
    expect(rows.map(([, label, stated, own]) => [label, stated, own]).sort()).toEqual([
      ['cat', 0, 0],
      ['dog', 0, 1],
    ]);
    for (const image of [1, 3]) expect([marked(bank.stated, image), marked(bank.valid, image)]).toEqual([[], []]);
  });

  it('state what captions say and what the mask shows, and deny no class of another set that nobody names', () => {
    expect([marked(bank.stated, 0), marked(bank.valid, 0)]).toEqual([
      ['cat', 'sun'],
      ['cat', 'dog', 'fog', 'sun'],
    ]);
    expect([marked(bank.stated, 2), marked(bank.valid, 2)]).toEqual([
      ['fog', 'sea', 'sky'],
      ['fog', 'sea', 'sky', 'sun'],
    ]);
  });

  it('leave half of the places to classes, or as many as there are', () => {
    const said = ['elm', 'fog', 'ivy', 'sun'];
    const phrasesOf = (maxCategories: number, epoch = 0): string[] => {
      const full = {
        ...batchOf(
          [said, ['sky']],
          [
            [0, 0, 1, 1],
            [0, 0, 0, 0],
          ],
        ),
        sets: [0, 1],
      };
      return cut({ ...full, after: { epoch, consumed: 2 } }, { classes, maxCategories })
        .flatMap(rowsOf)
        .filter(([image, , , own]) => image === 0 && own === -1)
        .map(([, label]) => label);
    };
    expect([2, 3, 4, 5, 6].map((most) => phrasesOf(most).length)).toEqual([1, 2, 2, 3, 4]);
    expect(new Set(Array.from({ length: 20 }, (_, epoch) => phrasesOf(4, epoch)).flat())).toEqual(new Set(said));
  });
});
