/** The same server under Node and Deno, as a program that has to end by itself. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const deno = 'node_modules/.bin/deno';
const built = existsSync('packages/core/dist/index.js');
const runtimes: [string, string, string[]][] = [];
if (built) runtimes.push(['Node', process.execPath, ['--import', 'tsx']]);
if (built && existsSync(deno)) runtimes.push(['Deno', deno, ['run', '-A']]);
if (runtimes.length < 2)
  console.warn(
    `Not tested under ${built ? 'Deno: node_modules/.bin/deno' : 'Node and Deno: packages/core/dist'} is missing.`,
  );

describe.skipIf(runtimes.length === 0).each(runtimes)('PreviewServer under %s', (_, command, args) => {
  it('serves, takes edits, loses the pictures of slow viewers, closes, and lets the process end', async () => {
    const env = { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.run.json' };
    const { stdout } = await promisify(execFile)(command, [...args, 'test/video/preview/run-preview.ts'], {
      env,
      timeout: 50_000,
    });
    const { lost, ...report } = JSON.parse(stdout) as { lost: number };
    expect(report).toEqual({
      page: [200, true],
      script: 200,
      names: ['bus'],
      refused: expect.stringContaining('403'),
      foreign: 403,
      viewers: 0,
    });
    expect(lost).toBeGreaterThan(4 * 30);
  });
});
