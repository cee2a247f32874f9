/** Pictures of an export by the names that annotations have for them. */
import { isPicture } from '../data/picture-folders.ts';
import type { ExportFiles } from './export-files.ts';

/** Folders of masks: what lies there is named as the pictures are. */
const MASKS = /^(?:masks?|labels?|annotations?|segmentation\w*|gt\w*|panoptic\w*)$/i;
const SPLITS = /^(?:train(?:ing)?|val(?:id|idation)?|dev|test(?:ing)?|train\d{4}|val\d{4}|test\d{4}|trainval)$/i;

/** A folder or a name that stands for a split. */
export function isSplit(name: string): boolean {
  return SPLITS.test(name);
}

/** Place of the annotations that name a picture. */
interface Near {
  readonly folder?: string;
  readonly split?: string | undefined;
}

/** Finds a picture; undefined when there is none of the name. */
export type FindPicture = (name: string, near?: Near) => string | undefined;

/**
 * Finds pictures in an export by the paths that annotations give them: tools write them from the folder of the
 * pictures, from that of the annotations, or from the root of another machine. Of those whose last parts agree the one
 * is taken that agrees in most, then one in a folder of the split, then the one nearest to the annotations.
 */
export function pictureFinder(files: ExportFiles): FindPicture {
  const byName = new Map<string, { readonly path: string; readonly parts: readonly string[] }[]>();
  for (const path of files.paths) {
    if (!isPicture(path)) continue;
    const parts = path.split('/');
    const name = parts.at(-1)!;
    const same = byName.get(name) ?? [];
    byName.set(name, same);
    same.push({ path, parts });
  }
  return (name, { folder = '', split } = {}) => {
    const asked = name.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
    const from = folder.split('/');
    let best: { readonly path: string; readonly rank: readonly number[] } | undefined;
    for (const { path, parts } of byName.get(asked.at(-1) ?? '') ?? []) {
      const rank = [
        ending(asked, parts),
        split !== undefined && parts.includes(split) ? 1 : 0,
        parts.slice(0, -1).some((part) => MASKS.test(part)) ? 0 : 1,
        beginning(from, parts),
        -parts.length,
      ];
      if (best === undefined || compare(rank, best.rank) > 0) best = { path, rank };
    }
    return best?.path;
  };
}

/** Number of last parts that agree. */
function ending(a: readonly string[], b: readonly string[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a.at(-1 - same) === b.at(-1 - same)) same += 1;
  return same;
}

function beginning(a: readonly string[], b: readonly string[]): number {
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same += 1;
  return same;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
