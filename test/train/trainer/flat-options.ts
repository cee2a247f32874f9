/** Options of tests, the advanced ones beside the others. */
import { TRAIN_ADVANCED_OPTIONS, type TrainOptions } from '../../../packages/train/src/trainer/train-options.ts';

/** Options of `train()` without their group. */
export type FlatOptions = Omit<TrainOptions, 'advanced'> & NonNullable<TrainOptions['advanced']>;

/** Puts the advanced options into their group. */
export function nested<Given extends object>(given: Given): Omit<Given, keyof NonNullable<TrainOptions['advanced']>> {
  const entries = Object.entries(given);
  const advanced = Object.fromEntries(entries.filter(([name]) => name in TRAIN_ADVANCED_OPTIONS));
  const others = Object.fromEntries(entries.filter(([name]) => !(name in TRAIN_ADVANCED_OPTIONS)));
  return { ...others, ...(Object.keys(advanced).length === 0 ? {} : { advanced }) } as never;
}
