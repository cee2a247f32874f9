import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand, type CommandSurroundings } from '../../../packages/video/src/command/run.ts';
import type { CommandReport } from '../../../packages/video/src/command/segment.ts';
import { ffmpegChildren, inspect, temporaryFolder, testClip } from '../clips.ts';
import { FakeSession } from '../fake-session.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const clip = testClip(at('clip.mp4'), { seconds: 2 });
const required = ['--model', 'm', '--labels', 'left,right'];

async function command(argv: readonly string[], more: Partial<CommandSurroundings> = {}) {
  const text = { stdout: '', stderr: '' };
  const segmenter = new FakeSession();
  let asked: unknown;
  const exitCode = await runCommand(argv, {
    version: '1.2.3',
    stdout: { write: (part) => (text.stdout += part) },
    stderr: { write: (part) => (text.stderr += part) },
    signal: new AbortController().signal,
    load: (model, { signal: _signal, ...options }) => {
      asked = [model, options];
      return Promise.resolve(segmenter);
    },
    ...more,
  });
  return { exitCode, segmenter, asked, ...text };
}

const report = (stdout: string): CommandReport => JSON.parse(stdout) as CommandReport;

describe('synseg-video', () => {
  it('writes the files and one JSON object', async () => {
    const files = ['--out', at('o/overlay.mp4'), '--jsonl', at('o/masks.jsonl')];
    const { exitCode, stdout, segmenter, asked } = await command([clip, ...required, ...files, '--json', '--device', 'cpu', '--every', '2']);
    expect(exitCode).toBe(0);
    expect(stdout.match(/\n/g)).toHaveLength(1);
    expect(report(stdout)).toEqual({
      sources: [{ source: clip, state: 'ended', policy: 'every-frame', frames: 25, dropped: 0, errors: 0, corrupt: 0, reconnects: 0 }],
      ...{ source: clip, frames: 25, dropped: 0, framesPerSecond: expect.any(Number), seconds: expect.any(Number) },
      ...{ device: 'cpu', precision: 'fp32', areas: { left: 0.5, right: 0.5 } },
      ...{ out: at('o/overlay.mp4'), jsonl: at('o/masks.jsonl'), coco: null, csv: null, pngDir: null, interrupted: false },
    });
    expect(asked).toEqual(['m', { device: 'cpu' }]);
    expect(segmenter.disposed).toBe(true);
    expect(inspect(at('o/overlay.mp4')).streams[0]?.nb_read_frames).toBe('25');
    expect(readFileSync(at('o/masks.jsonl'), 'utf8').trim().split('\n')).toHaveLength(25);
  });

  it('speaks to people on stderr only', async () => {
    const { exitCode, stdout, stderr } = await command([clip, ...required]);
    expect([exitCode, stdout]).toEqual([0, '']);
    expect(stderr).toMatch(/^Done: 50 frames in .* frames\/s\n {2}on cpu, fp32\n {2}areas: left 50\.0 %, right 50\.0 %\n$/);
  });

  it('is quiet when asked to be', async () => {
    expect(await command([clip, ...required, '--quiet'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('finishes its files when interrupted, and ends with 0', async () => {
    const controller = new AbortController();
    const onRequest = (_request: unknown, number: number): void => {
      if (number === 12) controller.abort(new Error('stopped by SIGINT'));
    };
    const slow = new FakeSession({ onRequest });
    const more = { signal: controller.signal, load: () => Promise.resolve(slow) };
    const { exitCode, stdout } = await command([clip, ...required, '--out', at('cut.mp4'), '--json', '--quiet'], more);
    const { frames, interrupted } = report(stdout);
    expect([exitCode, interrupted]).toEqual([0, true]);
    expect(frames).toBeGreaterThan(4);
    expect(frames).toBeLessThanOrEqual(12);
    expect(inspect(at('cut.mp4')).streams[0]?.nb_read_frames).toBe(String(frames));
    expect(slow.disposed).toBe(true);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('interrupted before the first frame reports no files', async () => {
    const signal = AbortSignal.abort(new Error('stopped by SIGINT'));
    const { exitCode, stdout } = await command([clip, ...required, '--out', at('never.mp4'), '--json', '--quiet'], { signal });
    expect(exitCode).toBe(0);
    expect(report(stdout)).toMatchObject({ frames: 0, framesPerSecond: 0, areas: {}, out: null, interrupted: true });
    expect(existsSync(at('never.mp4'))).toBe(false);
  });

  it('ends with 1 when the work fails, without credentials in the text', async () => {
    expect(await command([at('missing.mp4'), ...required])).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/^synseg-video: Cannot decode video ".*missing\.mp4": .*No such file.* \(VIDEO_DECODE\)\n$/s),
    });
    const { stderr, exitCode } = await command(['http://u:secret@127.0.0.1:9/x', ...required]);
    expect([exitCode, stderr.includes('secret'), stderr.includes('u:***@')]).toEqual([1, false, true]);
  });

  it.each([
    [[], /missing required argument 'source'/],
    [[clip, '--labels', 'a'], /required option '--model <source>'/],
    [[clip, '--model', 'm'], /required option '--labels <a,b,c>'/],
    [[clip, '--model', 'm', '--labels', 'a,a'], /each class once, got "a" twice/],
    [[clip, '--model', 'm', '--labels', ' , '], /at least one class/],
    [[clip, ...required, '--views', '3'], /It must be 1 or 5/],
    [[clip, ...required, '--every', '0'], /whole number of at least 1/],
    [[clip, ...required, '--threshold', '2'], /from 0 to 1/],
    [[clip, ...required, '--background', 'maybe'], /from 0 to 1/],
    [[clip, ...required, '--device', 'abacus'], /Allowed choices are/],
    [[clip, ...required, '--start', '3', '--end', '2'], /--end must be after --start \(3\), got 2/],
    [[clip, ...required, '--nonsense'], /unknown option '--nonsense'/],
    [[clip, ...required, 'second.mp4', '--out', 'one.mp4'], /--out must contain \{name\} or \{n\} for several sources, got one\.mp4/],
    [[clip, ...required, 'second.mp4', '--png-dir', 'one'], /--png-dir must contain/],
    [[clip, ...required, '--policy', 'newest'], /Allowed choices are auto, every-frame, freshest/],
    [[clip, ...required, '--max-staleness', '0'], /a number above 0/],
    [[clip, ...required, '--smooth', '2'], /from 0 to 1/],
    [['serve', clip, '--model', 'm'], /required option '--labels <a,b,c>'/],
    [['serve', clip, ...required, '--port', '70000'], /a port from 0 to 65535/],
    [['probe'], /missing required argument 'source'/],
    [[clip, ...required, '--out', at('x.avi')], /path must end in \.mp4/],
    [[clip, ...required, '--out', clip], /must not be the source/],
  ])('ends with 2 for %j', async (argv, message) => {
    const { exitCode, stdout, stderr } = await command(argv);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it('has help with examples and exit codes, and a version, on stdout', async () => {
    const { exitCode, stdout, stderr } = await command(['--help']);
    expect([exitCode, stderr]).toEqual([0, '']);
    for (const part of ['Usage: synseg-video', 'Examples:', 'Exit codes:', '--labels <a,b,c>', '--precision <name>']) {
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
    await command([clip, ...required, ...options], { load: () => Promise.resolve(segmenter) });
    expect(given).toEqual([['left', 'right'], { background: 'threshold', templates: 'clipseg' }]);
  });
});
