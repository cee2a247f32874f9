/** Flags of `synseg train` and a configuration file → options of the three functions that train. */
import { flag, text, value, withDefault, type Options } from '@synseg/core/guards';
import { DATA_OPTIONS, TRAIN_ADVANCED_OPTIONS, TRAIN_OPTIONS } from '@synseg/train/options';
import { TRAIN_ENCODERS_ADVANCED_OPTIONS, TRAIN_ENCODERS_OPTIONS } from '@synseg/train/options';
import { TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS, TRAIN_TEXT_ENCODER_OPTIONS } from '@synseg/train/options';
import { readConfigFile } from './config-file.ts';
import { among, without } from './flags.ts';

const SOURCES = value<readonly string[]>('name a path', Array.isArray, (paths) => !paths.includes(''), {
  fromText: (path) => [path],
  placeholder: 'source...',
});

/** Flags of every training. */
const ANY_FLAGS = {
  /** Configuration file: .json, or a module with a default export. Its names are those of the API. */
  config: { ...text(), placeholder: 'file' },
  /** Trains both encoders on whole captions; see `synseg train --encoders --help` for its flags. */
  encoders: withDefault(flag(), false),
  /** Trains the text encoder on vectors of names; see `synseg train --text-encoder --help` for its flags. */
  textEncoder: withDefault(flag(), false),
};

/** Flags of the data and of the configuration file. */
const DATA_FLAGS = {
  ...ANY_FLAGS,
  /** Training data: tar shards, .jsonl, .csv, .tsv, COCO .json, or a folder. */
  data: SOURCES,
  dataFormat: DATA_OPTIONS.format,
  ...without(DATA_OPTIONS, 'source', 'format'),
};

export const TRAIN_FLAGS = { ...DATA_FLAGS, ...without(TRAIN_OPTIONS, 'data', 'advanced'), ...TRAIN_ADVANCED_OPTIONS };

export const TRAIN_ENCODERS_FLAGS = {
  ...DATA_FLAGS,
  ...without(TRAIN_ENCODERS_OPTIONS, 'data', 'advanced'),
  ...TRAIN_ENCODERS_ADVANCED_OPTIONS,
};

/** Flags of `synseg train --text-encoder`. */
export const TRAIN_TEXT_ENCODER_FLAGS = {
  ...ANY_FLAGS,
  ...without(TRAIN_TEXT_ENCODER_OPTIONS, 'data', 'advanced'),
  /** Table of texts and names: .jsonl, .csv or .tsv. */
  data: SOURCES,
  ...TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS,
};

type Values = Readonly<Record<string, unknown>>;

/** Options of `trainTextEncoder()`, whose data is one path. @throws as {@link trainOptions} */
export async function textEncoderOptions(flags: Values): Promise<Values> {
  const needed = ['data', 'vectors', 'init', 'out'];
  const options = await trainOptions(flags, TRAIN_TEXT_ENCODER_OPTIONS, TRAIN_TEXT_ENCODER_ADVANCED_OPTIONS, needed);
  const { source, ...others } = options['data'] as Values;
  return { ...options, data: Object.keys(others).length === 0 ? source : options['data'] };
}

/**
 * Options of `train()` or `trainEncoders()`, without callbacks and signal. A flag overrides the file's value; within a
 * group, only the options that it names.
 *
 * @throws RangeError when data, init or out is missing
 */
export async function trainOptions(
  flags: Values,
  described: Options,
  advanced: Options,
  needed: readonly string[] = ['data', 'init', 'out'],
): Promise<Values> {
  const { config, dataFormat: format, data: sources } = flags as { [Name in keyof typeof DATA_FLAGS]?: string };
  const known = without(described, 'onWarning', 'onProgress', 'signal');
  const file = config === undefined ? {} : await readConfigFile(config, known);
  const data = {
    ...among(DATA_OPTIONS, flags),
    ...(sources === undefined ? {} : { source: sources.length === 1 ? sources[0] : sources }),
    ...(format === undefined ? {} : { format }),
  };
  const groups = { ...optional('data', data), ...optional('advanced', among(advanced, flags)) };
  const given = { ...among(without(known, 'data'), flags), ...groups };
  const base = typeof file['data'] === 'string' ? { ...file, data: { source: file['data'] } } : file;
  const options = merged(base, given);
  const hasSource = (options['data'] as Values | undefined)?.['source'] !== undefined;
  for (const name of needed) {
    if (name === 'data' ? hasSource : options[name] !== undefined) continue;
    throw new RangeError(`Cannot train: --${name} must be given, or ${name} in the config file, got neither`);
  }
  return options;
}

const optional = (name: string, values: object): Values => (Object.keys(values).length === 0 ? {} : { [name]: values });

/** Groups that a flag replaces as a whole. */
const WHOLE = ['augmentation', 'sets', 'rename'];

/** A group of {@link WHOLE} is the flag's or the file's, and the split of one data set does not apply to another. */
function merged({ split, ...others }: Values, flags: Values): Values {
  const file = split === undefined || 'dataset' in flags ? others : { ...others, split };
  const entries = Object.entries(flags).map(([name, value]) => [
    name,
    isPlain(value) && isPlain(file[name]) && !WHOLE.includes(name) ? merged(file[name], value) : value,
  ]);
  return { ...file, ...(Object.fromEntries(entries) as Values) };
}

function isPlain(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
