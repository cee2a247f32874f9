/**
 * Data sets for evaluation, laid out as folders: pictures, index PNGs of the same stems, a class list.
 *
 * The reader settles everything about the ground truth: the pictures and their order, the name of each mask value, and
 * the values that do not count. A benchmark under a named protocol is one more layout here, and, where pixels are
 * decided in another way than by `Segmenter.segment`, an {@link EvaluatedModel} of its own.
 */
import { join, parse } from 'node:path';
import { SynsegError } from '@synseg/core';
import { readClassList, type ClassList } from '../data/class-list.ts';
import { MASK_FOLDERS, entriesOf, isPicture, kindFolders } from '../data/picture-folders.ts';

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

/** Layout of one set in folders. */
export type FolderLayout = keyof typeof LAYOUTS;

/** Name of a layout; `index-jsonl` is several sets in one folder. */
export type DatasetName = FolderLayout | 'index-jsonl';

/** Names of the layouts. */
export const DATASETS: readonly DatasetName[] = [...(Object.keys(LAYOUTS) as FolderLayout[]), 'index-jsonl'];

/** One picture with its ground truth. */
export interface EvaluationSample {
  /** Its name for people; unique. */
  readonly key: string;
  /** Path of the picture. */
  readonly image: string;
  /** Path of the index PNG, as large as the upright picture. */
  readonly mask: string;
}

/** A data set; its pictures are not read yet. */
export interface EvaluationDataset extends ClassList {
  readonly split: string | undefined;
  /** In a stable order. */
  readonly samples: readonly EvaluationSample[];
}

/** The part of a data set to read. */
export interface DatasetRequest {
  readonly split: string | undefined;
  /** Path of a class list that takes the place of the data set's own. */
  readonly classes: string | undefined;
}

/**
 * Lists the masks of a data set with their pictures, sorted by stem.
 *
 * A mask whose picture is missing is listed all the same: evaluation counts and names it.
 *
 * @throws RangeError for a split that the layout cannot have
 * @throws SynsegError `DATASET_FORMAT` when the folders, masks or class list are missing
 * @example
 * ```ts
 * // type-checked only: needs a data set
 * import { readDataset } from './datasets.ts';
 * const { samples } = await readDataset('camvid', 'data/camvid', { split: 'val', classes: undefined });
 * console.assert(samples.length === 101);
 * ```
 */
export async function readDataset(
  name: FolderLayout,
  root: string,
  request: DatasetRequest,
): Promise<EvaluationDataset> {
  const { defaultSplit, splits = true }: Layout = LAYOUTS[name];
  if (!splits && request.split !== undefined)
    throw new RangeError(
      `Cannot evaluate ${name}: split must not be given, as ${name} has none, got "${request.split}"`,
    );
  const split = request.split ?? defaultSplit;
  if (split !== undefined && (split === '' || /^\.*$|[/\\]/.test(split)))
    throw new RangeError(`Cannot evaluate ${name}: split must be the name of a folder, got "${split}"`);
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
      return {
        key,
        image: join(found.imageFolder, pictures.get(key) ?? `${key}.jpg`),
        mask: join(found.maskFolder, file),
      };
    });
  if (samples.length === 0)
    throw fail(`"${found.maskFolder}" must hold index PNGs`, `no .png among its ${found.masks.length} entries`);
  const list = await readClassList(request.classes ?? join(root, 'classes.json'));
  return { ...list, split, samples };
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
