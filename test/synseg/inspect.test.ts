/** `synseg inspect` on a small export: what it prints, writes and refuses. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { grayMask, writeTree } from '../train/benchmarks/miniature.ts';
import { plainPicture } from '../train/data/fixtures.ts';
import { command } from './command.ts';

const folder = temporaryFolder();
const PICTURES = 10;
const numbers = Array.from({ length: PICTURES }, (_, at) => at);
const mask = grayMask([
  [0, 1, 1],
  [0, 0, 255],
]);
const data = await writeTree(join(folder, 'street'), {
  ...Object.fromEntries(numbers.map((at) => [`images/clip_${at}.png`, plainPicture([20 * at, 90, 40], 3, 2)])),
  ...Object.fromEntries(numbers.map((at) => [`masks/clip_${at}.png`, mask])),
  'classes.txt': 'road\ncar\n',
});

describe('synseg inspect', () => {
  it('prints form, pictures, classes and sizes', async () => {
    const { exitCode, stdout } = await command(['inspect', data]);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.trim())).toEqual([
      'street: masks (10 pictures, 10 masks, classes.txt)',
      '10 pictures (no split 10)',
      'sizes 3×2 to 3×2',
      '',
      'class           pixels          pictures',
      'road            30      50.0 %  10',
      'car             20      33.3 %  10',
      '(none of them)  0       0.0 %',
      '(unknown)       10      16.7 %',
      '',
    ]);
  });

  it('as JSON has the counts, and says what it wrote', async () => {
    const [sheet, out] = [join(folder, 'sheet.png'), join(folder, 'converted')];
    const flags = ['--sheet', sheet, '--convert', out, '--held-out', '0.2', '--limit', '5', '--json'];
    const { stdout } = await command(['inspect', data, ...flags]);
    expect(JSON.parse(stdout)).toMatchObject({
      out,
      sets: [{ form: 'masks', pictures: 5, splits: { train: 4, val: 1 }, classes: [{ pixels: 15 }, { pixels: 10 }] }],
    });
    expect([sheet, join(out, 'index.jsonl')].map((path) => existsSync(path))).toEqual([true, true]);
    const again = await command(['inspect', data, ...flags]);
    expect([again.exitCode, JSON.parse(again.stdout)]).toMatchObject([
      2,
      { error: { message: `Cannot convert data: out must be a folder that does not exist, got "${out}"` } },
    ]);
  });

  it('ends with 2 for what belongs to a conversion, and 1 for what holds no annotations', async () => {
    expect(await command(['inspect', data, '--held-out', '0.1'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Cannot inspect data: heldOut must be left out without convert, got it'),
    });
    const empty = await writeTree(join(folder, 'empty'), { 'notes.txt': 'nothing' });
    expect(await command(['inspect', empty])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/must hold annotations of a known form \(.*CVAT.*\), got .*notes\.txt/s),
    });
  });
});
