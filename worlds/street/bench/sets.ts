/**
 * Pictures of the drawn world, made once and kept below `out/`. To score on: whole scenes that no training saw, with
 * masks
 * of the classes, and for some sets of the colors; to train on: the first pictures of the split `train`. A folder's
 * name
 * holds a hash of what draws them, so that a change there makes new ones.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { IGNORED, type HeldOutCombination } from '../classes.ts';
import { COLOR_WORDS } from '../color.ts';
import { beginDataset, drawOf, finishDataset, nameOf, replace, writeSample, type DatasetPlan } from '../dataset.ts';
import { encodeMask, type Drawing } from '../draw.ts';
import { nameable, showsColor } from '../nameable.ts';
import { sceneOf } from '../scene.ts';
import { combinationName } from './prompts.ts';

/** Height and width of the pictures, pixels. */
const PICTURE_SIZE = 128;

/** Pictures drawn at once. */
const AT_ONCE = 8;
/** Scenes that are looked through for each picture of a combination, at most; the rarest is in one of a hundred. */
const MOST_SCENES = 1000;
/** Files of the world that bear on no picture of a set. */
const APART: readonly string[] = ['clip.ts', 'make.ts', 'sheet.ts', 'threads.ts'];
/**
 * Files that bear on captions alone: pictures of combinations, which take minutes to find, are kept when these change.
 */
const WORDING: readonly string[] = ['captions.ts', 'relations.ts', 'words.ts'];
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

/** A picture whose things' colors are known too. */
export interface ColoredPicture extends StreetPicture {
  /** Uint8Array, [height, width]: index in COLOR_WORDS, 255 for what has none that a caption would name. */
  readonly colors: Uint8Array;
}

/** Pictures for each combination, the first ones of the stream that show it. */
export interface CombinationSet {
  readonly folder: string;
  /** Names of pictures by "green car" and so on. */
  readonly shown: ReadonlyMap<string, readonly string[]>;
}

/**
 * The first scenes of the split `test`: 128 px, whole, everything in them, held-out combinations included.
 *
 * @param parent - folder the set's own is made in; @default out
 */
export async function testSet(pictures: number, parent = outFolder): Promise<StreetSet> {
  return firstPictures(planOf(join(parent, `street-world-test-${await drawingHash(APART)}`)), pictures);
}

/**
 * The first pictures of the split `train`, as training reads them: whole scenes and close-ups in several shapes,
 * without
 * held-out combinations, twelve captions each and up to four of its sky and ground, without held-out synonyms: as many
 * as the
 * decoder of the embedded checkpoint learns from.
 *
 * @param parent - folder the set's own is made in; @default out
 */
export async function trainSet(pictures: number, parent = outFolder): Promise<StreetSet> {
  return firstPictures(
    {
      ...planOf(join(parent, `street-world-captions-${await drawingHash(APART)}`)),
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

/**
 * For each combination, the first pictures of the split `test` that show it: those with a held-out one are of the split
 * `held-out`, which is the same stream. A picture may stand for several.
 *
 * @param parent - folder the set's own is made in; @default out
 * @throws RangeError for a combination that next to no scene has
 */
export async function combinationSet(
  combinations: readonly HeldOutCombination[],
  picturesEach: number,
  parent = outFolder,
): Promise<CombinationSet> {
  const plan = planOf(join(parent, `street-world-combinations-${await drawingHash([...APART, ...WORDING])}`));
  const wanted = new Map(combinations.map((combination) => [combinationName(combination), [] as string[]]));
  const index = join(
    plan.folder,
    `index-${createHash('sha256')
      .update(JSON.stringify([...wanted.keys(), picturesEach]))
      .digest('hex')
      .slice(0, 8)}.json`,
  );
  const known = await readFile(index, 'utf8').catch(() => undefined);
  if (known !== undefined)
    return { folder: plan.folder, shown: new Map(Object.entries(JSON.parse(known) as Record<string, string[]>)) };
  await beginDataset(plan);
  await mkdir(join(plan.folder, 'colors'), { recursive: true });
  const missing = (): HeldOutCombination[] =>
    combinations.filter((combination) => wanted.get(combinationName(combination))!.length < picturesEach);
  for (let seed = 0; missing().length > 0; seed += AT_ONCE) {
    // Scenes are made fifty times faster than drawn: those that have none of what is missing are not drawn.
    const open = missing();
    if (seed > picturesEach * MOST_SCENES)
      throw new RangeError(
        `Cannot make pictures: combinations must be in one scene of ${MOST_SCENES} at least, got ` +
          `${open.map(combinationName).join(', ')}`,
      );
    const seeds = Array.from({ length: AT_ONCE }, (_, offset) => seed + offset);
    const candidates = seeds.filter((one) =>
      sceneOf(one).items.some((item) =>
        open.some((combination) => combination.class === item.class && combination.color === item.color),
      ),
    );
    const drawings = await Promise.all(candidates.map((one) => drawOf(one, plan)));
    for (const [place, drawing] of drawings.entries()) {
      if (drawing === undefined) continue;
      const shown = missing().filter((combination) => shows(drawing, combination));
      if (shown.length === 0) continue;
      const name = nameOf(plan.split, candidates[place]!);
      await writeSample(plan, candidates[place]!);
      const colors = join(plan.folder, 'colors', `${name}.png`);
      if (!(await exists(colors)))
        await replace(colors, await encodeMask(colorsIn(drawing), drawing.width, drawing.height));
      for (const combination of shown) wanted.get(combinationName(combination))!.push(name);
    }
  }
  await replace(index, JSON.stringify(Object.fromEntries(wanted)));
  return { folder: plan.folder, shown: wanted };
}

/** Reads the truth of pictures. */
export async function readPictures(folder: string, names: readonly string[]): Promise<StreetPicture[]> {
  return Promise.all(
    names.map(async (name) => ({
      name,
      image: join(folder, 'images', `${name}.jpg`),
      ...(await readMap(join(folder, 'masks', `${name}.png`), 'classes')),
    })),
  );
}

/** Reads the truth of pictures of a {@link CombinationSet}. */
export async function readColored(folder: string, names: readonly string[]): Promise<ColoredPicture[]> {
  const pictures = await readPictures(folder, names);
  return Promise.all(
    pictures.map(async (picture) => ({
      ...picture,
      ...(await readMap(join(folder, 'colors', `${picture.name}.png`), 'colors')),
    })),
  );
}

/** Color of every pixel's thing: index in COLOR_WORDS, 255 for what has none. */
export function colorsIn({ scene, instances }: Pick<Drawing, 'scene' | 'instances'>): Uint8Array {
  const colors = new Uint8Array(scene.items.length + 1).fill(IGNORED);
  for (const { id, color } of scene.items) if (color !== undefined) colors[id] = COLOR_WORDS.indexOf(color);
  return Uint8Array.from(instances, (id) => colors[id] ?? IGNORED);
}

/** Whether a combination can be made out, by the rule that decides what captions name. */
function shows(drawing: Drawing, combination: HeldOutCombination): boolean {
  return nameable(drawing).some(
    (thing) =>
      thing.item.class === combination.class &&
      thing.item.color === combination.color &&
      showsColor(thing, drawing.scene.weather),
  );
}

function planOf(folder: string): DatasetPlan {
  return { folder, count: 0, firstSeed: 0, size: PICTURE_SIZE, split: 'test', captions: 5, scenery: 0, views: 'whole' };
}

async function drawingHash(apart: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(sharp.versions.sharp);
  for (const file of (await readdir(source)).sort())
    if (file.endsWith('.ts') && !apart.includes(file)) hash.update(file).update(await readFile(join(source, file)));
  return hash.digest('hex').slice(0, 8);
}

async function readMap<Name extends string>(
  path: string,
  name: Name,
): Promise<{ width: number; height: number } & Record<Name, Uint8Array>> {
  const { width, height, data } = decode(await readFile(path));
  return { width, height, [name]: Uint8Array.from(data) } as { width: number; height: number } & Record<
    Name,
    Uint8Array
  >;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
