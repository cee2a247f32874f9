/**
 * A text file that grows by whole pieces under its partial name. A piece that does not fit is taken back, so what is on
 * disk always ends with a whole one; nothing is kept in memory.
 */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { beginFile, finishFile, keptFile } from './partial-file.ts';
import { closedError, writeError } from './write-error.ts';

/** Writes pieces in the order of the calls. */
export class GrowingFile {
  readonly path: string;
  /** The file's path until it is closed; `path` itself if that is a device or a pipe. */
  readonly partial: string;
  readonly #what: string;
  readonly #header: string;
  readonly #file: FileHandle;
  /** Bytes of whole pieces, and the same before the last one. */
  #length = 0;
  #previousLength = 0;
  #last: Promise<unknown> = Promise.resolve();
  #finished: Promise<void> | undefined;

  private constructor(path: string, partial: string, what: string, header: string, file: FileHandle) {
    [this.path, this.partial, this.#what, this.#header, this.#file] = [path, partial, what, header, file];
  }

  /**
   * Opens the file at `path` under its partial name.
   *
   * @param what What is in it, for errors: `Cannot write ${what}: …`.
   * @param header Text that the first piece follows; without a piece there is none.
   * @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written.
   */
  static async open(path: string, what: string, header = ''): Promise<GrowingFile> {
    try {
      const partial = await beginFile(path);
      return new GrowingFile(path, partial, what, header, await open(partial, partial === path ? 'w' : 'wx'));
    } catch (cause) {
      throw writeError(what, path, cause);
    }
  }

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** Appends one piece. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written, `DISPOSED` after the end. */
  async write(piece: string | Uint8Array): Promise<void> {
    if (this.#finished !== undefined) throw closedError(this.#what, this.path);
    await this.#inTurn(async () => {
      const text = this.#length === 0 && typeof piece === 'string' ? this.#header + piece : piece;
      const bytes = typeof text === 'string' ? Buffer.from(text) : text;
      try {
        await this.#append(bytes);
      } catch (cause) {
        await this.#cut(this.#length);
        throw writeError(this.#what, this.path, cause);
      }
      [this.#previousLength, this.#length] = [this.#length, this.#length + bytes.length];
    });
  }

  /** Takes the last piece back, as far as the file can. */
  async undo(): Promise<void> {
    await this.#inTurn(async () => {
      this.#length = this.#previousLength;
      await this.#cut(this.#length);
    });
  }

  /** Puts the file in place, or removes it if it is empty. Idempotent. @throws {SynsegError} `VIDEO_ENCODE`. */
  close(): Promise<void> {
    this.#finished ??= this.#end(() => finishFile(this.path, this.partial));
    return this.#finished;
  }

  /** Ends the file where it is and says where, if there is anything in it. Idempotent, never rejects. */
  async abandon(): Promise<readonly string[]> {
    this.#finished ??= this.#end(() => Promise.resolve());
    await this.#finished.catch(() => undefined);
    const kept = await keptFile(this.path, this.partial).catch(() => this.partial);
    return kept === undefined ? [] : [kept];
  }

  /** Removes the file. */
  remove(): Promise<void> {
    this.#finished ??= this.#end(() => rm(this.partial, { force: true }));
    return this.#finished;
  }

  async #end(settle: () => Promise<unknown>): Promise<void> {
    try {
      await this.#last;
      await this.#file.close();
      await settle();
    } catch (cause) {
      throw writeError(this.#what, this.path, cause);
    }
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const isDevice = this.partial === this.path;
    for (let done = 0; done < bytes.length;) {
      const position = isDevice ? null : this.#length + done;
      done += (await this.#file.write(bytes, done, bytes.length - done, position)).bytesWritten;
    }
  }

  async #cut(length: number): Promise<void> {
    await this.#file.truncate(length).catch(() => undefined);
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
