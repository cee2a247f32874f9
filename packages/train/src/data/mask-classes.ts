/** Class names of mask values, from the `classes.json` of a data set. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readClassList } from '../evaluate/class-list.ts';
import type { MaskClasses } from './indexed-dataset.ts';

/**
 * Reads a class list: the given file or, without one, `classes.json` in the first of the folders that has it; nothing
 * when none has.
 *
 * @throws SynsegError `DATASET_FORMAT` when the given file is not there, or the file found says something else
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
    ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
    ...(backgroundIndex === undefined ? {} : { backgroundIndex }),
  };
}

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const exists = await access(path).then(
      () => true,
      () => false,
    );
    if (exists) return path;
  }
  return undefined;
}
