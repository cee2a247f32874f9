/** Splits by one name each, whatever exports call them. */

const SPLITS: readonly (readonly [pattern: RegExp, split: string])[] = [
  [/^train/i, 'train'],
  [/^(?:val|dev)/i, 'val'],
  [/^test/i, 'test'],
];

/** `train`, `val` or `test` for what exports call them, `valid` and `val2017` for example; others as they are. */
export function plainSplit(split: string | undefined): string | undefined {
  return SPLITS.find(([pattern]) => split !== undefined && pattern.test(split))?.[1] ?? split;
}
