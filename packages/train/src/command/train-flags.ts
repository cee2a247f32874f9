/**
 * Flags of `synseg-train train` and a configuration file → options of `train()`. Each flag takes the place of its own
 * value.
 */
import type { Augmentation, DataFormat, DataOptions, FieldKeys } from '../data/data-options.ts';
import type { DecoderShape, PeriodicEvaluation, RetrievalEvaluation } from '../trainer/train-options.ts';
import type { ConfigOptions, FlatOptions } from './option-names.ts';
import { pick, type OutputFlags } from './output.ts';

/** Flags that are options as they are. */
const OPTIONS = [
  ...([
    'init',
    'trunk',
    'out',
    'inputSize',
    'steps',
    'batchSize',
    'microBatchSize',
    'recipe',
    'objective',
    'contrastGate',
    'epsilon',
    'prior',
    'templates',
    'unknownCategories',
  ] as const),
  ...([
    'projectorSteps',
    'projectorLearningRate',
    'learningRate',
    'schedule',
    'finalLearningRate',
    'warmupSteps',
    'weightDecay',
    'clipNorm',
    'patchDropout',
    'trainable',
    'ema',
    'seed',
    'maxCategories',
    'cacheFeatures',
  ] as const),
  ...([
    'device',
    'precision',
    'threads',
    'workers',
    'saveEvery',
    'keepEvery',
    'resume',
    'cacheFolder',
    'maxPixels',
  ] as const),
] satisfies readonly (keyof FlatOptions)[];

/** Flags of `synseg-train train`. */
export interface TrainFlags extends OutputFlags, Partial<Pick<FlatOptions, (typeof OPTIONS)[number] | 'lambda'>> {
  readonly config?: string;
  readonly data?: readonly string[];
  readonly dataFormat?: DataFormat;
  readonly split?: string;
  readonly images?: string;
  readonly masks?: string;
  readonly classes?: string;
  readonly phrases?: string;
  readonly keys?: FieldKeys;
  readonly decoder?: DecoderShape;
  readonly augment?: Augmentation;
  readonly evaluate?: Pick<PeriodicEvaluation, 'dataset' | 'root' | 'split'>;
  readonly evaluatePairs?: string;
  readonly evaluateEvery?: number;
}

/**
 * Options of `train()`, but for what belongs to the process.
 *
 * @throws TypeError when data, init or out is missing, RangeError for a flag that says nothing without another
 */
export function trainOptions(flags: TrainFlags, file: ConfigOptions = {}): FlatOptions {
  for (const name of ['data', 'init', 'out'] as const) {
    if (flags[name] === undefined && file[name] === undefined)
      throw new TypeError(`Cannot train: --${name} must be given, or ${name} in the config file, got neither`);
  }
  const lambda = { ...file.lambda, ...flags.lambda };
  const decoder = { ...file.decoder, ...flags.decoder };
  const augmentation = flags.augment ?? file.augmentation;
  const evaluation = evaluationOptions(flags, file.evaluation);
  return {
    ...file,
    ...pick(flags, ...OPTIONS),
    data: dataOptions(flags, file.data),
    ...(Object.keys(lambda).length === 0 ? {} : { lambda }),
    ...(Object.keys(decoder).length === 0 ? {} : { decoder }),
    ...(augmentation === undefined ? {} : { augmentation }),
    ...(evaluation === undefined ? {} : { evaluation }),
  } as FlatOptions;
}

function dataOptions(flags: TrainFlags, file: FlatOptions['data'] | undefined): DataOptions {
  const { data: sources, dataFormat: format, keys } = flags;
  const base: Partial<DataOptions> = typeof file === 'object' ? file : file === undefined ? {} : { source: file };
  return {
    ...base,
    ...(sources === undefined ? {} : { source: sources.length === 1 ? (sources[0] as string) : sources }),
    ...(format === undefined ? {} : { format }),
    ...pick(flags, 'split', 'images', 'masks', 'classes', 'phrases'),
    ...(keys === undefined ? {} : { keys: { ...base.keys, ...keys } }),
  } as DataOptions;
}

function evaluationOptions(
  { evaluate, evaluatePairs, evaluateEvery: every }: TrainFlags,
  file: FlatOptions['evaluation'],
): FlatOptions['evaluation'] {
  if (evaluate !== undefined && evaluatePairs !== undefined)
    throw new RangeError('Cannot train: --evaluate-pairs must come without --evaluate, got both');
  if (evaluate === undefined && evaluatePairs === undefined && file === undefined) {
    if (every !== undefined)
      throw new RangeError(
        'Cannot train: --evaluate-every must come with --evaluate or --evaluate-pairs, or evaluation in the config ' +
          `file, got ${every} alone`,
      );
    return undefined;
  }
  const base =
    evaluatePairs !== undefined
      ? pairsOptions(evaluatePairs, file)
      : evaluate !== undefined
        ? masksOptions(evaluate, file)
        : file;
  return { ...(base as PeriodicEvaluation | RetrievalEvaluation), ...(every === undefined ? {} : { every }) };
}

/** A masks set in place of the file's; its split does not go with another set. */
function masksOptions(
  evaluate: NonNullable<TrainFlags['evaluate']>,
  file: FlatOptions['evaluation'],
): PeriodicEvaluation {
  if (file === undefined || 'data' in file) return evaluate;
  const { split: _, ...others } = file;
  return { ...others, ...evaluate };
}

function pairsOptions(data: string, file: FlatOptions['evaluation']): RetrievalEvaluation {
  return file !== undefined && 'data' in file ? { ...file, data } : { data };
}
