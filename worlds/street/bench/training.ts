/**
 * Heads trained on frozen encoders in the drawn world: what they learn from – captions, masks, masks of half the nouns
 * – and
 * a decoder that learnt half the nouns from masks, from which weak supervision can go on as it would from CLIPSeg.
 */
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fingerprintFiles, openCheckpoint, sha256 } from '@synseg/core/checkpoint';
import { PhraseExtractor, train, type DataOptions, type StepReport, type TrainOptions } from '@synseg/train';
import { CLASSES, IGNORED, classIndex, type ClassName } from '../classes.ts';
import { replace, type DatasetRow } from '../dataset.ts';
import { encodeMask } from '../draw.ts';
import { readPictures, type StreetSet } from './sets.ts';

/** The classes in two halves. */
export interface NounSplit {
  readonly seen: readonly ClassName[];
  readonly unseen: readonly ClassName[];
}

/**
 * Every second class is seen. The list of classes goes by kind, so either half has sky and ground, small and large
 * things,
 * and of kin – bus and car, tree and bush, dog and person – one each.
 */
export function splitNouns(classes: readonly ClassName[] = CLASSES): NounSplit {
  return { seen: classes.filter((_, place) => place % 2 === 0), unseen: classes.filter((_, place) => place % 2 === 1) };
}

/** The split of all benches. */
export const NOUNS: NounSplit = splitNouns();

/** Pictures as `train()` reads them, the same ones in the same order in each of the three. */
export interface StreetData {
  /** Identifies pictures and what is said of them. */
  readonly key: string;
  readonly pictures: number;
  /** The nouns of captions alone. */
  readonly captions: DataOptions;
  /** Masks of all classes, and no words. */
  readonly masks: DataOptions;
  /** Masks in which the unseen nouns are ignored, and no words. */
  readonly halfMasks: DataOptions;
}

/** A head that was trained. */
export interface TrainedHead {
  /** Its checkpoint. */
  readonly folder: string;
  /** Of the last step; undefined without any. */
  readonly report: StepReport | undefined;
  readonly seconds: number;
}

/** What a run starts from: encoders under a random decoder, or a checkpoint. */
export type HeadStart = { readonly trunk: string } | { readonly init: string };

/** What {@link trainHead} needs; other options are `train()`'s. */
export interface HeadOptions extends Partial<Omit<TrainOptions, 'init' | 'trunk' | 'data'>> {
  readonly data: DataOptions;
  readonly out: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Where features of pictures are kept: runs on the same encoders share them. */
  readonly cacheFolder: string;
}

/** Options of {@link makeHalfTrained}. */
export interface HalfTrainingOptions {
  readonly data: StreetData;
  readonly cacheFolder: string;
  /** @default 250 */
  readonly steps?: number;
  /** @default 8 */
  readonly batchSize?: number;
  /** @default 1e-3 */
  readonly learningRate?: number;
  /** Folder the decoders are kept in; @default out/street-half */
  readonly parent?: string;
}

/**
 * Learning from masks: both mask losses, so that argmax and a threshold mean something; of a picture's labels at most
 * 8, those in its mask first, then some that are not there.
 */
export const WITH_MASKS = {
  objective: 'masks',
  recipe: 'tags',
  maxCategories: 8,
} as const satisfies Partial<TrainOptions>;

/** A last save is enough. */
const NEVER = 1_000_000;
const halfFolder = join(import.meta.dirname, '../../../out/street-half');

/** The rows of a set for each way to learn from it; written beside its pictures. */
export async function streetData(set: StreetSet, { seen, unseen }: NounSplit = NOUNS): Promise<StreetData> {
  const { folder, names } = set;
  const rows = await Promise.all(
    names.map(async (name) => JSON.parse(await readFile(join(folder, 'rows', `${name}.json`), 'utf8')) as DatasetRow),
  );
  const extractor = new PhraseExtractor({ keep: 'nouns' });
  const half = `masks-half-${sha256(seen.join()).slice(0, 8)}`;
  await mkdir(join(folder, half), { recursive: true });
  const missing: string[] = [];
  for (const name of names) if (!(await exists(join(folder, half, `${name}.png`)))) missing.push(name);
  for (const { name, classes, width, height } of await readPictures(folder, missing)) {
    await replace(join(folder, half, `${name}.png`), await encodeMask(withoutNouns(classes, unseen), width, height));
  }
  const list = async (kind: string, row: (row: DatasetRow, name: string) => object): Promise<string> => {
    const path = join(folder, `${kind}-${String(names.length)}.jsonl`);
    await replace(path, rows.map((one, index) => `${JSON.stringify(row(one, names[index]!))}\n`).join(''));
    return path;
  };
  const halfClasses = join(folder, `${half}.json`);
  await replace(
    halfClasses,
    JSON.stringify({
      dataset: 'street-world',
      ignore_index: IGNORED,
      classes: seen.map((name) => ({ index: classIndex(name), name })),
    }),
  );
  return {
    key: sha256(JSON.stringify([basename(folder), names, seen])).slice(0, 16),
    pictures: names.length,
    captions: {
      source: await list('captions', ({ image, caption }) => ({ image, nouns: extractor.extract(caption.join('. ')) })),
      images: folder,
    },
    masks: {
      source: await list('masks', ({ image, mask }) => ({ image, mask })),
      images: folder,
      classes: join(folder, 'classes.json'),
    },
    halfMasks: {
      source: await list(half, ({ image }, name) => ({ image, mask: `${half}/${name}.png` })),
      images: folder,
      classes: halfClasses,
    },
  };
}

/** A mask in which pixels of some classes are ignored. */
export function withoutNouns(classes: Uint8Array, nouns: readonly ClassName[]): Uint8Array {
  const left = new Set(nouns.map(classIndex));
  return classes.map((value) => (left.has(value) ? IGNORED : value));
}

/**
 * Trains a decoder on frozen encoders, on the CPU, pictures encoded once; labels are read as they are, in no sentence,
 * as
 * the benches ask for them.
 */
export async function trainHead(start: HeadStart, options: HeadOptions): Promise<TrainedHead> {
  const began = performance.now();
  let last: StepReport | undefined;
  const origin = 'trunk' in start ? { init: 'random', trunk: start.trunk } : start;
  for await (const report of train({
    ...origin,
    device: 'cpu',
    cacheFeatures: true,
    recipe: 'paper',
    templates: 'plain',
    saveEvery: NEVER,
    onWarning: () => undefined,
    ...options,
  }))
    last = report;
  return { folder: join(options.out, 'last'), report: last, seconds: (performance.now() - began) / 1000 };
}

/**
 * A decoder that learnt the seen nouns from masks and has met no word for the unseen ones: the analogue of starting
 * from
 * CLIPSeg. Made once for encoders, pictures, seed and options, and kept; after a change of the trainer itself, delete
 * the folder it is kept in.
 *
 * @param trunk - folder of the encoders
 * @returns the checkpoint's folder
 */
export async function makeHalfTrained(
  trunk: string,
  seed: number,
  { data, cacheFolder, steps = 250, batchSize = 8, learningRate = 1e-3, parent = halfFolder }: HalfTrainingOptions,
): Promise<string> {
  const { weights } = await openCheckpoint(trunk);
  const encoders = [
    await fingerprintFiles(weights.files, cacheFolder),
    await readFile(join(trunk, 'config.json'), 'utf8'),
  ];
  const run = join(
    parent,
    sha256(JSON.stringify([encoders, data.key, seed, steps, batchSize, learningRate])).slice(0, 16),
  );
  const folder = join(run, 'last');
  if (await exists(folder)) return folder;
  const out = `${run}.${process.pid}.part`;
  await rm(out, { recursive: true, force: true });
  await trainHead(
    { trunk },
    { ...WITH_MASKS, data: data.halfMasks, out, steps, batchSize, learningRate, seed, cacheFolder },
  );
  // Whoever was quicker made the same.
  await rename(out, run).catch(async (error: unknown) => {
    if (!(await exists(folder))) throw error;
    await rm(out, { recursive: true, force: true });
  });
  return folder;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
