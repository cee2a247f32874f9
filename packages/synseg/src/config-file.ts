/**
 * Options of a training run from a file: JSON, or the default export of a module.
 *
 * An unknown name is an error: a typing error must not change a run of several days. Relative paths start from the
 * working directory, as those of flags do.
 */
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, readOptions, readTextFile, type Options } from '@synseg/core/guards';

/**
 * Reads and checks a configuration. TypeScript is run by the runtime itself.
 *
 * @param path - .json, .js, .mjs, .ts or .mts
 * @param described - options that may be in it
 * @returns the contents, without defaults
 * @throws RangeError when the file cannot be read or loaded; TypeError or RangeError naming the file and the option
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { integer } from '@synseg/core/guards';
 * import { readConfigFile } from './config-file.ts';
 * const file = join(await mkdtemp(join(tmpdir(), 'config-')), 'run.json');
 * await writeFile(file, '{ "steps": 200 }');
 * console.assert((await readConfigFile(file, { steps: integer() })).steps === 200);
 * ```
 */
export async function readConfigFile(path: string, described: Options): Promise<Readonly<Record<string, unknown>>> {
  const content = await contentsOf(path);
  readOptions('read config', described, content ?? null, [], `"${path}"`);
  return content as Readonly<Record<string, unknown>>;
}

async function contentsOf(path: string): Promise<unknown> {
  const ending = extname(path).toLowerCase();
  if (ending === '.json') return fromJson(path);
  if (['.js', '.mjs', '.ts', '.mts'].includes(ending)) return fromModule(path);
  throw new RangeError(`Cannot read config: file must end in .json, .js, .mjs, .ts or .mts, got "${path}"`);
}

async function fromJson(path: string): Promise<unknown> {
  const text = await readTextFile(path).catch((cause: unknown) => {
    throw new RangeError(`Cannot read config: file must be readable, got ${messageOf(cause)}`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError(`Cannot read config: "${path}" must hold JSON, got ${messageOf(cause)}`, { cause });
  }
}

async function fromModule(path: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(resolve(path)).href)) as { default?: unknown }).default;
  } catch (cause) {
    if ((cause as { code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw new RangeError(
        'Cannot read config: a .ts file must be run by Deno, Node ≥ 22.18 or Node ≥ 23.6, got Node ' +
          `${process.versions.node}; write it as .mjs or .json`,
        { cause },
      );
    }
    throw new RangeError(`Cannot read config: "${path}" must load as a module, got ${messageOf(cause)}`, { cause });
  }
}
