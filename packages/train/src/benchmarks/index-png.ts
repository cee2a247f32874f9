/** Data sets in folders of pictures and index PNGs of the same stems, with a class list beside them. */
import { join, parse } from 'node:path';
import { SynsegError } from '@synseg/core';
import { readClassList } from '../data/class-list.ts';
import { MASK_FOLDERS, entriesOf, isPicture, kindFolders } from '../data/picture-folders.ts';
import { indexPngSample, type EvaluationSet, type DatasetRequest } from './evaluation-set.ts';

/** Layout of a data set. */
interface Layout {
  /** Split when none is asked for; @default none, the folders lie at the root */
  readonly defaultSplit?: string;
  /** @default true */
  readonly splits?: boolean;
}

const LAYOUTS = {
  /** `{train,val,test}/images`, `{train,val,test}/labels`, `classes.json` */
  'camvid': { defaultSplit: 'test' },
  /** `images`, `masks` for some of them, `classes.json`; no splits */
  'ccp': { splits: false },
  /** `[SPLIT/]images`, `[SPLIT/]labels` or `masks` (or `images/SPLIT`, …), `classes.json` */
  'index-png': {},
} satisfies Record<string, Layout>;

/** Name of such a layout. */
export type IndexPngName = keyof typeof LAYOUTS;

/** Names of these layouts. */
export const INDEX_PNG = Object.keys(LAYOUTS) as IndexPngName[];

/**
 * Lists the masks of a data set with their pictures, sorted by stem. A mask whose picture is missing is listed all the
 * same: evaluation counts and names it.
 */
export async function readIndexPng(name: IndexPngName, root: string, request: DatasetRequest): Promise<EvaluationSet> {
  const { defaultSplit, splits = true }: Layout = LAYOUTS[name];
  if (!splits && request.split !== undefined)
    throw new RangeError(
      `Cannot evaluate ${name}: split must not be given, as ${name} has none, got "${request.split}"`,
    );
  const split = request.split ?? defaultSplit;
  const fail = (rule: string, got: string): SynsegError =>
    new SynsegError('DATASET_FORMAT', `Cannot read dataset ${name}: ${rule}, got ${got}`);

  const found = await findFolders(root, split);
  if (found === undefined) {
    const wanted =
      split === undefined
        ? 'images and labels (or masks)'
        : `${split}/images and ${split}/labels (or masks), or images/${split} and labels/${split}`;
    const there = (await entriesOf(root))?.filter((entry) => !entry.startsWith('.')).slice(0, 10);
    throw fail(`"${root}" must hold ${wanted}`, there === undefined ? 'no folder' : `[${there.join(', ')}]`);
  }
  const pictures = new Map<string, string>();
  for (const file of found.images) {
    const { name: stem } = parse(file);
    if (isPicture(file) && !pictures.has(stem)) pictures.set(stem, file);
  }
  const samples = found.masks
    .filter((file) => parse(file).ext.toLowerCase() === '.png')
    .map((file) => {
      const { name: key } = parse(file);
      const image = join(found.imageFolder, pictures.get(key) ?? `${key}.jpg`);
      return indexPngSample(key, image, join(found.maskFolder, file));
    });
  if (samples.length === 0)
    throw fail(`"${found.maskFolder}" must hold index PNGs`, `no .png among its ${found.masks.length} entries`);
  const list = await readClassList(request.classes ?? join(root, 'classes.json'));
  return { ...list, backgroundRule: 'ignore', split, samples };
}

interface FoundFolders {
  readonly imageFolder: string;
  readonly images: readonly string[];
  readonly maskFolder: string;
  readonly masks: readonly string[];
}

/** The first pair of folders that both exist: the split above the kinds, or below them. */
async function findFolders(root: string, split: string | undefined): Promise<FoundFolders | undefined> {
  for (const folderOf of kindFolders(root, split)) {
    const imageFolder = folderOf('images');
    const images = await entriesOf(imageFolder);
    if (images === undefined) continue;
    for (const maskFolder of MASK_FOLDERS.map(folderOf)) {
      const masks = await entriesOf(maskFolder);
      if (masks !== undefined) return { imageFolder, images, maskFolder, masks };
    }
  }
  return undefined;
}
