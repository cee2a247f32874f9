/** Class names of mask values, from the `classes.json` of a data set. */
import { join } from 'node:path';
import { readClassList } from './class-list.ts';
import type { MaskClasses } from './indexed-dataset.ts';
import { exists } from './source.ts';

/**
 * Reads a class list: the given file or, without one, `classes.json` of the first folder that has one; empty when none
 * has.
 *
 * @throws SynsegError `DATASET_FORMAT` when the given file is missing, or the file found is no class list
 */
export async function readMaskClasses(path: string | undefined, folders: readonly string[]): Promise<MaskClasses> {
  const found = path ?? (await firstExisting(folders.map((folder) => join(folder, 'classes.json'))));
  if (found === undefined) return {};
  const { classes, ignored, backgroundIndex } = await readClassList(found);
  const [ignoreIndex] = ignored;
  return {
    classes: classes.map(({ index, name, prompts }) => ({
      index,
      name,
      ...(prompts === undefined ? {} : { prompts: prompts.map((prompt) => prompt.replaceAll('{}', name)) }),
    })),
    ignoreIndex,
    backgroundIndex,
  };
}

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await exists(path)) return path;
  return undefined;
}
