/**
 * Label maps as a folder of palette PNGs at source size, named by the frame's number, `000123.png`, or, in an image
 * sequence, as the picture is, `street.jpg` → `street.png`. A pixel's value is the index of its label, 255 is
 * background; the palette has the label colors.
 *
 * Two tables stand beside them: `times.csv` (`file,index,time_seconds,source,file_name`) and `labels.csv`
 * (`first_index,value,label,red,green,blue`), which says what the values mean from a frame on: labels may change in
 * mid-stream. All grow in a folder of their own, `….partial`, inside the one asked for, and are put in place when it is
 * closed, the tables last. Files of an earlier run with the same names are replaced, others stay.
 */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { SegmentedFrame } from '../segmented-frame.ts';
import { csvLine } from './csv-text.ts';
import type { FrameSink } from './frame-sink.ts';
import { GrowingFile } from './growing-file.ts';
import { beginFile } from './partial-file.ts';
import { closedError, writeError } from './write-error.ts';

const what = 'PNG sequence';
/** The tables beside the pictures, and their columns. */
export const pngTables = {
  'times.csv': 'file index time_seconds source file_name',
  'labels.csv': 'first_index value label red green blue',
};

/** `000123.png` for frame 123; longer when the number is. */
export function frameFileName(index: number): string {
  return `${String(index).padStart(6, '0')}.png`;
}

/** Writes the label maps of one source to a folder. */
export class PngSequenceSink implements FrameSink {
  static readonly needs = { png: true, mapSize: 'source' } as const;
  readonly #folder: string;
  readonly #partial: string;
  readonly #times: GrowingFile;
  readonly #labels: GrowingFile;
  #known = '';
  /** Names given to pictures of a sequence, in small letters. */
  readonly #names = new Set<string>();
  #finished: Promise<void> | undefined;

  private constructor(folder: string, partial: string, times: GrowingFile, labels: GrowingFile) {
    [this.#folder, this.#partial, this.#times, this.#labels] = [folder, partial, times, labels];
  }

  /** Makes the folder. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written to. */
  static async open(folder: string): Promise<PngSequenceSink> {
    try {
      // On the same disk as the folder, whatever is mounted where.
      const partial = await beginFile(join(folder, 'frames'));
      await mkdir(partial);
      const table = (name: keyof typeof pngTables): Promise<GrowingFile> =>
        GrowingFile.open(join(partial, name), what, csvLine(pngTables[name].split(' ')));
      return new PngSequenceSink(folder, partial, await table('times.csv'), await table('labels.csv'));
    } catch (cause) {
      throw writeError(what, folder, cause);
    }
  }

  async write(frame: SegmentedFrame): Promise<void> {
    const { index, timeSeconds, source, fileName = '', segmentation } = frame;
    if (this.#finished !== undefined) throw closedError(what, this.#folder);
    const file = this.#fileName(index, fileName);
    await this.#writePicture(file, await segmentation.toPNG());
    await this.#writeLabels(frame);
    await this.#times.write(csvLine([file, index, timeSeconds, source, fileName]));
  }

  close(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async abandon(): Promise<readonly string[]> {
    this.#finished ??= Promise.resolve();
    await this.#finished.catch(() => undefined);
    await Promise.allSettled([this.#times.close(), this.#labels.close()]);
    const kept = await readdir(this.#partial).catch((): string[] => []);
    if (kept.length > 0) return [this.#partial];
    await rm(this.#partial, { recursive: true, force: true }).catch(() => undefined);
    return [];
  }

  async #finish(): Promise<void> {
    await this.#times.close();
    await this.#labels.close();
    try {
      const files = await readdir(this.#partial);
      const last = (file: string): number => (file in pngTables ? 1 : 0);
      for (const file of files.sort((a, b) => last(a) - last(b)))
        await rename(join(this.#partial, file), join(this.#folder, file));
      await rm(this.#partial, { recursive: true });
    } catch (cause) {
      throw writeError(what, this.#folder, cause);
    }
  }

  /** Names that differ by their endings only, and pictures that come again in a loop, keep their number. */
  #fileName(index: number, picture: string): string {
    if (picture === '') return frameFileName(index);
    const stem = picture.slice(0, picture.length - extname(picture).length);
    const isTaken = this.#names.has(stem.toLowerCase());
    this.#names.add(stem.toLowerCase());
    return isTaken ? `${stem}-${frameFileName(index)}` : `${stem}.png`;
  }

  async #writePicture(file: string, png: Uint8Array): Promise<void> {
    const path = join(this.#partial, file);
    try {
      await writeFile(path, png);
    } catch (cause) {
      await rm(path, { force: true }).catch(() => undefined);
      throw writeError(what, join(this.#folder, file), cause);
    }
  }

  async #writeLabels({ index, segmentation: { labels, colors } }: SegmentedFrame): Promise<void> {
    const key = JSON.stringify([labels, colors]);
    if (key === this.#known) return;
    const rows = labels.map((label, value) => csvLine([index, value, label, ...(colors[value] ?? [0, 0, 0])]));
    await this.#labels.write(rows.join(''));
    this.#known = key;
  }
}
