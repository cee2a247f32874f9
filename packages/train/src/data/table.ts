/** A file of records, read through once for their places and then one record at a time: a list of millions is not kept. */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { utf16Of } from '@synseg/core/guards';
import { dataError } from './data-error.ts';

const NEWLINE = 0x0a;

/** A record as found when the file is read through. */
export interface TableRecord {
  /** Bytes [start, end) of the file. */
  readonly start: number;
  readonly end: number;
  /** Line it starts in or, in CSV, ends in; from 1. */
  readonly line: number;
  /** What the record says. @throws RowError when it is broken */
  value(): unknown;
}

/** How one format is read. */
export interface TableFormat {
  /** All records from the first byte to the last. */
  scan(signal?: AbortSignal): AsyncIterable<TableRecord>;
  /** What a record says, from its bytes. Valid after a scan. */
  parse(bytes: Uint8Array): unknown;
}

/** Reads single records of a file. */
export class RecordReader {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(path: string): Promise<RecordReader> {
    return new RecordReader(await open(path));
  }

  /** Bytes [start, end); fewer where the file ends before. */
  async read(start: number, end: number): Promise<Uint8Array> {
    return readAt(this.#handle, start, end);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Reads bytes [start, end) of an open file; fewer where it ends before. */
export async function readAt(handle: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.max(0, end - start));
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** A line of a file. */
export interface Line {
  /** Without the line break; a carriage return before it stays. */
  readonly bytes: Uint8Array;
  /** Byte of the file it starts at. */
  readonly start: number;
  /** From 1. */
  readonly line: number;
}

/** Lines of a file, those without a letter left out. */
export async function* linesOf(path: string, signal?: AbortSignal): AsyncGenerator<Line> {
  let rest: Uint8Array[] = [];
  let [start, line] = [0, 0];
  const next = (last: Uint8Array): Line => {
    const bytes = rest.length === 0 ? last : Buffer.concat([...rest, last]);
    rest = [];
    line += 1;
    const found = { bytes, start, line };
    start += bytes.length + 1;
    return found;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    signal?.throwIfAborted();
    if (start === 0 && rest.length === 0) refuseUTF16(path, chunk);
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const found = next(chunk.subarray(from, at));
      if (!isBlank(found.bytes)) yield found;
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  const last = next(new Uint8Array(0));
  if (!isBlank(last.bytes)) yield last;
}

/** @throws SynsegError `DATASET_FORMAT` when a table begins as UTF-16 does: its line ends are not where UTF-8 has them */
export function refuseUTF16(path: string, beginning: Uint8Array): void {
  if (utf16Of(beginning) !== undefined) throw dataError(`"${path}" must be UTF-8`, 'UTF-16');
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}
