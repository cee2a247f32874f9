/** Batches for tests of rows, and the rows that are made of them. */
import type { Batch } from '../../../packages/train/src/data/batch-loader.ts';
import type { MicroBatch } from '../../../packages/train/src/trainer/protocol.ts';
import { microBatches, type RowSettings } from '../../../packages/train/src/trainer/row-batch.ts';
import { NOTHING_LEFT_OUT } from '../data/fixtures.ts';

export const DIM = 3;
const [HEIGHT, WIDTH] = [2, 2];
export const settings: RowSettings = {
  microBatchSize: 2,
  inputSize: [HEIGHT, WIDTH],
  embeddingDim: DIM,
  maxCategories: 4,
  seed: 1,
  captions: true,
  unstated: false,
  textCentre: undefined,
  classes: undefined,
};
/** An embedding that tells the label: its letters as numbers. */
export const embeddingOf = (label: string): Float32Array =>
  Float32Array.from({ length: DIM }, (_, index) => label.charCodeAt(index) || 0);
export const embeddings = { get: (label: string) => embeddingOf(label) } as unknown as ReadonlyMap<
  string,
  Float32Array
>;
const none = (): MicroBatch['pictures'] => ({ pixels: new Uint8Array(0) });

export function batchOf(
  categories: readonly (readonly string[])[],
  masks?: readonly (readonly number[])[],
  said = categories,
): Batch {
  return {
    images: categories.length,
    keys: categories.map((_, index) => `picture ${String(index)}`),
    indices: categories.map((_, index) => 10 + index),
    categories,
    said,
    leftOut: NOTHING_LEFT_OUT,
    after: { epoch: 0, consumed: categories.length },
    ...(masks === undefined ? {} : { masks: Uint8Array.from(masks.flat()) }),
  };
}

/** Rows as [image, label, stated, class], those that fill the bucket left out. */
export function rowsOf({
  rows,
  text,
  imageOfRow,
  stated,
  classOfRow,
}: MicroBatch): (readonly [number, string, number, number | undefined])[] {
  return Array.from({ length: rows }, (_, row) => {
    const label = String.fromCharCode(...text.subarray(row * DIM, (row + 1) * DIM)).replaceAll('\0', '');
    return [imageOfRow[row] as number, label, stated[row] as number, classOfRow?.[row]] as const;
  }).filter(([image]) => image >= 0);
}

export const cut = (batch: Batch, changes: Partial<RowSettings> = {}): MicroBatch[] =>
  microBatches(batch, { ...settings, ...changes }, embeddings, none);
