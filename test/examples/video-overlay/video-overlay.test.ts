/** The commands of examples/video-overlay/README.md, and the file that comes out of them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY } from '../../support/runtimes.ts';
import { ffmpeg, frameTimes, inspect } from '../../video/clips.ts';
import { expectSuccess, openShell, runBlocks } from '../readme.ts';

const shell = await openShell('video-overlay');
const [command = ''] = runBlocks('video-overlay');
const results = join(REPOSITORY, 'out/video-overlay');
const labels = ['road', 'building', 'sky', 'tree', 'car', 'person', '(background)'];

describe('the example video-overlay', () => {
  it('writes every frame at its time, and prints the mean shares of each second', async () => {
    const outcome = await shell.run(command);
    expectSuccess(outcome);
    const overlay = join(results, 'overlay.mp4');
    expect(inspect(overlay).streams).toMatchObject([
      { codec_name: 'h264', width: 192, height: 128, nb_read_frames: '24' },
    ]);
    frameTimes(join(results, 'clip.mp4')).forEach((time, index) =>
      expect(frameTimes(overlay)[index]).toBeCloseTo(time, 3),
    );
    const seconds = [...outcome.stdout.matchAll(/^ +(\d+) s {2}(.*)$/gm)];
    expect(seconds.map(([, number]) => number)).toEqual(['0', '1']);
    for (const [, , text = ''] of seconds) {
      const shares = text.split('  ').map((part) => /^(.*) ([\d.]+) %$/.exec(part));
      expect(shares.map((share) => share?.[1])).toEqual(labels);
      expect(shares.reduce((sum, share) => sum + Number(share?.[2]), 0)).toBeCloseTo(100, 0);
    }
    expect(outcome.stdout).toMatch(/\nout\/video-overlay\/overlay\.mp4: 24 frames in [\d.]+ s, [\d.]+ frames\/s\n$/);
  });

  it('leaves a file that plays after Ctrl-C', async () => {
    const long = ffmpeg('-stream_loop', '49', '-i', join(results, 'clip.mp4'), '-c', 'copy', join(results, 'long.mp4'));
    const running = shell.start(
      `node examples/video-overlay/video-overlay.mjs ${long} road,sky --out out/video-overlay/part.mp4`,
    );
    await running.said(/^ +1 s/m);
    running.signal('SIGINT');
    const outcome = await running.outcome;
    expectSuccess(outcome);
    const frames = Number(/: (\d+) frames in/.exec(outcome.stdout)?.[1]);
    expect(frames).toBeGreaterThan(24);
    expect(frames).toBeLessThan(1200);
    expect(inspect(join(results, 'part.mp4')).streams[0]).toMatchObject({ nb_read_frames: String(frames) });
    expect(existsSync(join(results, '.part.partial.mp4'))).toBe(false);
  });
});
