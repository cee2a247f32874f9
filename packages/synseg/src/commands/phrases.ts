/** `synseg phrases`: captions in, noun phrases out; or the list of phrases that are dropped. */
import { choice, flag, group, integer, text, type OptionsOf } from '@synseg/core/guards';
import * as train from '@synseg/train';
import { command, type Context, type Result } from '../context.ts';
import { among } from '../flags.ts';
import { grouped } from '../text.ts';
import { COLUMN } from '../columns.ts';

/** Options of `extractPhrases()`. */
const EXTRACT_PHRASES_OPTIONS = {
  /** JSONL file of {image, caption, nouns}, to be written. */
  out: { ...text(), placeholder: 'file.jsonl' },
  /**
   * Layout of the captions.
   * @default by the name of the file
   */
  format: choice(['tsv', 'csv', 'jsonl', 'coco', 'text', 'spacy']),
  /** Names of fields, or columns from 0. */
  keys: group({ image: COLUMN, caption: COLUMN, nouns: COLUMN }),
  /** Whether a table starts with column names. */
  header: flag(),
  /** File of phrases to drop, in the form of --exclusions. */
  exclude: { ...text(), placeholder: 'file' },
  /**
   * Phrases with their adjectives, their nouns alone, or both.
   * @default adjectives
   */
  keep: choice(['adjectives', 'nouns', 'both']),
  /** Phrase for <PERSON>. */
  person: text(),
  /**
   * Different phrases counted exactly.
   * @default 500,000
   */
  distinctLimit: integer(),
  /** File for count<TAB>phrase of all phrases, to be written. */
  table: { ...text(), placeholder: 'file.tsv' },
};

/** Flags of `synseg phrases`. */
export const PHRASES_FLAGS = {
  ...EXTRACT_PHRASES_OPTIONS,
  /**
   * Most frequent phrases shown.
   * @default 20; 100 with --json
   */
  top: integer({ least: 0 }),
  /** Prints the phrases that are dropped, as a file to edit, and reads no captions. */
  exclusions: flag(),
};

/** Runs `synseg phrases`. */
export const phrases = command({
  name: 'PHRASES_FLAGS',
  flags: PHRASES_FLAGS,
  operand: '[captions]',
  help: `
Captions are a file, also packed as .gz. Memory does not grow with the file. Ctrl-C leaves no file.

Examples:
  $ synseg phrases cc12m.tsv --out phrases.jsonl                       # url<TAB>caption, no header
  $ synseg phrases annotations/captions_train2017.json --out phrases.jsonl --top 50 --json
  $ synseg phrases --exclusions > mine.txt; synseg phrases cc12m.tsv --exclude mine.txt --out phrases.jsonl
`,
  run,
});

async function run(
  context: Context,
  flags: OptionsOf<typeof PHRASES_FLAGS>,
  captions: string | undefined,
): Promise<Result> {
  const { progress, signal, work } = context;
  const { out, top, exclusions = false } = flags;
  if (exclusions) return { json: train.DEFAULT_EXCLUSIONS, text: train.DEFAULT_EXCLUSIONS_TEXT.trim() };
  if (captions === undefined)
    throw new RangeError('Cannot extract phrases: a file of captions must be given, got none');
  if (out === undefined) throw new RangeError('Cannot extract phrases: --out must be given, got none');
  const { extractPhrases = train.extractPhrases } = work;
  const summary = await extractPhrases(captions, {
    ...among(EXTRACT_PHRASES_OPTIONS, flags),
    out,
    ...(top === undefined ? {} : { frequent: top }),
    signal,
    onProgress({ bytes, totalBytes, lines, kept, phrases }) {
      const share = totalBytes === 0 ? 0 : bytes / totalBytes;
      const counts = `${grouped(lines)} captions, ${grouped(kept)} kept, ${grouped(phrases)} phrases`;
      progress.show(share, `${Math.floor(100 * share)} %, ${counts}`);
    },
  });
  return { json: summary, text: train.formatSummary(summary, top) };
}
