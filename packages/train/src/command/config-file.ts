/**
 * Options of a training run from a file: JSON, or the default export of a module.
 *
 * A name that is not known is refused, since a run of days must not differ from its configuration by a typing error.
 * Paths in it start from the working directory, as those of flags do.
 */
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from '@synseg/core/guards';
import { checkKind, checkOptions, readTextFile } from '@synseg/core/guards';
import { NESTED_NAMES, OPTION_NAMES, type ConfigOptions } from './option-names.ts';

/**
 * Reads a configuration. TypeScript is left to the runtime.
 *
 * @param path - .json, .js, .mjs, .ts or .mts
 * @throws RangeError when the file cannot be read or loaded, TypeError when it holds no options or unknown ones
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { readConfigFile } from './config-file.ts';
 * const file = join(await mkdtemp(join(tmpdir(), 'config-')), 'run.json');
 * await writeFile(file, '{ "steps": 200, "lambda": { "align": 0.1 } }');
 * console.assert((await readConfigFile(file)).steps === 200);
 * ```
 */
export async function readConfigFile(path: string): Promise<ConfigOptions> {
  const options = await contentsOf(path);
  checkKind('read config', `"${path}"`, options, options !== undefined, 'hold an object of options');
  checkOptions('read config', options, OPTION_NAMES, `"${path}"`);
  for (const [name, names] of Object.entries(NESTED_NAMES))
    checkOptions('read config', (options as Readonly<Record<string, unknown>>)[name], names, `${name} of "${path}"`);
  return options as ConfigOptions;
}

async function contentsOf(path: string): Promise<unknown> {
  switch (extname(path).toLowerCase()) {
    case '.json':
      return fromJson(path);
    case '.js':
    case '.mjs':
    case '.ts':
    case '.mts':
      return fromModule(path);
    default:
      throw new RangeError(`Cannot read config: file must end in .json, .js, .mjs, .ts or .mts, got "${path}"`);
  }
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
