/**
 * A zip in a folder of its own, unpacked once: masks are read one by one, in any order, and more than once. The only
 * file that imports yauzl.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { defaultCacheFolder } from '@synseg/core/checkpoint';
import { isSynsegError } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { annotationError, isLitter } from './export-files.ts';

/** Bounds of what is unpacked, checked against what the zip states before it is written, and again while it is. */
interface ZipLimits {
  readonly maxEntries?: number;
  readonly maxEntryBytes?: number;
  readonly maxBytes?: number;
}

const ENTRIES = 1_000_000;
const ENTRY_BYTES = 2 * 2 ** 30;
const BYTES = 64 * 2 ** 30;
/** Bits of a Unix mode that tell what an entry is, and those of a link. */
const [KIND_BITS, LINK_BITS] = [0xf000, 0xa000];

/** Options of {@link unpackZip}. */
export interface UnpackOptions extends ZipLimits {
  /** @default core's */
  readonly cacheFolder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unpacks a zip into the cache, unless it has been, and returns the folder. Of a zip that has changed since there is
 * another.
 *
 * @throws SynsegError `DATASET_FORMAT` when it is no whole zip, an entry leads out of the folder, or it is over a limit
 * @throws the signal's reason when aborted; nothing is left then
 */
export async function unpackZip(path: string, options: UnpackOptions = {}): Promise<string> {
  const { cacheFolder = defaultCacheFolder(), signal } = options;
  try {
    const { size, mtimeNs, ino, dev } = await stat(path, { bigint: true });
    const key = createHash('sha256')
      .update([resolve(path), size, mtimeNs, ino, dev].join('\n'))
      .digest('hex');
    const folder = join(cacheFolder, 'exports', key.slice(0, 32));
    const isThere = await access(folder).then(
      () => true,
      () => false,
    );
    if (isThere) return folder;
    const temporary = `${folder}.${randomUUID()}.tmp`;
    try {
      await mkdir(temporary, { recursive: true });
      await unpack(path, temporary, options);
      // Another process may have been first.
      await rename(temporary, folder).catch(async (error: unknown) =>
        access(folder).catch(() => Promise.reject(error)),
      );
      return folder;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (isSynsegError(cause)) throw cause;
    throw annotationError(`"${path}" must be a whole zip that can be unpacked`, messageOf(cause), cause);
  }
}

async function unpack(path: string, folder: string, options: UnpackOptions): Promise<void> {
  const { maxEntries = ENTRIES, maxEntryBytes = ENTRY_BYTES, maxBytes = BYTES, signal } = options;
  const refuse = (rule: string, got: string): never => {
    throw annotationError(`"${path}" must have ${rule}`, got);
  };
  const zip = await openPromise(path);
  try {
    if (zip.entryCount > maxEntries) refuse(`at most ${maxEntries} entries`, `${zip.entryCount}`);
    let bytes = 0;
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted();
      const { fileName, uncompressedSize } = entry;
      if (isPassedOver(entry)) continue;
      bytes += uncompressedSize;
      if (uncompressedSize > maxEntryBytes)
        refuse(`entries of at most ${maxEntryBytes} bytes`, `${uncompressedSize} of ${fileName}`);
      if (bytes > maxBytes) refuse(`at most ${maxBytes} bytes in all`, 'more');
      if (entry.isEncrypted()) refuse('no password', `an encrypted ${fileName}`);
      await write(zip, entry, placeIn(folder, fileName, refuse), signal);
    }
  } finally {
    zip.close();
  }
}

/** True for folders, which are made with their files, links, and what archivers leave. */
function isPassedOver({ fileName, externalFileAttributes }: Entry): boolean {
  const isLink = ((externalFileAttributes >>> 16) & KIND_BITS) === LINK_BITS;
  return fileName.endsWith('/') || isLink || fileName.split('/').some(isLitter);
}

/** The place of an entry, which lies in the folder. */
function placeIn(folder: string, name: string, refuse: (rule: string, got: string) => never): string {
  const place = resolve(folder, name);
  const way = relative(folder, place);
  if (way === '' || way.split(sep)[0] === '..' || resolve(way) === way || name.includes('\0'))
    return refuse('entries in its own folder', JSON.stringify(name));
  return place;
}

/** Writes an entry; yauzl ends the stream when there are more bytes than stated. */
async function write(zip: ZipFile, entry: Entry, place: string, signal: AbortSignal | undefined): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  const stream = await zip.openReadStreamPromise(entry);
  await pipeline(stream, createWriteStream(place, { flags: 'wx' }), { signal });
}
