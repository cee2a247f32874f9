/** `synseg serve` as a process of its own, with a real session, seen through a real browser. */
import { spawn, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { REPOSITORY, commandOf } from '../support/runtimes.ts';
import { temporaryFolder as cleanedFolder } from '../support/temporary-folder.ts';
import { writeTinyClipseg } from '../support/tiny-clipseg.ts';
import { temporaryFolder, testClip } from './clips.ts';
import { chromiumPath, closeBrowser, openPage } from './preview/browser.ts';
import { names, rename, row, shareNames } from './preview/page-parts.ts';
import { until } from './preview/viewing.ts';

const folder = temporaryFolder();
const root = cleanedFolder();
const model = writeTinyClipseg(join(root, 'model'));
const clip = testClip(join(folder.path, 'clip.mp4'), { seconds: 2 });
let serving: ChildProcess | undefined;
afterEach(() => serving?.kill('SIGKILL'));
afterAll(async () => {
  await closeBrowser();
  folder.remove();
});

/** Starts the command and gives the address it prints. */
async function serve(
  runtime: 'this Node' | 'Deno',
  ...argv: string[]
): Promise<{ url: string; child: ChildProcess; stderr: () => string }> {
  const [program = '', ...args] = commandOf(runtime);
  const environment = { ...process.env, SYNSEG_CACHE: join(root, 'cache') };
  const options = ['--model', model, '--labels', 'road,car', '--device', 'cpu', '--port', '0', ...argv];
  const child = spawn(program, [...args, 'packages/synseg/dist/cli.js', 'serve', clip, '--loop', ...options], {
    cwd: REPOSITORY,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  serving = child;
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, child, stderr: () => stderr };
}

async function interrupted(child: ChildProcess): Promise<number | null> {
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

/** Changes the labels as the page does; the labels before and after. */
async function changeLabels(url: string, labels: readonly object[]): Promise<Record<string, unknown>[]> {
  const socket = new WebSocket(new URL('live', url.replace('http', 'ws')));
  const seen: Record<string, unknown>[] = [];
  for await (const [bytes, isBinary] of on(socket, 'message') as AsyncIterable<[Buffer, boolean]>) {
    const message = isBinary ? {} : (JSON.parse(bytes.toString()) as Record<string, unknown>);
    if (message['type'] === 'answer' && 'error' in message) throw new Error(message['error'] as string);
    if (message['type'] === 'answer') break;
    if (message['type'] !== 'labels') continue;
    seen.push(message);
    if (seen.length === 1) socket.send(JSON.stringify({ type: 'labels', revision: message['revision'], labels }));
  }
  socket.close();
  return seen;
}

describe.each(['this Node', 'Deno'] as const)('synseg serve under %s', (runtime) => {
  it('shows moving pictures to whoever asks, takes other labels, and ends with 130 on Ctrl-C', async () => {
    const { url, child, stderr } = await serve(runtime);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const snapshot = async (): Promise<string> => {
      const response = await fetch(new URL('snapshot/0.jpg', url));
      return response.ok ? Buffer.from(await response.arrayBuffer()).toString('base64') : '';
    };
    await until(async () => (await snapshot()) !== '');
    const first = await snapshot();
    await until(async () => (await snapshot()) !== first);
    const [before, after] = await changeLabels(url, [{ name: 'the car', threshold: 0.2 }]);
    expect([before?.['names'], after?.['names']]).toEqual([['road', 'car'], ['the car']]);
    expect([await interrupted(child), stderr()]).toEqual([130, expect.stringContaining('Stopping')]);
  });
});

describe.skipIf(chromiumPath === undefined)('synseg serve in Chromium', () => {
  it('shows the overlay, and the label that was edited on the page', async () => {
    const { url, child } = await serve('this Node', '--contour');
    const page = await openPage(url);
    await row(page, 'car').waitFor();
    expect([await names(page), await shareNames(page)]).toEqual([
      ['road', 'car'],
      ['road', 'car'],
    ]);
    await rename(page, 'car', 'the tree');
    await until(
      async () => (await names(page)).join() === 'road,the tree' && (await shareNames(page)).join() === 'road,the tree',
    );
    // The share is measured from frames segmented with the new label.
    await until(async () => /\d+\.\d %/.test((await page.locator('.shares b').nth(1).textContent()) ?? ''));
    // The page would rightly complain that its stream was cut.
    await page.close();
    expect(await interrupted(child)).toBe(130);
  });
});
