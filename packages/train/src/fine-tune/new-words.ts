/**
 * The classes of new data in a checkpoint's table of words: which of them it knows already, and which become classes of
 * their own.
 *
 * A class that is a word of the table's, its plural or synonym, is taught as that word. A kind of one ("pedestrian" of
 * person), an unknown word, or a second name of the same word becomes a class. The text encoder may not tell such a
 * name from others, for it never learned to; it then gets an embedding of its own, as far from its neighbors as classes
 * are from each other, in a direction in which they differ.
 */
import type { LabelInput } from '@synseg/core';
import { plainText, toFloat16, type WordTable } from '@synseg/core/checkpoint';
import { Random } from '../data/random.ts';

type Lists = Readonly<Record<string, readonly string[]>>;

/** `words.json`, which {@link WordTable} has checked. */
export interface WordsFile {
  readonly format: number;
  readonly classes: Readonly<Record<string, Lists>>;
  readonly near?: Lists;
  readonly vectors?: Readonly<Record<string, string>>;
}

/** A class of the data, and what it is taught as. */
export interface TaughtWord {
  /** Its name in the data. */
  readonly name: string;
  /** The class of the checkpoint that it is. */
  readonly taught: string;
  /** True for a class that the checkpoint did not have. */
  readonly isNew: boolean;
  /** The class that a new one is a kind of: its embedding starts from there. */
  readonly like?: string;
}

/**
 * Decides what each class of the data is taught as.
 *
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint
 * import { WordTable } from '@synseg/core/checkpoint';
 * import { taughtWords } from './new-words.ts';
 * const table = (await WordTable.load('photos', 512))!;
 * const [sofa, poodle] = taughtWords(table, ['couch', 'poodle']);
 * console.assert(sofa!.taught === 'sofa' && poodle!.isNew && poodle!.like === 'dog');
 * ```
 */
export function taughtWords(table: WordTable, names: readonly string[]): readonly TaughtWord[] {
  const found = names.map((name) => ({ name, known: table.find(name) }));
  // Who bears the very name of a class has it before its synonyms.
  const taken = new Set(found.flatMap(({ known }) => (known?.why === 'class' ? [known.answered] : [])));
  const added = new Map<string, string>();
  return found.map(({ name, known }) => {
    const isOther = known !== undefined && (known.why === 'plural' || known.why === 'synonym');
    if (known?.why === 'class' || (isOther && !taken.has(known.answered))) {
      taken.add(known.answered);
      return { name, taught: known.answered, isNew: false };
    }
    const plain = plainText(name);
    const before = added.get(plain);
    if (before !== undefined) return { name, taught: before, isNew: false };
    const taught = name.replace(/[\s_]+/g, ' ').trim();
    added.set(plain, taught);
    return { name, taught, isNew: true, ...(known === undefined ? {} : { like: known.answered }) };
  });
}

/** Embeddings of labels, `[embeddingDim]` each. */
export type EmbedLabels = (labels: readonly LabelInput[]) => Promise<readonly Float32Array[]>;

/**
 * The table with the new classes in it.
 *
 * @param embed - of the start
 * @param only - leaves out every class that is not taught
 */
export async function wordsWith(
  before: WordsFile,
  taught: readonly TaughtWord[],
  embed: EmbedLabels,
  only: boolean,
): Promise<WordsFile> {
  const added = taught.filter(({ isNew }) => isNew);
  const names = new Set(taught.map((word) => word.taught));
  const isKept = (name: string): boolean => !only || names.has(name);
  const own = new Set(added.map((word) => plainText(word.taught)));
  const others = (words: readonly string[]): readonly string[] => words.filter((word) => !own.has(plainText(word)));
  const withoutOwn = (lists: Lists): Lists => mapped(lists, others, (words) => words.length > 0);
  const kept = Object.entries(before.classes).filter(([name]) => isKept(name));
  const vectors = { ...before.vectors, ...(await ownVectors(Object.keys(before.classes), added, embed)) };
  const near = Object.entries(before.near ?? {}).filter(([of]) => of.split('|').every(isKept));
  return {
    format: before.format,
    classes: {
      ...Object.fromEntries(kept.map(([name, lists]) => [name, withoutOwn(lists)])),
      ...Object.fromEntries(added.map((word) => [word.taught, {}])),
    },
    near: withoutOwn(Object.fromEntries(near)),
    vectors: Object.fromEntries(Object.entries(vectors).filter(([name]) => isKept(name))),
  };
}

function mapped(
  lists: Lists,
  change: (words: readonly string[]) => readonly string[],
  keep: (words: readonly string[]) => boolean,
): Lists {
  return Object.fromEntries(
    Object.entries(lists)
      .map(([name, words]) => [name, change(words)] as const)
      .filter(([, words]) => keep(words)),
  );
}

/** Embeddings of new classes that the text encoder does not tell from others, float16 in base64. */
async function ownVectors(
  classes: readonly string[],
  added: readonly TaughtWord[],
  embed: EmbedLabels,
): Promise<Readonly<Record<string, string>>> {
  if (added.length === 0) return {};
  const known = await embed(classes);
  const texts = await embed(added.map(({ taught: name }) => ({ name, prompts: [name] })));
  const spacing = median(
    known.map((vector, at) =>
      nearest(
        vector,
        known.filter((_, other) => other !== at),
      ),
    ),
  );
  const center = mean(known);
  const all = [...known];
  const result: Record<string, string> = {};
  for (const [at, { taught, like }] of added.entries()) {
    const text = texts[at]!;
    const start = like === undefined ? text : known[classes.indexOf(like)]!;
    const isClear = like === undefined && nearest(text, all) >= spacing / 2;
    const vector = isClear ? text : moved(start, direction(known, center, taught), spacing);
    all.push(vector);
    if (!isClear) result[taught] = Buffer.from(toFloat16(vector).buffer).toString('base64');
  }
  return result;
}

/** A random direction of the space that the vectors span; it follows from the name. */
function direction(vectors: readonly Float32Array[], center: Float32Array, name: string): Float32Array {
  const random = new Random('embedding', name);
  const sum = new Float32Array(center.length);
  for (const vector of vectors) {
    // The sum of uniform numbers is near enough to a normal one.
    const weight = random.next() + random.next() + random.next() - 1.5;
    vector.forEach((value, at) => (sum[at]! += weight * (value - center[at]!)));
  }
  return sum;
}

/** A vector, moved by a distance. */
function moved(from: Float32Array, towards: Float32Array, distance: number): Float32Array {
  const length = Math.hypot(...towards) || 1;
  return from.map((value, at) => value + (distance * towards[at]!) / length);
}

function nearest(vector: Float32Array, others: readonly Float32Array[]): number {
  return Math.min(...others.map((other) => distanceBetween(vector, other)));
}

function distanceBetween(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at]! - b[at]!) ** 2;
  return Math.sqrt(sum);
}

function mean(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) vector.forEach((value, at) => (sum[at]! += value / vectors.length));
  return sum;
}

function median(numbers: readonly number[]): number {
  const finite = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  return finite[finite.length >> 1] ?? 1;
}
