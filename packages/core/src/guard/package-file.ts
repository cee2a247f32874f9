/**
 * Files of a package beside its code: the modules of its threads, and the checkpoint that ships. A bundler separates
 * the code from them. `import.meta.url` is then undefined (CommonJS), or an address where nothing of the package lies.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SynsegError } from '../errors.ts';

const NO_ADDRESS = 'code without import.meta.url';

/**
 * A file of a package, found from a module beside it.
 *
 * @param locate - `() => { return new URL('./file.js', import.meta.url); }`, called here because it throws in a bundle;
 *   in this form, braces included, tools that collect a program's files (Next's standalone builds) find the file
 * @throws SynsegError `BUNDLED` when there is no such file, or it lies in no folder of the package
 */
export function packageFile(action: string, name: string, locate: () => URL): URL {
  let url: URL;
  try {
    url = locate();
  } catch {
    throw bundledError(action, name, NO_ADDRESS);
  }
  packageFolder(action, name, url.href);
  if (!existsSync(url)) throw bundledError(action, name, `no file ${fileURLToPath(url)}`);
  return url;
}

/** The nearest folder above a module whose package.json has the name. @throws SynsegError `BUNDLED` without one */
export function packageFolder(action: string, name: string, from: string | undefined): string {
  if (from === undefined) throw bundledError(action, name, NO_ADDRESS);
  if (from.startsWith('file:')) {
    for (let folder = dirname(fileURLToPath(from)), last = ''; folder !== last; folder = dirname(folder)) {
      if (nameOf(folder) === name) return folder;
      last = folder;
    }
  }
  throw bundledError(action, name, from);
}

function nameOf(folder: string): unknown {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly name?: unknown } | null)?.name;
  } catch (error) {
    // Only what is not there, or no JSON, is passed over: Deno without --allow-read says so itself.
    const { code } = error as { readonly code?: unknown };
    if (error instanceof SyntaxError || code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function bundledError(action: string, name: string, got: string): SynsegError {
  return new SynsegError(
    'BUNDLED',
    `Cannot ${action}: the code of ${name} must lie in its package, got ${got}; it starts threads and reads files ` +
      'beside it, so it must not be bundled: keep @synseg/core, @synseg/video and @synseg/train external, as ' +
      '\`esbuild --packages=external\` does',
  );
}
