/** Opens exports that a test makes. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AnnotatedPicture, AnnotatedSet } from '../../../packages/train/src/annotations/annotated-set.ts';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { photo, writeTree, type TreeFile } from '../benchmarks/miniature.ts';

/** A picture of 4×3 pixels. */
export const frame = photo(Array.from({ length: 3 }, () => [0, 0, 0, 0]));

/** Writes the files and opens them, or one of them; call it at the top of a test file. */
export function opener(): (files: Readonly<Record<string, TreeFile>>, inside?: string) => Promise<AnnotatedSet> {
  const folder = temporaryFolder();
  let made = 0;
  return async (files, inside = '') => {
    const root = await writeTree(join(folder, `${made++}`), files);
    const [set, ...others] = await openAnnotations(join(root, inside));
    expect(others).toEqual([]);
    return set!;
  };
}

/** The rows of a picture's mask, a word each. */
export async function rowsOf(picture: AnnotatedPicture | undefined, told?: (fault: string) => void): Promise<string[]> {
  const { data, width, height } = await picture!.readMask({}, told);
  const sign = (value: number): string => (value === 254 ? '.' : value === 255 ? '?' : String(value));
  return Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)].map(sign).join(''));
}

/** What is told of a picture's mask. */
export async function toldOf(picture: AnnotatedPicture | undefined): Promise<string[]> {
  const told: string[] = [];
  await picture!.readMask({}, (fault) => told.push(fault));
  return told;
}

/** Number of pixels of each mask value in all pictures of a set, by class name. */
export async function countsOf({ pictures, classes }: AnnotatedSet): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { readMask } of pictures)
    for (const value of (await readMask({})).data) {
      const name = classes[value] ?? String(value);
      counts[name] = (counts[name] ?? 0) + 1;
    }
  return counts;
}
