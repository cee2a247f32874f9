/** The result of an extraction, as data and as text. */
import { checkKind } from '@synseg/core/guards';
import { writtenOut } from '../data/written-out.ts';
import type { CaptionFormat } from './caption-records.ts';
import type { PhraseCount } from './phrase-counter.ts';

/** Result of {@link extractPhrases}. */
export interface PhraseSummary {
  readonly captions: string;
  readonly out: string;
  readonly format: CaptionFormat;
  /** Captions read, broken ones too; blank lines and a header do not count. */
  readonly lines: number;
  /** Captions with at least one phrase. */
  readonly kept: number;
  /** Captions that name no thing, or only excluded ones; their lines have no nouns. */
  readonly withoutPhrases: number;
  /** Lines that could not be read: not JSON, too few columns, no caption. */
  readonly broken: number;
  /** Phrases written. */
  readonly phrases: number;
  /** Different phrases; exact when `exact` is true, else estimated within about 2 %. */
  readonly distinct: number;
  /** True when every phrase was counted; see `distinctLimit`. */
  readonly exact: boolean;
  /** The most frequent phrases; each was seen `count` to `count + countError` times. */
  readonly frequent: readonly PhraseCount[];
  /** 0 when `exact`. */
  readonly countError: number;
  /** Phrases that were dropped, and by which entries of the exclusion list, most frequent first. */
  readonly excluded: {
    readonly phrases: number;
    readonly byEntry: readonly { readonly entry: string; readonly count: number }[];
  };
  readonly seconds: number;
}

/**
 * A summary as a few lines of text.
 *
 * @param shown - phrases and entries listed; @default 20
 *
 * @example
 * ```ts
 * import { formatSummary, type PhraseSummary } from '@synseg/train';
 * const summary: PhraseSummary = {
 *   captions: 'cc.tsv', out: 'phrases.jsonl', format: 'tsv', lines: 3, kept: 2, withoutPhrases: 1, broken: 0,
 *   phrases: 4, distinct: 3, exact: true, frequent: [{ phrase: 'red car', count: 2 }], countError: 0,
 *   excluded: { phrases: 1, byEntry: [{ entry: 'background', count: 1 }] }, seconds: 2,
 * };
 * console.assert(formatSummary(summary).includes('2  red car'));
 * ```
 */
export function formatSummary(summary: PhraseSummary, shown = 20): string {
  checkKind('format summary', 'shown', shown, typeof shown === 'number', 'be a number');
  const write = (given: PhraseSummary): string => summaryText(given, shown);
  return writtenOut('format summary', 'summary', summary, 'be what extractPhrases() resolves to', write);
}

function summaryText(summary: PhraseSummary, shown: number): string {
  const { lines, kept, withoutPhrases, broken, phrases, distinct } = summary;
  const { exact, frequent, countError, excluded, seconds } = summary;
  const number = (value: number): string => value.toLocaleString('en-US');
  const share = (value: number): string => (lines === 0 ? '' : ` (${((100 * value) / lines).toFixed(1)} %)`);
  const table = (rows: readonly (readonly [number, string])[]): string[] => {
    const width = Math.max(0, ...rows.map(([count]) => number(count).length));
    return rows.map(([count, name]) => `  ${number(count).padStart(width)}  ${name}`);
  };
  const text = [
    `${number(lines)} captions of ${summary.captions} in ${seconds.toFixed(1)} s: ${number(kept + withoutPhrases)} ` +
      `written to ${summary.out}`,
    `${number(kept)}${share(kept)} with phrases, ${number(withoutPhrases)}${share(withoutPhrases)} without, ` +
      `${number(broken)}${share(broken)} broken and left out`,
    `${number(phrases)} phrases, ${exact ? '' : 'about '}${number(distinct)} different, ` +
      `${number(excluded.phrases)} excluded`,
  ];
  if (frequent.length > 0 && shown > 0) {
    text.push(
      `most frequent${exact ? '' : ` (each up to ${number(countError)} more)`}:`,
      ...table(frequent.slice(0, shown).map(({ phrase, count }) => [count, phrase])),
    );
  }
  if (excluded.byEntry.length > 0 && shown > 0) {
    text.push('excluded by:', ...table(excluded.byEntry.slice(0, shown).map(({ entry, count }) => [count, entry])));
  }
  return text.join('\n');
}
