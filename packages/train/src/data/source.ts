/** The files of a source and their format. The only file that imports brace-expansion. */
import { access, readdir, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { expand } from 'brace-expansion';
import { shownURL } from '@synseg/core/guards';
import { dataError, few } from './data-error.ts';
import { isIndexFolder } from './photo-index.ts';
import type { DataFormat } from './data-options.ts';
import type { TableFormat } from './table.ts';

const MAX_FILES = 1_000_000;

const BY_EXTENSION: Readonly<Record<string, DataFormat>> = {
  '.tar': 'webdataset',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.json': 'coco',
};

/** The format by a file's extension, `.gz` behind it or not. */
function formatByName(path: string): DataFormat | undefined {
  return BY_EXTENSION[extname(path.replace(/\.gz$/i, '')).toLowerCase()];
}

/**
 * Expands braces, as a shell does.
 *
 * @throws SynsegError `DATASET_FORMAT` when the source is a URL
 * @example
 * ```ts
 * import { expandSource } from './source.ts';
 * console.assert(expandSource('cc-{000..002}.tar').join() === 'cc-000.tar,cc-001.tar,cc-002.tar');
 * ```
 */
export function expandSource(source: string | readonly string[]): readonly [string, ...string[]] {
  const patterns = [source].flat();
  const remote = patterns.find(isRemote);
  if (remote !== undefined)
    throw dataError('source must be local files (download them first)', `"${shownSource(remote)}"`);
  return patterns.flatMap((pattern) => expand(pattern, { max: MAX_FILES })) as [string, ...string[]];
}

/** True for a source that is no local file: a URL, or a command's output in webdataset's notation. */
export function isRemote(path: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]+:\/\/|pipe:)/i.test(path);
}

/** A source with its secrets removed: a command can hold a password, as a URL can. */
export function shownSource(path: string): string {
  return /^pipe:/i.test(path) ? 'pipe:…' : shownURL(path);
}

/**
 * The format of a source by its name, of a folder by its contents.
 *
 * @throws SynsegError `DATASET_FORMAT` when the name does not show it
 */
export async function formatOf(paths: readonly [string, ...string[]]): Promise<DataFormat> {
  const [first] = paths;
  const status = await stat(first).catch(() => undefined);
  if (status?.isDirectory() === true) {
    if (await isIndexFolder(first)) return 'index-jsonl';
    return (await shardsIn(first)).length > 0 ? 'webdataset' : 'folder';
  }
  const format = formatByName(first);
  if (isParquet(first)) throw dataError(`source must not be Parquet (${PARQUET_ADVICE})`, `"${first}"`);
  if (format === undefined) {
    const rule = `source must be a folder or end in ${Object.keys(BY_EXTENSION).join(', ')} (or name its format)`;
    throw dataError(rule, status === undefined ? `"${first}", which does not exist` : `"${first}"`);
  }
  return format;
}

/** What to do about a Parquet file, which no reader here reads. */
export const PARQUET_ADVICE =
  "convert it, e.g. with pandas.read_parquet(file).to_json('captions.jsonl', orient='records', lines=True)";

/** True for the name of a Parquet file. */
export function isParquet(path: string): boolean {
  return /\.parquet$/i.test(path);
}

/** True when there is a file or folder of this path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Names of the tar files in a folder, sorted. */
export async function shardsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith('.tar') && !name.startsWith('.')).sort();
}

/**
 * Refuses anything but files: a device has no end, a pipe cannot be read in another order. Missing files are left to
 * the code that opens them.
 *
 * @throws SynsegError `DATASET_FORMAT`
 */
export async function expectFiles(what: string, paths: readonly string[]): Promise<void> {
  const there = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
  const odd = there.findIndex((status) => status !== undefined && !status.isFile());
  if (odd >= 0)
    throw dataError(
      `${what} must be a readable file`,
      `"${paths[odd]}", ${there[odd]?.isDirectory() === true ? 'a folder' : 'a device or a pipe'}`,
    );
}

/**
 * The one table a folder holds: `metadata.jsonl` and its like first, else the only one there is.
 *
 * @throws SynsegError `DATASET_FORMAT` when there are several
 */
export async function tableIn(folder: string): Promise<string | undefined> {
  const tables = (await readdir(folder))
    .filter((name) => !name.startsWith('.') && ['jsonl', 'csv', 'tsv'].includes(formatByName(name) ?? ''))
    .sort();
  const metadata = tables.find((name) => name.startsWith('metadata.'));
  if (metadata !== undefined || tables.length <= 1) return metadata ?? tables[0];
  throw dataError(`"${folder}" must hold one table (name the one to read as source)`, few(tables));
}

/** The format of a table by its name. */
export function tableFormat(name: string): TableFormat {
  const format = formatByName(name);
  return format === 'csv' || format === 'tsv' ? format : 'jsonl';
}
