import { execFileSync, spawn } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { GrowingFile } from '../../../packages/video/src/sinks/growing-file.ts';
import { writeError } from '../../../packages/video/src/sinks/write-error.ts';
import { temporaryFolder } from '../clips.ts';
import { fullDisk, partialOf } from './frames.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const source = new URL('../../../packages/video/src/sinks/growing-file.ts', import.meta.url).href;

describe('GrowingFile', () => {
  it('grows under its partial name and is put in place by close()', async () => {
    const file = await GrowingFile.open(at('new/a.txt'), 'text');
    await file.write('one\n');
    await file.write(Uint8Array.of(116, 119, 111));
    expect([file.length, file.partial]).toEqual([7, partialOf(at('new'), 'a.txt')]);
    expect(readFileSync(file.partial, 'utf8')).toBe('one\ntwo');
    await file.close();
    expect(readFileSync(at('new/a.txt'), 'utf8')).toBe('one\ntwo');
    expect(readdirSync(at('new'))).toEqual(['a.txt']);
    await expect(file.write('x')).rejects.toMatchObject({
      code: 'DISPOSED',
      message: `Cannot write text: "${at('new/a.txt')}" is closed`,
    });
  });

  it('writes what a link leads to, also where that is not there yet, and leaves the link', async () => {
    mkdirSync(at('linked'));
    writeFileSync(at('linked/old.txt'), 'old');
    for (const [name, target] of [
      ['to-old.txt', 'old.txt'],
      ['to-new.txt', '../elsewhere/new.txt'],
    ] as const) {
      symlinkSync(target, at(`linked/${name}`));
      const file = await GrowingFile.open(at(`linked/${name}`), 'text');
      await file.write(name);
      await file.close();
      expect([
        lstatSync(at(`linked/${name}`)).isSymbolicLink(),
        readFileSync(at(join('linked', target)), 'utf8'),
      ]).toEqual([true, name]);
    }
    expect([readdirSync(at('linked')), readdirSync(at('elsewhere'))]).toEqual([
      ['old.txt', 'to-new.txt', 'to-old.txt'],
      ['new.txt'],
    ]);
  });

  it('does not meet another one of the same name: the last to finish wins', async () => {
    const [first, second] = [
      await GrowingFile.open(at('two/a.txt'), 'text'),
      await GrowingFile.open(at('two/a.txt'), 'text'),
    ];
    await first.write('the first');
    await second.write('the second');
    await second.close();
    expect(readFileSync(at('two/a.txt'), 'utf8')).toBe('the second');
    await first.close();
    expect(readFileSync(at('two/a.txt'), 'utf8')).toBe('the first');
    expect(readdirSync(at('two'))).toEqual(['a.txt']);
  });

  it('grows under a name that a file system takes, however long its own is', async () => {
    const name = `${'語'.repeat(80)}.txt`;
    const file = await GrowingFile.open(at(name), 'text');
    await file.write('x');
    await file.close();
    expect(readFileSync(at(name), 'utf8')).toBe('x');
  });

  it('takes the last piece back', async () => {
    const file = await GrowingFile.open(at('undo.txt'), 'text');
    await file.write('keep');
    await file.write('a longer piece');
    await file.undo();
    await file.write('!');
    await file.close();
    expect(readFileSync(at('undo.txt'), 'utf8')).toBe('keep!');
  });

  it('begins with its header, also after the first piece was taken back, and has none without a piece', async () => {
    const file = await GrowingFile.open(at('header.txt'), 'text', 'head ');
    await file.write('wrong');
    await file.undo();
    await file.write('one ');
    await file.write('two');
    await file.close();
    expect(readFileSync(at('header.txt'), 'utf8')).toBe('head one two');
    await (await GrowingFile.open(at('headless.txt'), 'text', 'head ')).close();
    expect(existsSync(at('headless.txt'))).toBe(false);
  });

  it('leaves no file when nothing was written, and none after remove()', async () => {
    await (await GrowingFile.open(at('empty.txt'), 'text')).close();
    const file = await GrowingFile.open(at('removed.txt'), 'text');
    await file.write('x');
    await file.remove();
    expect(readdirSync(folder.path).filter((name) => /empty|removed/.test(name))).toEqual([]);
  });

  it('ends with a whole piece when the disk is full, which stays under its partial name', async () => {
    // The limit of a child stands for the disk: 2048 bytes, after which a piece is cut in the middle.
    const script = `
      const { GrowingFile } = await import(${JSON.stringify(source)});
      process.on('SIGXFSZ', () => {});
      const file = await GrowingFile.open(${JSON.stringify(at('cut.txt'))}, 'text');
      try { for (let index = 0; index < 100; index++) await file.write('x'.repeat(99) + '\\n'); }
      catch (error) { console.log(error.code, error.message); }
      console.log((await file.abandon()).join());`;
    writeFileSync(at('cut.mts'), script);
    const out = execFileSync(
      'bash',
      ['-c', `ulimit -f 2; exec "$0" --import tsx "$1"`, process.execPath, at('cut.mts')],
      { encoding: 'utf8' },
    );
    expect(out).toBe(
      'VIDEO_ENCODE Cannot write text: path must be on a disk that takes files of this size, got ' +
        `"${at('cut.txt')}" (EFBIG: file too large, write)\n${partialOf(folder.path, 'cut.txt')}\n`,
    );
    expect(readFileSync(partialOf(folder.path, 'cut.txt'), 'utf8')).toBe(`${'x'.repeat(99)}\n`.repeat(20));
  });

  it('keeps whole pieces on disk when the process is killed', async () => {
    const script = `
      const { GrowingFile } = await import(${JSON.stringify(source)});
      const file = await GrowingFile.open(${JSON.stringify(at('killed.txt'))}, 'text');
      for (let index = 0; ; index++) { await file.write(index + '\\n'); if (index === 500) console.log('there'); }`;
    writeFileSync(at('killed.mts'), script);
    const child = spawn(process.execPath, ['--import', 'tsx', at('killed.mts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lines = readFileSync(partialOf(folder.path, 'killed.txt'), 'utf8').trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(500);
    expect(lines).toEqual(lines.map((_line, index) => String(index)));
  });

  it('writes to a device or a pipe directly', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const reader = spawn('cat', [at('pipe')], { stdio: ['ignore', 'pipe', 'ignore'] });
    const readerEnded = once(reader, 'close');
    let text = '';
    reader.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const file = await GrowingFile.open(at('pipe'), 'text');
    await file.write('through ');
    await file.write('the pipe');
    for (let waited = 0; text !== 'through the pipe' && waited < 200; waited++) await sleep(10);
    expect(text).toBe('through the pipe');
    await file.close();
    await readerEnded;
    expect(existsSync(at('pipe'))).toBe(true);
    expect(readdirSync(folder.path).filter((name) => name.startsWith('.pipe'))).toEqual([]);
  });

  it('says what a path must be', async () => {
    mkdirSync(at('taken/b.txt'), { recursive: true });
    await expect(GrowingFile.open(at('taken/b.txt'), 'text')).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringContaining(`got "${at('taken/b.txt')}" (`),
    });
    const full = await GrowingFile.open(fullDisk(at('full.txt')), 'text');
    await expect(full.write('x')).rejects.toMatchObject({ code: 'VIDEO_ENCODE' });
    await full.close();
    expect(existsSync('/dev/full')).toBe(true);
  });
});

describe('writeError()', () => {
  it.each([
    ['EACCES', 'be in a folder that may be written to'],
    ['EROFS', 'be in a folder that may be written to'],
    ['ENOSPC', 'be on a disk with room left'],
    ['EFBIG', 'be on a disk that takes files of this size'],
    ['EISDIR', 'be a file, not a folder'],
    ['EIO', 'be a file that can be written'],
  ])('turns %s into a rule', (code, rule) => {
    const cause = Object.assign(new Error(`${code}: no`), { code });
    expect(writeError('masks', 'a/b', cause)).toMatchObject({
      code: 'VIDEO_ENCODE',
      cause,
      message: `Cannot write masks: path must ${rule}, got "a/b" (${code}: no)`,
    });
    expect(writeError('masks', 'a/b', 'text').message).toBe(
      'Cannot write masks: path must be a file that can be written, got "a/b" (text)',
    );
  });
});
