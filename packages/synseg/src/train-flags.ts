/** Flags of `synseg train` and a configuration file → options of `train()` and `trainEncoders()`. */
import { flag, text, value, withDefault, type Options } from '@synseg/core/guards';
import {
  DATA_OPTIONS,
  TRAIN_ADVANCED_OPTIONS,
  TRAIN_ENCODERS_ADVANCED_OPTIONS,
  TRAIN_ENCODERS_OPTIONS,
  TRAIN_OPTIONS,
} from '@synseg/train/options';
import { readConfigFile } from './config-file.ts';
import { among, without } from './flags.ts';

const SOURCES = value<readonly string[]>('name a path', Array.isArray, (paths) => !paths.includes(''), {
  fromText: (path) => [path],
  placeholder: 'source...',
});

/** What is trained on, how it is read, and where other options come from. */
const DATA_FLAGS = {
  /** Options from a .json file, or a module with a default export, under the names that they have in the API. */
  config: { ...text(), placeholder: 'file' },
  /** Trains the encoders on whole captions, by trainEncoders(), with flags of its own: see --encoders --help. */
  encoders: withDefault(flag(), false),
  /** Tar shards, .jsonl, .csv, .tsv, COCO .json, or a folder. */
  data: SOURCES,
  dataFormat: DATA_OPTIONS.format,
  ...without(DATA_OPTIONS, 'source', 'format'),
};

/** Flags of `synseg train`. */
export const TRAIN_FLAGS = { ...DATA_FLAGS, ...without(TRAIN_OPTIONS, 'data', 'advanced'), ...TRAIN_ADVANCED_OPTIONS };

/** Flags of `synseg train --encoders`. */
export const TRAIN_ENCODERS_FLAGS = {
  ...DATA_FLAGS,
  ...without(TRAIN_ENCODERS_OPTIONS, 'data', 'advanced'),
  ...TRAIN_ENCODERS_ADVANCED_OPTIONS,
};

type Values = Readonly<Record<string, unknown>>;

/**
 * The options, but for what belongs to the process. A flag takes the place of the file's value; of an option with options
 * in it, of those alone that it names.
 *
 * @throws RangeError when data, init or out is missing
 */
export async function trainOptions(flags: Values, described: Options, advanced: Options): Promise<Values> {
  const { config, dataFormat: format, data: sources } = flags as { [Name in keyof typeof DATA_FLAGS]?: string };
  const known = without(described, 'onWarning', 'onProgress', 'signal');
  const file = config === undefined ? {} : await readConfigFile(config, known);
  const data = {
    ...among(DATA_OPTIONS, flags),
    ...(sources === undefined ? {} : { source: sources.length === 1 ? sources[0] : sources }),
    ...(format === undefined ? {} : { format }),
  };
  const given = {
    ...among(without(known, 'data'), flags),
    ...optional('data', data),
    ...optional('advanced', among(advanced, flags)),
  };
  const options = merged(
    { ...file, ...(typeof file['data'] === 'string' ? { data: { source: file['data'] } } : {}) },
    given,
  );
  const hasSource = (options['data'] as Values | undefined)?.['source'] !== undefined;
  for (const name of ['data', 'init', 'out']) {
    if (name === 'data' ? hasSource : options[name] !== undefined) continue;
    throw new RangeError(`Cannot train: --${name} must be given, or ${name} in the config file, got neither`);
  }
  return options;
}

const optional = (name: string, values: object): Values => (Object.keys(values).length === 0 ? {} : { [name]: values });

/** A random change is the flag's or the file's, and the split of one set is not another's. */
function merged({ split, ...others }: Values, flags: Values): Values {
  const file = split === undefined || 'dataset' in flags ? others : { ...others, split };
  const entries = Object.entries(flags).map(([name, value]) => [
    name,
    isPlain(value) && isPlain(file[name]) && name !== 'augmentation' ? merged(file[name], value) : value,
  ]);
  return { ...file, ...(Object.fromEntries(entries) as Values) };
}

function isPlain(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
