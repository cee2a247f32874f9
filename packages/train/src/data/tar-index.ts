/**
 * The places of the members of a tar file. The only file that imports modern-tar.
 *
 * Only headers are read, from one to the next: a shard of 300 MB takes a fraction of a second, and a shuffle buffer
 * keeps places alone. modern-tar reads the headers, with the extended ones before them, but has no notion of a file to
 * seek in, which is what is added here.
 */
import { open } from 'node:fs/promises';
import { unpackTar, type TarHeader } from 'modern-tar';
import { readAt } from './table-source.ts';

/** A file in a tar file. */
export interface TarMember {
  readonly name: string;
  /** First byte of its content. */
  readonly start: number;
  /** Byte after its content. */
  readonly end: number;
}

/** A tar file that ends too early or has an invalid header. */
export class BrokenTarError extends Error {
  /** Member whose content is cut off. */
  readonly within: string | undefined;

  constructor(message: string, options: ErrorOptions & { within?: string } = {}) {
    super(message, options);
    this.within = options.within;
  }
}

const BLOCK = 512;
/** Headers read at a time: small members, such as captions, share one read. */
const WINDOW = 8 * BLOCK;
const TYPE_AT = 156;
const SIZE_AT = 124;
const SIZE_LENGTH = 12;
/** Headers that describe the next one: pax, pax for all, and the GNU long names. */
const EXTENSIONS = new Set(['x', 'g', 'L', 'K']);
/** Bytes of the extended headers of one member. */
const MAX_EXTENSION = 1 << 20;

/**
 * Members of a tar file that are plain files, in order.
 *
 * @throws BrokenTarError after the last whole member, when the rest of the file cannot be read
 * @throws Error of the file system when the file cannot be opened
 */
export async function* tarMembers(path: string, signal?: AbortSignal): AsyncGenerator<TarMember> {
  const handle = await open(path);
  try {
    const { size: fileSize } = await handle.stat();
    let window = new Uint8Array(0);
    let windowStart = 0;
    const blocksAt = async (start: number, length: number): Promise<Uint8Array> => {
      if (start < windowStart || start + length > windowStart + window.length) {
        signal?.throwIfAborted();
        window = new Uint8Array(await readAt(handle, start, Math.min(fileSize, start + Math.max(WINDOW, length))));
        windowStart = start;
      }
      return window.subarray(start - windowStart, start - windowStart + length);
    };
    let at = 0;
    let extended: Uint8Array[] = [];
    while (at < fileSize) {
      const block = await blocksAt(at, BLOCK);
      if (block.length < BLOCK) throw new BrokenTarError(`ends at byte ${fileSize}, within a header`);
      if (block.every((byte) => byte === 0)) return;
      const type = String.fromCharCode(block[TYPE_AT]!);
      if (EXTENSIONS.has(type)) {
        const length = BLOCK + padded(extensionSize(block, at));
        const bytes = extended.reduce((sum, { byteLength }) => sum + byteLength, length);
        if (bytes > MAX_EXTENSION)
          throw new BrokenTarError(`has extended headers of more than ${MAX_EXTENSION} bytes at byte ${at}`);
        extended.push((await blocksAt(at, length)).slice());
        at += length;
        continue;
      }
      const header = await readHeader([...extended, block], at);
      extended = [];
      // An extended header may say any size, also one that leads backwards.
      if (!Number.isSafeInteger(header.size) || header.size < 0)
        throw new BrokenTarError(`has a member of ${header.size} bytes at byte ${at}`);
      const start = at + BLOCK;
      const end = start + header.size;
      if (end > fileSize)
        throw new BrokenTarError(`ends at byte ${fileSize}, within ${header.name}`, { within: header.name });
      if (header.type === 'file' || header.type === undefined) yield { name: header.name, start, end };
      at = start + padded(header.size);
    }
  } finally {
    await handle.close();
  }
}

/** A header with the extended ones before it; its checksum must be right. */
async function readHeader(blocks: readonly Uint8Array[], at: number): Promise<TarHeader> {
  const found: TarHeader[] = [];
  const take = (header: TarHeader): boolean => {
    found.push(header);
    return false;
  };
  try {
    await unpackTar(Buffer.concat(blocks), { strict: true, filter: take });
  } catch (cause) {
    // The content is missing here, which is no error: only the header is read.
    if (found.length === 0) throw new BrokenTarError(`has no valid header at byte ${at}`, { cause });
  }
  const [header] = found;
  if (header === undefined) throw new BrokenTarError(`has no valid header at byte ${at}`);
  return header;
}

/** Bytes that follow an extended header: octal digits, as every writer of tar files puts them. */
function extensionSize(block: Uint8Array, at: number): number {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(
    new TextDecoder('latin1').decode(block.subarray(SIZE_AT, SIZE_AT + SIZE_LENGTH)),
  )?.[1];
  if (digits === undefined) throw new BrokenTarError(`has no valid header at byte ${at}`);
  return Number.parseInt(digits, 8);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
