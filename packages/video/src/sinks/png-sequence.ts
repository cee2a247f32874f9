/**
 * Label maps as a folder of palette PNGs named by the frame's number, `000123.png`, at source size. A pixel's value is the
 * index of its label, 255 is background; the palette has the label colors.
 *
 * Two tables stand beside them: `times.csv` (`file,index,time_seconds,source`) and `labels.csv`
 * (`first_index,value,label,red,green,blue`), which says what the values mean from a frame on: labels may change in
 * mid-stream. Each PNG appears whole under its name; the tables grow under partial names until they are closed. Files
 * of an earlier run with the same names are replaced, others stay.
 */
import { SynsegError } from '@synseg/core';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csvLine } from './csv-text.ts';
import type { FrameSink, SinkFrame } from './frame-sink.ts';
import { GrowingFile } from './growing-file.ts';
import { partialPath } from './partial-file.ts';
import { writeError } from './write-error.ts';

const what = 'PNG sequence';

/** `000123.png` for frame 123; longer when the number is. */
export function frameFileName(index: number): string {
  return `${String(index).padStart(6, '0')}.png`;
}

/** Writes the label maps of one source to a folder. */
export class PngSequenceSink implements FrameSink {
  readonly needs = { png: true, mapSize: 'source' } as const;
  readonly #folder: string;
  readonly #times: GrowingFile;
  readonly #labels: GrowingFile;
  #known = '';
  #finished: Promise<void> | undefined;

  private constructor(folder: string, times: GrowingFile, labels: GrowingFile) {
    [this.#folder, this.#times, this.#labels] = [folder, times, labels];
  }

  /** Makes the folder. @throws {SynsegError} `VIDEO_ENCODE` when it cannot be written to. */
  static async open(folder: string): Promise<PngSequenceSink> {
    const times = await GrowingFile.open(join(folder, 'times.csv'), what);
    try {
      return new PngSequenceSink(folder, times, await GrowingFile.open(join(folder, 'labels.csv'), what));
    } catch (error) {
      await times.remove().catch(() => undefined);
      throw error;
    }
  }

  async write(frame: SinkFrame): Promise<void> {
    const { index, timeSeconds, source, png } = frame;
    if (this.#finished !== undefined) throw new SynsegError('DISPOSED', `Cannot write ${what}: "${this.#folder}" is closed`);
    if (png === undefined) throw new Error('internal: a frame for the PNG sequence came without its PNG');
    const file = frameFileName(index);
    await this.#writePicture(join(this.#folder, file), png);
    await this.#writeLabels(frame);
    const header = this.#times.length === 0 ? csvLine(['file', 'index', 'time_seconds', 'source']) : '';
    await this.#times.write(header + csvLine([file, index, timeSeconds, source]));
  }

  close(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async abort(): Promise<void> {
    await this.close().catch(() => undefined);
  }

  async #finish(): Promise<void> {
    const ends = await Promise.allSettled([this.#times.close(), this.#labels.close()]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async #writePicture(path: string, png: Uint8Array): Promise<void> {
    const partial = partialPath(path);
    try {
      await writeFile(partial, png);
      await rename(partial, path);
    } catch (cause) {
      await rm(partial, { force: true }).catch(() => undefined);
      throw writeError(what, path, cause);
    }
  }

  async #writeLabels({ index, labels, colors }: SinkFrame): Promise<void> {
    const key = JSON.stringify([labels, colors]);
    if (key === this.#known) return;
    const header = this.#known === '' ? csvLine(['first_index', 'value', 'label', 'red', 'green', 'blue']) : '';
    const rows = labels.map((label, value) => csvLine([index, value, label, ...(colors[value] ?? [0, 0, 0])]));
    await this.#labels.write(header + rows.join(''));
    this.#known = key;
  }
}
