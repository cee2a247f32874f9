/**
 * The words that a checkpoint knows: its file `words.json`, from words to the class names that it was trained on.
 *
 *   {"format": 1, "classes": {"dog": {"plural": ["doggies"], "synonym": ["hound"], "kind": ["poodle"]}, "cat": {}},
 *    "near": {"dog|cat": ["fox"]}}
 *
 * A class is a word of its own. Regular plurals need not be listed. No word may belong to two classes.
 *
 * `near` may list words that are none of a class, by the one to three classes that are nearest to them: `|` between,
 * the nearest first. Such a word stays unknown; its classes are what is named as near it.
 *
 * `vectors` may hold embeddings of classes, `{"emu": BASE64}` of float16, which count in place of the text encoder's:
 * of classes added to a checkpoint whose text encoder never learned to tell them from others.
 */
import { join } from 'node:path';
import { readJson } from '../checkpoint/checkpoint.ts';
import { Fields } from '../checkpoint/json-fields.ts';
import { halfToFloat } from '../checkpoint/safetensors.ts';
import { REASONS } from './label-words.ts';
import { plainText, wordForms } from './word-forms.ts';

/** Name of the file in a checkpoint's folder. */
const WORDS_FILE = 'words.json';

const FORMAT = 1;
const MAX_BYTES = 2 ** 20;
const MAX_WORDS = 50_000;
/** Classes that a word is near to. */
const MAX_NEAR = 3;
const MAX_LETTERS = 80;
/** A longer label is no word with something in front of it. */
const MAX_TEXT = 2 * MAX_LETTERS;
/** Letters of a class that may end a longer word; the part before it may have one fewer: "sign" ends "design". */
const LEAST_PART = 4;
/** Letters of a misspelled word for each that is missing or too many. Of short words, many are a letter apart. */
const LETTERS_AN_EDIT = 4;
const GROUPS = ['plural', 'synonym', 'kind'] as const;

/** A class, and why a word answers as it. */
export interface KnownWord {
  readonly answered: string;
  readonly why: (typeof REASONS)[number];
}

/** Words and their classes. */
export class WordTable {
  /** Names of the classes, as the file has them. */
  readonly classes: readonly string[];
  /** By the word as it is compared. */
  readonly #words: ReadonlyMap<string, KnownWord>;
  /** Classes that an unknown word is nearest to, by the word as it is compared. */
  readonly #near: ReadonlyMap<string, readonly string[]>;
  /** Embeddings of classes that have one of their own, `[embeddingDim]`. */
  readonly #vectors: ReadonlyMap<string, Float32Array>;

  private constructor(
    classes: readonly string[],
    words: ReadonlyMap<string, KnownWord>,
    near: ReadonlyMap<string, readonly string[]>,
    vectors: ReadonlyMap<string, Float32Array>,
  ) {
    this.classes = classes;
    this.#words = words;
    this.#near = near;
    this.#vectors = vectors;
  }

  /**
   * Reads the table of a checkpoint; undefined when it has none.
   *
   * @param embeddingDim - numbers of an embedding
   * @throws SynsegError `CHECKPOINT_FORMAT` naming file, field, rule and value
   */
  static async load(folder: string, embeddingDim: number): Promise<WordTable | undefined> {
    const path = join(folder, WORDS_FILE);
    const json = await readJson(path, 'load checkpoint', MAX_BYTES);
    if (json === undefined) return undefined;
    const file = new Fields(json, path);
    if (file.raw('format') !== FORMAT) throw file.error('format', String(FORMAT));
    const classes = file.section('classes');
    const words = new Map<string, KnownWord>();
    const add = (fields: Fields, field: string, given: unknown, word: KnownWord): void => {
      const plain = readWord(fields, field, given);
      const other = words.get(plain);
      // Texts that are compared alike, such as "tshirt" and "T-Shirt", may stand twice in a class.
      if (other !== undefined && other.answered !== word.answered)
        throw fields.error(field, `a word of one class, not of ${other.answered} too`, given);
      if (words.size === MAX_WORDS) throw file.error('classes', `at most ${MAX_WORDS} words`, 'more');
      if (other === undefined) words.set(plain, word);
    };
    for (const name of classes.names()) add(classes, name, name, { answered: name, why: 'class' });
    for (const name of classes.names()) {
      const fields = classes.section(name);
      const unknown = fields.names().find((field) => !GROUPS.includes(field as (typeof GROUPS)[number]));
      if (unknown !== undefined) throw fields.error(unknown, `one of ${GROUPS.join(', ')}`, unknown);
      for (const why of GROUPS) {
        for (const word of readList(fields, why)) add(fields, why, word, { answered: name, why });
      }
    }
    if (words.size === 0) throw file.error('classes', 'at least one class');
    return new WordTable(classes.names(), words, readNear(file, words), readVectors(file, embeddingDim));
  }

  /** The embedding of a class that has one of its own, `[embeddingDim]`; else the text encoder's is its own. */
  vectorOf(answered: string): Float32Array | undefined {
    return this.#vectors.get(answered);
  }

  /** The class that a label answers as, and why; undefined for one that the table does not know. */
  find(label: string): KnownWord | undefined {
    if (label.length > MAX_TEXT) return undefined;
    for (const { form, described, plural } of wordForms(plainText(label))) {
      const found = this.#words.get(form);
      if (found === undefined) continue;
      const reasons = [
        found.why,
        ...(plural ? (['plural'] as const) : []),
        ...(described ? (['adjective'] as const) : []),
      ];
      const last = Math.max(...reasons.map((reason) => REASONS.indexOf(reason)));
      return { answered: found.answered, why: REASONS[last] as KnownWord['why'] };
    }
    return undefined;
  }

  /**
   * Words like a label: the class of the words that it ends with ("fork lift truck": truck), the class that its last
   * word ends with ("dollhouse": house), the word that it may be a misspelling of, and the classes that the table says
   * it is near to ("forklift": truck). None where there is no such word: of those of the table, none is then nearer
   * than the others.
   */
  alike(label: string): string[] {
    if (label.length > MAX_TEXT) return [];
    const text = plainText(label);
    const parts = text.split(' ');
    const heads = parts.slice(1).map((_, at) => parts.slice(at + 1).join(' '));
    const head = heads.flatMap((words) => this.find(words)?.answered ?? []).slice(0, 1);
    // Of known words that it ends with, the longest counts: no "river" in a screwdriver.
    const [tail = ''] = Array.from({ length: text.length }, (_, at) => text.slice(at + 1)).filter(
      (end) => end.length >= LEAST_PART && this.#words.has(end),
    );
    const rest = text.slice(0, text.length - tail.length);
    const ending = this.#words.get(tail);
    const isCompound = ending?.why === 'class' && rest.length >= LEAST_PART - 1 && !rest.endsWith(' ');
    const most = text.length > LETTERS_AN_EDIT ? Math.floor(text.length / LETTERS_AN_EDIT) : 0;
    const near = [...this.#words.keys()]
      .filter((word) => word[0] === text[0] && Math.abs(word.length - text.length) <= most)
      .map((word) => ({ word, edits: lettersApart(word, text) }))
      .filter(({ edits }) => edits <= most)
      .sort((a, b) => a.edits - b.edits);
    const spelled = near.slice(0, 1).map(({ word }) => word);
    const classes = [...wordForms(text)].flatMap(({ form }) => this.#near.get(form) ?? []);
    return [...new Set([...head, ...(isCompound ? [ending.answered] : []), ...spelled, ...classes])].slice(0, MAX_NEAR);
  }
}

/** The words that are none of a class, with the classes that they are near to. */
function readNear(file: Fields, words: ReadonlyMap<string, KnownWord>): ReadonlyMap<string, readonly string[]> {
  const near = new Map<string, readonly string[]>();
  const fields = file.section('near');
  const allClasses = new Set(file.section('classes').names());
  for (const names of fields.names()) {
    const classes = names.split('|');
    const unknown = classes.find((name) => !allClasses.has(name));
    if (unknown !== undefined) throw fields.error(names, 'of names of classes', unknown);
    if (classes.length > MAX_NEAR) throw fields.error(names, `of at most ${MAX_NEAR} classes`, classes.length);
    for (const given of readList(fields, names)) {
      const plain = readWord(fields, names, given);
      const known = words.get(plain);
      if (known !== undefined) throw fields.error(names, `words of no class, not of ${known.answered}`, given);
      if (near.has(plain)) throw fields.error(names, 'words that stand there once', given);
      if (near.size === MAX_WORDS) throw file.error('near', `at most ${MAX_WORDS} words`, 'more');
      near.set(plain, classes);
    }
  }
  return near;
}

/** The embeddings of classes that have one of their own. */
function readVectors(file: Fields, embeddingDim: number): ReadonlyMap<string, Float32Array> {
  const vectors = new Map<string, Float32Array>();
  const fields = file.section('vectors');
  const classes = new Set(file.section('classes').names());
  for (const name of fields.names()) {
    if (!classes.has(name)) throw fields.error(name, 'of a class', name);
    const given = fields.raw(name);
    const bytes = Buffer.from(typeof given === 'string' ? given : '', 'base64');
    const halves = Uint16Array.from({ length: bytes.length >> 1 }, (_, at) => bytes.readUInt16LE(2 * at));
    const vector = Float32Array.from(halves, halfToFloat);
    if (bytes.length !== 2 * embeddingDim || !vector.every(Number.isFinite))
      throw fields.error(name, `${embeddingDim} finite numbers as float16 in base64`, given);
    vectors.set(name, vector);
  }
  return vectors;
}

/** A list of words, each still to be checked. */
function readList(fields: Fields, field: string): readonly unknown[] {
  const list = fields.raw(field) ?? [];
  if (!Array.isArray(list)) throw fields.error(field, 'a list of words');
  return list as unknown[];
}

/** A word as it is compared. */
function readWord(fields: Fields, field: string, given: unknown): string {
  const plain = typeof given === 'string' && given.length <= MAX_LETTERS ? plainText(given) : '';
  if (plain === '') throw fields.error(field, `a word of at most ${MAX_LETTERS} letters`, given);
  return plain;
}

/** Letters left out or put in between two texts; a letter in place of another is two: "shark" is not "shank". */
function lettersApart(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [above, letter] of [...a].entries()) {
    const next = [above + 1];
    for (let at = 1; at <= b.length; at++)
      next.push(
        b[at - 1] === letter ? (row[at - 1] as number) : 1 + Math.min(row[at] as number, next[at - 1] as number),
      );
    row = next;
  }
  return row[b.length] as number;
}
