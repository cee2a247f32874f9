/** Options of data: its place, its format, and random changes to it. */
import {
  choice,
  commaSeparated,
  either,
  flag,
  group,
  integer,
  list,
  number,
  readOptions,
  text,
  value,
  type Option,
  type OptionsOf,
  type Resolved,
} from '@synseg/core/guards';
import { isRecord, isRename } from './json-kinds.ts';

/** A column: its name, or in a file without a header its index from 0. */
export const COLUMN = either('be the name of a field or a column from 0', integer({ least: 0 }), text());

const FIELD = either('be a field name, a column index or a list of them', COLUMN, list(COLUMN));

/** Names of the fields; of several, the first that is present counts. */
export const FIELD_KEYS = {
  /**
   * Picture.
   * @default image, file_name, filename, filepath, path, url, key; in shards the members jpg, jpeg, png, webp
   */
  image: FIELD,
  /**
   * Text to take noun phrases from.
   * @default caption, text, txt; in shards the members txt, text, caption
   */
  caption: FIELD,
  /**
   * Categories as a list, or separated by commas.
   * @default tags, labels
   */
  tags: FIELD,
  /**
   * Noun phrases found before, which count in place of caption and tags.
   * @default nouns, phrases
   */
  nouns: FIELD,
  /**
   * Index mask.
   * @default mask; in shards the members mask.png, seg.png, label.png
   */
  mask: FIELD,
};
export type FieldKeys = OptionsOf<typeof FIELD_KEYS>;

/** Storage format of a dataset. */
export type DataFormat = 'webdataset' | 'jsonl' | 'csv' | 'tsv' | 'coco' | 'folder' | 'index-jsonl' | 'annotations';

/** A set: on the command line, a name with = has a weight behind it. */
export const SET_NAME = value<string>(
  'be a name without =',
  (given) => typeof given === 'string',
  (given) => given !== '' && !given.includes('='),
  { fromText: String, placeholder: 'set' },
);

const SET_WEIGHTS = value<Readonly<Record<string, number>>>(
  'be weights above 0 by the names of sets',
  (given) => isRecord(given) && Object.values(given).every((weight) => typeof weight === 'number'),
  (given) => Object.keys(given).length > 0 && Object.values(given).every((weight) => weight > 0 && weight < Infinity),
  { fromText: (given) => pairsOf(given, Number), placeholder: 'set=weight,…' },
);

/** Labels by the names of classes, or the path of a JSON file of them. */
export const RENAME = value<string | Readonly<Record<string, string>>>(
  'be labels by the names of classes, or a path of a JSON file of them',
  (given) => typeof given === 'string' || isRecord(given),
  (given) => (typeof given === 'string' ? given !== '' : isRename(given)),
  { fromText: (given) => (given.includes('=') ? pairsOf(given, String) : given), placeholder: 'class=label,…|file' },
);

/** `a=1,b=2` as an object; the text where a part has no name. */
function pairsOf<Value>(given: string, read: (text: string) => Value): unknown {
  const pairs = commaSeparated(given).map((part) => /^([^=]+)=(.*)$/.exec(part));
  return pairs.includes(null)
    ? given
    : Object.fromEntries(pairs.map((pair) => [pair![1]!.trim(), read(pair![2]!.trim())]));
}

/** Source and format of data. */
export const DATA_OPTIONS = {
  /**
   * Tar shards (`cc-{000000..001175}.tar`, several of them, or a folder of them); a `.jsonl`, `.csv` or `.tsv` file;
   * COCO JSON (captions, instances, or both as a list); or a folder with a `metadata.jsonl` or one other table, with
   * images/ and labels/ or masks/, of pictures with a `.txt` beside each, or with several sets of masks in an
   * `index.jsonl` and a `classes.json`; or what an annotation tool exports, as a folder or a zip.
   */
  source: either('be a path or a list of paths', text(), list(text())),
  /**
   * Storage format.
   * @default by the name of the source
   */
  format: choice<DataFormat>(['webdataset', 'jsonl', 'csv', 'tsv', 'coco', 'folder', 'index-jsonl', 'annotations']),
  /**
   * Folder that paths of pictures start from.
   * @default the folder of the source
   */
  images: text(),
  /**
   * Folder that paths of masks start from, or that holds a mask for each picture.
   * @default the folder of the pictures
   */
  masks: text(),
  /**
   * `classes.json` of the masks.
   * @default the one beside the source
   */
  classes: text(),
  /**
   * Noun phrases found before, by `synseg phrases` for example: JSONL of {key, image or caption, nouns}, joined by any
   * of the three; of shards also by the address in the JSON member. A sample that is not in it has none. Kept in
   * memory, about 0.5 kB a row.
   */
  phrases: text(),
  /** Names of the fields. */
  keys: group(FIELD_KEYS),
  /**
   * The first row of a CSV or TSV file is a header.
   * @default true when the first row holds a known one
   */
  header: flag(),
  /**
   * Rows with another `split` are left out; of a folder, the subfolder.
   * @default all; of index-jsonl and annotations train, where they have one
   */
  split: text(),
  /**
   * Sets of index-jsonl to read, or their weights: a set is drawn in proportion to its weight.
   * @default all, each weighed by its number of pictures
   */
  sets: either('be a list of names of sets, or of weights above 0 by name', SET_WEIGHTS, list(SET_NAME)),
  /**
   * Labels of index-jsonl's classes in place of their names, by class or set/class, or the path of a JSON file of them.
   * Classes of a set that share a label are one; a label that several sets have is one label.
   * @default the names of the classes
   */
  rename: RENAME,
  /**
   * Choice of the pictures of a set of index-jsonl: in proportion to the sum of 1/√(pictures with the label) of their
   * labels, so that rare labels are seen more often, or all alike.
   * @default by-labels
   */
  draw: choice(['by-labels', 'evenly']),
  /**
   * Samples of shards that are shuffled among each other. Only their places are kept, not their bytes.
   * @default 20,000
   */
  shuffleBuffer: integer(),
};
export type DataOptions = OptionsOf<typeof DATA_OPTIONS, 'source'>;

/** {@link DataOptions}, checked. */
export type ResolvedData = Resolved<typeof DATA_OPTIONS, 'source'>;

/** A source, or {@link DATA_OPTIONS}, which {@link checkData} then checks. */
export const DATA: Option<string | DataOptions> = {
  ...value<string | DataOptions>(
    'be a path or an object with a source',
    (given) =>
      typeof given === 'string' ||
      (typeof given === 'object' && given !== null && !Array.isArray(given) && !('then' in given)),
    (given) => given !== '',
    { fromText: String, placeholder: 'path' },
  ),
  options: DATA_OPTIONS,
};

/**
 * Checks options of data by themselves; `openDataset()` checks that they go with the format.
 *
 * @param name - the option's name for messages
 * @throws TypeError or RangeError naming the option
 */
export function checkData(action: string, data: string | DataOptions, name = 'data'): ResolvedData {
  const { [name]: given } = readOptions(action, { [name]: DATA }, { [name]: data }, [name]);
  const options = typeof given === 'string' ? { source: given } : given;
  return readOptions(action, DATA_OPTIONS, options, ['source'], name);
}

/** Two numbers, such as `0.5:2` on the command line. */
function range(rule: string, least: number, most: number, placeholder: string): Option<readonly [number, number]> {
  return value<readonly [number, number]>(
    rule,
    (given) => Array.isArray(given) && given.length === 2 && given.every((end) => typeof end === 'number'),
    ([low, high]) => low >= least && low > 0 && low <= high && high <= most,
    { fromText: (given) => given.split(/[,:]/).map(Number), placeholder },
  );
}

/** Random changes of picture and mask; of the mask only those of place. */
export const AUGMENTATION_OPTIONS = {
  /**
   * Mirrors left and right with probability ½.
   * @default false
   */
  flip: flag(),
  /**
   * Random resized crop: share of the picture's area, least and most, of an aspect ratio from 3:4 to 4:3.
   * @default none
   */
  crop: range('be two shares of the area, 0 < least ≤ most ≤ 1', 0, 1, 'least:most'),
  /**
   * Random scale, least and most factor, without `crop`: from 1 on a part of the picture is enlarged; below 1 the
   * picture is shrunk on gray, where the mask is unlabeled.
   * @default none
   */
  scale: range('be two factors, 1/16 ≤ least ≤ most ≤ 16', 1 / 16, 16, 'least:most'),
  /**
   * Brightness is multiplied by a factor from 1 − this to 1 + this.
   * @default 0
   */
  brightness: number({ least: 0, most: 1 }),
  /**
   * Contrast is multiplied by a factor from 1 − this to 1 + this.
   * @default 0
   */
  contrast: number({ least: 0, most: 1 }),
  /**
   * Saturation is multiplied by a factor from 1 − this to 1 + this.
   * @default 0
   */
  saturation: number({ least: 0, most: 1 }),
  /**
   * Hue is turned either way by up to this share of a full turn.
   * @default 0
   */
  hue: number({ least: 0, most: 0.5 }),
};
export type Augmentation = OptionsOf<typeof AUGMENTATION_OPTIONS>;

/** Checks what each option alone cannot say. @throws RangeError when crop and scale are both given */
export function checkAugmentation(action: string, { crop, scale }: Augmentation = {}): void {
  if (crop !== undefined && scale !== undefined)
    throw new RangeError(`Cannot ${action}: augmentation.crop must be left out with augmentation.scale, got both`);
}

/** True when an option changes pictures. */
export function changesPictures({ flip = false, crop, scale, ...colors }: Augmentation): boolean {
  return flip || crop !== undefined || scale !== undefined || Object.values(colors).some((most) => (most ?? 0) > 0);
}
