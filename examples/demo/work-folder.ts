/** A folder for files that are not whole yet. */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { atEnd } from './ending.ts';

/** A folder of files on their way to another; it is gone at the end of the program, however that comes. */
export class WorkFolder {
  readonly path: string;
  readonly #target: string;
  readonly #remove: () => void;

  private constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
    // A thread may be writing into it, so that it is not empty at the first try.
    this.#remove = atEnd(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  }

  /** Makes one inside `target`, which is made too. */
  static async open(target: string): Promise<WorkFolder> {
    await mkdir(target, { recursive: true });
    return new WorkFolder(await mkdtemp(join(target, '.unfinished-')), target);
  }

  /** The path of a file or folder in it. */
  at(name: string): string {
    return join(this.path, name);
  }

  /** Moves what is in it to its target, in place of what is there. */
  async deliver(): Promise<void> {
    for (const name of await readdir(this.path)) {
      const target = join(this.#target, name);
      await rm(target, { recursive: true, force: true });
      await rename(this.at(name), target);
    }
  }

  [Symbol.dispose](): void {
    this.#remove();
  }
}
