/** Labels with the embeddings of their prompts: from a text encoder with caches, or from a vocabulary. */
import { templatesOf } from '../checkpoint/model-config.ts';
import { raceSignal } from '../guard/race-signal.ts';
import type { EngineInfo, EngineSettings } from '../session/protocol.ts';
import { fillTemplate } from '../text/templates.ts';
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

/** Known words that are named for an unknown one. */
const NEAREST = 3;

/** Opens the text encoder or the vocabulary of a loaded checkpoint, and its table of words. */
export async function openTextSide(settings: EngineSettings, info: EngineInfo): Promise<TextSide> {
  const { folder } = settings;
  const table = await WordTable.load(folder);
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
  const { prompts, sentences, ...rest } = resolveLabels(labels, options, templates, table);
  const { signal } = options;
  signal?.throwIfAborted();
  const embed = (texts: typeof prompts): Promise<Float32Array> =>
    raceSignal(Promise.resolve(encoder.embed(texts, signal)), signal);
  const embeddings = await embed(prompts);
  const thresholdOf = ({ answered }: LabelWord): number =>
    Object.hasOwn(config.thresholds, answered) ? config.thresholds[answered]! : config.threshold;
  const set = { ...rest, embeddings, defaultThresholds: rest.words.map(thresholdOf) };
  const strangers = rest.words.flatMap(({ why }, row) => (why === 'unknown' ? [row] : []));
  if (table === undefined || strangers.length === 0) return new LabelSet(set);
  const classes = table.classes.filter((name) => !(encoder instanceof Vocabulary) || encoder.has(name));
  const theirs = await embed(classes.map((name) => sentences.map((sentence) => fillTemplate(sentence, name))));
  const row = (of: Float32Array, at: number): Float32Array =>
    of.subarray(at * config.embeddingDim, (at + 1) * config.embeddingDim);
  const unknown = strangers.map((at): UnknownWord => {
    const asked = rest.names[at] as string;
    const similar = classes
      .map((name, index) => ({ name, cosine: cosine(row(embeddings, at), row(theirs, index)) }))
      .sort((a, b) => b.cosine - a.cosine);
    const nearest = [...table.alike(asked), ...similar.map(({ name }) => name)];
    return { asked, nearest: [...new Set(nearest)].slice(0, NEAREST) };
  });
  return new LabelSet({ ...set, unknown });
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    const y = b[i] as number;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb || 1);
}
