/** A table of label embeddings that takes the place of a text encoder. */
import { checkpointError } from '../checkpoint/checkpoint-error.ts';
import { join } from 'node:path';
import { SynsegError } from '../errors.ts';
import { readJson } from '../checkpoint/checkpoint.ts';
import type { ModelConfig } from '../checkpoint/model-config.ts';
import { readFloats, readSafetensors } from '../checkpoint/safetensors.ts';
import { editDistance } from '../guard/arguments.ts';
import { PooledEmbeddings, type Pooling } from './pooling.ts';

const SUGGESTIONS = 5;

/** Names and their embeddings, fixed when the checkpoint was made. */
export class Vocabulary {
  readonly names: readonly string[];
  readonly #rows: ReadonlyMap<string, number>;
  readonly #embeddings: Float32Array;
  readonly #dimension: number;

  private constructor(names: readonly string[], embeddings: Float32Array, dimension: number) {
    this.names = names;
    this.#rows = new Map(names.map((name, row) => [normalize(name), row]));
    this.#embeddings = embeddings;
    this.#dimension = dimension;
  }

  /** Reads the vocabulary a checkpoint's configuration names. @throws SynsegError `CHECKPOINT_FORMAT`. */
  static async load(folder: string, config: Pick<ModelConfig, 'text' | 'embeddingDim'>): Promise<Vocabulary> {
    if (config.text.kind !== 'vocabulary')
      throw new RangeError(`internal: vocabulary must be configured, got ${config.text.kind}`);
    const namesPath = join(folder, config.text.names);
    const json = (await readJson(namesPath)) as { names?: unknown } | undefined;
    const names = json?.names;
    if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
      throw checkpointError('load vocabulary', `${namesPath} must have a list "names" of strings, got ${typeof names}`);
    }
    const path = join(folder, config.text.embeddings);
    const entry = (await readSafetensors(path)).tensors.get('embeddings');
    const expected = [names.length, config.embeddingDim];
    if (entry === undefined || entry.shape.join() !== expected.join()) {
      const got = `[${entry?.shape.join(', ') ?? 'none'}] in ${path}`;
      throw checkpointError('load vocabulary', `tensor "embeddings" must be [${expected.join(', ')}], got ${got}`);
    }
    return new Vocabulary(names as string[], await readFloats(entry), config.embeddingDim);
  }

  /** True when the name is an entry; case, spaces and underscores do not matter. */
  has(name: string): boolean {
    return this.row(name) !== undefined;
  }

  /** Place of a name in `names`; undefined for one that is no entry. */
  row(name: string): number | undefined {
    return this.#rows.get(normalize(name));
  }

  /**
   * The embedding of a name; case, spaces and underscores do not matter.
   *
   * @throws SynsegError `LABEL_UNKNOWN` naming the nearest entries; `CHECKPOINT_FORMAT` when it is not finite
   */
  embedding(name: string): Float32Array {
    const row = this.row(name);
    if (row === undefined) {
      const rule = `be one of the ${this.names.length} names of the vocabulary`;
      const nearest = this.nearest(name).map((entry) => `"${entry}"`);
      const got = `"${name}"; nearest: ${nearest.join(', ')}`;
      throw new SynsegError('LABEL_UNKNOWN', `Cannot embed label: label must ${rule}, got ${got}`);
    }
    const embedding = this.#embeddings.slice(row * this.#dimension, (row + 1) * this.#dimension);
    if (embedding.every(Number.isFinite)) return embedding;
    const rest = `the vocabulary's embedding of "${name}" must hold finite numbers, got others`;
    throw checkpointError('embed label', rest);
  }

  /**
   * The embeddings of each label's names, pooled: float32 `[labels, embeddingDim]`, flat.
   *
   * @throws SynsegError `LABEL_UNKNOWN` for a name that is not an entry
   */
  embed(labels: readonly (readonly string[])[], pooling: Pooling = 'mean'): Float32Array {
    const counts = labels.map((names) => names.length);
    const pooled = new PooledEmbeddings(counts, this.#dimension, pooling);
    labels.forEach((names, label) => names.forEach((name) => pooled.add(label, this.embedding(name))));
    return pooled.result();
  }

  /** The names most like a word: those that contain it or lie inside it first, then by edit distance. */
  nearest(name: string): string[] {
    const wanted = normalize(name);
    const distance = (entry: string): number => {
      const candidate = normalize(entry);
      const within = wanted !== '' && (candidate.includes(wanted) || wanted.includes(candidate));
      return editDistance(wanted, candidate) - (within ? Math.max(wanted.length, candidate.length) : 0);
    };
    return [...this.names]
      .map((entry) => ({ entry, score: distance(entry) }))
      .sort((a, b) => a.score - b.score)
      .slice(0, SUGGESTIONS)
      .map(({ entry }) => entry);
  }
}

function normalize(name: string): string {
  const plain = name.trim().toLowerCase();
  return plain.replace(/[\s_]+/g, ' ');
}
