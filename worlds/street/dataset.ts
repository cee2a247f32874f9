/**
 * Data sets that the trainer reads: `metadata.jsonl`, `images/`, `masks/`, `classes.json`.
 *
 * Every file is written beside its place and then moved there, pictures before the table that names them. A run that
 * was ended goes on where it was: files that are there are kept, and the table is written last.
 */
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLASSES, IGNORED, HELD_OUT_COMBINATIONS, HELD_OUT_SYNONYMS } from './classes.ts';
import { captionsOf } from './captions.ts';
import { drawScene, encodeJpeg, encodeMask, type Drawing } from './draw.ts';
import { heldOutIn } from './held-out.ts';
import { paragraphsOf } from './paragraphs.ts';
import { sceneOf } from './scene.ts';
import { sceneryOf } from './scenery.ts';
import { WHOLE, aspectOf, windowOf } from './window.ts';
import { nounsOf } from './words.ts';

/**
 * What a set is for:
 * - `train`: no held-out combination in its pictures, no held-out synonym in its captions
 * - `pretrain`: no held-out combination either, but the synonyms: a text encoder has to have read a word to know it;
 *   and
 *   texts of one to three captions
 * - `test`: everything, as it comes
 * - `held-out`: as `test`, but only pictures that show a held-out combination
 */
export type Split = 'train' | 'pretrain' | 'test' | 'held-out';

/** The splits. */
export const SPLITS: readonly Split[] = ['train', 'pretrain', 'test', 'held-out'];

/** What is to be written. */
export interface DatasetPlan {
  readonly folder: string;
  readonly count: number;
  readonly firstSeed: number;
  readonly size: number;
  readonly split: Split;
  readonly captions: number;
  /** Captions of sky, ground and what stands there, beside the others. */
  readonly scenery: number;
  /** `whole`: square pictures of whole scenes; `varied`: other shapes too, and close-ups: see `window.ts`. */
  readonly views: 'whole' | 'varied';
}

/** A row of `metadata.jsonl`. */
export interface DatasetRow {
  readonly image: string;
  readonly mask: string;
  readonly caption: readonly string[];
  readonly split: Split;
  readonly seed: number;
  readonly time: string;
  readonly weather: string;
  /** Held-out combinations that can be made out, such as "green car". */
  readonly combinations: readonly string[];
}

/** The scene, drawn, of a seed of a split; undefined where the split leaves it out, or nothing can be made out. */
export async function drawOf(
  seed: number,
  { split, size, views }: Pick<DatasetPlan, 'split' | 'size' | 'views'>,
): Promise<Drawing | undefined> {
  const holdOut = split === 'train' || split === 'pretrain' ? 'avoid' : 'allow';
  const varied = views === 'varied';
  const scene = sceneOf(seed, { holdOut, aspect: varied ? aspectOf(seed) : 1 });
  const drawing = await drawScene(scene, { size, window: varied ? windowOf(scene) : WHOLE });
  if (captionsOf(drawing, { count: 1 }).length === 0) return undefined;
  return split === 'held-out' && heldOutIn(drawing).length === 0 ? undefined : drawing;
}

/** Writes picture, mask and row of a seed, unless they are there; false where the split leaves the seed out. */
export async function writeSample(plan: DatasetPlan, seed: number): Promise<boolean> {
  const { folder, split } = plan;
  const name = nameOf(split, seed);
  const row = join(folder, 'rows', `${name}.json`);
  if (await exists(row)) return (await readFile(row, 'utf8')) !== 'null';
  const drawing = await drawOf(seed, plan);
  if (drawing !== undefined) {
    await replace(join(folder, 'images', `${name}.jpg`), await encodeJpeg(drawing));
    await replace(
      join(folder, 'masks', `${name}.png`),
      await encodeMask(drawing.labels, drawing.width, drawing.height),
    );
  }
  await replace(row, JSON.stringify(drawing === undefined ? null : rowOf(drawing, plan, name)));
  return drawing !== undefined;
}

function rowOf(drawing: Drawing, { split, captions, scenery }: DatasetPlan, name: string): DatasetRow {
  const { scene } = drawing;
  const synonyms = split === 'train' ? 'avoid' : 'allow';
  const written = [
    ...captionsOf(drawing, { count: captions, synonyms }).map(({ text }) => text),
    ...sceneryOf(drawing, { count: scenery, synonyms }),
  ];
  return {
    image: `images/${name}.jpg`,
    mask: `masks/${name}.png`,
    caption: split === 'pretrain' ? paragraphsOf(written) : written,
    split,
    seed: scene.seed,
    time: scene.weather.time,
    weather: scene.weather.sky,
    combinations: heldOutIn(drawing).map(({ color, class: name }) => `${color} ${name}`),
  };
}

/** Makes the folders and the class list, and fails on a folder that was begun with another plan. */
export async function beginDataset(plan: DatasetPlan): Promise<void> {
  for (const inner of ['images', 'masks', 'rows']) await mkdir(join(plan.folder, inner), { recursive: true });
  const path = join(plan.folder, `plan-${plan.split}.json`);
  const wanted = JSON.stringify({
    size: plan.size,
    split: plan.split,
    captions: plan.captions,
    ...(plan.scenery === 0 ? {} : { scenery: plan.scenery }),
    views: plan.views,
  });
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found !== undefined && found !== wanted)
    throw new RangeError(
      `Cannot write data set: ${plan.folder} must be empty or have been begun with ${wanted}, got ${found}`,
    );
  await replace(path, wanted);
  await replace(join(plan.folder, 'classes.json'), classesJson());
}

/** Writes the table of all rows that are there, of every split, in order. @returns number of rows */
export async function finishDataset(folder: string, names: readonly string[]): Promise<number> {
  const path = join(folder, 'metadata.jsonl');
  const before = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const rows = new Map(before.map((line) => [(JSON.parse(line) as DatasetRow).image, line]));
  for (const name of names) {
    const line = await readFile(join(folder, 'rows', `${name}.json`), 'utf8');
    if (line !== 'null') rows.set((JSON.parse(line) as DatasetRow).image, line);
  }
  const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  await replace(path, sorted.map((line) => `${line}\n`).join(''));
  return sorted.length;
}

/** Name of a seed's files. */
export function nameOf(split: Split, seed: number): string {
  return `${split}-${String(seed).padStart(8, '0')}`;
}

/** The class list in the trainer's format, with the nouns captions use as prompts. */
export function classesJson(): string {
  const classes = CLASSES.map((name, index) => ({ index, name, prompts: nounsOf(name) }));
  const held = {
    held_out_combinations: HELD_OUT_COMBINATIONS.map(({ color, class: name }) => `${color} ${name}`),
    held_out_synonyms: HELD_OUT_SYNONYMS,
  };
  return `${JSON.stringify({ dataset: 'street-world', ignore_index: IGNORED, classes, ...held }, undefined, 1)}\n`;
}

/** Writes a file so that nobody ever sees half of it. */
export async function replace(path: string, bytes: string | Uint8Array): Promise<void> {
  const beside = `${path}.${process.pid}.part`;
  await writeFile(beside, bytes);
  await rename(beside, path);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
