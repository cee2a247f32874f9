/** Which ffmpeg is found, and what is said of it. The programs here are scripts that say what some ffmpeg says. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locateFfmpeg } from '../../../packages/video/src/process/locate.ts';
import { findFfmpeg } from '../../../packages/video/src/process/version.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();

function program(folder: string, says: string): string {
  mkdirSync(join(root, folder), { recursive: true });
  const path = join(root, folder, 'ffmpeg');
  writeFileSync(path, `#!/bin/sh\ncat <<END\n${says}\nEND\n`);
  chmodSync(path, 0o755);
  return path;
}

const release = program('release', 'ffmpeg version 5.1.9-0+deb12u1 Copyright\nlibavformat    59. 27.100 / 59. 27.100');
const snapshot = program(
  'snapshot',
  'ffmpeg version N-47683-g0e8eb07980-static\nlibavformat    58. 29.100 / 58. 29.100',
);
const recent = program('recent', 'ffmpeg version N-118000-gabcdef\nlibavformat    61.  9.100 / 61.  9.100');

describe('findFfmpeg()', () => {
  it.each([
    ['FFMPEG_PATH before PATH', { FFMPEG_PATH: recent, PATH: join(root, 'release') }, { path: recent, version: '7.1' }],
    [
      'PATH where FFMPEG_PATH is empty',
      { FFMPEG_PATH: '', PATH: ['/nowhere', join(root, 'release')].join(delimiter) },
      { path: release, version: '5.1' },
    ],
  ])('takes %s', async (_, environment, report) => {
    expect(await findFfmpeg(environment)).toEqual(report);
    expect(await locateFfmpeg(environment)).toBe(report.path);
  });

  it('judges a snapshot by its libavformat', async () => {
    await expect(findFfmpeg({ FFMPEG_PATH: snapshot })).rejects.toThrow(
      `Cannot use ffmpeg: ${snapshot} must be version 4.4 or newer, got N-47683-g0e8eb07980-static, as old as 4.2`,
    );
  });

  it('says what is wrong with FFMPEG_PATH, and looks no further', async () => {
    await expect(findFfmpeg({ FFMPEG_PATH: root, PATH: join(root, 'release') })).rejects.toMatchObject({
      code: 'FFMPEG_MISSING',
      message: expect.stringContaining(`FFMPEG_PATH`),
    });
  });

  it('says where there is none', async () => {
    await expect(findFfmpeg({ PATH: root })).rejects.toThrow(/^Cannot find ffmpeg: it is not on PATH\. Install it /);
  });
});
