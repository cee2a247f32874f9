/**
 * The checkpoint that ships inside this package, found from wherever its code runs: a source file, a chunk of the build,
 * a thread, an installation. The way up to the package's own package.json is the same from all of them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SynsegError } from '../errors.ts';

/** The name by which the checkpoint of the package is loaded. */
export const EMBEDDED = 'embedded';

const PACKAGE = '@synseg/core';

/**
 * Folder of the checkpoint that ships with this package.
 *
 * @param from - URL of a module of the package
 * @throws SynsegError `MODEL_LOAD` when the module lies in no installed package, or the package has no checkpoint
 */
export function embeddedFolder(from: string = import.meta.url): string {
  const home = packageFolder(from);
  if (home === undefined) throw refusal(`${from}, which lies in no folder of ${PACKAGE} (is it bundled?)`);
  const folder = join(home, EMBEDDED);
  if (!existsSync(join(folder, 'config.json'))) throw refusal(`no config.json in ${folder}`);
  return folder;
}

/** The nearest folder above a module whose package.json has this package's name. */
function packageFolder(from: string): string | undefined {
  if (!from.startsWith('file:')) return undefined;
  for (let folder = dirname(fileURLToPath(from)), last = ''; folder !== last; folder = dirname(folder)) {
    if (packageName(folder) === PACKAGE) return folder;
    last = folder;
  }
  return undefined;
}

function packageName(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly name?: unknown } | null)?.name;
  } catch {
    return undefined;
  }
}

function refusal(got: string): SynsegError {
  return new SynsegError('MODEL_LOAD', `Cannot load checkpoint: "${EMBEDDED}" must lie in the package ${PACKAGE}, got ${got}; install the package again, or name a folder or a hub id`);
}
