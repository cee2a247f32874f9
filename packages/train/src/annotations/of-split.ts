/** The pictures of a split. */
import { few } from '../data/data-error.ts';
import type { AnnotatedPicture, AnnotatedSet } from './annotated-set.ts';
import { annotationError } from './export-files.ts';
import { plainSplit } from './plain-split.ts';

/**
 * Pictures of the split asked for, by the export's own name or the plain one; else of the first of some that there is;
 * else all.
 *
 * @throws SynsegError `DATASET_FORMAT` naming the splits that there are
 */
export function ofSplit(
  { name, pictures }: AnnotatedSet,
  asked: string | undefined,
  usual: readonly string[],
): { readonly pictures: readonly AnnotatedPicture[]; readonly split: string | undefined } {
  const isOf = (split: string, picture: AnnotatedPicture): boolean =>
    picture.split === split || plainSplit(picture.split) === split;
  const split = asked ?? usual.find((one) => pictures.some((picture) => isOf(one, picture)));
  if (split === undefined) return { pictures, split };
  const own = pictures.filter((picture) => isOf(split, picture));
  if (own.length > 0) return { pictures: own, split };
  const there = new Set(pictures.flatMap((picture) => picture.split ?? []));
  throw annotationError(
    `"${name}" must have pictures of split "${split}"`,
    there.size === 0 ? 'no splits' : few(there),
  );
}
