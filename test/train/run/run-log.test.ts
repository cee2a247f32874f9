import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendWhole } from '../../../packages/train/src/run/durable-file.ts';
import { encodeEvent } from '../../../packages/train/src/run/event-record.ts';
import { EventFile, isEventFile } from '../../../packages/train/src/run/event-file.ts';
import { LOG_FILE, RunLog } from '../../../packages/train/src/run/run-log.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
let count = 0;

function folder(): string {
  const path = join(root, `log-${String(count++)}`);
  mkdirSync(path);
  return path;
}

const text = (run: string): string => readFileSync(join(run, LOG_FILE), 'utf8');
const eventFiles = (run: string): string[] => readdirSync(run).filter(isEventFile).sort();
/** The events of a run without their times and checksums, as hex. */
const events = (run: string): string[][] =>
  eventFiles(run).map((name) => {
    const bytes = readFileSync(join(run, name));
    const records: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = Number(bytes.readBigUInt64LE(at));
      records.push(bytes.subarray(at + 21, at + 12 + length).toString('hex'));
      at += length + 16;
    }
    return records;
  });
const body = (event: Parameters<typeof encodeEvent>[0]): string =>
  Buffer.from(encodeEvent(event, 0)).subarray(21, -4).toString('hex');
const loss = (step: number): { step: number; loss: number } => ({ step, loss: step / 2 });
const scalars = (step: number): string => body({ kind: 'scalars', step, scalars: new Map([['loss', step / 2]]) });

describe('RunLog', () => {
  it('appends a JSON line and the scalars of each report', async () => {
    const run = folder();
    const log = await RunLog.open(run);
    await log.append(loss(1));
    await log.append({ step: 2, loss: NaN, words: 'diverged' } as { step: number });
    await log.append({ step: 3, words: 'no numbers' } as { step: number });
    await log.close();
    expect(text(run)).toBe(
      '{"step":1,"loss":0.5}\n{"step":2,"loss":null,"words":"diverged"}\n{"step":3,"words":"no numbers"}\n',
    );
    expect(events(run)).toEqual([
      [body({ kind: 'version' }), scalars(1), body({ kind: 'scalars', step: 2, scalars: new Map([['loss', NaN]]) })],
    ]);
  });

  it('rewinds to a step: later lines and a line cut short go, and TensorBoard is told', async () => {
    const run = folder();
    writeFileSync(
      join(run, LOG_FILE),
      '{"step":1,"loss":0.5}\n{"step":2,"loss":1}\n{"step":2,"mIoU":0.3}\n{"step":3,"loss":1.5}\n{"step":4,"lo',
    );
    const log = await RunLog.open(run);
    await log.rewind(2);
    await log.append(loss(3));
    await log.close();
    expect(text(run)).toBe(
      '{"step":1,"loss":0.5}\n{"step":2,"loss":1}\n{"step":2,"mIoU":0.3}\n{"step":3,"loss":1.5}\n',
    );
    expect(events(run)).toEqual([[body({ kind: 'version' }), body({ kind: 'start', step: 3 }), scalars(3)]]);
    expect(readdirSync(run).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('rewinds to before the first step, and a log that is not ahead, without loss', async () => {
    const run = folder();
    const log = await RunLog.open(run);
    for (let step = 1; step <= 3; step++) await log.append(loss(step));
    await log.rewind(3);
    expect(text(run).trim().split('\n')).toHaveLength(3);
    await log.rewind(0);
    expect(text(run)).toBe('');
    await log.append(loss(1));
    await log.close();
    expect(text(run)).toBe('{"step":1,"loss":0.5}\n');
  });

  it('rewinds a log of any length, keeping letters that take several bytes', async () => {
    const run = folder();
    const line = (step: number): string => JSON.stringify({ step, words: 'Straße – 街道'.repeat(20) });
    const lines = Array.from({ length: 20_000 }, (_, step) => line(step));
    writeFileSync(join(run, LOG_FILE), `${lines.join('\n')}\n`);
    const log = await RunLog.open(run);
    await log.rewind(14_999);
    await log.close();
    expect(text(run) === `${lines.slice(0, 15_000).join('\n')}\n`).toBe(true);
  });

  it('leaves the log as it was when the shorter one cannot be written, and goes on with it', async () => {
    const run = folder();
    writeFileSync(join(run, LOG_FILE), '{"step":1}\n{"step":2}\n');
    mkdirSync(join(run, `.${LOG_FILE}.tmp`));
    const log = await RunLog.open(run);
    await expect(log.rewind(1)).rejects.toMatchObject({ code: 'EISDIR' });
    await log.append({ step: 3 });
    await log.close();
    expect(text(run)).toBe('{"step":1}\n{"step":2}\n{"step":3}\n');
  });
});

describe('EventFile', () => {
  it('names a later file after the earlier ones, also when the clock was set back', async () => {
    const run = folder();
    const ahead = Math.floor(Date.now() / 1000) + 500;
    writeFileSync(join(run, `events.out.tfevents.${String(ahead)}.host.1.0`), '');
    for (let i = 0; i < 3; i++) await (await EventFile.create(run)).close();
    expect(eventFiles(run).map((name) => Number(name.split('.')[3]) - ahead)).toEqual([0, 1, 2, 3]);
  });
});

describe('a full disk', () => {
  it.runIf(existsSync('/dev/full'))('fails the report, and leaves no event for it', async () => {
    const run = folder();
    symlinkSync('/dev/full', join(run, LOG_FILE));
    const log = await RunLog.open(run);
    await expect(log.append(loss(1))).rejects.toMatchObject({ code: 'ENOSPC' });
    await log.close();
    expect(eventFiles(run)).toEqual([]);
  });

  it('leaves no half of what was appended', async () => {
    const path = join(folder(), 'file');
    const file = await open(path, 'a');
    await appendWhole(file, 'whole\n');
    const failing = Object.create(file, {
      stat: { value: () => file.stat() },
      truncate: { value: (size: number) => file.truncate(size) },
      appendFile: { value: () => file.appendFile('half').then(() => Promise.reject(new Error('no room'))) },
    }) as FileHandle;
    await expect(appendWhole(failing, 'half a line\n')).rejects.toThrow('no room');
    await appendWhole(file, 'next\n');
    await file.close();
    expect(readFileSync(path, 'utf8')).toBe('whole\nnext\n');
  });
});

describe('the log of a process that was killed', () => {
  it('has at most its last line cut short, which rewinding removes', async () => {
    const run = folder();
    const log = await RunLog.open(run);
    await log.append(loss(1));
    await log.close();
    appendFileSync(join(run, LOG_FILE), '{"step":2,"loss":');
    const next = await RunLog.open(run);
    await next.rewind(1);
    await next.append(loss(2));
    await next.close();
    expect(text(run)).toBe('{"step":1,"loss":0.5}\n{"step":2,"loss":1}\n');
  });
});
