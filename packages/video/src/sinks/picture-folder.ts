/**
 * Plain pictures of one source in a folder: `drive_000030.jpg` for frame 30 of `drive.mp4`, so that those of one clip
 * stand together and in order; of an image sequence each has the name of the picture that it was. Every file is written
 * under a name of its own and put in place when it is whole: whatever ends the work, those that are there are good.
 */
import { link, lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { rangeError } from '@synseg/core/guards';
import type { VideoFrame } from '../decode/decode-options.ts';
import { partialPath } from './partial-file.ts';
import { writeError } from './write-error.ts';

const what = 'frame';

/** How the pictures are named, and whether they may replace others. */
export interface PictureFolderOptions {
  readonly stem: string;
  /** `.jpg` or `.png`. */
  readonly ending: string;
  readonly overwrite: boolean;
}

/** Puts pictures into a folder. */
export class PictureFolder {
  readonly #folder: string;
  readonly #options: PictureFolderOptions;
  /** Names given to pictures of a sequence, in small letters. */
  readonly #names = new Set<string>();

  private constructor(folder: string, options: PictureFolderOptions) {
    [this.#folder, this.#options] = [folder, options];
  }

  /**
   * Makes the folder.
   *
   * @param pictures - names of the pictures of a sequence, that theirs are made of
   * @throws {RangeError} when files of such names are there, and may not be replaced
   * @throws {SynsegError} `VIDEO_ENCODE` when the folder cannot be made
   */
  static async open(
    folder: string,
    options: PictureFolderOptions,
    pictures: readonly string[] = [],
  ): Promise<PictureFolder> {
    const { stem, ending, overwrite } = options;
    try {
      await mkdir(folder, { recursive: true });
      if (!overwrite) {
        const wanted = new Set(pictures.map((name) => withEnding(name, ending)));
        const isFrame = (name: string): boolean =>
          name.startsWith(`${stem}_`) &&
          name.endsWith(ending) &&
          /^\d{6,}$/.test(name.slice(stem.length + 1, -ending.length));
        const isWanted = pictures.length === 0 ? isFrame : (name: string): boolean => wanted.has(name);
        const there = (await readdir(folder)).find(isWanted);
        if (there !== undefined) throw taken(join(folder, there));
      }
    } catch (cause) {
      throw cause instanceof RangeError ? cause : writeError(what, folder, cause);
    }
    return new PictureFolder(folder, options);
  }

  /**
   * Writes the picture of a frame, and returns its path.
   *
   * @throws {RangeError} when the file is there, and may not be replaced
   * @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written
   */
  async write({ index, fileName }: Pick<VideoFrame, 'index' | 'fileName'>, bytes: Uint8Array): Promise<string> {
    const path = join(this.#folder, this.#name(index, fileName));
    const partial = partialPath(path);
    try {
      await writeFile(partial, bytes, { flag: 'wx' });
      await this.#place(partial, path);
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => undefined);
      throw cause instanceof RangeError ? cause : writeError(what, path, cause);
    }
    return path;
  }

  /** Pictures whose names differ by their endings only get their number as well. */
  #name(index: number, picture: string | undefined): string {
    const { stem, ending } = this.#options;
    const number = String(index).padStart(6, '0');
    if (picture === undefined) return `${stem}_${number}${ending}`;
    const name = withEnding(picture, ending);
    const isTaken = this.#names.has(name.toLowerCase());
    this.#names.add(name.toLowerCase());
    return isTaken ? `${name.slice(0, -ending.length)}_${number}${ending}` : name;
  }

  async #place(partial: string, path: string): Promise<void> {
    if (this.#options.overwrite) return rename(partial, path);
    try {
      await link(partial, path); // unlike a rename, this replaces nothing
    } catch {
      // It is there, or the disk has no links.
      if ((await lstat(path).catch(() => undefined)) !== undefined) throw taken(path);
      return rename(partial, path);
    }
    await rm(partial);
  }
}

function withEnding(name: string, ending: string): string {
  return `${name.slice(0, name.length - extname(name).length)}${ending}`;
}

function taken(path: string): RangeError {
  return rangeError('save frames', 'files', 'be new, or overwrite be set', `"${path}", which is there`);
}
