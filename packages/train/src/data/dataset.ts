/**
 * Sets of pictures with captions, tags or masks, from the formats people have them in, drawn in an order that follows
 * from seed and position alone.
 *
 * Nothing is decoded here, and of the pictures nothing is kept: a file is read when its sample is drawn.
 */
import { checkKind, checkOptions, describeValue, optionNames } from '@synseg/core/guards';
import type { PictureLimits } from '../image/picture-bytes.ts';
import { openCoco } from './coco.ts';
import { shortJson } from './data-error.ts';
import { WarningCounter, type DataWarning } from './data-warning.ts';
import { openFolder } from './folder.ts';
import { loadPhrases, type KnownPhrases } from './known-phrases.ts';
import { openRows } from './row-dataset.ts';
import type { FieldKeys, Phrases } from './row.ts';
import type { Sample } from './sample.ts';
import { expandSource, formatOf, type DataFormat } from './source.ts';
import { openWebdataset } from './webdataset.ts';

/** A place in the endless order of draws; plain JSON. */
export interface DatasetPosition {
  /** Epochs completed. */
  readonly epoch: number;
  /** Samples taken in this epoch, those left out as broken included. */
  readonly consumed: number;
  /** Where the shuffle buffer of shards was last filled: resuming starts there and not at the epoch's first shard. */
  readonly filled?: { readonly consumed: number; readonly shard: number; readonly sample: number };
}

/** A sample, as drawn. */
export interface Drawn {
  readonly sample: Sample;
  /** Stable number of the sample in the dataset. */
  readonly index: number;
  /** Where to go on right after it; `after.epoch` is the epoch it belongs to. */
  readonly after: DatasetPosition;
}

/** A class of the masks. */
export interface MaskClass {
  /** Value of its pixels. */
  readonly index: number;
  readonly name: string;
  /** What it is called: each time one of them, at random. @default the name */
  readonly prompts?: readonly string[];
}

/** A set of samples. */
export interface Dataset {
  /** For people, such as `1,094 samples of tags.jsonl`. */
  readonly description: string;
  /** Number of samples; undefined for shards, which are not counted. */
  readonly size: number | undefined;
  /** Classes of the masks, when known. */
  readonly classes?: readonly MaskClass[];
  /** Mask value that says nothing. */
  readonly ignoreIndex?: number;
  /** Mask value of what is none of the classes that can be named; it may be listed in `classes`. */
  readonly backgroundIndex?: number;
  /**
   * Samples without end, epoch after epoch, each epoch shuffled by (seed, epoch). The same seed and position always
   * give
   * the same order. Leaving the loop closes what is open.
   *
   * @throws SynsegError `DATASET_FORMAT` when an epoch has no sample at all
   */
  draw(from: DatasetPosition, seed: number, signal?: AbortSignal): AsyncIterable<Drawn>;
}

/** The place where training starts. */
export const START: DatasetPosition = { epoch: 0, consumed: 0 };

/** Where the data lies and how to read it. */
export interface DataOptions {
  /**
   * - tar shards: `cc-{000000..001175}.tar`, several of them, or a folder of them
   * - a `.jsonl`, `.csv` or `.tsv` file
   * - COCO JSON: captions, instances, or both as a list
   * - a folder: with a `metadata.jsonl` or one other table, with images/ and labels/ or masks/, or of pictures with a
   *   `.txt` beside each
   */
  readonly source: string | readonly string[];
  /** @default by the name of the source */
  readonly format?: DataFormat;
  /** Folder that paths of pictures start from; @default the folder of the source */
  readonly images?: string;
  /** Folder that paths of masks start from, or that holds a mask for each picture; @default `images` */
  readonly masks?: string;
  /** `classes.json` of the masks; @default the one beside the source */
  readonly classes?: string;
  /** Noun phrases of the captions, JSONL of {key | image | caption, nouns}; kept in memory, about 0.3 kB a row. */
  readonly phrases?: string;
  readonly keys?: FieldKeys;
  /** Whether a CSV or TSV file starts with column names; @default true when the first row holds a known one */
  readonly header?: boolean;
  /** Rows with another `split` are left out; of a folder, the subfolder. @default all */
  readonly split?: string;
  /**
   * Samples of shards that are shuffled among each other. Only their places are kept, not their bytes. @default 20,000
   */
  readonly shuffleBuffer?: number;
}

/** What {@link openDataset} needs from its caller. */
export interface DataContext {
  /** Noun phrases of a caption. */
  readonly phrases: Phrases;
  /**
   * Captions count though there are tags or noun phrases; what a sample is about is then what `phrases` makes of them.
   * @default false
   */
  readonly captionsOnly?: boolean;
  readonly onWarning: (warning: DataWarning) => void;
  /** Bounds of pictures and masks. @default core's */
  readonly limits?: PictureLimits;
  readonly signal?: AbortSignal;
}

/**
 * Opens a dataset; reads tables through once, and of shards only whether they are there.
 *
 * Paths that are not found, rows that cannot be read and shards that are missing are warnings as long as something is
 * left.
 *
 * @throws TypeError when an option is of the wrong kind or unknown
 * @throws RangeError when an option does not go with the format
 * @throws SynsegError `DATASET_FORMAT` when nothing usable is there
 * @example
 * ```ts
 * // type-checked only: needs a dataset
 * import { openDataset, START } from './dataset.ts';
 * const dataset = await openDataset('shop/tags.jsonl', { phrases: () => [], onWarning: console.warn });
 * for await (const { sample } of dataset.draw(START, 42)) {
 *   console.log(sample.key, sample.categories);
 *   break;
 * }
 * ```
 */
export async function openDataset(data: string | DataOptions, context: DataContext): Promise<Dataset> {
  const options = checkData('open dataset', data);
  const sources = expandSource(options.source);
  const format = options.format ?? (await formatOf(sources));
  checkCombination(options, format, sources.length);
  const warnings = new WarningCounter(context.onWarning);
  const known =
    options.phrases === undefined ? undefined : await loadPhrases(options.phrases, warnings, context.signal);
  const phrases: Phrases =
    known === undefined ? context.phrases : (caption) => known.get(caption) ?? context.phrases(caption);
  const opening: Opening = {
    sources,
    options,
    phrases,
    known,
    captionsOnly: context.captionsOnly ?? false,
    warnings,
    limits: context.limits ?? {},
    signal: context.signal,
  };
  switch (format) {
    case 'webdataset':
      return openWebdataset(opening);
    case 'coco':
      return openCoco(opening);
    case 'folder':
      return openFolder(opening);
    case 'jsonl':
    case 'csv':
    case 'tsv':
      return openRows(opening, format);
  }
}

/** What the reader of a format is given. */
export interface Opening {
  /** One path; several only of shards and COCO files. */
  readonly sources: readonly [string, ...string[]];
  readonly options: DataOptions;
  readonly phrases: Phrases;
  /** Phrases found before, by the key of a sample. */
  readonly known: KnownPhrases | undefined;
  /** Tags and nouns are not read. */
  readonly captionsOnly: boolean;
  readonly warnings: WarningCounter;
  readonly limits: PictureLimits;
  readonly signal: AbortSignal | undefined;
}

const TEXTS = ['images', 'masks', 'classes', 'phrases', 'split'] as const;
const NAMES = optionNames<DataOptions>({
  source: true,
  format: true,
  images: true,
  masks: true,
  classes: true,
  phrases: true,
  keys: true,
  header: true,
  split: true,
  shuffleBuffer: true,
});
const KEY_NAMES = optionNames<FieldKeys>({ image: true, caption: true, tags: true, nouns: true, mask: true });
const FORMATS: readonly unknown[] = ['webdataset', 'jsonl', 'csv', 'tsv', 'coco', 'folder'] satisfies DataFormat[];

/**
 * Checks what says where data lies; which options go with the format is seen when it is opened.
 *
 * @param name - what the caller calls it
 * @returns the options
 * @throws TypeError or RangeError naming the option
 */
export function checkData(action: string, data: string | DataOptions, name = 'data'): DataOptions {
  const rule = 'be a path or an object with a source';
  checkKind(
    action,
    name,
    data,
    (typeof data === 'string' && data !== '') ||
      (typeof data === 'object' && (data as unknown) !== null && !Array.isArray(data) && !('then' in data)),
    rule,
  );
  const options: DataOptions = typeof data === 'string' ? { source: data } : data;
  checkOptions(action, options, NAMES, name);
  for (const text of TEXTS)
    checkKind(
      action,
      text,
      options[text],
      options[text] === undefined || (typeof options[text] === 'string' && options[text] !== ''),
      'be a text',
    );
  checkKind(
    action,
    'format',
    options.format,
    options.format === undefined || FORMATS.includes(options.format),
    `be one of ${FORMATS.join(', ')}`,
  );
  checkOptions(action, options.keys, KEY_NAMES, 'keys');
  checkKind(
    action,
    'header',
    options.header,
    options.header === undefined || typeof options.header === 'boolean',
    'be true or false',
  );
  const { shuffleBuffer } = options;
  if (shuffleBuffer !== undefined && !(Number.isInteger(shuffleBuffer) && shuffleBuffer >= 1)) {
    throw new RangeError(
      `Cannot ${action}: shuffleBuffer must be a positive integer, got ${describeValue(shuffleBuffer)}`,
    );
  }
  return options;
}

/** An option that would be ignored is a misunderstanding, and told. */
function checkCombination(options: DataOptions, format: DataFormat, sources: number): void {
  const fail = (name: string, rule: string, got: unknown): RangeError =>
    new RangeError(`Cannot open dataset: ${name} must ${rule}, got ${shortJson(got)}`);
  if (sources > 1 && format !== 'webdataset' && format !== 'coco')
    throw fail('source', `be one path for format ${format}`, options.source);
  const refused: Readonly<Record<DataFormat, readonly (keyof DataOptions)[]>> = {
    webdataset: ['images', 'masks', 'split', 'header'],
    jsonl: ['shuffleBuffer', 'header'],
    csv: ['shuffleBuffer'],
    tsv: ['shuffleBuffer'],
    coco: ['shuffleBuffer', 'header', 'split', 'keys', 'masks', 'classes'],
    folder: ['shuffleBuffer'],
  };
  const extra = refused[format].find((name) => options[name] !== undefined);
  if (extra !== undefined) throw fail(extra, `be left out for format ${format}`, options[extra]);
}
