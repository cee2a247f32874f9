/** Names that files and flags may use, from the descriptions of options. */
import { AUGMENTATION_OPTIONS } from '../data/data-options.ts';
import { LOSSES } from '../objective/losses.ts';
import {
  DECODER_OPTIONS,
  PERIODIC_EVALUATION_OPTIONS,
  RETRIEVAL_OPTIONS,
  TRAIN_ADVANCED_OPTIONS,
  TRAIN_ENCODERS_OPTIONS,
  TRAIN_OPTIONS,
  type TrainEncodersOptions,
  type TrainOptions,
} from '../trainer/train-options.ts';

type Advanced = NonNullable<TrainOptions['advanced']>;

/** Options of both functions, the advanced ones beside the others; `objective: 'contrastive'` is `trainEncoders()`. */
export type FlatOptions = Omit<TrainOptions, 'advanced' | 'objective' | 'evaluation'> &
  Advanced &
  Pick<TrainEncodersOptions, 'patchDropout'> & {
    readonly objective?: Objective;
    readonly evaluation?: NonNullable<TrainOptions['evaluation'] | TrainEncodersOptions['evaluation']>;
  };

/** Supervision, or the encoders. */
export type Objective = NonNullable<TrainOptions['objective']> | 'contrastive';

/** The options of a configuration file; the rest belongs to the process. */
export type ConfigOptions = Partial<Omit<FlatOptions, 'onWarning' | 'onProgress' | 'signal'>>;

/** Values of `objective`. */
export const OBJECTIVES: readonly Objective[] = ['captions', 'masks', 'both', 'contrastive'];

/** Names of a configuration file: what belongs to the process is not in it. */
export const OPTION_NAMES: ReadonlySet<string> = new Set(
  Object.keys({ ...TRAIN_OPTIONS, ...TRAIN_ADVANCED_OPTIONS, ...TRAIN_ENCODERS_OPTIONS }).filter(
    (name) => !['onWarning', 'onProgress', 'signal', 'advanced'].includes(name),
  ),
);

/** Names within options that are objects. */
export const NESTED_NAMES: Readonly<Record<string, ReadonlySet<string>>> = {
  lambda: new Set(LOSSES),
  decoder: new Set(Object.keys(DECODER_OPTIONS)),
  augmentation: new Set(Object.keys(AUGMENTATION_OPTIONS)),
  evaluation: new Set(Object.keys({ ...PERIODIC_EVALUATION_OPTIONS, ...RETRIEVAL_OPTIONS })),
};

/** Options as the functions take them: the advanced ones in their group. */
export function nested({ objective, ...flat }: FlatOptions): TrainOptions | TrainEncodersOptions {
  const entries = Object.entries({ ...flat, ...(objective === 'contrastive' ? {} : { objective }) });
  const given = entries.filter(([, value]) => value !== undefined);
  const advanced = given.filter(([name]) => name in TRAIN_ADVANCED_OPTIONS);
  return {
    ...Object.fromEntries(given.filter(([name]) => !(name in TRAIN_ADVANCED_OPTIONS))),
    ...(advanced.length === 0 ? {} : { advanced: Object.fromEntries(advanced) }),
  } as unknown as TrainOptions | TrainEncodersOptions;
}
