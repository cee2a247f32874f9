/** Labels with the embeddings of their prompts: from a text encoder with caches, or from a vocabulary. */
import { templatesOf } from '../checkpoint/model-config.ts';
import { raceSignal } from '../guard/race-signal.ts';
import type { EngineInfo, EngineSettings } from '../session/protocol.ts';
import { Vocabulary } from '../text/vocabulary.ts';
import { LabelEmbedder } from './label-embedder.ts';
import { resolveLabels, type LabelInput, type LabelsOptions } from './label-request.ts';
import { LabelSet } from './label-set.ts';

/** The part of a segmenter that embeds prompts. */
export type TextSide = LabelEmbedder | Vocabulary;

/** Opens the text encoder or the vocabulary of a loaded checkpoint. */
export async function openTextSide(settings: EngineSettings, info: EngineInfo): Promise<TextSide> {
  return info.config.text.kind === 'vocabulary'
    ? Vocabulary.load(settings.folder, info.config)
    : new LabelEmbedder(settings, info);
}

/** Makes a label set; `signal` of the options ends it at once. */
export async function embedLabels(
  text: TextSide,
  labels: readonly LabelInput[],
  options: LabelsOptions,
  config: EngineInfo['config'],
): Promise<LabelSet> {
  const templates = text instanceof Vocabulary ? 'vocabulary' : templatesOf(config);
  const { prompts, ...rest } = resolveLabels(labels, options, templates);
  const { signal } = options;
  signal?.throwIfAborted();
  const embeddings = await raceSignal(Promise.resolve(text.embed(prompts, signal)), signal);
  return new LabelSet({ ...rest, embeddings, defaultThreshold: config.threshold });
}
