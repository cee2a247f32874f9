/** What a fine-tuning starts from: a checkpoint that has the new classes among its words. */
import { join } from 'node:path';
import { Segmenter } from '@synseg/core';
import { WordTable, openCheckpoint, readJson, writeDurably } from '@synseg/core/checkpoint';
import { createFolder } from '../run/durable-file.ts';
import { exportCheckpoint } from '../run/export.ts';
import { checkpointFolder } from '../trainer/base-model.ts';
import { taughtWords, wordsWith, type TaughtWord, type WordsFile } from './new-words.ts';

/** Labels embedded at once; a set holds at most 255. */
const AT_ONCE = 200;
const WORDS_FILE = 'words.json';

/** A start, ready. */
export interface Start {
  /** Folder or hub id to train from. */
  readonly checkpoint: string;
  /** True where it has a table of words, which names are looked up in. */
  readonly hasWords: boolean;
  /** What each class of the data is taught as. */
  readonly taught: readonly TaughtWord[];
  /** Classes that the start knew and that are not taught; empty where it has no table of words. */
  readonly known: readonly string[];
  /** True where the trunk is trained too: a convolution trunk is small enough. */
  readonly trainsTrunk: boolean;
  /** That of the weights that it was made from, for those that come of it. */
  readonly precision: 'fp16' | 'fp32';
}

/** Options of {@link makeStart}. */
interface StartOptions {
  readonly only: boolean;
  /**
   * True where classes are to be told from one another by masks: kinds of a known class, "poodle" of "dog", become
   * classes of their own. Else they are answered by it, as before.
   */
  readonly own: boolean;
  readonly cacheFolder: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes the start with the new words, where it has a table of words; without one, any words are asked of it as they
 * are.
 *
 * @param init - folder, hub id or 'embedded'
 * @param names - classes of the data
 * @param folder - of the start to write
 */
export async function makeStart(
  init: string,
  names: readonly string[],
  folder: string,
  options: StartOptions,
): Promise<Start> {
  const { only, own: areOwn, signal } = options;
  const source = await checkpointFolder(init, signal);
  const { config, weights } = await openCheckpoint(source);
  const precision = weights.entries().some(({ dtype }) => dtype === 'float16') ? 'fp16' : 'fp32';
  const table = await WordTable.load(source, config.embeddingDim);
  const trainsTrunk = config.trunk.kind === 'convolution';
  if (table === undefined) {
    const taught = names.map((name) => ({ name, taught: name.replace(/[\s_]+/g, ' ').trim(), isNew: false }));
    return { checkpoint: init, hasWords: false, taught, known: [], trainsTrunk, precision };
  }
  const taught = taughtWords(table, areOwn ? names : answered(table, names));
  const own = new Set(taught.map((word) => word.taught));
  const known = only ? [] : table.classes.filter((name) => !own.has(name));
  const start: Start = { checkpoint: folder, hasWords: true, taught, known, trainsTrunk, precision };
  if ((await readJson(join(folder, 'config.json'))) !== undefined) return start;
  const before = (await readJson(join(source, WORDS_FILE))) as WordsFile;
  const words = await wordsIn(source, before, taught, options);
  await createFolder(folder, async (staging) => {
    await exportCheckpoint(source, staging, { precision: 'fp32', signal });
    await writeDurably(join(staging, WORDS_FILE), [JSON.stringify(words)]);
  });
  return start;
}

/** Names as the table answers them, each once: "black and white dog" by its last word. */
function answered(table: WordTable, names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => answerOf(table, name)))];
}

/** The class that a phrase is answered by, or itself. */
export function answerOf(table: WordTable, phrase: string): string {
  return (table.find(phrase) ?? table.find(phrase.split(' ').at(-1)!))?.answered ?? phrase;
}

async function wordsIn(
  source: string,
  before: WordsFile,
  taught: readonly TaughtWord[],
  { only, cacheFolder, signal }: StartOptions,
): Promise<WordsFile> {
  await using segmenter = await Segmenter.load(source, { device: 'cpu', cacheFolder, signal });
  return await wordsWith(
    before,
    taught,
    async (labels) => {
      const vectors: Float32Array[] = [];
      for (let at = 0; at < labels.length; at += AT_ONCE) {
        const { embeddings, embeddingDim, names } = await segmenter.labels(labels.slice(at, at + AT_ONCE), { signal });
        for (const place of names.keys())
          vectors.push(embeddings.slice(place * embeddingDim, (place + 1) * embeddingDim));
      }
      return vectors;
    },
    only,
  );
}
