/** An output file that appears whole or not at all, however large: written under a temporary name, then renamed. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A text file in the making. */
export class RowFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
  }

  /** Makes the temporary file beside the target, and the folder of both. */
  static async create(path: string): Promise<RowFile> {
    await mkdir(dirname(path), { recursive: true });
    const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
    return new RowFile(path, temporary, await open(temporary, 'wx'));
  }

  /** Adds text; resolves when the system has taken it, so that a caller who waits never runs ahead of the disk. */
  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) written += (await this.#handle.write(bytes, written)).bytesWritten;
  }

  /** Gives the file its name; what had the name before is replaced. */
  async finish(): Promise<void> {
    await this.#handle.sync();
    await this.#handle.close();
    await rename(this.#temporary, this.#path);
  }

  /** Removes the temporary file; the target stays as it was. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temporary, { force: true });
  }
}
