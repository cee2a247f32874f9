/** The files of an export, listed once: readers look names up here, and read nothing that lies elsewhere. */
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { SynsegError } from '@synseg/core';
import { decodeText, messageOf, readTextFile } from '@synseg/core/guards';
import { eventTurn } from '@synseg/core/runtime';

/** Most files and folders of an export. */
const MAX_FILES = 1_000_000;
/** Deepest folder. */
const MAX_DEPTH = 32;
/** Bytes of a text file that tell what it is. */
const HEAD_BYTES = 2 ** 16;
/** Folders of annotations whose pictures lie beside the folder, not in it. */
const BESIDE = /^(?:annotations?|labels)$/i;
/** What operating systems and archivers leave. */
const LITTER = /^(?:\.|__MACOSX$|Thumbs\.db$|desktop\.ini$)/i;

/** True for the name of a file or folder that is none of the export's. */
export function isLitter(name: string): boolean {
  return LITTER.test(name);
}

/** `DATASET_FORMAT`: Cannot read annotations: <rule>, got <got>. */
export function annotationError(rule: string, got: string, cause?: unknown): SynsegError {
  const message = `Cannot read annotations: ${rule}, got ${got}`;
  return new SynsegError('DATASET_FORMAT', message, cause === undefined ? undefined : { cause });
}

/** The files of a folder. Paths are relative to it, with `/`. */
export class ExportFiles {
  /** What the caller named. */
  readonly source: string;
  /** Path of the folder. */
  readonly root: string;
  /** Sorted by code unit, the same order on every machine. */
  readonly paths: readonly string[];
  /** The file that was named: annotations are read from no other. Undefined where a folder was. */
  readonly only: string | undefined;
  readonly #known: ReadonlySet<string>;

  constructor(source: string, root: string, paths: readonly string[], only?: string) {
    this.source = source;
    this.root = root;
    this.paths = paths;
    this.only = only;
    this.#known = new Set(paths);
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** Path of a file for the file system. */
  at(path: string): string {
    return join(this.root, path);
  }

  /** Files that may hold annotations: the one that was named, else those with one of these ends, `.xml` for example. */
  annotations(...ends: readonly string[]): readonly string[] {
    const among = this.only === undefined ? this.paths : [this.only];
    return among.filter((path) => ends.some((end) => path.toLowerCase().endsWith(end)));
  }

  /** Files below a folder, `images` for example; all for ''. */
  below(folder: string): readonly string[] {
    return folder === '' ? this.paths : this.paths.filter((path) => path.startsWith(`${folder}/`));
  }

  /** The beginning of a text file, by which a form knows it. */
  async head(path: string): Promise<string> {
    try {
      const file = await open(this.at(path));
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
        return decodeText(buffer.subarray(0, bytesRead));
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw annotationError(`"${this.at(path)}" must be a readable file`, messageOf(cause), cause);
    }
  }

  /** A whole text file. */
  async text(path: string): Promise<string> {
    return readTextFile(this.at(path)).catch((cause: unknown) => {
      throw annotationError(`"${this.at(path)}" must be a readable file`, messageOf(cause), cause);
    });
  }

  /** The only folder at the top, where there is nothing else: an archive's own. */
  inner(): ExportFiles | undefined {
    const [first = ''] = this.paths;
    const top = first.slice(0, first.indexOf('/') + 1);
    if (top === '' || this.only !== undefined || !this.paths.every((path) => path.startsWith(top))) return undefined;
    const paths = this.paths.map((path) => path.slice(top.length));
    return new ExportFiles(this.source, join(this.root, top.slice(0, -1)), paths);
  }

  /** What there is, for people: `coco.json, images/train (20 .jpg)`. */
  summary(): string {
    const groups = new Map<string, string[]>();
    for (const path of this.only === undefined ? this.paths : [this.only]) {
      const folder = dirname(path);
      const key = folder === '.' ? path : `${folder} (${extname(path) || 'no ending'})`;
      const group = groups.get(key) ?? [];
      groups.set(key, group);
      group.push(path);
    }
    const parts = [...groups].map(([key, { length }]) => key.replace(/ \(/, ` (${length} `));
    return parts.length === 0 ? 'no files' : parts.slice(0, 12).join(', ') + (parts.length > 12 ? ', …' : '');
  }
}

/**
 * Lists a folder, or that of a file. Links are followed to files in the folder only; hidden files are left out.
 *
 * @throws SynsegError `DATASET_FORMAT` when there is neither, or too much
 */
export async function listFiles(source: string, signal?: AbortSignal): Promise<ExportFiles> {
  const unreadable = (cause: unknown): never => {
    throw annotationError(`"${source}" must be a readable folder, zip or file`, messageOf(cause), cause);
  };
  const place = await realpath(source).catch(unreadable);
  const status = await stat(place).catch(unreadable);
  if (status.isDirectory()) return new ExportFiles(source, place, await pathsIn(place, signal));
  if (!status.isFile()) throw annotationError(`"${source}" must be a folder, zip or file`, 'a device or a pipe');
  const folder = dirname(place);
  const root = BESIDE.test(basename(folder)) ? dirname(folder) : folder;
  return new ExportFiles(source, root, await pathsIn(root, signal), slashed(relative(root, place)));
}

async function pathsIn(root: string, signal: AbortSignal | undefined): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  const walk = async (folder: string, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    if (depth > MAX_DEPTH)
      throw annotationError(`"${root}" must have at most ${MAX_DEPTH} folders in each other`, folder);
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((cause: unknown) => {
      throw annotationError(`"${join(root, folder)}" must be a readable folder`, messageOf(cause), cause);
    });
    seen += entries.length;
    if (seen > MAX_FILES) throw annotationError(`"${root}" must hold at most ${MAX_FILES} files`, 'more');
    for (const entry of entries) {
      if (isLitter(entry.name)) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(path, depth + 1);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await leadsInside(root, path)))) found.push(path);
    }
    await eventTurn();
  };
  await walk('', 0);
  return found.sort();
}

/** True for a link to a file in the folder. */
async function leadsInside(root: string, path: string): Promise<boolean> {
  const target = await realpath(join(root, path)).catch(() => undefined);
  if (target === undefined || !target.startsWith(root + sep)) return false;
  return (await stat(target)).isFile();
}

function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
