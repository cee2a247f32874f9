/** Which fields of a row hold the picture's name, the caption and the noun chunks. */
import { SynsegError } from '@synseg/core';
import type { OptionsOf } from '@synseg/core/guards';
import { COLUMN } from '../data/data-options.ts';

/** Where the fields of a row are. */
export const CAPTION_KEYS = {
  /**
   * Name or address of the picture.
   * @default image, image_url, url, file_name, filename, filepath, path
   */
  image: COLUMN,
  /**
   * Caption.
   * @default caption, text, txt, title, sentence
   */
  caption: COLUMN,
  /**
   * Noun chunks that spaCy has found.
   * @default noun_chunks, nouns, phrases
   */
  nouns: COLUMN,
};
export type CaptionKeys = OptionsOf<typeof CAPTION_KEYS>;

/** A field: its name, or in a table without a header its column from 0. */
export type CaptionField = string | number;

/** Names a picture's field may have. */
export const IMAGE_NAMES = ['image', 'image_url', 'url', 'file_name', 'filename', 'filepath', 'path'];
/** Names a caption's field may have. */
export const CAPTION_NAMES = ['caption', 'text', 'txt', 'title', 'sentence'];
/** Names a list of noun chunks may have. */
export const CHUNK_NAMES = ['noun_chunks', 'nouns', 'phrases'];
/** A cell that is a picture's address rather than a caption. */
const ADDRESS = /^https?:\/\/\S+$|^\S+\.(?:jpe?g|png|webp|gif|bmp|tiff?)$/i;

/** Columns of a table. */
export interface TableColumns {
  readonly isHeader: boolean;
  readonly image: number | undefined;
  readonly caption: number;
  /** Columns of the header. */
  readonly count: number | undefined;
}

/**
 * Finds the columns by a table's first row: by name in a header, else as asked for, else by what looks like an address.
 *
 * @param header - whether the first row is one; undefined: when it holds a known name
 * @throws SynsegError `DATASET_FORMAT` when a name asked for is not there
 */
export function columnsOf(
  first: readonly string[],
  keys: CaptionKeys,
  header: boolean | undefined,
  path: string,
): TableColumns {
  const names = first.map((cell) => cell.trim().toLowerCase());
  const asked = (key: CaptionField | undefined, known: readonly string[]): number => {
    if (key !== undefined) return names.indexOf(String(key).toLowerCase());
    return names.findIndex((name) => known.includes(name));
  };
  const [image, caption] = [asked(keys.image, IMAGE_NAMES), asked(keys.caption, CAPTION_NAMES)];
  if (header ?? (caption >= 0 && !/^\d+$/.test(names[caption] as string))) {
    const indexed = numbered(keys.caption);
    if (caption < 0 && indexed === undefined) throw missingColumn('caption', keys.caption, names, path);
    if (image < 0 && keys.image !== undefined && numbered(keys.image) === undefined)
      throw missingColumn('image', keys.image, names, path);
    const imageColumn = image >= 0 ? image : numbered(keys.image);
    return {
      isHeader: true,
      image: imageColumn,
      caption: caption >= 0 ? caption : (indexed as number),
      count: names.length,
    };
  }
  for (const kind of ['caption', 'image'] as const) {
    if (keys[kind] !== undefined && numbered(keys[kind]) === undefined)
      throw missingColumn(kind, keys[kind], names, path);
  }
  const address = names.findIndex((cell) => ADDRESS.test(cell));
  const imageColumn = numbered(keys.image) ?? (address >= 0 ? address : names.length > 1 ? 0 : undefined);
  const captionColumn = numbered(keys.caption) ?? [0, 1].find((index) => index !== imageColumn)!;
  return {
    isHeader: false,
    image: imageColumn === captionColumn ? undefined : imageColumn,
    caption: captionColumn,
    count: undefined,
  };
}

function numbered(key: CaptionField | undefined): number | undefined {
  return key !== undefined && /^\d+$/.test(String(key)) ? Number(key) : undefined;
}

function missingColumn(
  kind: string,
  key: CaptionField | undefined,
  names: readonly string[],
  path: string,
): SynsegError {
  const columns = names
    .map((name) => `"${name.length > 40 ? `${name.slice(0, 39)}…` : name}"`)
    .slice(0, 8)
    .join(', ');
  const asked = key === undefined ? `a ${kind}` : `"${key}"`;
  return new SynsegError(
    'DATASET_FORMAT',
    `Cannot extract phrases: the first row of "${path}" must name ${asked}, got ${columns}`,
  );
}
