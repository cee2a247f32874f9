/** The TensorBoard event files of a run: one per process that wrote it, read as one in the order of their names. */
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { appendWhole } from './durable-file.ts';
import { encodeEvent, type TensorBoardEvent } from './event-record.ts';

const NAME = /^events\.out\.tfevents\.(\d+)\./;

/** True for the name of an event file. */
export function isEventFile(name: string): boolean {
  return NAME.test(name);
}

/** An event file being written. */
export class EventFile {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Begins a file whose name comes after those of the files already there, also when the clock was set back. */
  static async create(folder: string): Promise<EventFile> {
    const earlier = (await readdir(folder)).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
    const seconds = Math.max(Math.floor(Date.now() / 1000), ...earlier.map((time) => time + 1));
    const host = hostname().replace(/[^\w.-]/g, '_');
    const path = join(folder, `events.out.tfevents.${seconds}.${host}.${process.pid}.0`);
    const events = new EventFile(await open(path, 'a'));
    await events.write({ kind: 'version' });
    return events;
  }

  async write(event: TensorBoardEvent): Promise<void> {
    await appendWhole(this.#file, encodeEvent(event, Date.now() / 1000));
  }

  /** Waits until the disk has it all. */
  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** The numbers of a report by tag: fields of fields as `outer/inner`; what is no number is left out. */
export function scalarsOf(record: object): Map<string, number> {
  const scalars = new Map<string, number>();
  const visit = (value: unknown, tag: string): void => {
    if (typeof value === 'number') scalars.set(tag, value);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [name, inner] of Object.entries(value)) visit(inner, tag === '' ? name : `${tag}/${name}`);
    }
  };
  visit(record, '');
  scalars.delete('step');
  return scalars;
}
