import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../packages/train/src/data/batch-loader.ts';
import type { LabelBankData, MicroBatch } from '../../../packages/train/src/trainer/protocol.ts';
import { ROW_BUCKET, labelsOf, microBatches, type RowSettings } from '../../../packages/train/src/trainer/row-batch.ts';

const DIM = 3;
const [HEIGHT, WIDTH] = [2, 2];
const settings: RowSettings = { microBatchSize: 2, inputSize: [HEIGHT, WIDTH], embeddingDim: DIM, maxCategories: 4, seed: 1, captions: true, textCentre: undefined, classes: undefined };
/** An embedding that tells the label: its letters as numbers. */
const embeddingOf = (label: string): Float32Array => Float32Array.from({ length: DIM }, (_, index) => label.charCodeAt(index) || 0);
const embeddings = { get: (label: string) => embeddingOf(label) } as unknown as ReadonlyMap<string, Float32Array>;
const none = (): MicroBatch['pictures'] => ({ pixels: new Uint8Array(0) });

function batchOf(categories: readonly (readonly string[])[], masks?: readonly (readonly number[])[]): Batch {
  return {
    images: categories.length,
    keys: categories.map((_, index) => `picture ${String(index)}`),
    indices: categories.map((_, index) => 10 + index),
    categories,
    after: { epoch: 0, consumed: categories.length },
    ...(masks === undefined ? {} : { masks: Uint8Array.from(masks.flat()) }),
  };
}

/** Rows as [image, label, stated, class], those that fill the bucket left out. */
function rowsOf({ rows, text, imageOfRow, stated, classOfRow }: MicroBatch): (readonly [number, string, number, number | undefined])[] {
  return Array.from({ length: rows }, (_, row) => {
    const label = String.fromCharCode(...text.subarray(row * DIM, (row + 1) * DIM)).replaceAll('\0', '');
    return [imageOfRow[row] as number, label, stated[row] as number, classOfRow?.[row]] as const;
  }).filter(([image]) => image >= 0);
}

const cut = (batch: Batch, changes: Partial<RowSettings> = {}): MicroBatch[] => microBatches(batch, { ...settings, ...changes }, embeddings, none);

describe('microBatches()', () => {
  it('makes a row of each picture and label, with its embedding, in micro-batches that count pictures from 0', () => {
    const parts = cut(batchOf([['cat', 'dog'], ['sky'], ['cat'], ['sun', 'sea', 'dog']]));
    expect(parts.map(rowsOf)).toEqual([
      [[0, 'cat', 1, undefined], [0, 'dog', 1, undefined], [1, 'sky', 1, undefined]],
      [[0, 'cat', 1, undefined], [1, 'sun', 1, undefined], [1, 'sea', 1, undefined], [1, 'dog', 1, undefined]],
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
    expect(asked).toEqual([[0, 2], [2, 4]]);
  });

  it('has neither bank nor masks where none are asked for', () => {
    expect(Object.keys((cut(batchOf([['a'], ['b']])) as [MicroBatch])[0]).sort()).toEqual(['imageOfRow', 'pictures', 'rows', 'stated', 'text']);
  });
});

describe('the label bank', () => {
  const centre = Float32Array.of(1, 2, 3);
  const banks = (batch: Batch, changes: Partial<RowSettings> = {}): LabelBankData[] => cut(batch, { textCentre: centre, ...changes }).map(({ bank }) => bank as LabelBankData);

  it('has each label of the whole batch once, less the centre, up to a multiple of 8', () => {
    const [first, second] = banks(batchOf([['cat', 'dog'], ['sky'], ['cat'], ['sun', 'sea', 'dog']])) as [LabelBankData, LabelBankData];
    expect(first.labels).toBe(8);
    expect(first.text).toEqual(second.text);
    const labels = Array.from({ length: 5 }, (_, place) => String.fromCharCode(...first.text.subarray(place * DIM, (place + 1) * DIM).map((value, index) => value + (centre[index] as number))));
    expect(labels).toEqual(['cat', 'dog', 'sky', 'sun', 'sea']);
    expect(new Set(first.text.subarray(5 * DIM))).toEqual(new Set([0]));
    expect([...first.valid]).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  });

  it('says what is stated of each picture and where each row’s label is', () => {
    const [, bank] = banks(batchOf([['cat', 'dog'], ['sky'], ['cat'], ['sun', 'sea', 'dog']])) as [LabelBankData, LabelBankData];
    expect([...bank.stated]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0]);
    expect([...bank.labelOfRow]).toEqual([0, 3, 4, 1, ...new Array<number>(12).fill(0)]);
  });

  it('grows in steps of 8', () => {
    const labels = (count: number): string[] => Array.from({ length: count }, (_, index) => `z${String.fromCharCode(97 + index)}`);
    expect([8, 9].map((count) => banks(batchOf([labels(count), ['za']]))[0]?.labels)).toEqual([8, 16]);
  });

  it('knows labels of mask classes that are absent, and does not state them', () => {
    const batch = batchOf([['cat'], ['dog']], [[0, 0, 0, 0], [1, 1, 1, 1]]);
    const [bank] = banks(batch, { classes: [{ index: 0, name: 'cat' }, { index: 1, name: 'dog' }] }) as [LabelBankData];
    expect([...bank.stated.subarray(0, 2), ...bank.stated.subarray(8, 10)]).toEqual([1, 0, 0, 1]);
  });
});

describe('rows for masks', () => {
  const classes = [{ index: 1, name: 'cat' }, { index: 2, name: 'dog' }, { index: 3, name: 'sky' }, { index: 4, name: 'sea' }, { index: 5, name: 'sun' }];

  it('are the categories with their classes, then the classes in the mask, then some that are not there', () => {
    const [part] = cut(batchOf([['fog', 'dog'], ['cat']], [[3, 3, 255, 2], [0, 0, 0, 0]]), { classes }) as [MicroBatch];
    const [first, second] = [0, 1].map((image) => rowsOf(part).filter(([of]) => of === image)) as [ReturnType<typeof rowsOf>, ReturnType<typeof rowsOf>];
    expect(first.slice(0, 3)).toEqual([[0, 'fog', 1, -1], [0, 'dog', 1, 2], [0, 'sky', 1, 3]]);
    expect(first).toHaveLength(4);
    expect([['cat', 1], ['sea', 4], ['sun', 5]]).toContainEqual([first[3]?.[1], first[3]?.[3]]);
    expect(first[3]?.[2]).toBe(0);
    expect(second[0]).toEqual([1, 'cat', 1, 1]);
    expect(second.slice(1).every(([, , stated]) => stated === 0)).toBe(true);
    expect([...(part.masks as Uint8Array)]).toEqual([3, 3, 255, 2, 0, 0, 0, 0]);
    expect([...(part.classOfRow as Float32Array).subarray(8)]).toEqual(new Array(8).fill(-1));
  });

  it('are called by one of the words of their class, another time by another, and know a caption that says such a word', () => {
    const called = [{ index: 1, name: 'cat', prompts: ['cat', 'tom'] }, { index: 2, name: 'dog' }];
    const words = Array.from({ length: 20 }, (_, epoch) => {
      const [part] = cut({ ...batchOf([[], []], [[1, 1, 2, 2], [1, 1, 1, 1]]), after: { epoch, consumed: 2 } }, { classes: called }) as [MicroBatch];
      return rowsOf(part).filter(([image]) => image === 1)[0] as ReturnType<typeof rowsOf>[number];
    });
    expect(new Set(words.map((row) => row.join()))).toEqual(new Set(['1,cat,1,1', '1,tom,1,1']));
    expect(rowsOf(cut(batchOf([['tom'], []], [[1, 1, 1, 1], [2, 2, 2, 2]]), { classes: called })[0] as MicroBatch)[0]).toEqual([0, 'tom', 1, 1]);
    expect(labelsOf(batchOf([['fog']]), { ...settings, classes: called })).toEqual(['fog', 'cat', 'tom', 'dog']);
  });

  it('are classes alone where no loss learns from captions', () => {
    const batch = batchOf([['fog', 'dog'], ['cat']], [[3, 3, 255, 2], [1, 1, 1, 1]]);
    const labels = rowsOf(cut(batch, { classes, captions: false, maxCategories: 2 })[0] as MicroBatch).map(([image, label]) => `${String(image)} ${label}`);
    expect(labels.slice(0, 2).sort()).toEqual(['0 dog', '0 sky']);
    expect(labels[2]).toBe('1 cat');
    expect(labelsOf(batch, { ...settings, classes, captions: false })).not.toContain('fog');
  });

  it('of absent classes differ between pictures and epochs, and follow from the seed', () => {
    const absent = (changes: Partial<RowSettings>, epoch = 0): string[] => {
      const batch = { ...batchOf([['cat'], ['cat']], [[1, 1, 1, 1], [1, 1, 1, 1]]), after: { epoch, consumed: 2 } };
      return (cut(batch, { classes, maxCategories: 3, ...changes }).flatMap(rowsOf)).filter(([, , stated]) => stated === 0).map(([image, label]) => `${String(image)} ${label}`);
    };
    expect(absent({})).toEqual(absent({}));
    const seen = new Set(Array.from({ length: 20 }, (_, epoch) => absent({}, epoch).join()));
    expect(seen.size).toBeGreaterThan(5);
    expect(new Set(Array.from({ length: 20 }, (_, epoch) => absent({}, epoch)).flat()).size).toBe(8);
  });

  it('are no more than maxCategories, those in the mask first', () => {
    const [part] = cut(batchOf([[], []], [[1, 2, 3, 4], [5, 5, 5, 5]]), { classes, maxCategories: 3 }) as [MicroBatch];
    const first = rowsOf(part).filter(([image]) => image === 0);
    expect(first).toHaveLength(3);
    expect(first.every(([, , stated]) => stated === 1)).toBe(true);
    expect(rowsOf(part).filter(([image]) => image === 1)[0]).toEqual([1, 'sun', 1, 5]);
  });

  it('of a picture without labelled pixels are its categories, without a class', () => {
    const [part] = cut(batchOf([['cat', 'fog'], ['dog']], [[255, 255, 255, 255], [2, 2, 2, 2]]), { classes }) as [MicroBatch];
    expect(rowsOf(part).filter(([image]) => image === 0)).toEqual([[0, 'cat', 1, -1], [0, 'fog', 1, -1]]);
  });

  it('have masks without a labelled pixel where the batch has none', () => {
    const [part] = cut(batchOf([['cat'], ['dog']]), { classes }) as [MicroBatch];
    expect(new Set(part.masks)).toEqual(new Set([255]));
    expect(rowsOf(part)).toEqual([[0, 'cat', 1, -1], [1, 'dog', 1, -1]]);
  });
});

describe('labelsOf()', () => {
  it('are the batch’s categories and the classes of the masks, each once', () => {
    const batch = batchOf([['cat', 'dog'], ['dog', 'fog']]);
    expect(labelsOf(batch, settings)).toEqual(['cat', 'dog', 'fog']);
    expect(labelsOf(batch, { ...settings, classes: [{ index: 0, name: 'dog' }, { index: 1, name: 'sea' }] })).toEqual(['cat', 'dog', 'fog', 'sea']);
  });
});
