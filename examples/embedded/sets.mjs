/**
 * Joins photographs and pictures of the drawn street into one folder of the format `index-jsonl`; nothing is copied but
 * the index.
 *
 *   node examples/embedded/sets.mjs --photos FOLDER --street FOLDER[,FOLDER…] --rename FILE --out FOLDER
 *
 *   --photos   photographs with masks: `index.jsonl`, `classes.json`
 *   --street   pictures of worlds/street: `metadata.jsonl`, `classes.json`; folders called test are for `val`
 *   --rename   names of the photographs' classes by the names that mean them
 *   --without  classes that are left out: their pixels become unknown and no set names them, so that training is told
 *              neither where they are nor where they are not
 *   --out      `index.jsonl`, `classes.json`, `rename.json`
 */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

/** What classes of the street are among those of photographs. */
const STREET_AS = {
  cloud: 'sky',
  sun: 'sky',
  hill: 'mountain',
  awning: 'building',
  bush: 'vegetation',
  crosswalk: 'road',
  van: 'car',
};
/** Pixels of a class that a picture must have, to have the class. */
const LEAST = 64;
/** Mask value of pixels of which nothing is known. */
const UNKNOWN = 255;

const option = { type: 'string' };
const { values } = parseArgs({
  options: { photos: option, street: option, rename: option, without: { ...option, default: '' }, out: option },
});
for (const name of ['photos', 'street', 'rename', 'out'])
  if (values[name] === undefined) throw new TypeError(`Cannot join sets: --${name} must be given, got none`);

const json = async (path) => JSON.parse(await readFile(path, 'utf8'));
const rows = async (path) =>
  (await readFile(path, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const link = async (from, name) => {
  await rm(join(values.out, name), { force: true });
  await symlink(resolve(from), join(values.out, name), 'dir');
};

await mkdir(values.out, { recursive: true });
const photos = await rows(join(values.photos, 'index.jsonl'));
for (const folder of new Set(photos.flatMap(({ image, mask }) => [image.split('/')[0], mask.split('/')[0]])))
  await link(join(values.photos, folder), folder);

const sets = await json(join(values.photos, 'classes.json'));
const rename = await json(values.rename);
const without = new Set(values.without.split(',').filter((name) => name !== ''));
const isLeftOut = (set, name) => without.has(rename[`${set}/${name}`] ?? rename[name] ?? name);
const keptOf = (set) => sets[set].classes.filter((name) => !isLeftOut(set, name));

/** The row of a photograph, with a mask of its own where its set has classes left out; none without any class left. */
async function seen(row) {
  const { classes } = sets[row.set];
  const kept = keptOf(row.set);
  if (kept.length === classes.length) return [row];
  const labels = row.labels.filter((name) => kept.includes(name));
  if (labels.length === 0 && row.captions === undefined) return [];
  const places = classes.map((name) => (kept.includes(name) ? kept.indexOf(name) : UNKNOWN));
  const { data, info } = await sharp(join(values.photos, row.mask))
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const masked = data.map((value) => places[value] ?? value);
  const mask = `masks/${row.mask}`;
  await mkdir(dirname(join(values.out, mask)), { recursive: true });
  const { width, height } = info;
  await sharp(masked, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(join(values.out, mask));
  return [{ ...row, mask, labels }];
}

const index = (await Promise.all(photos.map(seen))).flat();
for (const [name, set] of Object.entries(sets)) set.classes = keptOf(name);
const folders = values.street.split(',');
const { classes } = await json(join(folders[0], 'classes.json'));
const names = classes.map(({ name }) => name);
for (const folder of folders) {
  const inside = `street-${basename(folder)}`;
  await link(folder, inside);
  for (const { image, mask } of await rows(join(folder, 'metadata.jsonl'))) {
    const counts = new Uint32Array(256);
    for (const value of await sharp(join(folder, mask)).toColourspace('b-w').raw().toBuffer()) counts[value]++;
    const split = basename(folder) === 'test' ? 'val' : 'train';
    const labels = names.filter((_, value) => counts[value] >= LEAST);
    if (labels.length > 0)
      index.push({ image: `${inside}/${image}`, mask: `${inside}/${mask}`, labels, set: 'street', split });
  }
}
await writeFile(join(values.out, 'index.jsonl'), index.map((row) => `${JSON.stringify(row)}\n`).join(''));
sets.street = { classes: names, exhaustive: true };
await writeFile(join(values.out, 'classes.json'), JSON.stringify(sets));
// What is drawn must not teach a class that is left out: it keeps its own name then.
const drawn = Object.entries(STREET_AS).filter(([, as]) => !without.has(as));
const street = Object.fromEntries(drawn.map(([name, as]) => [`street/${name}`, as]));
const named = new Set(
  Object.entries(sets).flatMap(([set, { classes: own }]) => own.flatMap((name) => [name, `${set}/${name}`])),
);
const kept = Object.entries({ ...rename, ...street }).filter(([name]) => named.has(name));
await writeFile(join(values.out, 'rename.json'), JSON.stringify(Object.fromEntries(kept)));
console.log(`${index.length} pictures, ${index.filter(({ set }) => set === 'street').length} of them drawn`);
