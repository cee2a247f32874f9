/** What a fine-tuning needs before its first step: the data in one form, a start that has its words, and rehearsal. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { readJson, writeFileAtomic } from '@synseg/core/checkpoint';
import { readIndex, type PhotoIndex, type PhotoRow } from '../data/photo-index.ts';
import { exists } from '../data/source.ts';
import { convertData } from '../inspect/convert-data.ts';
import { DATA_FILE } from './fine-tune-folder.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';
import type { RecipeData } from './recipe.ts';
import { REHEARSAL, addRehearsal } from './rehearsal.ts';
import { makeStart, type Start } from './start.ts';

/** Share of the pictures that is held out where the data has no split. */
const HELD_OUT = 0.1;

/** Data and start, ready to train on. */
export interface Prepared {
  /** The form of the data. */
  readonly description: string;
  readonly start: Start;
  readonly recipe: RecipeData;
  readonly trainingPictures: number;
  readonly heldOutPictures: number;
  /** True where held-out pictures have masks, which can be scored. */
  readonly isScored: boolean;
  /** Held-out pictures with maps of the start's own. */
  readonly keptPictures: number;
}

/** Makes what is not there yet. */
export async function prepare(request: FineTuneRequest): Promise<Prepared> {
  const { out, init, only, seed, device, threads, cacheFolder, signal, onProgress } = request;
  const folder = join(out, 'data');
  const description = await readData(request, folder);
  const index = (root: string, split: 'train' | 'val'): Promise<PhotoIndex> =>
    readIndex(root, {
      ...{ action: 'fine-tune', split, defaultSplit: split, sets: undefined, rename: undefined, classes: undefined },
      signal,
    });
  const { rows, sets } = await index(folder, 'train');
  const names = [...new Set(sets.flatMap(({ labels }) => labels.map(({ name }) => name)))];
  const masks = rows.some(({ labels }) => labels.length > 0);
  const start = await makeStart(init, names, join(out, 'start'), { only, own: masks, cacheFolder, signal });
  const root = start.known.length > 0 ? join(out, 'sets') : folder;
  if (!(await exists(root)))
    await addRehearsal(folder, root, {
      start: start.checkpoint,
      canGlance: start.trainsTrunk,
      known: start.known,
      taught: start.taught.map((word) => word.taught),
      ...{ seed, device, threads, cacheFolder, signal },
      onPicture: (done, total) => onProgress?.({ stage: 'rehearsal', done, total }),
    });
  const heldOut = (await index(root, 'val')).rows;
  const isKept = ({ set }: PhotoRow): boolean => set.name === REHEARSAL;
  const keptPictures = heldOut.filter(isKept).length;
  const isScored = heldOut.some((row) => !isKept(row) && row.labels.length > 0);
  const classes = (await readJson(join(root, 'classes.json'))) as Record<string, unknown>;
  return {
    ...{ description, start, isScored, keptPictures },
    trainingPictures: rows.length,
    heldOutPictures: heldOut.length - keptPictures,
    recipe: {
      root,
      sets: sets.map((set) => set.name),
      ...{ masks, isScored },
      rehearses: REHEARSAL in classes,
      captions: rows.some(({ captions }) => captions.length > 0),
    },
  };
}

/** Converts the data, once; returns its form. */
async function readData(request: FineTuneRequest, folder: string): Promise<string> {
  const { out, data, split, limit, seed, signal, onProgress } = request;
  const file = join(out, DATA_FILE);
  const before = (await readJson(file)) as { readonly description: string } | undefined;
  if (before !== undefined) return before.description;
  // Of a conversion that was done when its note was not written.
  await rm(folder, { recursive: true, force: true });
  const { sets } = await convertData(data, folder, {
    ...{ split, limit, seed, signal, heldOut: HELD_OUT, links: true },
    onProgress: ({ done, total }) => onProgress?.({ stage: 'data', done, total }),
  });
  const numberOf = (of: string): number => sets.reduce((sum, { splits }) => sum + (splits[of] ?? 0), 0);
  if (Math.min(numberOf('train'), numberOf('val')) === 0) {
    await rm(folder, { recursive: true, force: true });
    const found = sets.flatMap(({ splits }) => Object.values(splits)).reduce((sum, count) => sum + count, 0);
    throw new SynsegError(
      'DATASET_FORMAT',
      `Cannot fine-tune: "${data}" must have annotated pictures to train on and one to hold out, got ${found} in all`,
    );
  }
  const description = sets.map((set) => set.description).join('; ');
  await writeFileAtomic(file, `${JSON.stringify({ description, sets }, null, 1)}\n`);
  return description;
}
