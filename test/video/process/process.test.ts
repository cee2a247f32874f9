import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { runTool, startTool } from '../../../packages/video/src/process/ffmpeg.ts';
import { ffmpegVersion, parseVersion, passthroughArguments } from '../../../packages/video/src/process/version.ts';
import { locateFfmpeg, locateFfprobe } from '../../../packages/video/src/process/locate.ts';
import { sourceInput, sourceName } from '../../../packages/video/src/source/source.ts';
import { probe } from '../../../packages/video/src/decode/probe.ts';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { isAlive, temporaryFolder, testClip } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(() => vi.unstubAllEnvs());

function script(name: string, body: string): string {
  const path = join(folder.path, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('locateFfmpeg() and locateFfprobe()', () => {
  it('take the paths of FFMPEG_PATH and FFPROBE_PATH', async () => {
    const FFMPEG_PATH = script('own/my-ffmpeg', '');
    const FFPROBE_PATH = script('own/my-ffprobe', '');
    expect(await locateFfmpeg({ FFMPEG_PATH })).toBe(FFMPEG_PATH);
    expect(await locateFfprobe({ FFPROBE_PATH })).toBe(FFPROBE_PATH);
  });

  it('look on PATH, ffprobe beside ffmpeg first', async () => {
    const PATH = ['/nonexistent', folder.path].join(':');
    const found = script('ffmpeg', '');
    script('ffprobe', '');
    expect(await locateFfmpeg({ PATH })).toBe(found);
    const FFMPEG_PATH = script('beside/ffmpeg', '');
    const beside = script('beside/ffprobe', '');
    expect(await locateFfprobe({ PATH, FFMPEG_PATH })).toBe(beside);
  });

  it('do not look behind a wrong FFMPEG_PATH', async () => {
    vi.stubEnv('FFMPEG_PATH', '/nonexistent');
    const clip = 'any.mp4';
    const expected = {
      code: 'FFMPEG_MISSING',
      message: expect.stringMatching(
        /^Cannot find ffmpeg: FFMPEG_PATH must name an executable file, got "\/nonexistent"\. .*apt install ffmpeg/,
      ),
    };
    await expect(probe(clip)).rejects.toMatchObject(expected);
    await expect(decodeFrames(clip, { size: { width: 8, height: 8 } }).next()).rejects.toMatchObject(expected);
  });

  it('say how to get ffmpeg when there is none', async () => {
    await expect(locateFfmpeg({ PATH: '/nonexistent' })).rejects.toMatchObject({
      code: 'FFMPEG_MISSING',
      message: expect.stringMatching(/^Cannot find ffmpeg: it is not on PATH\. Install it .*FFMPEG_PATH/),
    });
    symlinkSync('/bin/true', join(folder.path, 'lonely-ffmpeg'));
    mkdirSync(join(folder.path, 'lonely'));
    symlinkSync('/bin/true', join(folder.path, 'lonely/ffmpeg'));
    await expect(locateFfprobe({ FFMPEG_PATH: join(folder.path, 'lonely/ffmpeg') })).rejects.toThrow(
      /^Cannot find ffprobe: it is neither beside .*lonely\/ffmpeg nor on PATH/,
    );
  });
});

describe('ffmpegVersion()', () => {
  it('reads releases and snapshots', async () => {
    expect(await ffmpegVersion(script('v5', 'echo "ffmpeg version 5.1.9-0+deb12u1 Copyright"'))).toEqual([5, 1]);
    expect(await ffmpegVersion(script('v7', 'echo "ffmpeg version n7.1 Copyright"'))).toEqual([7, 1]);
    const snapshot = 'echo "ffmpeg version N-109542-g4d8e8 Copyright"; echo "libavformat    59. 34.102 / 59. 34.102"';
    expect(await ffmpegVersion(script('git', snapshot))).toEqual([5, 1]);
  });

  it('refuses what is too old or does not run', async () => {
    const old = script('v3', 'echo "ffmpeg version 3.4.8 Copyright"');
    await expect(ffmpegVersion(old)).rejects.toThrow(`Cannot use ffmpeg: ${old} must be version 4.4 or newer, got 3.4`);
    const snapshot = script(
      'v2018',
      'echo "ffmpeg version N-47683-g0e8eb07980-static"; echo "libavformat    58. 24.100 / 58. 24.100"',
    );
    await expect(ffmpegVersion(snapshot)).rejects.toThrow(
      `Cannot use ffmpeg: ${snapshot} must be version 4.4 or newer, got N-47683-g0e8eb07980-static, as old as 4.1`,
    );
    const other = script('other', 'echo hello');
    await expect(ffmpegVersion(other)).rejects.toThrow(
      `Cannot use ffmpeg: ${other} must be version 4.4 or newer, got no version`,
    );
    const broken = script('broken', 'echo missing library >&2; exit 127');
    await expect(ffmpegVersion(broken)).rejects.toThrow(`Cannot run ffmpeg: ${broken} must run. missing library`);
  });

  it.each([
    [
      'ffmpeg version 2024-06-13-git-0060a368b1-essentials_build-www.gyan.dev\nlibavformat    61.  3.104 / 61.  3.104',
      [7, 0],
    ],
    ['ffmpeg version git-2020-08-31-4a11a6f\nlibavformat    58. 52.100 / 58. 52.100', [4, 3]],
    ['ffmpeg version 7.1-full_build-www.gyan.dev\nlibavformat    61.  7.100 / 61.  7.100', [7, 1]],
    ['ffmpeg version n6.0-static', [6, 0]],
    ['ffmpeg version N-1\nlibavformat    63.  0.100 / 63.  0.100', [8, 0]],
    ['ffmpeg version 0.10\nlibavformat    53. 32.100 / 53. 32.100', [3, 0]],
    ['ffmpeg version 2024.06.13', undefined],
  ])('judges %j by its libraries', (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  it('decides how frames keep their times', () => {
    expect(passthroughArguments([5, 0])).toEqual(['-vsync', 'passthrough']);
    expect(passthroughArguments([5, 1])).toEqual(['-fps_mode', 'passthrough']);
    expect(passthroughArguments([8, 0])).toEqual(['-fps_mode', 'passthrough']);
  });
});

describe('a tool process', () => {
  it('keeps the last lines of stderr, without credentials', async () => {
    const talk = script(
      'talk',
      'i=0; while [ $i -lt 50 ]; do echo "line $i of rtsp://a:b@c/d" >&2; i=$((i+1)); done; printf last >&2',
    );
    const { lastLines, code } = await runTool(talk, []);
    expect(code).toBe(0);
    expect(lastLines.split('\n')).toHaveLength(12);
    expect(lastLines).toMatch(/line 49 of rtsp:\/\/c\/d\nlast$/);
  });

  it('is killed after the grace time when it ignores SIGTERM', async () => {
    const stubborn = startTool(script('stubborn', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'), []);
    await new Promise((resolve) => stubborn.output(0).once('data', resolve));
    expect(await stubborn.stop(100)).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(stubborn.pid ?? 0)).toBe(false);
  });

  it('that cannot start says so', async () => {
    const tool = startTool('/nonexistent/ffmpeg', []);
    expect(await tool.exited).toEqual({ code: null, signal: null });
    expect(tool.lastLines()).toMatch(/ENOENT/);
    expect(await tool.stop()).toEqual({ code: null, signal: null });
  });

  it('is stopped by abort', async () => {
    const asleep = runTool(script('sleep', 'exec sleep 30'), [], AbortSignal.timeout(100));
    await expect(asleep).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

describe('sources', () => {
  it('are named without credentials and opened as they are', () => {
    expect(sourceName(new URL('rtsp://u:p@host/x'))).toBe('rtsp://host/x');
    expect(sourceInput('rtsp://u:p@host/x')).toBe('rtsp://u:p@host/x');
    expect(sourceInput('clip.mp4')).toBe('file:clip.mp4');
    expect(sourceName('file:///a%20b.mp4')).toBe('/a b.mp4');
  });

  it('may be clips made here', async () => {
    expect((await probe(testClip(join(folder.path, 'a b.mp4')))).frameCount).toBe(25);
  });
});
