/** `synseg-train phrases` and `exclusions`: captions in, noun phrases out. */
import type { CaptionKeys } from '../phrases/caption-records.ts';
import { DEFAULT_EXCLUSIONS, DEFAULT_EXCLUSIONS_TEXT } from '../phrases/exclusions.ts';
import type { ExtractPhrasesOptions, PhraseProgress } from '../phrases/extract-phrases.ts';
import { formatSummary, type PhraseSummary } from '../phrases/phrase-summary.ts';
import { grouped, pick, type CommandContext, type CommandResult, type OutputFlags } from './output.ts';
import { progressView } from './progress.ts';

/** `extractPhrases()`, or what stands for it in a test. */
export type ExtractPhrases = (captions: string, options: ExtractPhrasesOptions) => Promise<PhraseSummary>;

/** Flags of `synseg-train phrases`. */
export interface PhrasesFlags
  extends
    OutputFlags,
    Pick<ExtractPhrasesOptions, 'out' | 'format' | 'header' | 'keep' | 'person' | 'distinctLimit' | 'table'> {
  readonly exclude?: string;
  readonly keys?: CaptionKeys;
  readonly top?: number;
}

/** Runs `synseg-train phrases`. */
export async function phrasesCommand(
  extract: ExtractPhrases,
  { stdout, stderr, signal }: CommandContext,
  captions: string,
  flags: PhrasesFlags,
): Promise<CommandResult> {
  const { top } = flags;
  const view = progressView(stderr, stdout, flags);
  const onProgress = ({ bytes, totalBytes, lines, kept, phrases }: PhraseProgress): void => {
    const share = totalBytes === 0 ? 0 : bytes / totalBytes;
    view.show({
      share,
      text:
        `${Math.floor(100 * share)} %, ${grouped(lines)} captions, ${grouped(kept)} kept, ${grouped(phrases)} ` +
        'phrases',
    });
  };
  const options = pick(flags, 'out', 'format', 'keys', 'header', 'exclude', 'keep', 'person', 'distinctLimit', 'table');
  try {
    const summary = await extract(captions, {
      ...options,
      ...(top === undefined ? {} : { frequent: top }),
      onProgress,
      signal,
    });
    return { json: summary, text: formatSummary(summary, top) };
  } finally {
    view.close();
  }
}

/** Runs `synseg-train exclusions`: the list as a file, to be edited and handed back. */
export function exclusionsCommand(): CommandResult {
  return { json: DEFAULT_EXCLUSIONS, text: DEFAULT_EXCLUSIONS_TEXT.trim() };
}
