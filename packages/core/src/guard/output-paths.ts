/**
 * Rejects outputs that would destroy an input or each other, before anything is opened. Two paths are compared as the
 * places they lead to: links of both kinds followed, also where the file itself is not there yet.
 */
import { fstatSync } from 'node:fs';
import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rangeError } from './arguments.ts';
import { isPath } from './input-file.ts';

/** A path that a command or function is about to write. */
export interface OutputPath {
  /** Name of the output in messages: `--csv`, `out`. */
  readonly name: string;
  readonly path: string;
  /** A folder that is filled with files, instead of one file. */
  readonly folder?: boolean;
  /** Of a folder: endings of the files put there, as `.png`; what ends otherwise is safe beside them. @default any */
  readonly endings?: readonly string[];
}

/** A path as a place: where it leads, and the file or folder there, if any. */
interface Place {
  readonly path: string;
  readonly shown: string;
  readonly isFolder: boolean;
  /** Device and number of the file, which all its names share. */
  readonly identity: string | undefined;
  /** A device or a pipe: several outputs may share it. */
  readonly isStream: boolean;
}

/** Links in a row that are followed; the systems' own limit. */
const MAX_LINKS = 40;
/** These systems take `A.png` and `a.png` for one file. */
const foldsCase = process.platform === 'darwin' || process.platform === 'win32';

/**
 * Checks every output against every input and every other output.
 *
 * An output may be neither a file that is read nor another output; a folder that is filled may not hold what is read,
 * and nothing may be put into a folder that is read. Inputs that are not files (`https:`, `rtsp:`, `data:` …) are
 * passed over.
 *
 * @param inputs - paths or `file:` URLs of files and folders; a pattern as the files it stands for; '-' is the file
 * behind stdin, if any, as in `command - < file`
 * @throws RangeError naming the output and what it meets
 */
export async function checkOutputs(
  action: string,
  outputs: readonly OutputPath[],
  inputs: readonly (string | URL)[],
): Promise<void> {
  const places: { readonly output: OutputPath; readonly place: Place }[] = [];
  for (const output of outputs) places.push({ output, place: await placeOf(output.path) });
  const refuse = (output: OutputPath, rule: string): never => {
    throw rangeError(action, output.name, rule, `"${output.path}"`);
  };
  for (const [index, { output, place }] of places.entries()) {
    for (const earlier of places.slice(0, index)) {
      if (isSame(place, earlier.place))
        refuse(output, `be another ${output.folder === true ? 'folder' : 'file'} than ${earlier.output.name}`);
      const own = { output, place };
      for (const [file, folder] of [[own, earlier] as const, [earlier, own] as const]) {
        if (file.output.folder === true || folder.output.endings === undefined) continue;
        if (isInside(file.place.path, folder.place.path) && endsAs(file.place, folder.output))
          refuse(file.output, `not be in the folder of ${folder.output.name}`);
      }
    }
  }
  const piped = inputs.includes('-') ? fileOfStdin() : undefined;
  const over = places.find(({ place }) => piped !== undefined && place.identity === piped);
  if (over !== undefined) refuse(over.output, 'not be what is read (stdin)');
  for (const input of inputs) {
    const path = pathOf(input);
    if (path === undefined) continue;
    const read = await placeOf(path);
    for (const { output, place } of places) {
      if (isSame(place, read)) refuse(output, `not be what is read ("${read.shown}")`);
      if (output.folder === true && isInside(read.path, place.path) && (read.isFolder || endsAs(read, output)))
        refuse(output, `not be a folder that holds what is read ("${read.shown}")`);
      if (read.isFolder && isInside(place.path, read.path))
        refuse(output, `not be in a folder that is read ("${read.shown}")`);
    }
  }
}

function pathOf(input: string | URL): string | undefined {
  const text = String(input);
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text)) return undefined;
  if (typeof input === 'string' && isPath(text)) return text;
  try {
    return /^file:/i.test(text) ? fileURLToPath(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Device and number of the file that the shell has opened as stdin. */
function fileOfStdin(): string | undefined {
  try {
    const info = fstatSync(0, { bigint: true });
    return info.isFile() ? `${info.dev}:${info.ino}` : undefined;
  } catch {
    return undefined;
  }
}

async function placeOf(shown: string): Promise<Place> {
  const path = await leadsTo(shown);
  const info = await stat(path, { bigint: true }).catch(() => undefined);
  const isFolder = info?.isDirectory() === true;
  const isStream = info !== undefined && !isFolder && !info.isFile();
  const key = foldsCase ? path.normalize('NFC').toLowerCase() : path;
  return { path: key, shown, isFolder, isStream, identity: info === undefined ? undefined : `${info.dev}:${info.ino}` };
}

/**
 * Where a path leads: absolute and without links, as far as it exists; a link to what is not there yet is followed too.
 * `..` behind a link is the parent of where the link leads, as for the system, and not what is written before it.
 */
export async function leadsTo(given: string, links = 0): Promise<string> {
  const path = isAbsolute(given) ? given : `${process.cwd()}${sep}${given}`;
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const parent = dirname(path);
  if (parent === path) return path;
  // Of anything but a link there is nothing to read.
  const link = links < MAX_LINKS ? await readlink(path).catch(() => undefined) : undefined;
  if (link !== undefined)
    return leadsTo(isAbsolute(link) ? link : `${await leadsTo(parent, links + 1)}${sep}${link}`, links + 1);
  return join(await leadsTo(parent, links), basename(path));
}

function isSame(a: Place, b: Place): boolean {
  if (a.isStream || b.isStream) return false;
  return a.path === b.path || (a.identity !== undefined && a.identity === b.identity);
}

/** True for what lies in a folder, at any depth, by the paths alone; not for the folder itself. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  // From one drive to another the way is absolute.
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function endsAs({ path }: Place, { endings }: OutputPath): boolean {
  return endings === undefined || endings.some((ending) => ending.toLowerCase() === extname(path).toLowerCase());
}
