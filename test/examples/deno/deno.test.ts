/** The commands of examples/deno/README.md under Deno, with the permissions they name and with one less. */
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../support/runtimes.ts';
import { inspect } from '../../video/clips.ts';
import { expectShares, expectSuccess, openShell, runBlocks } from '../readme.ts';

const shell = await openShell('deno');
const [command = ''] = runBlocks('deno');
const results = join(REPOSITORY, 'out/deno');
const program = command.trim().split('\n').at(-1) ?? '';
const permissions = [...program.matchAll(/--allow-\S+/g)].map(([flag]) => flag);

describe('the example deno', () => {
  it('segments a picture and a video with the permissions of its README', async () => {
    const outcome = await shell.run(command);
    expectSuccess(outcome);
    expectShares(outcome.stdout, ['road', 'building', 'sky', '(background)']);
    expect(outcome.stdout).toMatch(/\nout\/deno\/picture\.png\nout\/deno\/video\.mp4: 12 frames\n$/);
    expect(await sharp(join(results, 'picture.png')).metadata()).toMatchObject({
      format: 'png',
      width: 128,
      height: 128,
    });
    expect(inspect(join(results, 'video.mp4')).streams).toMatchObject([
      { codec_name: 'h264', width: 144, height: 96, nb_read_frames: '12' },
    ]);
  });

  it('needs each of them', async () => {
    expect(permissions.length).toBe(6);
    const outcomes = await Promise.all(permissions.map((flag) => shell.run(program.replace(` ${flag}`, ''))));
    outcomes.forEach(({ code, stderr }, index) => {
      expect(code, permissions[index]).toBe(1);
      expect(stderr).toMatch(/Requires \w+ access/);
    });
  });
});
