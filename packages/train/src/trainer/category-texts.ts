/**
 * Categories to text embeddings: by the checkpoint's text encoder, or from its vocabulary. A vocabulary has a
 * fixed list of names; a category missing from it may be represented by its other number ("shoes" by "shoe") or by the
 * entries it heads ("pants" by the mean of "sweat pants" and "short pants"), and becomes a name of the checkpoint.
 */
import { Vocabulary, WordTable, resolveLabels, type ModelConfig } from '@synseg/core/checkpoint';
import { startInference, type EngineSettings } from '@synseg/core/runtime';
import type { Templates } from '@synseg/core';

/** Embeddings kept in memory: 2 KB each at 512 dimensions. */
const MEMORY = 50_000;
/** Categories sent to the text thread at once. */
const CATEGORIES_PER_REQUEST = 64;

/** A category missing from the vocabulary, and the entries that represent it. */
interface StandIn {
  readonly category: string;
  readonly entries: readonly string[];
}

/** A source of category embeddings. */
export interface CategoryTexts {
  /** False for a category that has no embedding here. */
  readonly knows: (category: string) => boolean;
  /** Embedding of each category, float32 `[embeddingDim]`. */
  readonly embed: (categories: readonly string[]) => Promise<ReadonlyMap<string, Float32Array>>;
  /** Center of the embeddings: the mean over the vocabulary, or over the given categories. */
  readonly center: (categories: readonly string[]) => Promise<Float32Array>;
  /** The vocabulary's names and those that were added, with their embeddings; undefined with a text encoder. */
  readonly extended?: () => {
    readonly names: readonly string[];
    readonly embeddings: Float32Array;
    readonly standIns: readonly StandIn[];
  };
  readonly dispose: () => Promise<void>;
}

/** Options of {@link openCategoryTexts}. */
export interface CategoryTextOptions {
  readonly folder: string;
  readonly config: ModelConfig;
  readonly templates: Templates;
  /** `compose` represents a category missing from a vocabulary by other entries; `leave-out` leaves it out. */
  readonly unknown: 'compose' | 'leave-out';
  readonly cacheFolder: string;
  readonly device: EngineSettings['device'];
  readonly threads: number;
}

/** Opens the text side of a checkpoint. */
export async function openCategoryTexts(options: CategoryTextOptions): Promise<CategoryTexts> {
  if (options.config.text.kind === 'vocabulary')
    return vocabularyTexts(await Vocabulary.load(options.folder, options.config), options);
  return encodedTexts(options, await WordTable.load(options.folder, options.config.embeddingDim));
}

function vocabularyTexts(vocabulary: Vocabulary, { unknown }: CategoryTextOptions): CategoryTexts {
  const added = new Map<string, readonly string[]>();
  const resolved = new Map<string, Float32Array | undefined>();
  const find = (category: string): Float32Array | undefined => {
    if (resolved.has(category)) return resolved.get(category);
    let embedding: Float32Array | undefined;
    if (vocabulary.has(category)) embedding = vocabulary.embedding(category);
    else if (unknown === 'compose') {
      const entries = standInEntries(category, vocabulary.names);
      if (entries.length > 0) {
        embedding = vocabulary.embed([entries]);
        added.set(category, entries);
      }
    }
    resolved.set(category, embedding);
    return embedding;
  };
  return {
    knows: (category) => find(category) !== undefined,
    embed: async (categories) => new Map(categories.map((category) => [category, find(category) as Float32Array])),
    center: async () => vocabulary.embed([vocabulary.names]),
    extended: () => {
      const own = vocabulary.names.map((name) => [name]);
      const embeddings = vocabulary.embed([...own, ...added.values()]);
      const standIns = [...added].map(([category, entries]) => ({ category, entries }));
      return { names: [...vocabulary.names, ...added.keys()], embeddings, standIns };
    },
    dispose: async () => undefined,
  };
}

/** Entries that represent a category missing from a vocabulary: its other number, else all that it heads. */
export function standInEntries(category: string, names: readonly string[]): string[] {
  const spaced = (name: string): string => name.replace(/[\s_]+/g, ' ');
  const plain = (name: string): string => spaced(name).trim().toLowerCase();
  const forms = wordForms(plain(category));
  const same = names.filter((name) => forms.includes(plain(name)));
  if (same.length > 0) return same.slice(0, 1);
  return names.filter((name) => forms.some((form) => plain(name).endsWith(` ${form}`)));
}

/** A name with its last word in either number, as far as spelling tells. */
function wordForms(name: string): string[] {
  const forms = [name];
  if (/(?:s|x|z|ch|sh)es$/.test(name)) forms.push(name.slice(0, -2));
  if (/ies$/.test(name)) forms.push(`${name.slice(0, -3)}y`);
  if (/[^s]s$/.test(name)) forms.push(name.slice(0, -1));
  else if (!name.endsWith('s')) forms.push(`${name}s`, `${name}es`);
  return forms;
}

function encodedTexts(
  { folder, templates, cacheFolder, device, threads }: CategoryTextOptions,
  table: WordTable | undefined,
): CategoryTexts {
  const exact = { inputSize: undefined, precision: 'fp32', maxBatch: 1 } as const;
  const settings: EngineSettings = { folder, cacheFolder, device, threads, ...exact };
  const memory = new Map<string, Float32Array>();
  let thread: ReturnType<typeof startInference> | undefined;
  const compute = async (categories: readonly string[]): Promise<void> => {
    thread ??= startInference('text', settings);
    const client = await thread;
    for (let start = 0; start < categories.length; start += CATEGORIES_PER_REQUEST) {
      const some = categories.slice(start, start + CATEGORIES_PER_REQUEST);
      // Words answer in training as they do in use: as the classes of the table.
      const { prompts, pooling, words } = resolveLabels(some, {}, templates, table);
      const embeddings = await client.channel.request<Float32Array>({ type: 'embed', prompts, pooling });
      const dim = embeddings.length / some.length;
      words.forEach(({ asked, answered, why }, index) => {
        const own = why === 'unknown' ? undefined : table?.vectorOf(answered);
        memory.set(asked, own ?? embeddings.slice(index * dim, (index + 1) * dim));
      });
    }
  };
  const embed: CategoryTexts['embed'] = async (categories) => {
    const missing = [...new Set(categories)].filter((category) => !memory.has(category));
    if (missing.length > 0) await compute(missing);
    const found = new Map(categories.map((category) => [category, memory.get(category) as Float32Array]));
    // The oldest go first; a batch's own are taken before any is dropped.
    for (const category of memory.keys()) {
      if (memory.size <= MEMORY) break;
      memory.delete(category);
    }
    return found;
  };
  return {
    knows: () => true,
    embed,
    center: async (categories) => meanOf([...(await embed(categories)).values()]),
    dispose: async () => (await thread?.catch(() => undefined))?.dispose(),
  };
}

function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    vector.forEach((value, index) => (mean[index] = (mean[index] as number) + value / vectors.length));
  return mean;
}
