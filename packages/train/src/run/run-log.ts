/** Reports of a run: a JSON line each in `log.jsonl`, and their numbers as TensorBoard scalars. */
import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { appendWhole, replaceFiles } from './durable-file.ts';
import { EventFile, scalarsOf } from './event-file.ts';

/** File name of the log in a run folder. */
export const LOG_FILE = 'log.jsonl';

/** The log of a run, open for appending. Callers take turns. */
export class RunLog {
  readonly #folder: string;
  #lines: FileHandle;
  #events: EventFile | undefined;

  private constructor(folder: string, lines: FileHandle) {
    this.#folder = folder;
    this.#lines = lines;
  }

  /** Opens the log, an empty one where there is none. */
  static async open(folder: string): Promise<RunLog> {
    return new RunLog(folder, await open(join(folder, LOG_FILE), 'a'));
  }

  /** Appends a report. Numbers that are not finite are `null` in the line and themselves in TensorBoard. */
  async append(record: { readonly step: number }): Promise<void> {
    await appendWhole(this.#lines, `${JSON.stringify(record)}\n`);
    const scalars = scalarsOf(record);
    if (scalars.size === 0) return;
    this.#events ??= await EventFile.create(this.#folder);
    await this.#events.write({ kind: 'scalars', step: record.step, scalars });
  }

  /**
   * Removes reports of later steps, and a last line that was cut short: the log becomes that of a run that has just
   * done `step`. An event tells TensorBoard to do the same.
   */
  async rewind(step: number): Promise<void> {
    const path = join(this.#folder, LOG_FILE);
    await this.#lines.close();
    try {
      await replaceFiles(this.#folder, new Map([[LOG_FILE, linesUpTo(path, step)]]));
    } finally {
      this.#lines = await open(path, 'a');
    }
    this.#events ??= await EventFile.create(this.#folder);
    await this.#events.write({ kind: 'start', step: step + 1 });
  }

  /** Waits until the disk has it all. */
  async sync(): Promise<void> {
    await this.#lines.datasync();
    await this.#events?.sync();
  }

  async close(): Promise<void> {
    await this.#lines.close();
    await this.#events?.close();
  }
}

/** Whole lines of the log whose step is not later, a megabyte at a time. */
async function* linesUpTo(path: string, step: number): AsyncGenerator<string> {
  let kept = '';
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (!belongs(line, step)) continue;
    kept += `${line}\n`;
    if (kept.length < 1 << 20) continue;
    yield kept;
    kept = '';
  }
  yield kept;
}

function belongs(line: string, step: number): boolean {
  try {
    return (JSON.parse(line) as { step: number }).step <= step;
  } catch {
    return false;
  }
}
