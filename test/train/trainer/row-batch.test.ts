import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../packages/train/src/data/batch-loader.ts';
import type { LabelBankData, MicroBatch } from '../../../packages/train/src/trainer/protocol.ts';
import { ROW_BUCKET, labelsOf, microBatches, type RowSettings } from '../../../packages/train/src/trainer/row-batch.ts';
import { DIM, settings, embeddingOf, embeddings, batchOf, rowsOf, cut } from './row-batches.ts';

describe('microBatches()', () => {
  it('makes a row of each picture and label, with its embedding, in micro-batches that count pictures from 0', () => {
    const parts = cut(batchOf([['cat', 'dog'], ['sky'], ['cat'], ['sun', 'sea', 'dog']]));
    expect(parts.map(rowsOf)).toEqual([
      [
        [0, 'cat', 1, undefined],
        [0, 'dog', 1, undefined],
        [1, 'sky', 1, undefined],
      ],
      [
        [0, 'cat', 1, undefined],
        [1, 'sun', 1, undefined],
        [1, 'sea', 1, undefined],
        [1, 'dog', 1, undefined],
      ],
    ]);
  });

  it('fills rows up to a multiple of 16 with rows of no picture, all zeros', () => {
    const many = Array.from({ length: 15 }, (_, index) => `a${String.fromCharCode(97 + index)}`);
    const [part] = cut(batchOf([many, ['cat']])) as [MicroBatch];
    expect(part.rows).toBe(ROW_BUCKET);
    const [more] = cut(batchOf([many, ['cat', 'dog']])) as [MicroBatch];
    expect(more.rows).toBe(2 * ROW_BUCKET);
    expect([more.text.length, more.imageOfRow.length, more.stated.length]).toEqual([32 * DIM, 32, 32]);
    expect([...more.imageOfRow.subarray(17)]).toEqual(new Array(15).fill(-1));
    expect(new Set([...more.text.subarray(17 * DIM), ...more.stated.subarray(17)])).toEqual(new Set([0]));
  });

  it('asks for the pictures of each micro-batch', () => {
    const asked: [number, number][] = [];
    microBatches(batchOf([['a'], ['b'], ['c'], ['d']]), settings, embeddings, (start, end) => {
      asked.push([start, end]);
      return { pixels: Uint8Array.of(start) };
    });
    expect(asked).toEqual([
      [0, 2],
      [2, 4],
    ]);
  });

  it('has neither bank nor masks where none are asked for', () => {
    expect(Object.keys((cut(batchOf([['a'], ['b']])) as [MicroBatch])[0]).sort()).toEqual([
      'imageOfRow',
      'pictures',
      'rows',
      'stated',
      'text',
    ]);
  });
});

describe('the label bank', () => {
  const center = Float32Array.of(1, 2, 3);
  const banks = (batch: Batch, changes: Partial<RowSettings> = {}): LabelBankData[] =>
    cut(batch, { textCentre: center, ...changes }).map(({ bank }) => bank as LabelBankData);

  it('has each label of the whole batch once, less the center, up to a multiple of 8', () => {
    const [first, second] = banks(batchOf([['cat', 'dog'], ['sky'], ['cat'], ['sun', 'sea', 'dog']])) as [
      LabelBankData,
      LabelBankData,
    ];
    expect(first.labels).toBe(8);
    expect(first.text).toEqual(second.text);
    const labels = Array.from({ length: 5 }, (_, place) =>
      String.fromCharCode(
        ...first.text.subarray(place * DIM, (place + 1) * DIM).map((value, index) => value + (center[index] as number)),
      ),
    );
    expect(labels).toEqual(['cat', 'dog', 'sky', 'sun', 'sea']);
    expect(new Set(first.text.subarray(5 * DIM))).toEqual(new Set([0]));
    expect([...first.valid.subarray(8)]).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  });

  it('says what is stated of each picture and where each row’s label is', () => {
    const [, bank] = banks(batchOf([['cat', 'dog'], ['sky'], ['cat'], ['sun', 'sea', 'dog']])) as [
      LabelBankData,
      LabelBankData,
    ];
    expect([...bank.stated]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0]);
    expect([...bank.labelOfRow]).toEqual([0, 3, 4, 1, ...new Array<number>(12).fill(0)]);
  });

  it('has what is said of a picture though it was not chosen, and states it there', () => {
    const batch = batchOf([['cat'], ['dog']], undefined, [['sky', 'cat', 'dog'], ['dog']]);
    const [part] = cut(batch, { textCentre: center }) as [MicroBatch];
    const bank = part.bank as LabelBankData;
    // sky, cat, dog.
    expect([...bank.stated.subarray(0, 8)]).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
    expect([...bank.stated.subarray(8)]).toEqual([0, 0, 1, 0, 0, 0, 0, 0]);
    expect([...bank.valid.subarray(8)]).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
    expect(bank.text.subarray(0, DIM)).toEqual(
      embeddingOf('sky').map((value, index) => value - (center[index] as number)),
    );
    expect([rowsOf(part).map(([, label]) => label), [...bank.labelOfRow.subarray(0, 2)]]).toEqual([
      ['cat', 'dog'],
      [1, 2],
    ]);
  });

  it('is the whole batch’s in what is said, too', () => {
    const [first, second] = banks(
      batchOf([['cat'], ['dog'], ['sun'], ['sea']], undefined, [['cat'], ['dog'], ['sun'], ['sea', 'cat', 'fog']]),
    ) as [LabelBankData, LabelBankData];
    expect(first.text).toEqual(second.text);
    // cat, dog, sun, sea, fog.
    expect([...first.stated]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect([...second.stated]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0]);
  });

  it('grows in steps of 8', () => {
    const labels = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `z${String.fromCharCode(97 + index)}`);
    expect([8, 9].map((count) => banks(batchOf([labels(count), ['za']]))[0]?.labels)).toEqual([8, 16]);
  });

  it('knows labels of mask classes that are absent, and does not state them', () => {
    const batch = batchOf(
      [['cat'], ['dog']],
      [
        [0, 0, 0, 0],
        [1, 1, 1, 1],
      ],
    );
    const [bank] = banks(batch, {
      classes: [
        { index: 0, name: 'cat' },
        { index: 1, name: 'dog' },
      ],
    }) as [LabelBankData];
    expect([...bank.stated.subarray(0, 2), ...bank.stated.subarray(8, 10)]).toEqual([1, 0, 0, 1]);
  });
});

describe('rows that are not stated', () => {
  /** Of each picture: what is said of it, each in a row. */
  const said = [['cat', 'dog', 'fog'], ['sky'], ['dog', 'sun'], ['sea', 'cat', 'ivy', 'elm']];
  const unstated = (batch: Batch, changes: Partial<RowSettings> = {}): string[][] => {
    const parts = cut(batch, { unstated: true, microBatchSize: batch.images, ...changes });
    return batch.keys.map((_, image) =>
      parts
        .flatMap(rowsOf)
        .filter(([of, , stated]) => of === image && stated === 0)
        .map(([, label]) => label),
    );
  };

  it('are one for two that are, of labels of other pictures of the batch and not of this one, without a class', () => {
    const batch = batchOf(said);
    const [part] = cut(batch, { unstated: true, microBatchSize: 4 }) as [MicroBatch];
    const rows = rowsOf(part);
    expect(rows.filter(([, , stated]) => stated === 1).map(([image, label]) => [image, label])).toEqual(
      said.flatMap((some, image) => some.map((label) => [image, label])),
    );
    const others = unstated(batch);
    expect(others.map(({ length }) => length)).toEqual([2, 1, 1, 2]);
    others.forEach((labels, image) => {
      expect(new Set(labels).size).toBe(labels.length);
      for (const label of labels) expect(said.flat().filter((other) => !said[image]?.includes(other))).toContain(label);
    });
  });

  it('are none where no loss learns from them, and no more than there are', () => {
    expect(unstated(batchOf(said), { unstated: false })).toEqual([[], [], [], []]);
    expect(unstated(batchOf([['cat', 'dog', 'fog'], ['cat']]))).toEqual([[], [expect.stringMatching(/^(dog|fog)$/)]]);
    expect(
      unstated(
        batchOf([
          ['cat', 'dog', 'fog'],
          ['cat', 'sky'],
        ]),
      )[0],
    ).toEqual(['sky']);
  });

  it('are never said of the picture, though it was not chosen, and may be what was not chosen of another', () => {
    const all = [
      ['cat', 'dog', 'fog'],
      ['sky', 'cat', 'sea'],
    ];
    const seen = [0, 1].map(() => new Set<string>());
    for (let epoch = 0; epoch < 20; epoch++) {
      unstated({ ...batchOf([['cat'], ['sky']], undefined, all), after: { epoch, consumed: 2 } }).forEach(
        (labels, image) => {
          expect(labels).toHaveLength(1);
          labels.forEach((label) => seen[image]?.add(label));
        },
      );
    }
    expect(seen).toEqual([new Set(['sky', 'sea']), new Set(['dog', 'fog'])]);
  });

  it('come from the whole batch, whatever the micro-batches are, and are not stated in the bank', () => {
    const batch = batchOf(said);
    const whole = unstated(batch, { textCentre: new Float32Array(DIM) });
    const parts = cut(batch, { unstated: true, microBatchSize: 1, textCentre: new Float32Array(DIM) });
    expect(
      parts.map((part) =>
        rowsOf(part)
          .filter(([, , stated]) => stated === 0)
          .map(([, label]) => label),
      ),
    ).toEqual(whole);
    for (const part of parts) {
      const { stated, labelOfRow } = part.bank as LabelBankData;
      expect(rowsOf(part).map((_, row) => stated[labelOfRow[row] as number])).toEqual(
        rowsOf(part).map(([, , isStated]) => isStated),
      );
    }
  });

  it('differ between pictures and epochs, and follow from the seed', () => {
    const names = Array.from({ length: 8 }, (_, index) => `z${String.fromCharCode(97 + index)}`);
    const drawn = (epoch: number, changes: Partial<RowSettings> = {}): string[][] =>
      unstated({ ...batchOf([['cat', 'dog'], ['cat', 'dog'], names]), after: { epoch, consumed: 3 } }, changes).slice(
        0,
        2,
      );
    expect(drawn(0)).toEqual(drawn(0));
    const epochs = Array.from({ length: 20 }, (_, epoch) => drawn(epoch));
    expect(new Set(epochs.map(([first]) => first?.join())).size).toBeGreaterThan(3);
    expect(epochs.some(([first, second]) => first?.join() !== second?.join())).toBe(true);
    expect(epochs.some((labels, epoch) => labels.join() !== drawn(epoch, { seed: 2 }).join())).toBe(true);
  });

  it('come after those for masks, and are none of them', () => {
    const classes = [
      { index: 1, name: 'cat' },
      { index: 2, name: 'dog' },
    ];
    for (let epoch = 0; epoch < 10; epoch++) {
      const batch = {
        ...batchOf(
          [
            ['fog', 'elm'],
            ['dog', 'sky'],
          ],
          [
            [1, 1, 2, 2],
            [2, 2, 2, 2],
          ],
        ),
        after: { epoch, consumed: 2 },
      };
      const first = rowsOf(cut(batch, { unstated: true, classes })[0] as MicroBatch).filter(([image]) => image === 0);
      expect(first.slice(0, 2)).toEqual([
        [0, 'fog', 1, -1],
        [0, 'elm', 1, -1],
      ]);
      // Whether "dog" was drawn, which the mask shows, or "sky".
      expect(first.slice(2, 4).sort(([, a], [, b]) => a.localeCompare(b))).toEqual([
        [0, 'cat', 1, 1],
        [0, 'dog', 1, 2],
      ]);
      expect([[], [[0, 'sky', 0, -1]]]).toContainEqual(first.slice(4));
    }
  });

  it('deny no class that the mask shows, by any of its words, though it got no row', () => {
    const classes = [
      { index: 1, name: 'cat', prompts: ['cat', 'tom'] },
      { index: 2, name: 'dog' },
    ];
    const drawn = (changes: Partial<RowSettings>): Set<string> =>
      new Set(
        Array.from(
          { length: 20 },
          (_, epoch) =>
            unstated(
              {
                ...batchOf(
                  [
                    ['fog', 'elm'],
                    ['cat', 'tom', 'dog', 'sky'],
                  ],
                  [
                    [1, 1, 1, 1],
                    [2, 2, 2, 2],
                  ],
                ),
                after: { epoch, consumed: 2 },
              },
              changes,
            )[0] as string[],
        ).flat(),
      );
    // One place is left for a row of the mask's.
    expect(drawn({ classes, maxCategories: 2 })).toEqual(new Set(['dog', 'sky']));
    expect(drawn({})).toEqual(new Set(['cat', 'tom', 'dog', 'sky']));
  });

  it('deny no class that has a row by another word, stated or not', () => {
    const classes = [{ index: 1, name: 'cat', prompts: ['cat', 'tom'] }];
    const drawn = (first: readonly string[]): string[][] =>
      Array.from(
        { length: 20 },
        (_, epoch) =>
          unstated(
            {
              ...batchOf(
                [first, ['cat', 'tom', 'sky', 'sea']],
                [
                  [7, 7, 7, 7],
                  [7, 7, 7, 7],
                ],
              ),
              after: { epoch, consumed: 2 },
            },
            { classes, maxCategories: 3 },
          )[0] as string[],
      );
    // Said by one of its words, which the mask does not show.
    expect(new Set(drawn(['tom', 'fog']).flat())).toEqual(new Set(['sky', 'sea']));
    // Absent by the mask, which one of its words says already.
    const absent = drawn(['elm', 'fog']);
    for (const labels of absent) expect(labels.filter((label) => label === 'cat' || label === 'tom')).toHaveLength(1);
    expect(new Set(absent.flat())).toEqual(new Set(['cat', 'tom', 'sky', 'sea']));
  });
});

describe('rows for masks', () => {
  const classes = [
    { index: 1, name: 'cat' },
    { index: 2, name: 'dog' },
    { index: 3, name: 'sky' },
    { index: 4, name: 'sea' },
    { index: 5, name: 'sun' },
  ];

  it('are the categories with their classes, then the classes in the mask, then some that are not there', () => {
    const [part] = cut(
      batchOf(
        [['fog', 'dog'], ['cat']],
        [
          [3, 3, 255, 2],
          [0, 0, 0, 0],
        ],
      ),
      { classes },
    ) as [MicroBatch];
    const [first, second] = [0, 1].map((image) => rowsOf(part).filter(([of]) => of === image)) as [
      ReturnType<typeof rowsOf>,
      ReturnType<typeof rowsOf>,
    ];
    expect(first.slice(0, 3)).toEqual([
      [0, 'fog', 1, -1],
      [0, 'dog', 1, 2],
      [0, 'sky', 1, 3],
    ]);
    expect(first).toHaveLength(4);
    expect([
      ['cat', 1],
      ['sea', 4],
      ['sun', 5],
    ]).toContainEqual([first[3]?.[1], first[3]?.[3]]);
    expect(first[3]?.[2]).toBe(0);
    expect(second[0]).toEqual([1, 'cat', 1, 1]);
    expect(second.slice(1).every(([, , stated]) => stated === 0)).toBe(true);
    expect([...(part.masks as Uint8Array)]).toEqual([3, 3, 255, 2, 0, 0, 0, 0]);
    expect([...(part.classOfRow as Float32Array).subarray(8)]).toEqual(new Array(8).fill(-1));
  });

  it('are called by a word of their class, another time by another, and know a caption that says one', () => {
    const called = [
      { index: 1, name: 'cat', prompts: ['cat', 'tom'] },
      { index: 2, name: 'dog' },
    ];
    const words = Array.from({ length: 20 }, (_, epoch) => {
      const [part] = cut(
        {
          ...batchOf(
            [[], []],
            [
              [1, 1, 2, 2],
              [1, 1, 1, 1],
            ],
          ),
          after: { epoch, consumed: 2 },
        },
        { classes: called, captions: false },
      ) as [MicroBatch];
      return rowsOf(part).filter(([image]) => image === 1)[0] as ReturnType<typeof rowsOf>[number];
    });
    expect(new Set(words.map((row) => row.join()))).toEqual(new Set(['1,cat,1,1', '1,tom,1,1']));
    expect(
      rowsOf(
        cut(
          batchOf(
            [['tom'], []],
            [
              [1, 1, 1, 1],
              [2, 2, 2, 2],
            ],
          ),
          { classes: called },
        )[0] as MicroBatch,
      )[0],
    ).toEqual([0, 'tom', 1, 1]);
    expect(labelsOf(batchOf([['fog']]), { ...settings, classes: called })).toEqual(['fog', 'cat', 'tom', 'dog']);
  });

  it('are classes alone where no loss learns from captions', () => {
    const batch = batchOf(
      [['fog', 'dog'], ['cat']],
      [
        [3, 3, 255, 2],
        [1, 1, 1, 1],
      ],
    );
    const labels = rowsOf(cut(batch, { classes, captions: false, maxCategories: 2 })[0] as MicroBatch).map(
      ([image, label]) => `${String(image)} ${label}`,
    );
    expect(labels.slice(0, 2).sort()).toEqual(['0 dog', '0 sky']);
    expect(labels[2]).toBe('1 cat');
    expect(labelsOf(batch, { ...settings, classes, captions: false })).not.toContain('fog');
  });

  it('of absent classes differ between pictures and epochs, and follow from the seed', () => {
    const absent = (changes: Partial<RowSettings>, epoch = 0): string[] => {
      const batch = {
        ...batchOf(
          [['cat'], ['cat']],
          [
            [1, 1, 1, 1],
            [1, 1, 1, 1],
          ],
        ),
        after: { epoch, consumed: 2 },
      };
      return cut(batch, { classes, maxCategories: 3, ...changes })
        .flatMap(rowsOf)
        .filter(([, , stated]) => stated === 0)
        .map(([image, label]) => `${String(image)} ${label}`);
    };
    expect(absent({})).toEqual(absent({}));
    const seen = new Set(Array.from({ length: 20 }, (_, epoch) => absent({}, epoch).join()));
    expect(seen.size).toBeGreaterThan(5);
    expect(new Set(Array.from({ length: 20 }, (_, epoch) => absent({}, epoch)).flat()).size).toBe(8);
  });

  it('are no more than maxCategories, those in the mask first', () => {
    const [part] = cut(
      batchOf(
        [[], []],
        [
          [1, 2, 3, 4],
          [5, 5, 5, 5],
        ],
      ),
      { classes, maxCategories: 3, captions: false },
    ) as [MicroBatch];
    const first = rowsOf(part).filter(([image]) => image === 0);
    expect(first).toHaveLength(3);
    expect(first.every(([, , stated]) => stated === 1)).toBe(true);
    expect(rowsOf(part).filter(([image]) => image === 1)[0]).toEqual([1, 'sun', 1, 5]);
  });

  it('of a picture without labeled pixels are its categories, without a class', () => {
    const [part] = cut(
      batchOf(
        [['cat', 'fog'], ['dog']],
        [
          [255, 255, 255, 255],
          [2, 2, 2, 2],
        ],
      ),
      { classes },
    ) as [MicroBatch];
    expect(rowsOf(part).filter(([image]) => image === 0)).toEqual([
      [0, 'cat', 1, -1],
      [0, 'fog', 1, -1],
    ]);
  });

  it('have masks without a labeled pixel where the batch has none', () => {
    const [part] = cut(batchOf([['cat'], ['dog']]), { classes }) as [MicroBatch];
    expect(new Set(part.masks)).toEqual(new Set([255]));
    expect(rowsOf(part)).toEqual([
      [0, 'cat', 1, -1],
      [1, 'dog', 1, -1],
    ]);
  });
});

describe('labelsOf()', () => {
  it('are the batch’s categories and the classes of the masks, each once', () => {
    const batch = batchOf([
      ['cat', 'dog'],
      ['dog', 'fog'],
    ]);
    expect(labelsOf(batch, settings)).toEqual(['cat', 'dog', 'fog']);
    expect(
      labelsOf(batch, {
        ...settings,
        classes: [
          { index: 0, name: 'dog' },
          { index: 1, name: 'sea' },
        ],
      }),
    ).toEqual(['cat', 'dog', 'fog', 'sea']);
  });

  it('are all that is said, chosen or not; nothing of it where no loss learns from captions', () => {
    const batch = batchOf([['cat'], ['fog']], undefined, [
      ['cat', 'dog'],
      ['sky', 'fog'],
    ]);
    expect(labelsOf(batch, settings)).toEqual(['cat', 'dog', 'sky', 'fog']);
    expect(labelsOf(batch, { ...settings, captions: false })).toEqual([]);
  });
});
