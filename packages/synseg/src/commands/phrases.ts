/** `synseg phrases`: the noun phrases of captions, or the list of excluded phrases. */
import { flag, withDefault } from '@synseg/core/guards';
import * as train from '@synseg/train';
import { EXTRACT_PHRASES_OPTIONS } from '@synseg/train/options';
import { command } from '../context.ts';
import { among } from '../flags.ts';
import { grouped } from '../text.ts';

export const PHRASES_FLAGS = {
  ...EXTRACT_PHRASES_OPTIONS,
  /** Prints the list of excluded phrases, for a file to edit, and reads no captions. */
  exclusions: withDefault(flag(), false),
};

export const phrases = command({
  name: 'PHRASES_FLAGS',
  flags: PHRASES_FLAGS,
  operand: '[captions]',
  help: `
The captions are one file, which may be packed as .gz. Memory use does not depend on
its size. Ctrl-C leaves no output.

Examples:
  $ synseg phrases cc12m.tsv --out phrases.jsonl                       # url<TAB>caption, no header
  $ synseg phrases annotations/captions_train2017.json --out phrases.jsonl --frequent 50 --json
  $ synseg phrases --exclusions > mine.txt; synseg phrases cc12m.tsv --exclude mine.txt --out phrases.jsonl
`,
  async run({ progress, signal, work }, flags, captions: string | undefined) {
    const { out, frequent, exclusions = false } = flags;
    if (exclusions) return { json: train.DEFAULT_EXCLUSIONS, text: train.DEFAULT_EXCLUSIONS_TEXT.trim() };
    const needed = captions === undefined ? 'a file of captions' : '--out';
    if (captions === undefined || out === undefined)
      throw new RangeError(`Cannot extract phrases: ${needed} must be given, got none`);
    const { extractPhrases = train.extractPhrases } = work;
    const summary = await extractPhrases(captions, {
      ...among(EXTRACT_PHRASES_OPTIONS, flags),
      ...{ out, signal },
      onProgress({ bytes, totalBytes, lines, kept, phrases }) {
        const share = totalBytes === 0 ? 0 : bytes / totalBytes;
        const counts = `${grouped(lines)} captions, ${grouped(kept)} kept, ${grouped(phrases)} phrases`;
        progress.show(share, `${Math.floor(100 * share)} %, ${counts}`);
      },
    });
    return { json: summary, text: train.formatSummary(summary, frequent) };
  },
});
