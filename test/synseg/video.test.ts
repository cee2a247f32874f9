import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Work } from '../../packages/synseg/src/context.ts';
import type { CommandProcess } from '../../packages/synseg/src/run.ts';
import { ffmpegChildren, inspect, temporaryFolder, testClip } from '../video/clips.ts';
import { FakeSession } from '../video/fake-session.ts';
import { command as run, type Ran } from './command.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const clip = testClip(at('clip.mp4'), { seconds: 2 });
const required = ['--model', 'm', '--labels', 'left,right'];

interface Asked extends Ran {
  readonly segmenter: FakeSession;
  readonly asked: unknown;
}

async function command(
  argv: readonly string[],
  { segmenter = new FakeSession(), ...more }: Partial<CommandProcess> & { readonly segmenter?: FakeSession } = {},
): Promise<Asked> {
  let asked: unknown;
  const load: Work['load'] = (model, { signal: _, onProgress: __, ...options } = {}) => {
    asked = [model, options];
    return Promise.resolve(segmenter as unknown as Awaited<ReturnType<Work['load']>>);
  };
  return { ...(await run(argv, { work: { load }, ...more })), segmenter, asked };
}

interface Report {
  readonly [name: string]: unknown;
  readonly frames: number;
  readonly sources: readonly { readonly source: string; readonly frames: number }[];
}
const report = (stdout: string): Report => JSON.parse(stdout) as Report;

describe('synseg video', () => {
  it('writes the files and one JSON object', async () => {
    const files = ['--out', at('o/overlay.mp4'), '--jsonl', at('o/masks.jsonl')];
    const { exitCode, stdout, segmenter, asked } = await command([
      'video',
      clip,
      ...required,
      ...files,
      '--json',
      '--device',
      'cpu',
      '--every',
      '2',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(report(stdout)).toEqual({
      sources: [
        {
          source: clip,
          state: 'ended',
          policy: 'every-frame',
          frames: 25,
          dropped: 0,
          errors: 0,
          corrupt: 0,
          gaps: 0,
          reconnects: 0,
          files: [at('o/overlay.mp4'), at('o/masks.jsonl')],
          unfinished: [],
        },
      ],
      ...{ source: clip, frames: 25, dropped: 0, framesPerSecond: expect.any(Number), seconds: expect.any(Number) },
      ...{ device: 'cpu', precision: 'fp32', labels: ['left', 'right'], areas: { left: 0.5, right: 0.5 } },
      unknown: [],
      ...{ background: 0, backgroundRule: 'nowhere: each pixel has the likeliest label, however unlikely it is' },
      ...{
        out: at('o/overlay.mp4'),
        jsonl: at('o/masks.jsonl'),
        coco: null,
        csv: null,
        pngFolder: null,
        interrupted: false,
      },
    });
    expect(asked).toEqual(['m', { device: 'cpu' }]);
    expect(segmenter.disposed).toBe(true);
    expect(inspect(at('o/overlay.mp4')).streams[0]?.nb_read_frames).toBe('25');
    expect(readFileSync(at('o/masks.jsonl'), 'utf8').trim().split('\n')).toHaveLength(25);
  });

  it('bounds the size of pictures, to be raised by --max-pixels', async () => {
    const refused = await command(['video', clip, ...required, '--max-pixels', '19199']);
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('must be at most 19199 pixels (maxPixels), got 160 × 120'),
    ]);
    expect((await command(['probe', clip, '--max-pixels', '19199'])).stderr).toContain('(maxPixels), got 160 × 120');
    expect((await command(['probe', clip, '--max-pixels', '19200'])).exitCode).toBe(0);
    expect((await command(['video', clip, ...required, '--max-pixels', '0'])).stderr).toContain(
      'It must be a positive integer.',
    );
  });

  it('says that a clock has jumped, and takes the longest gap', async () => {
    const part = (name: string, offset: number): Buffer =>
      readFileSync(
        testClip(at(`${name}.ts`), {
          rate: 10,
          more: ['-muxdelay', '0', '-output_ts_offset', String(offset), '-f', 'mpegts'],
        }),
      );
    writeFileSync(at('jumping.ts'), Buffer.concat([part('first', 1), part('later', 31)]));
    const { stdout, stderr } = await command(['video', at('jumping.ts'), ...required, '--json']);
    expect(stderr).toContain(
      `${at('jumping.ts')}: its clock jumped once; later frames follow without the gap (--max-gap-seconds 10)\n`,
    );
    expect(report(stdout).sources).toMatchObject([{ gaps: 1 }]);
    expect(
      report((await command(['video', at('jumping.ts'), ...required, '--json', '--max-gap-seconds', '60'])).stdout)
        .sources,
    ).toMatchObject([{ gaps: 0 }]);
  });

  it('takes the embedded checkpoint unless another is named, as every command does', async () => {
    const { asked, stderr } = await command(['video', clip, '--labels', 'left,right', '--end', '0.1']);
    expect(asked).toEqual(['embedded', {}]);
    expect(stderr).toMatch(
      /^model: embedded, for 152 everyday classes; for any other words add --model CIDAS\/clipseg/,
    );
  });

  it('takes several sources, each with files of its own', async () => {
    const second = testClip(at('second clip.mp4'));
    const files = [
      '--out',
      at('{name}-{n}.mp4'),
      '--csv',
      at('{n}.csv'),
      '--png-folder',
      at('png/{name}'),
      '--coco',
      at('{name}.json'),
    ];
    const { exitCode, stdout } = await command([
      'video',
      clip,
      second,
      ...required,
      ...files,
      '--json',
      '--every',
      '5',
    ]);
    const { source, frames, sources } = report(stdout);
    expect([exitCode, source, frames]).toEqual([0, null, 15]);
    expect(sources.map(({ source: name, frames: own }) => [name, own])).toEqual([
      [clip, 10],
      [second, 5],
    ]);
    expect(inspect(at('clip-1.mp4')).streams[0]?.nb_read_frames).toBe('10');
    expect(inspect(at('second-clip-2.mp4')).streams[0]?.nb_read_frames).toBe('5');
    expect(readFileSync(at('2.csv'), 'utf8').trim().split('\n')).toHaveLength(1 + 2 * 5);
    expect(JSON.parse(readFileSync(at('second-clip.json'), 'utf8'))).toMatchObject({
      categories: [{ name: 'left' }, { name: 'right' }],
    });
    expect(existsSync(at('png/clip/000045.png'))).toBe(true);
    expect((await command(['video', clip, second, ...required, '--every', '25'])).stdout).toContain(
      `${second}: ended, 1 frames, 0 dropped\n`,
    );
  });

  it('ends with 1 when one of several sources failed, and says so even when it is quiet', async () => {
    writeFileSync(at('broken.mp4'), 'no');
    const { exitCode, stdout, stderr } = await command([
      'video',
      clip,
      at('broken.mp4'),
      ...required,
      '--csv',
      at('f/{n}.csv'),
      '--json',
      '--quiet',
    ]);
    expect([exitCode, report(stdout).csv, report(stdout).out]).toEqual([1, [at('f/1.csv')], null]);
    expect(report(stdout).sources[1]).toMatchObject({
      state: 'failed',
      frames: 0,
      failure: expect.stringContaining('broken.mp4'),
      files: [],
    });
    expect(stderr).toMatch(/^synseg: .*broken\.mp4 failed: Cannot decode video/);
    const both = await command(['video', at('broken.mp4'), at('gone.mp4'), ...required, '--quiet']);
    expect([both.exitCode, both.stderr.match(/ failed: /g)?.length]).toEqual([1, 2]);
  });

  it('keeps names of any script in file names', async () => {
    const names = ['улица', '通り', 'شارع', '🎬'];
    const clips = names.map((name) => testClip(at(`${name}.mp4`)));
    const { exitCode, stdout } = await command([
      'video',
      ...clips,
      ...required,
      '--csv',
      at('scripts/{name}.csv'),
      '--every',
      '20',
    ]);
    expect(exitCode).toBe(0);
    expect(readdirSync(at('scripts')).sort()).toEqual(names.map((name) => `${name}.csv`).sort());
    for (const name of names) expect(stdout).toContain(`  wrote ${at(`scripts/${name}.csv`)}\n`);
  });

  it("hands ffmpeg options of one's own", async () => {
    const { stdout } = await command([
      'video',
      'color=red:s=64x48:r=10:d=1',
      ...required,
      '--input-options',
      '-f lavfi',
      '--json',
      '--quiet',
    ]);
    expect(report(stdout)).toMatchObject({ frames: 10, dropped: 0 });
  });

  it('passes on how frames are to be segmented', async () => {
    const views: number[] = [];
    const session = new FakeSession({ onRequest: (request) => void views.push(request.views) });
    const options = [
      '--smooth',
      '0.5',
      '--keyframes',
      '4',
      '--on-error',
      'skip',
      '--policy',
      'every-frame',
      '--workers',
      '1',
      '--end',
      '0.4',
      '--json',
      '--quiet',
    ];
    const { stdout } = await command(['video', clip, ...required, ...options], { segmenter: session });
    expect(report(stdout).frames).toBe(10);
    expect(views.filter((count) => count === 5).length).toBeGreaterThanOrEqual(3);
    expect(views).toContain(1);
  });

  it('gives people a summary', async () => {
    const { exitCode, stdout, stderr } = await command(['video', clip, ...required]);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^Done: 50 frames in .* frames\/s\n {2}on cpu, fp32\n {2}areas: left 50\.0 %, right 50\.0 %\n {2}background: 0\.0 %, nowhere: .*\n$/,
    );
  });

  it('is quiet when asked to be', async () => {
    expect(await command(['video', clip, ...required, '--quiet'])).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('finishes its files when interrupted, and ends with 130', async () => {
    const controller = new AbortController();
    const onRequest = (_request: unknown, number: number): void => {
      if (number === 12) controller.abort(new Error('stopped by SIGINT'));
    };
    const slow = new FakeSession({ onRequest });
    const more = { signal: controller.signal, segmenter: slow };
    const { exitCode, stdout } = await command(
      ['video', clip, ...required, '--out', at('cut.mp4'), '--json', '--quiet'],
      more,
    );
    const { frames, interrupted } = report(stdout);
    expect([exitCode, interrupted]).toEqual([130, true]);
    expect(frames).toBeGreaterThan(4);
    expect(frames).toBeLessThanOrEqual(12);
    expect(inspect(at('cut.mp4')).streams[0]?.nb_read_frames).toBe(String(frames));
    expect(slow.disposed).toBe(true);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('interrupted before the first frame reports no files', async () => {
    const signal = AbortSignal.abort(new Error('stopped by SIGINT'));
    const { exitCode, stdout } = await command(
      ['video', clip, ...required, '--out', at('never.mp4'), '--json', '--quiet'],
      { signal },
    );
    expect(exitCode).toBe(130);
    expect(report(stdout)).toMatchObject({ frames: 0, framesPerSecond: 0, areas: {}, out: null, interrupted: true });
    expect(existsSync(at('never.mp4'))).toBe(false);
  });

  it('ends with 1 when the work fails, without credentials in the text', async () => {
    expect(await command(['video', at('missing.mp4'), ...required])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^synseg: Cannot decode video ".*missing\.mp4": .*No such file.* \(VIDEO_DECODE\)\n$/s,
      ),
    });
    const { stderr, exitCode } = await command([
      'video',
      'http://u:secret@127.0.0.1:9/x',
      '--no-reconnect',
      ...required,
    ]);
    expect([exitCode, stderr.includes('secret'), stderr.includes('http://127.0.0.1:9/x')]).toEqual([1, false, true]);
  });

  it.each([
    [['video'], /required option '--labels <a,b,c>'/],
    [['video', ...required], /missing required argument 'source'/],
    [['video', clip, '--model', 'm'], /required option '--labels <a,b,c>'/],
    [['video', clip, '--model', 'm', '--labels', 'a,a'], /at least one class, and each once/],
    [['video', clip, '--model', 'm', '--labels', ' , '], /at least one class/],
    [['video', clip, ...required, '--views', '3'], /It must be 1 or 5/],
    [['video', clip, ...required, '--every', '0'], /It must be a positive integer/],
    [['video', clip, ...required, '--threshold', '2'], /from 0 to 1/],
    [['video', clip, ...required, '--background', 'maybe'], /from 0 to 1/],
    [['video', clip, ...required, '--device', 'abacus'], /It must be one of "auto", "cpu"/],
    [['video', clip, ...required, '--start', '3', '--end', '2'], /end must be after start \(3\), got 2/],
    [['video', clip, ...required, '--nonsense'], /unknown option '--nonsense'/],
    [
      ['video', clip, ...required, 'second.mp4', '--out', 'one.mp4'],
      /--out must contain \{name\} or \{n\} for several sources, got "one\.mp4"/,
    ],
    [['video', clip, ...required, 'second.mp4', '--png-folder', 'one'], /--png-folder must contain/],
    [['video', clip, ...required, '--policy', 'newest'], /It must be one of "auto", "every-frame", "freshest"/],
    [['video', clip, ...required, '--max-staleness-seconds', '0'], /a number above 0/],
    [['video', clip, ...required, '--smooth', '2'], /Its weight must be a number above 0 and at most 1/],
    [['serve', clip, '--model', 'm'], /required option '--labels <a,b,c>'/],
    [['serve', clip, ...required, '--port', '70000'], /an integer from 0 to 65535/],
    [['probe'], /missing required argument 'source'/],
    [['video', clip, ...required, '--out', at('x.avi')], /path must end in \.mp4/],
    [['video', clip, ...required, '--out', clip], /--out must not be what is read/],
    [['video', clip, ...required, '--csv', clip], /--csv must not be what is read/],
    [
      ['video', clip, ...required, '--csv', at('x'), '--jsonl', `${at('y')}/../x`],
      /--jsonl must be another file than --csv|--csv must be another file than --jsonl/,
    ],
  ])('ends with 2 for %j', async (argv, message) => {
    const { exitCode, stdout, stderr } = await command(argv);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('shows what a source is', async () => {
    expect(await command(['probe', clip])).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout: `${clip}: 160×120, h264, 25.00 frames/s, 2.00 s, no sound\n`,
    });
    const { stdout } = await command(['probe', clip, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ source: clip, width: 160, height: 120, codec: 'h264', frameRate: 25 });
    const { stdout: live } = await command(['probe', clip, '--live']);
    expect(live).toContain('160×120, h264');
    expect(await command(['probe', at('nothing.mp4')])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('(VIDEO_DECODE)'),
    });
  });

  it('lists cameras', async () => {
    const { exitCode, stdout, stderr } = await command(['devices', '--json']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({ devices: expect.any(Array) });
  });

  it('serves a page until it is interrupted', async () => {
    const controller = new AbortController();
    let page = '';
    const write = (part: string): void => {
      page = part.trim();
      setTimeout(() => controller.abort(new Error('stopped by SIGINT')), 600);
    };
    const { exitCode, stderr } = await command(['serve', clip, ...required, '--loop', '--port', '0', '--smooth'], {
      signal: controller.signal,
      stdout: { write },
    });
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining('Stopping')]);
    expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    await expect(fetch(page)).rejects.toThrow();
    expect(ffmpegChildren()).toEqual([]);
  });

  it('has help with examples, and a version, on stdout', async () => {
    const { exitCode, stdout, stderr } = await command(['video', '--help']);
    expect([exitCode, stderr]).toEqual([0, '']);
    for (const part of [
      'Usage: synseg video',
      'Examples:',
      '--labels <a,b,c>',
      '--precision <auto|fp32|fp16|bf16|int8>',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(await command(['--version'])).toMatchObject({ exitCode: 0, stdout: '1.2.3\n' });
  });

  it('passes label options on', async () => {
    let given: unknown;
    const segmenter = new (class extends FakeSession {
      override labels(...call: unknown[]): ReturnType<FakeSession['labels']> {
        given = call;
        return super.labels();
      }
    })();
    const options = ['--background', 'threshold', '--templates', 'clipseg', '--end', '0.1', '--quiet'];
    await command(['video', clip, ...required, ...options], { segmenter });
    expect(given).toEqual([['left', 'right'], { background: 'threshold', templates: 'clipseg' }]);
  });
});
