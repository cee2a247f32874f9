/**
 * Makes the vectors that a small text encoder learns: one for each class of a table of words.
 *
 *   node examples/embedded/vectors.mjs --words FILE --from FOLDER[,FOLDER…] --out FOLDER
 *
 * `--words` is the table, `--from` the folders with vectors of names (`vocab.json`, `vocab.safetensors`), the first
 * counts most. A class has the vector of its name, else that of a synonym. A class that has neither gets a direction of
 * its own about the mean of all names: its text encoder and decoder learn what it means. `--out` gets both files.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Vocabulary, encodeSafetensors, readSafetensors } from '@synseg/core/checkpoint';

/** Numbers of a normal distribution, the same for the same text: digests of it in place of a generator. */
function gaussians(text, length) {
  return Float32Array.from({ length }, (_, place) => {
    const digest = createHash('sha256').update(`${text} ${place}`).digest();
    const [radius, angle] = [digest.readUInt32LE(0), digest.readUInt32LE(4)].map((bits) => (bits + 0.5) / 2 ** 32);
    return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle);
  });
}

const lengthOf = (vector) => Math.hypot(...vector);

/**
 * A vector for each class.
 *
 * @param classes names with their `synonym` lists, as in `words.json`
 * @param tables lookups of a name's vector, `undefined` where there is none; the first counts most
 * @param typical vectors that a class without one should be like, in length and in distance from their mean
 */
export function vectorsOf(classes, tables, typical) {
  const dim = typical[0].length;
  const mean = Float32Array.from(
    { length: dim },
    (_, at) => typical.reduce((sum, one) => sum + one[at], 0) / typical.length,
  );
  const apart = typical.map((one) => lengthOf(one.map((value, at) => value - mean[at])));
  const distance = apart.reduce((sum, one) => sum + one, 0) / apart.length;
  const own = [];
  const vectors = Object.entries(classes).map(([name, { synonym = [] }]) => {
    for (const word of [name, ...synonym])
      for (const table of tables) {
        const found = table(word);
        if (found !== undefined) return found;
      }
    own.push(name);
    const direction = gaussians(name, dim);
    const scale = distance / lengthOf(direction);
    return direction.map((value, at) => mean[at] + scale * value);
  });
  return { names: Object.keys(classes), vectors, own };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = { type: 'string' };
  const { values } = parseArgs({ options: { words: option, from: option, out: option } });
  for (const name of ['words', 'from', 'out'])
    if (values[name] === undefined) throw new TypeError(`Cannot make vectors: --${name} must be given, got none`);
  const { classes } = JSON.parse(readFileSync(resolve(values.words), 'utf8'));
  const text = { kind: 'vocabulary', names: 'vocab.json', embeddings: 'vocab.safetensors' };
  const from = values.from.split(',').map((folder) => resolve(folder));
  const vocabularies = [];
  for (const folder of from) {
    const { shape } = (await readSafetensors(join(folder, text.embeddings))).tensors.get('embeddings');
    vocabularies.push(await Vocabulary.load(folder, { text, embeddingDim: shape[1] }));
  }
  const tables = vocabularies.map(
    (vocabulary) => (name) => (vocabulary.has(name) ? vocabulary.embedding(name) : undefined),
  );
  const [first] = vocabularies;
  const typical = first.names.map((name) => first.embedding(name));
  const { names, vectors, own } = vectorsOf(classes, tables, typical);
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  const data = Float32Array.from(vectors.flatMap((vector) => [...vector]));
  const embeddings = { shape: [names.length, vectors[0].length], data };
  writeFileSync(join(out, text.names), JSON.stringify({ names }));
  writeFileSync(join(out, text.embeddings), encodeSafetensors(new Map([['embeddings', embeddings]])));
  console.log(`${names.length} classes, ${own.length} with a direction of their own: ${own.join(', ')}`);
}
