/** Free memory of GPUs: what the driver's program prints, and what is done without it. */
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freeGpuMemory, readFreeMemory } from '../../../packages/train/src/trainer/gpu-memory.ts';

describe('readFreeMemory()', () => {
  it.each([
    ['23521\n', 23521],
    ['23521\r\n81074\r\n', 23521],
    ['40000\n512\n', 512],
    ['0\n', 0],
    ['[N/A]\n9000\n', 9000],
  ])('reads %j as %d MiB, those of the fullest GPU', (text, mebibytes) => {
    expect(readFreeMemory(text)).toBe(mebibytes * 2 ** 20);
  });

  it.each(['', '\n', '[N/A]\n', '[Insufficient Permissions]\n', 'No devices were found\n', '23521 MiB\n', '-1\n'])(
    'finds no number in %j',
    (text) => {
      expect(readFreeMemory(text)).toBeUndefined();
    },
  );
});

describe('freeGpuMemory()', () => {
  it('is unknown where the program is missing', async () => {
    expect(await freeGpuMemory('no-such-program-as-this')).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')('is what the program prints, and unknown when it fails', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gpu-memory-'));
    const program = (name: string, lines: string): string => {
      const path = join(folder, name);
      writeFileSync(path, `#!/bin/sh\n${lines}\n`);
      chmodSync(path, 0o755);
      return path;
    };
    const query = '--query-gpu=memory.free --format=csv,noheader,nounits';
    const told = program('told', `test "$*" = "${query}" && echo 1024`);
    expect(await freeGpuMemory(told)).toBe(2 ** 30);
    expect(await freeGpuMemory(program('fails', 'echo 1024; exit 9'))).toBeUndefined();
  });
});
