/**
 * What a start knew, rehearsed: its own maps of its other classes on the new pictures become a set of masks beside the
 * new ones, so that training does not forget them. On held-out pictures the same maps tell what was lost.
 */
import { mkdir, readFile, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Segmenter, type SegmenterOptions } from '@synseg/core';
import { readJson, writeDurably } from '@synseg/core/checkpoint';
import { readIndex, type PhotoRow } from '../data/photo-index.ts';
import { Random, permutation } from '../data/random.ts';
import { encodeIndexMask } from '../image/index-mask.ts';
import { countsOf } from '../inspect/set-tally.ts';
import { createFolder } from '../run/durable-file.ts';

/** Name of the set of the start's own maps. */
export const REHEARSAL = 'known before';
const MASKS = 'known-before';
/** Mask value of pixels that the start is not sure of, or that belong to a class that is taught. */
const UNKNOWN = 255;
/** Pictures that are rehearsed: more of a kind show little more of what the start knew. */
const REHEARSED = {
  train: (pictures: number) => Math.min(400, Math.max(40, Math.ceil(pictures / 3))),
  val: () => 100,
} as const;
/** Least share of a picture that a label must have to count as seen in it. */
const LEAST_SHARE = 0.002;
/** Labels in a set. */
const MOST_LABELS = 255;
/** Side of the small picture that tells which labels are worth asking for, pixels; most of them are not there. */
const GLANCE_SIDE = 160;
/** Share of the small picture that a label must have for that. */
const GLANCE_SHARE = 0.0005;

/** Settings of {@link addRehearsal}. */
export interface RehearsalOptions {
  /** Checkpoint of the start. */
  readonly start: string;
  /** True where it takes pictures of another size. */
  readonly canGlance: boolean;
  /** Classes that it knew and that are not taught. */
  readonly known: readonly string[];
  /** Classes of the data as the start is asked for them: they win pixels that then are not rehearsed. */
  readonly taught: readonly string[];
  readonly seed: number;
  readonly device: SegmenterOptions['device'];
  readonly threads: number | undefined;
  readonly cacheFolder: string | undefined;
  readonly onPicture: (done: number, total: number) => void;
  readonly signal: AbortSignal | undefined;
}

/** A picture and its split. */
interface Rehearsed {
  readonly row: PhotoRow;
  readonly split: keyof typeof REHEARSED;
}

/**
 * Writes a folder of the data's sets and the start's own maps.
 *
 * @param data - folder of the format index-jsonl
 * @param folder - to write beside it; it refers to the pictures of `data`
 * @returns pictures in which the start saw something that it knew, by split
 */
export async function addRehearsal(data: string, folder: string, options: RehearsalOptions): Promise<void> {
  const { seed, signal, onPicture } = options;
  const chosen = [...(await some(data, 'train', seed, signal)), ...(await some(data, 'val', seed, signal))];
  const taught = [...new Set(options.taught)];
  const known = options.known.slice(0, Math.max(0, MOST_LABELS - taught.length));
  const { device, threads, cacheFolder } = options;
  const running = { device, threads, cacheFolder, signal };
  await using segmenter = await Segmenter.load(options.start, running);
  await using glancer = options.canGlance
    ? await Segmenter.load(options.start, { ...running, inputSize: GLANCE_SIDE })
    : undefined;
  await createFolder(folder, async (staging) => {
    for (const entry of await readdir(data, { withFileTypes: true }))
      if (entry.isDirectory()) await symlink(join('..', 'data', entry.name), join(staging, entry.name), 'dir');
    await mkdir(join(staging, MASKS));
    const lines: string[] = [];
    for (const [at, { row, split }] of chosen.entries()) {
      const there = glancer === undefined ? known : await glance(glancer, row.image, [...taught, ...known], signal);
      const asked = [...taught, ...known.filter((name) => there.includes(name))];
      const values = new Uint8Array(256).fill(UNKNOWN);
      for (const [place, name] of asked.entries()) if (known.includes(name)) values[place] = known.indexOf(name);
      const labels = await segmenter.labels(asked, { signal });
      const { labelMap, width, height } = await segmenter.segment(row.image, labels, { signal });
      const mask = labelMap.map((place) => values[place]!);
      const seen = keepSeen(mask, known.length);
      onPicture(at + 1, chosen.length);
      if (seen.length === 0) continue;
      const name = `${MASKS}/${String(at).padStart(5, '0')}.png`;
      await writeDurably(join(staging, name), [encodeIndexMask({ width, height, data: mask })]);
      const found = seen.map((place) => known[place]!);
      lines.push(JSON.stringify({ image: row.key, mask: name, labels: found, set: REHEARSAL, split }));
    }
    const index = (await readFile(join(data, 'index.jsonl'), 'utf8')).trimEnd();
    const classes = (await readJson(join(data, 'classes.json'))) as Record<string, unknown>;
    const set = lines.length === 0 ? {} : { [REHEARSAL]: { classes: known, exhaustive: false } };
    await writeDurably(join(staging, 'classes.json'), [`${JSON.stringify({ ...classes, ...set })}\n`]);
    await writeDurably(join(staging, 'index.jsonl'), [`${[index, ...lines].join('\n')}\n`]);
  });
}

/** Names that have some pixels in the small picture. */
async function glance(
  segmenter: Segmenter,
  image: PhotoRow['image'],
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const labels = await segmenter.labels(names, { signal });
  const { labelMap } = await segmenter.segment(image, labels, { size: 'model', signal });
  const pixels = countsOf({ data: labelMap });
  return names.filter((_, place) => pixels[place]! >= GLANCE_SHARE * labelMap.length);
}

/** Pictures of a split that are rehearsed. */
async function some(
  data: string,
  split: keyof typeof REHEARSED,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<Rehearsed[]> {
  const request = { action: 'rehearse', defaultSplit: split, sets: undefined, rename: undefined, classes: undefined };
  const { rows } = await readIndex(data, { ...request, split, signal });
  const order = permutation(rows.length, new Random(seed, 'rehearsal', split)).subarray(
    0,
    REHEARSED[split](rows.length),
  );
  return Array.from(order.sort(), (at) => ({ row: rows[at]!, split }));
}

/** Labels that cover enough of the picture; pixels of the others become unknown. */
function keepSeen(mask: Uint8Array, labels: number): number[] {
  const pixels = countsOf({ data: mask });
  const seen = Array.from({ length: labels }, (_, place) => place).filter(
    (place) => pixels[place]! >= LEAST_SHARE * mask.length,
  );
  const values = new Uint8Array(256).fill(UNKNOWN);
  for (const place of seen) values[place] = place;
  for (let at = 0; at < mask.length; at += 1) mask[at] = values[mask[at]!]!;
  return seen;
}
