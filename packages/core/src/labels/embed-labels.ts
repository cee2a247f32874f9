/** Labels with the embeddings of their prompts: from a text encoder with caches, or from a vocabulary. */
import { templatesOf } from '../checkpoint/model-config.ts';
import { raceSignal } from '../guard/race-signal.ts';
import type { EngineInfo, EngineSettings } from '../session/protocol.ts';
import { Vocabulary } from '../text/vocabulary.ts';
import { LabelEmbedder } from './label-embedder.ts';
import { resolveLabels, type LabelInput, type LabelsOptions } from './label-request.ts';
import { LabelSet } from './label-set.ts';
import type { LabelWord, UnknownWord } from './label-words.ts';
import { WordTable } from './word-table.ts';

/** The part of a segmenter that embeds prompts. */
export interface TextSide {
  readonly encoder: LabelEmbedder | Vocabulary;
  /** The words that the checkpoint knows, where it says so. */
  readonly table: WordTable | undefined;
}

/** Opens the text encoder or the vocabulary of a loaded checkpoint, and its table of words. */
export async function openTextSide(settings: EngineSettings, info: EngineInfo): Promise<TextSide> {
  const { folder } = settings;
  const table = await WordTable.load(folder, info.config.embeddingDim);
  const isVocabulary = info.config.text.kind === 'vocabulary';
  const encoder = isVocabulary ? await Vocabulary.load(folder, info.config) : new LabelEmbedder(settings, info);
  return { encoder, table };
}

/** Makes a label set; `signal` of the options ends it at once. */
export async function embedLabels(
  { encoder, table }: TextSide,
  labels: readonly LabelInput[],
  options: LabelsOptions,
  config: EngineInfo['config'],
): Promise<LabelSet> {
  const templates = encoder instanceof Vocabulary ? 'vocabulary' : templatesOf(config);
  const { prompts, pooling, ...rest } = resolveLabels(labels, options, templates, table);
  const { signal } = options;
  signal?.throwIfAborted();
  const embeddings = await raceSignal(Promise.resolve(encoder.embed(prompts, pooling, signal)), signal);
  for (const [at, { answered, why }] of rest.words.entries()) {
    const own = why === 'text' || why === 'unknown' ? undefined : table?.vectorOf(answered);
    if (own !== undefined) embeddings.set(own, at * config.embeddingDim);
  }
  const thresholdOf = ({ answered }: LabelWord): number =>
    Object.hasOwn(config.thresholds, answered) ? config.thresholds[answered]! : config.threshold;
  const unknown = rest.words
    .filter(({ why }) => why === 'unknown')
    .map(({ asked }): UnknownWord => ({ asked, nearest: table?.alike(asked) ?? [] }));
  return new LabelSet({ ...rest, embeddings, defaultThresholds: rest.words.map(thresholdOf), unknown });
}
