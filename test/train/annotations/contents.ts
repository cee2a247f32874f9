/** Opens miniatures of exports. */
import { join } from 'node:path';
import type { AnnotatedSet } from '../../../packages/train/src/annotations/annotated-set.ts';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import { writeTree, type TreeFile } from '../benchmarks/miniature.ts';

let made = 0;

/** The set in a folder of these files. */
export async function opened(folder: string, files: Readonly<Record<string, TreeFile>>): Promise<AnnotatedSet> {
  const [set] = await openAnnotations(await writeTree(join(folder, `export-${made++}`), files));
  return set!;
}

/** What is known of its pictures: key, split, and the mask or the message of its error. */
export async function contents(
  set: AnnotatedSet,
): Promise<readonly (readonly [string, string | undefined, unknown])[]> {
  return Promise.all(
    set.pictures.map(async ({ key, split, readMask }) => {
      const mask = await readMask({}).then(
        ({ data }) => [...data],
        (error: unknown) => (error as Error).message,
      );
      return [key, split, mask] as const;
    }),
  );
}
