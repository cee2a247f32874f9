/**
 * Pictures of the drawn world, made once and kept below `out/`. To score on: whole scenes that no training saw, with
 * masks of the classes; to train on: the first pictures of the split `train`. A folder's name holds a hash of what
 * draws them, so that a change there makes new ones.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { beginDataset, finishDataset, nameOf, writeSample, type DatasetPlan } from '../dataset.ts';

/** Height and width of the pictures, pixels. */
const PICTURE_SIZE = 128;

/** Pictures drawn at once. */
const AT_ONCE = 8;
/** Files of the world that bear on no picture of a set. */
const APART: readonly string[] = ['clip.ts', 'make.ts', 'sheet.ts', 'threads.ts'];
const source = join(import.meta.dirname, '..');
const outFolder = join(import.meta.dirname, '../../../out');

/** A set on disk: `images`, `masks`, `classes.json` and `metadata.jsonl`, as the trainer and `evaluate()` read them. */
export interface StreetSet {
  readonly folder: string;
  /** Names of the pictures that belong to it, the first of the folder, in its order. */
  readonly names: readonly string[];
}

/** A picture with its truth, decoded but for the picture itself. */
export interface StreetPicture {
  readonly name: string;
  /** Path of the picture. */
  readonly image: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Uint8Array, [height, width]: index in CLASSES, 255 where no class counts. */
  readonly classes: Uint8Array;
}

/**
 * The first scenes of the split `test`: 128 px, whole, everything in them, held-out combinations included.
 *
 * @param parent - folder the set's own is made in; @default out
 */
export async function testSet(pictures: number, parent = outFolder): Promise<StreetSet> {
  return firstPictures(planOf(join(parent, `street-world-test-${await drawingHash()}`)), pictures);
}

/**
 * The first pictures of the split `train`, as training reads them: whole scenes and close-ups in several shapes,
 * without held-out combinations, twelve captions each and up to four of its sky and ground, without held-out synonyms.
 *
 * @param parent - folder the set's own is made in; @default out
 */
export async function trainSet(pictures: number, parent = outFolder): Promise<StreetSet> {
  return firstPictures(
    {
      ...planOf(join(parent, `street-world-captions-${await drawingHash()}`)),
      split: 'train',
      captions: 12,
      scenery: 4,
      views: 'varied',
    },
    pictures,
  );
}

async function firstPictures(plan: DatasetPlan, pictures: number): Promise<StreetSet> {
  await beginDataset(plan);
  const names: string[] = [];
  for (let seed = 0; names.length < pictures; seed += AT_ONCE) {
    const seeds = Array.from({ length: AT_ONCE }, (_, index) => seed + index);
    const kept = await Promise.all(seeds.map((one) => writeSample(plan, one)));
    names.push(...seeds.filter((_, index) => kept[index]).map((one) => nameOf(plan.split, one)));
  }
  const first = names.slice(0, pictures);
  await finishDataset(plan.folder, first);
  return { folder: plan.folder, names: first };
}

/** Reads the truth of pictures. */
export async function readPictures(folder: string, names: readonly string[]): Promise<StreetPicture[]> {
  return Promise.all(
    names.map(async (name) => ({
      name,
      image: join(folder, 'images', `${name}.jpg`),
      ...(await readMap(join(folder, 'masks', `${name}.png`))),
    })),
  );
}

function planOf(folder: string): DatasetPlan {
  return { folder, count: 0, firstSeed: 0, size: PICTURE_SIZE, split: 'test', captions: 5, scenery: 0, views: 'whole' };
}

async function drawingHash(): Promise<string> {
  const hash = createHash('sha256').update(sharp.versions.sharp);
  for (const file of (await readdir(source)).sort())
    if (file.endsWith('.ts') && !APART.includes(file)) hash.update(file).update(await readFile(join(source, file)));
  return hash.digest('hex').slice(0, 8);
}

async function readMap(path: string): Promise<Pick<StreetPicture, 'width' | 'height' | 'classes'>> {
  const { width, height, data } = decode(await readFile(path));
  return { width, height, classes: Uint8Array.from(data) };
}
