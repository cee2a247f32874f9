/** A file of captions → a JSONL file of noun phrases, of any length in constant memory. */
import { stat } from 'node:fs/promises';
import { SynsegError } from '@synseg/core';
import {
  checkCallback,
  checkKind,
  checkOptions,
  checkOutputs,
  checkSignal,
  describeValue,
  optionNames,
} from '@synseg/core/guards';
import { writeFileAtomic } from '@synseg/core/checkpoint';
import { eventTurn } from '@synseg/core/runtime';
import type { CaptionKeys } from './caption-columns.ts';
import {
  CAPTION_FORMATS,
  captionFormat,
  captionRecords,
  type CaptionFormat,
  type CaptionRecord,
} from './caption-records.ts';
import { readExclusions } from './exclusions.ts';
import type { KeptWords } from './noun-chunks.ts';
import { PhraseCounter } from './phrase-counter.ts';
import { PhraseExtractor } from './phrase-extractor.ts';
import type { PhraseSummary } from './phrase-summary.ts';
import { RowFile } from './row-file.ts';
import { spacyPhrases } from './spacy-phrases.ts';
import { BROKEN } from './text-chunks.ts';

/** Options of {@link extractPhrases}. */
export interface ExtractPhrasesOptions {
  /** JSONL file to write: `{image | key, caption, nouns}` a line. */
  readonly out: string;
  /**
   * - `tsv`: Conceptual 12M's `url<TAB>caption`, or any other order and a header
   * - `csv`: with or without a header
   * - `jsonl`: objects with a caption
   * - `coco`: COCO's captions
   * - `text`: a caption a line
   * - `spacy`: JSONL of noun chunks that spaCy has found
   *
   * @default by the name of the file, which may end in `.gz`
   */
  readonly format?: CaptionFormat;
  /** Names or columns of the fields. */
  readonly keys?: CaptionKeys;
  /** Whether a table starts with column names. @default true when the first row holds a known one */
  readonly header?: boolean;
  /** Phrases to drop: a list, or a text file of it. @default DEFAULT_EXCLUSIONS */
  readonly exclude?: string | readonly string[];
  /** `'nouns'` leaves adjectives and participles out; `'both'` gives both phrases. @default 'adjectives' */
  readonly keep?: KeptWords;
  /** The phrase for `<PERSON>`, which stands for a name in Conceptual 12M. @default none */
  readonly person?: string;
  /** Phrases listed in the summary. @default 100 */
  readonly frequent?: number;
  /** Different phrases counted exactly, about 100 bytes each; beyond, counts are approximate. @default 500,000 */
  readonly distinctLimit?: number;
  /** File for `count<TAB>phrase` of all phrases that were kept count of, most frequent first. @default none */
  readonly table?: string;
  /** Is told about twice a second how far it is. */
  readonly onProgress?: (progress: PhraseProgress) => void;
  readonly signal?: AbortSignal;
}

/** How far an extraction is. */
export interface PhraseProgress {
  readonly lines: number;
  readonly kept: number;
  readonly phrases: number;
  /** Bytes of the caption file read, packed as it is. */
  readonly bytes: number;
  /** Bytes to read in all: those of a COCO file twice, which is read for its pictures and then for its captions. */
  readonly totalBytes: number;
}

const PROGRESS_MS = 500;

/**
 * Extracts the noun phrases of a file of captions. Captions without a phrase are left out and counted, and so are lines
 * that cannot be read. The output appears when it is complete; after an error or an abort there is none.
 *
 * @param captions - path of the file
 * @returns counts and the most frequent phrases
 * @throws SynsegError `DATASET_FORMAT` when the file cannot be read, or not one of its lines
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { extractPhrases } from '@synseg/train';
 * const folder = await mkdtemp(join(tmpdir(), 'phrases-'));
 * await writeFile(join(folder, 'cc.tsv'), 'http://a.org/1.jpg\tA red car parked on the street\n');
 * const summary = await extractPhrases(join(folder, 'cc.tsv'), { out: join(folder, 'phrases.jsonl') });
 * const row = JSON.parse(await readFile(join(folder, 'phrases.jsonl'), 'utf8')) as { nouns: string[] };
 * console.assert(summary.kept === 1 && row.nouns.join() === 'red car,street');
 * ```
 */
export async function extractPhrases(captions: string, options: ExtractPhrasesOptions): Promise<PhraseSummary> {
  const { out, keep = 'adjectives', distinctLimit = 500_000, frequent = 100, signal } = checked(captions, options);
  signal?.throwIfAborted();
  await checkOutputs(
    'extract phrases',
    [{ name: 'out', path: out }, ...(options.table === undefined ? [] : [{ name: 'table', path: options.table }])],
    [captions, ...(typeof options.exclude === 'string' ? [options.exclude] : [])],
  );
  const format = options.format ?? captionFormat(captions);
  const exclude = typeof options.exclude === 'string' ? await readExclusions(options.exclude) : options.exclude;
  const extractor = new PhraseExtractor({
    keep,
    ...(exclude === undefined ? {} : { exclude }),
    ...(options.person === undefined ? {} : { person: options.person }),
  });
  const counter = new PhraseCounter(distinctLimit);
  const excluded = new Map<string, number>();
  const onExcluded = (_phrase: string, entry: string): void => void excluded.set(entry, (excluded.get(entry) ?? 0) + 1);
  const started = performance.now();
  const counts = { lines: 0, kept: 0, withoutPhrases: 0, broken: 0, bytes: 0 };
  const totalBytes = ((await stat(captions).catch(() => undefined))?.size ?? 0) * (format === 'coco' ? 2 : 1);
  const report = (): void =>
    options.onProgress?.({
      lines: counts.lines,
      kept: counts.kept,
      phrases: counter.total,
      bytes: counts.bytes,
      totalBytes,
    });

  const phrasesOf = ({ caption, chunks }: CaptionRecord): string[] | undefined => {
    if (format !== 'spacy') return extractor.extract(caption, onExcluded);
    const found = spacyPhrases(chunks, keep);
    return found && extractor.select(found, onExcluded);
  };

  /** The output line of a record; empty when it is left out. */
  const lineOf = (record: CaptionRecord | typeof BROKEN): string => {
    counts.lines++;
    const nouns = record === BROKEN ? undefined : phrasesOf(record);
    if (record === BROKEN || nouns === undefined) counts.broken++;
    else if (nouns.length === 0) counts.withoutPhrases++;
    else {
      counts.kept++;
      for (const noun of nouns) counter.add(noun);
      return `${JSON.stringify({ ...record.fields, ...(record.caption === '' ? {} : { caption: record.caption }), nouns })}\n`;
    }
    return '';
  };

  const onBytes = (bytes: number): void => void (counts.bytes += bytes);
  const records = captionRecords({
    path: captions,
    format,
    keys: options.keys ?? {},
    header: options.header,
    onBytes,
    signal,
  });
  const file = await RowFile.create(out);
  try {
    let reported = started;
    for await (const list of records) {
      let text = '';
      for (const record of list) text += lineOf(record);
      await file.write(text);
      await eventTurn();
      signal?.throwIfAborted();
      if (performance.now() - reported < PROGRESS_MS) continue;
      reported = performance.now();
      report();
    }
    if (counts.broken === counts.lines) {
      throw new SynsegError(
        'DATASET_FORMAT',
        `Cannot extract phrases: "${captions}" must hold captions as ${format}, got ` +
          `${counts.lines === 0 ? 'no line' : `${counts.lines} broken lines`}`,
      );
    }
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
  report();
  if (options.table !== undefined)
    await writeFileAtomic(
      options.table,
      counter
        .frequent()
        .map(({ phrase, count }) => `${count}\t${phrase}\n`)
        .join(''),
    );

  const byEntry = [...excluded].map(([entry, count]) => ({ entry, count })).sort((a, b) => b.count - a.count);
  return {
    captions,
    out,
    format,
    lines: counts.lines,
    kept: counts.kept,
    withoutPhrases: counts.withoutPhrases,
    broken: counts.broken,
    phrases: counter.total,
    distinct: counter.distinct,
    exact: counter.exact,
    frequent: counter.frequent(frequent),
    countError: counter.error,
    excluded: { phrases: byEntry.reduce((sum, { count }) => sum + count, 0), byEntry },
    seconds: (performance.now() - started) / 1000,
  };
}

const NAMES = optionNames<ExtractPhrasesOptions>({
  out: true,
  format: true,
  keys: true,
  header: true,
  exclude: true,
  keep: true,
  person: true,
  frequent: true,
  distinctLimit: true,
  table: true,
  onProgress: true,
  signal: true,
});
const KEY_NAMES = optionNames<CaptionKeys>({ image: true, caption: true, nouns: true });

function checked(captions: string, options: ExtractPhrasesOptions): ExtractPhrasesOptions {
  const action = 'extract phrases';
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  checkKind(action, 'captions', captions, isText(captions), 'be a path');
  checkKind(action, 'options', options, (options as unknown) !== undefined, 'be an object with out');
  checkOptions(action, options, NAMES);
  const { out, table, format, keys, header, exclude, person, frequent = 0, distinctLimit = 1 } = options;
  checkKind(action, 'out', out, isText(out), 'be a path');
  checkKind(action, 'table', table, table === undefined || isText(table), 'be a path');
  checkKind(action, 'header', header, header === undefined || typeof header === 'boolean', 'be true or false');
  checkKind(action, 'person', person, person === undefined || isText(person), 'be a word');
  checkKind(
    action,
    'exclude',
    exclude,
    exclude === undefined || isText(exclude) || Array.isArray(exclude),
    'be a list of strings or the path of one',
  );
  checkOptions(action, keys, KEY_NAMES, 'keys');
  for (const [name, key] of Object.entries(keys ?? {}))
    checkKind(
      action,
      `keys.${name}`,
      key,
      key === undefined || isText(key) || (Number.isInteger(key) && (key as number) >= 0),
      'be the name of a field or a column from 0',
    );
  checkSignal(action, options.signal);
  checkCallback(action, 'onProgress', options.onProgress);
  if (format !== undefined && !CAPTION_FORMATS.includes(format)) {
    throw new RangeError(
      `Cannot extract phrases: format must be one of ${CAPTION_FORMATS.join(', ')}, got ${describeValue(format)}`,
    );
  }
  for (const [name, value, least] of [
    ['frequent', frequent, 0],
    ['distinctLimit', distinctLimit, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least)
      throw new RangeError(
        `Cannot extract phrases: ${name} must be an integer of at least ${least}, got ${describeValue(value)}`,
      );
  }
  return options;
}
