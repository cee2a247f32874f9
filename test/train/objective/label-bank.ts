/** A bank of labels and the rows of two pictures, on which the losses that read such a bank are tested. */
import type { Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { patchScores, type LabelBank } from '../../../packages/train/src/objective/own/label-bank.ts';
import { feed, feedOf, matrix } from './numeric.ts';

export const IMAGES = 2;
export const PATCHES = 3;

/** Four labels, the last of which only fills the bank. */
export const valid = [1, 1, 1, 0];
export const stated = matrix([
  [1, 0, 1, 0],
  [0, 1, 0, 0],
]);
/** Row: image (−1 for none), label. The third and the fifth are not stated of their pictures. */
export const rows = [
  { image: 0, label: 0 },
  { image: 0, label: 2 },
  { image: 0, label: 1 },
  { image: 1, label: 1 },
  { image: 1, label: 0 },
  { image: -1, label: 3 },
] as const;
/** First row of the second picture, and the first that fills the bucket. */
export const [SECOND, FILLING] = [3, 5];

/** What is stated, and which row has which picture and label. */
export const rowFeeds: Record<string, TensorData> = {
  stated: feedOf(stated),
  valid: feed([...valid, ...valid], [IMAGES, 4]),
  labelOfRow: feed(
    rows.map(({ label }) => label),
    [rows.length],
    'int32',
  ),
  assignment: feed(
    rows.flatMap((row) => [0, 1].map((image) => Number(row.image === image))),
    [rows.length, IMAGES],
  ),
};

/** Inputs of a graph by the names of their feeds. */
export type Inputs = Readonly<Record<string, Value>>;

export const bankOf = ({ text, stated: statement, valid: mask, labelOfRow }: Inputs): LabelBank => ({
  text: text as Value,
  stated: statement as Value,
  valid: mask as Value,
  labelOfRow: labelOfRow as Value,
});
export const scoresOf = (inputs: Inputs): Value =>
  patchScores(inputs['features'] as Value, bankOf(inputs), inputs['weight'] as Value, inputs['bias'] as Value);

/** `log(1 + e^z)`, which does not overflow. */
export const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
