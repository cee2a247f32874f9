/** A file of captions of any length → a JSONL file of noun phrases, in constant memory. */
import { stat } from 'node:fs/promises';
import { SynsegError } from '@synseg/core';
import { abortSignal, callback, choice, flag, group, integer, text } from '@synseg/core/guards';
import { checkOutputs, readOptions, withDefault, type OptionsOf } from '@synseg/core/guards';
import { writeFileAtomic } from '@synseg/core/checkpoint';
import { turnTaker } from '@synseg/core/runtime';
import { BROKEN, CAPTION_FORMATS, CAPTION_KEYS, captionFormat, captionRecords } from './caption-records.ts';
import type { CaptionRecord } from './caption-records.ts';
import { EXCLUDE, exclusionsFile, exclusionsOf } from './exclusions.ts';
import { PhraseCounter } from './phrase-counter.ts';
import { PHRASE_EXTRACTOR_OPTIONS, PhraseExtractor } from './phrase-extractor.ts';
import type { PhraseSummary } from './phrase-summary.ts';
import { spacyPhrases } from './spacy-phrases.ts';

/** Progress of an extraction. */
export interface PhraseProgress {
  readonly lines: number;
  readonly kept: number;
  readonly phrases: number;
  /** Bytes of the caption file read, packed as it is. */
  readonly bytes: number;
  /** Bytes to read in all: those of a COCO file twice, which is read for its pictures and then for its captions. */
  readonly totalBytes: number;
}

/** Options of {@link extractPhrases}. */
export const EXTRACT_PHRASES_OPTIONS = {
  /** JSONL file to write: `{image | key, caption, nouns}` a line. */
  out: text(),
  /**
   * tsv: Conceptual 12M's `url<TAB>caption`, or any other order and a header; csv: with or without a header; jsonl:
   * objects with a caption; coco: COCO's captions; text: a caption a line; spacy: JSONL of noun chunks that spaCy has
   * found.
   * @default by the name of the file, which may end in `.gz`
   */
  format: choice(CAPTION_FORMATS),
  /** Names or columns of the fields. */
  keys: withDefault(group(CAPTION_KEYS), {}),
  /** The first row of a table is a header. @default true when the first row holds a known one */
  header: flag(),
  /** Phrases to drop afterwards: a list, a text file of it, or 'none'. @default DEFAULT_EXCLUSIONS */
  exclude: EXCLUDE,
  keep: PHRASE_EXTRACTOR_OPTIONS.keep,
  person: PHRASE_EXTRACTOR_OPTIONS.person,
  /** Phrases listed in the summary. @default 100 */
  frequent: withDefault(integer({ least: 0 }), 100),
  /** Different phrases counted exactly, about 100 bytes each; beyond, counts are approximate. @default 500,000 */
  distinctLimit: withDefault(integer(), 500_000),
  /** File of `count<TAB>phrase` of all counted phrases, most frequent first. @default none */
  table: text(),
  /** Receives the progress about twice a second. */
  onProgress: callback<(progress: PhraseProgress) => void>(),
  /** Ends the extraction; it rejects with the signal's reason. */
  signal: abortSignal(),
};
export type ExtractPhrasesOptions = OptionsOf<typeof EXTRACT_PHRASES_OPTIONS, 'out'>;

const PROGRESS_MS = 500;
/** Letters written at once. */
const PIECE_LETTERS = 65_536;

/**
 * Extracts the noun phrases of a file of captions. A caption without a phrase has a line with no nouns, so that it
 * is known to have none; lines that cannot be read are left out and counted. The output appears when it is complete;
 * after an error or an abort there is none.
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
  readOptions('extract phrases', { captions: text() }, { captions }, ['captions']);
  const request = readOptions('extract phrases', EXTRACT_PHRASES_OPTIONS, options, ['out']);
  const { out, table, keys, header, keep, person, distinctLimit, onProgress, signal } = request;
  signal?.throwIfAborted();
  const outputs = Object.entries({ out, table }).flatMap(([name, path = '']) => (path === '' ? [] : [{ name, path }]));
  const inputs = [captions, exclusionsFile(request.exclude)].filter((path) => path !== undefined);
  await checkOutputs('extract phrases', outputs, inputs);
  const format = request.format ?? captionFormat(captions);
  const extractor = new PhraseExtractor({ keep, exclude: await exclusionsOf(request.exclude), person });
  const counter = new PhraseCounter(distinctLimit);
  const excluded = new Map<string, number>();
  const onExcluded = (_phrase: string, entry: string): void => void excluded.set(entry, (excluded.get(entry) ?? 0) + 1);
  const started = performance.now();
  const counts = { lines: 0, kept: 0, withoutPhrases: 0, broken: 0, bytes: 0 };
  const totalBytes = ((await stat(captions).catch(() => undefined))?.size ?? 0) * (format === 'coco' ? 2 : 1);
  const report = (): void =>
    onProgress?.({ lines: counts.lines, kept: counts.kept, phrases: counter.total, bytes: counts.bytes, totalBytes });

  const phrasesOf = ({ caption, chunks }: CaptionRecord): string[] | undefined => {
    if (format !== 'spacy') return extractor.extract(caption, onExcluded);
    const found = spacyPhrases(chunks, keep);
    return found && extractor.select(found, onExcluded);
  };

  /** The output line of a record; empty when it cannot be read. */
  const lineOf = (record: CaptionRecord | typeof BROKEN): string => {
    counts.lines++;
    const nouns = record === BROKEN ? undefined : phrasesOf(record);
    if (record === BROKEN || nouns === undefined) {
      counts.broken++;
      return '';
    }
    counts[nouns.length === 0 ? 'withoutPhrases' : 'kept']++;
    for (const noun of nouns) counter.add(noun);
    const caption = record.caption === '' ? undefined : record.caption;
    return `${JSON.stringify({ ...record.fields, caption, nouns })}\n`;
  };

  const onBytes = (bytes: number): void => void (counts.bytes += bytes);
  const giveTurn = turnTaker(signal);
  async function* lines(): AsyncGenerator<string> {
    let reported = started;
    let text = '';
    for await (const record of captionRecords({ path: captions, format, keys, header, onBytes, signal })) {
      text += lineOf(record);
      await giveTurn();
      if (text.length < PIECE_LETTERS) continue;
      yield text;
      text = '';
      if (performance.now() - reported < PROGRESS_MS) continue;
      reported = performance.now();
      report();
    }
    if (counts.broken === counts.lines) {
      const got = counts.lines === 0 ? 'no line' : `${counts.lines} broken lines`;
      const rest = `"${captions}" must hold captions as ${format}, got ${got}`;
      throw new SynsegError('DATASET_FORMAT', `Cannot extract phrases: ${rest}`);
    }
    yield text;
  }
  await writeFileAtomic(out, lines());
  report();
  const rows = counter.frequent().map(({ phrase, count }) => `${count}\t${phrase}\n`);
  if (table !== undefined) await writeFileAtomic(table, rows.join(''));

  const { bytes: _, ...counted } = counts;
  const byEntry = [...excluded].map(([entry, count]) => ({ entry, count })).sort((a, b) => b.count - a.count);
  return {
    ...{ captions, out, format, ...counted },
    phrases: counter.total,
    distinct: counter.distinct,
    exact: counter.exact,
    frequent: counter.frequent(request.frequent),
    countError: counter.error,
    excluded: { phrases: byEntry.reduce((sum, { count }) => sum + count, 0), byEntry },
    seconds: (performance.now() - started) / 1000,
  };
}
