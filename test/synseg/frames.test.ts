import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandOf, REPOSITORY } from '../support/runtimes.ts';
import { temporaryFolder, testClip } from '../video/clips.ts';
import { command } from './command.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const clip = testClip(at('clip.mp4'), { seconds: 2 });

describe('synseg frames', () => {
  it('saves pictures and prints one JSON object', async () => {
    const argv = ['frames', clip, '--every', '20', '--max-side', '80', '--out', at('out'), '--json'];
    const { exitCode, stdout } = await command(argv);
    const files = [0, 20, 40].map((index) => `clip_0000${String(index).padStart(2, '0')}.jpg`);
    const [first, last] = [at(`out/${files[0]}`), at(`out/${files[2]}`)];
    expect([exitCode, stdout.match(/\n/g)?.length]).toEqual([0, 1]);
    expect(JSON.parse(stdout)).toEqual({
      ...{ out: at('out'), frames: 3, leftOut: 0, seconds: expect.any(Number), interrupted: false },
      sources: [{ source: clip, frames: 3, leftOut: 0, width: 80, height: 60, first, last }],
    });
    expect(readdirSync(at('out'))).toEqual(files);
    const again = await command(argv);
    expect([again.exitCode, JSON.parse(again.stdout)]).toEqual([
      2,
      {
        error: {
          code: 'USAGE',
          message: `Cannot save frames: files must be new, or overwrite be set, got "${first}", which is there`,
        },
      },
    ]);
    expect((await command([...argv, '--overwrite'])).exitCode).toBe(0);
  });

  it('reads several sources, gives each names of its own, and says which could not be read', async () => {
    const [second, broken] = [testClip(at('other.mp4'), { seconds: 1 }), at('broken.mp4')];
    writeFileSync(broken, 'no');
    const sources = [clip, second, clip, broken];
    const { exitCode, stdout, stderr } = await command(['frames', ...sources, '--format', 'png', '--out', at('many')]);
    expect(readdirSync(at('many'))).toEqual(
      ['clip-2_000000', 'clip-2_000030', 'clip_000000', 'clip_000030', 'other_000000'].map((name) => `${name}.png`),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`synseg: ${broken} failed: Cannot decode video "${broken}"`);
    expect(stdout).toMatch(/^Done: 5 pictures in [\d.]+ s\n/);
    expect(stdout).toContain(`  ${second}: 1 picture of 160×120\n`);
  });

  it('keeps what there is on Ctrl-C, and ends with 130', async () => {
    const interruption = new AbortController();
    const stderr = {
      isTTY: true,
      write: (text: string) => text.includes('pictures') && interruption.abort(new Error('stopped by SIGINT')),
    };
    const argv = ['frames', clip, clip, '--every', '1', '--out', at('cut'), '--json'];
    const { exitCode, stdout } = await command(argv, { signal: interruption.signal, stderr });
    const there = readdirSync(at('cut'));
    expect([exitCode, there.length > 0 && there.length < 50]).toEqual([130, true]);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ frames: there.length, interrupted: true },
      sources: [{ frames: there.length, first: at('cut/clip_000000.jpg'), last: at(`cut/${there.at(-1)}`) }],
    });
  });

  it('needs a folder, and leaves none behind where it refuses', async () => {
    expect((await command(['frames', clip])).stderr).toContain("required option '--out <folder>' not specified");
    const { exitCode, stderr } = await command(['frames', clip, '--every', '0', '--out', at('no')]);
    expect([exitCode, existsSync(at('no'))]).toEqual([2, false]);
    expect(stderr).toContain('It must be a positive integer.');
  });
});

describe.each(['this Node', 'Deno'] as const)('the built command under %s', (runtime) => {
  it('saves pictures', () => {
    const [program = '', ...args] = commandOf(runtime);
    const out = at(`under ${runtime}`);
    const argv = ['packages/synseg/dist/cli.js', 'frames', clip, '--fps', '1', '--out', out, '--json', '--quiet'];
    const text = execFileSync(program, [...args, ...argv], { cwd: REPOSITORY, encoding: 'utf8', timeout: 100_000 });
    expect(JSON.parse(text)).toMatchObject({ frames: 2, sources: [{ width: 160, height: 120 }] });
    expect(readdirSync(out)).toEqual(['clip_000000.jpg', 'clip_000025.jpg']);
  });
});
