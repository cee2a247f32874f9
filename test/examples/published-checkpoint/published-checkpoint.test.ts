/**
 * The commands of examples/published-checkpoint/README.md against a hub on loopback, which has a tiny checkpoint by
 * that name.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { startHubServer, type HubServer } from '../../support/hub-server.ts';
import { REPOSITORY } from '../../support/runtimes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { expectSuccess, openShell, runBlocks, sharesIn } from '../readme.ts';

const shell = await openShell('published-checkpoint');
const [command = '', offline = ''] = runBlocks('published-checkpoint');
const program = command.trim().split('\n').at(-1) ?? '';
const folder = temporaryFolder();
const overlay = join(REPOSITORY, 'out/published-checkpoint/overlay.png');
let server: HubServer;
let environment: Record<string, string>;

beforeAll(async () => {
  const tiny = writeTinyClipseg(join(folder, 'tiny'), { patch: 16, size: 64, head: 'refined' });
  const files = Object.fromEntries(
    readdirSync(tiny).map((name) => [name, new Uint8Array(readFileSync(join(tiny, name)))]),
  );
  const commit = '1'.repeat(40);
  server = await startHubServer({
    'CIDAS/clipseg-rd64-refined': { commits: { [commit]: files }, refs: { main: commit } },
  });
  environment = { HF_ENDPOINT: server.url, HF_HUB_CACHE: join(folder, 'hub'), HF_TOKEN: '', HF_HUB_OFFLINE: '' };
});

describe('the example published-checkpoint', () => {
  it('downloads the checkpoint once, segments, and then does without the hub', async () => {
    const first = await shell.run(command, environment);
    expectSuccess(first);
    expect(first.stderr).toMatch(/^downloaded model\.safetensors, [\d.]+ MB$/m);
    expect(server.fileRequests('model.safetensors').length).toBe(1);
    const shares = sharesIn(first.stdout);
    expect(shares.map(([name]) => name)).toEqual(['a road', 'a house', 'the sky']);
    // What is missing is background.
    expect(shares.reduce((sum, [, share]) => sum + share, 0)).toBeLessThanOrEqual(100.2);
    expect(await sharp(overlay).metadata()).toMatchObject({ format: 'png', width: 256, height: 256 });

    const asked = server.requests.length;
    const again = await shell.run(offline, environment);
    expect([again.code, again.stderr, sharesIn(again.stdout)]).toEqual([0, '', shares]);
    expect(server.requests.length).toBe(asked);
    await server[Symbol.asyncDispose]();
  });

  it('ends with a code and one line when the checkpoint cannot be had', async () => {
    const outcome = await shell.run(`${program} --model owner/none`, { ...environment, HF_HUB_OFFLINE: '1' });
    expect(outcome).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^HUB_DOWNLOAD: Cannot download owner\/none: [^\n]*\n$/),
    });
  });
});
