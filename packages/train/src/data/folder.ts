/**
 * Folders: with a table in them, with masks of the same names beside the pictures, or pictures with a text file beside
 * each (img2dataset's `files`).
 */
import { readdir } from 'node:fs/promises';
import { basename, join, parse, relative } from 'node:path';
import { readTextFile } from '@synseg/core/guards';
import { dataError, few } from './data-error.ts';
import type { Dataset, Opening } from './dataset.ts';
import { IndexedDataset } from './indexed-dataset.ts';
import { readMaskClasses } from './mask-classes.ts';
import { categoriesOf } from './row.ts';
import { MASK_FOLDERS, TEXT_ENDS, entriesOf, isPicture, kindFolders } from './picture-folders.ts';
import { openRows } from './row-dataset.ts';
import { tableFormat, tableIn } from './source.ts';

/** Opens a folder as what is in it. */
export async function openFolder(opening: Opening): Promise<Dataset> {
  const { sources, options } = opening;
  const [root] = sources;
  const entries = await entriesOf(root);
  if (entries === undefined) throw dataError('source must be a folder', `"${root}", which is none`);
  const table = options.masks === undefined ? await tableIn(root) : undefined;
  if (table !== undefined) {
    const rows: Opening = { ...opening, sources: [join(root, table)] };
    const format = tableFormat(table);
    if (format === 'jsonl' && options.header !== undefined)
      throw new RangeError(`Cannot open dataset: header must be left out for format jsonl, got ${options.header}`);
    return openRows(rows, format);
  }
  const extra = options.keys !== undefined ? 'keys' : options.header !== undefined ? 'header' : undefined;
  if (extra !== undefined)
    throw new RangeError(
      `Cannot open dataset: ${extra} must be left out for a folder without a table, got ` +
        `${JSON.stringify(options[extra])}`,
    );
  return openPictures(opening, root);
}

async function openPictures({ options, phrases, known }: Opening, root: string): Promise<Dataset> {
  const places = await findPictures(root, options.split, options.images, options.masks);
  const files = (await readdir(places.images, { recursive: true })).sort();
  const pictures = files.filter(isPicture);
  if (pictures.length === 0) throw dataError(`"${places.images}" must hold pictures`, few(files));
  const texts = new Set(files.filter((file) => TEXT_ENDS.includes(parse(file).ext)));
  const masks = new Set(
    places.masks === undefined
      ? []
      : (await readdir(places.masks, { recursive: true })).filter((file) => parse(file).ext === '.png'),
  );
  if (places.masks === undefined && texts.size === 0 && known === undefined) {
    throw dataError(
      `"${root}" must say something of its pictures: a table (.jsonl, .csv, .tsv), a .txt beside each, or masks`,
      `${pictures.length} pictures alone`,
    );
  }
  const stem = (file: string): string => join(parse(file).dir, parse(file).name);
  if (places.masks !== undefined && !pictures.some((file) => masks.has(`${stem(file)}.png`))) {
    throw dataError(
      `"${places.masks}" must hold PNG masks named as the pictures`,
      `${few(masks)} for ${few(pictures)}`,
    );
  }
  return new IndexedDataset({
    of: options.split === undefined ? basename(root) : `${basename(root)} ${options.split}`,
    size: pictures.length,
    ...(places.masks === undefined && options.classes === undefined
      ? {}
      : await readMaskClasses(options.classes, [root, places.images])),
    open: () => ({
      read: async (index) => {
        const file = pictures[index]!;
        const mask = `${stem(file)}.png`;
        const key = relative(root, join(places.images, file));
        const text = TEXT_ENDS.map((extension) => stem(file) + extension).find((name) => texts.has(name));
        const before = known?.find(key, file);
        const captions =
          before !== undefined || text === undefined ? [] : [await readTextFile(join(places.images, text))];
        return {
          key,
          image: join(places.images, file),
          categories: categoriesOf(before === undefined ? { captions } : { categories: before }, phrases),
          ...(places.masks !== undefined && masks.has(mask) ? { mask: join(places.masks, mask) } : {}),
        };
      },
    }),
  });
}

/**
 * The folders given, else the first pair of images and masks, else the root: the split may lie above the kinds or
 * below.
 */
async function findPictures(
  root: string,
  split: string | undefined,
  images: string | undefined,
  masks: string | undefined,
): Promise<{ images: string; masks?: string }> {
  const below = (folder: string): string => (split === undefined ? folder : join(folder, split));
  if (masks !== undefined) return { images: images ?? below(root), masks };
  for (const folderOf of kindFolders(root, split)) {
    const pictures = images ?? folderOf('images');
    if ((await entriesOf(pictures)) === undefined) continue;
    for (const kind of MASK_FOLDERS) {
      if ((await entriesOf(folderOf(kind))) !== undefined) return { images: pictures, masks: folderOf(kind) };
    }
    return { images: pictures };
  }
  const folder = images ?? below(root);
  if ((await entriesOf(folder)) !== undefined) return { images: folder };
  throw dataError(
    `"${root}" must hold a folder for split "${split ?? ''}"`,
    few(((await entriesOf(root)) ?? []).filter((name) => !name.startsWith('.'))),
  );
}
