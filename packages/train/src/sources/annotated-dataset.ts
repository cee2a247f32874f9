/** Exports of annotation tools as training data: pictures whose masks are made when they are drawn. */
import { join } from 'node:path';
import { NONE, UNKNOWN, type AnnotatedSet } from '../annotations/annotated-set.ts';
import { ofSplit } from '../annotations/of-split.ts';
import { NAME_FILES } from '../annotations/mask-names.ts';
import { findAnnotations, openAnnotations } from '../annotations/open-annotations.ts';
import { readClassList } from '../data/class-list.ts';
import { dataError } from '../data/data-error.ts';
import type { Dataset, Opening } from '../data/dataset.ts';
import { IndexedDataset } from '../data/indexed-dataset.ts';
import { MASK_FOLDERS, entriesOf, kindFolders } from '../data/picture-folders.ts';
import { categoriesOf } from '../data/row.ts';
import { withLazyMask, type Sample } from '../data/sample.ts';
import { tableIn } from '../data/source.ts';
import { encodeIndexMask } from '../image/index-mask.ts';
import { limitsOf } from '../image/picture.ts';

/** Split that is read when none is asked for, where there is one. */
const USUAL = ['train'];
/** Lists of names that look like tables of pictures. */
const NAME_LISTS = ['_classes.csv', 'class_dict.csv'];

/**
 * Opens an export. Mask value 254 is what is none of its classes, 255 unknown. Categories of a sample are noun phrases
 * of its captions.
 */
export async function openAnnotated(
  { sources: [source], options, phrases, known, limits, signal }: Opening,
  found?: AnnotatedSet,
): Promise<Dataset> {
  const set = found ?? (await openAnnotations(source, { signal }))[0]!;
  const { classes, exhaustive, description } = set;
  const { pictures, split } = ofSplit(set, options.split, USUAL);
  const used = pictures.filter(({ labeled, captions = [] }) => labeled || captions.length > 0);
  if (used.length === 0)
    throw dataError(`"${source}" must hold pictures with masks or captions`, `${pictures.length} pictures without`);
  const read = (index: number): Sample => {
    const picture = used[index]!;
    const { key, image, captions = [] } = picture;
    const before = known?.find(key);
    const words = before === undefined ? { captions } : { categories: before };
    const sample = { key, image, categories: categoriesOf(words, phrases) };
    const make = async (): Promise<Uint8Array> => encodeIndexMask(await picture.readMask(limitsOf(limits)));
    return picture.labeled ? withLazyMask(sample, make) : sample;
  };
  return new IndexedDataset({
    of: split === undefined ? description : `${description}, ${split}`,
    size: used.length,
    classes: classes.map((name, index) => ({ index, name })),
    ignoreIndex: UNKNOWN,
    ...(exhaustive ? {} : { backgroundIndex: NONE }),
    open: () => ({ read }),
  });
}

/**
 * The export that a folder holds; undefined where it is read as a folder: with a table of pictures, with a text beside
 * each, or with masks in `labels` or `masks` beside `images`.
 */
export async function exportIn(
  root: string,
  split: string | undefined,
  signal: AbortSignal | undefined,
): Promise<AnnotatedSet | undefined> {
  if (await isPlainFolder(root, split)) return undefined;
  const set = (await findAnnotations(root, { signal }))?.[0];
  return set?.form === 'captions' ? undefined : set;
}

async function isPlainFolder(root: string, split: string | undefined): Promise<boolean> {
  const table = await tableIn(root).catch(() => 'several');
  if (table !== undefined && !NAME_LISTS.includes(table)) return true;
  for (const folderOf of kindFolders(root, split)) {
    if ((await entriesOf(folderOf('images'))) === undefined) continue;
    for (const kind of MASK_FOLDERS) {
      const masks = (await entriesOf(folderOf(kind))) ?? [];
      if (masks.some((name) => name.endsWith('.png'))) return hasOwnList(root);
    }
  }
  return false;
}

/** True for a folder with our list of classes, or with none. */
async function hasOwnList(root: string): Promise<boolean> {
  const names = (await entriesOf(root)) ?? [];
  if (!names.some((name) => NAME_FILES.includes(name.toLowerCase()))) return true;
  return readClassList(join(root, 'classes.json')).then(
    () => true,
    () => false,
  );
}
