/** A file of records, read through once for their places and then one record at a time: a list of millions is not kept. */
import { open, type FileHandle } from 'node:fs/promises';

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
