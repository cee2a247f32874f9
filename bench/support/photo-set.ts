/** Photographs with masks, one by one: what `evaluate()` reads, for measures that it does not have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIndexMask, type IndexMask } from '../../packages/train/src/image/index-mask.ts';

/** Mask value of pixels of which nothing is known. */
export const UNKNOWN = 255;

/** A photograph of an index. */
export interface Photo {
  readonly image: string;
  readonly mask: string;
  readonly set: string;
  readonly split: string;
  /** Names of the classes in it. */
  readonly labels: readonly string[];
}

/** A folder of photographs with masks. */
export interface PhotoFolder {
  readonly photos: readonly Photo[];
  /** By set: names by mask value, and the value of what is none of them. */
  readonly sets: Readonly<Record<string, { readonly classes: readonly string[]; readonly background?: number }>>;
}

/** Reads `index.jsonl` and `classes.json`; paths are joined to the folder. */
export function photoFolder(root: string, split: string): PhotoFolder {
  const photos = readFileSync(join(root, 'index.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Photo)
    .filter((photo) => photo.split === split)
    .map((photo) => ({ ...photo, image: join(root, photo.image), mask: join(root, photo.mask) }));
  return { photos, sets: JSON.parse(readFileSync(join(root, 'classes.json'), 'utf8')) as PhotoFolder['sets'] };
}

/** Mask values `[height, width]` of a photograph. */
export function readMask({ mask }: Photo): Promise<IndexMask> {
  return readIndexMask(mask);
}
