/**
 * The checkpoint that ships inside this package, found from wherever its code runs: a source file, a chunk of the
 * build, a thread, an installation. The way up to the package's own package.json is the same from all of them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SynsegError } from '../errors.ts';
import { packageFolder } from '../guard/package-file.ts';

/** The name by which the checkpoint of the package is loaded. */
export const EMBEDDED = 'embedded';

const PACKAGE = '@synseg/core';

/**
 * Folder of the checkpoint that ships with this package.
 *
 * @param from - URL of a module of the package
 * @throws SynsegError `BUNDLED` when the module lies in no installed package
 * @throws SynsegError `MODEL_LOAD` when the package has no checkpoint
 */
export function embeddedFolder(from: string | undefined = import.meta.url): string {
  const folder = join(packageFolder('load checkpoint', PACKAGE, from), EMBEDDED);
  if (existsSync(join(folder, 'config.json'))) return folder;
  throw new SynsegError(
    'MODEL_LOAD',
    `Cannot load checkpoint: "${EMBEDDED}" must lie in the package ${PACKAGE}, got no config.json in ${folder}; ` +
      'install the package again, or name a folder or a hub id',
  );
}
