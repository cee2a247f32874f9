/** Layout of picture folders, shared by the readers of training data and of evaluation data. */
import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.tif', '.tiff', '.gif']);

/** Names of the folder beside `images/` that holds the masks. */
export const MASK_FOLDERS = ['labels', 'masks'] as const;

/** Ends of text files that say something of the picture of their name. */
export const TEXT_ENDS = ['.txt', '.caption'];

/** True for a file that is a picture by its extension. */
export function isPicture(file: string): boolean {
  return PICTURES.has(parse(file).ext.toLowerCase());
}

/** Possible folders of a kind of file: the split above the kinds, or below them. */
export function kindFolders(root: string, split: string | undefined): readonly ((kind: string) => string)[] {
  return split === undefined
    ? [(kind) => join(root, kind)]
    : [(kind) => join(root, split, kind), (kind) => join(root, kind, split)];
}

/** Names in a folder, sorted by code unit, the same order on every machine; undefined when there is no such folder. */
export async function entriesOf(folder: string): Promise<string[] | undefined> {
  return readdir(folder).then(
    (names) => names.sort(),
    () => undefined,
  );
}
