/** No ffmpeg outlives the process that started it, however that one ends; under Node and Deno. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { DecodeOptions } from '../../../packages/video/src/decode/decode-options.ts';
import type { VideoSource } from '../../../packages/video/src/source/source.ts';
import { isAlive, temporaryFolder, testClip } from '../clips.ts';
import { freePort, Sender } from '../live/senders.ts';
import { node, runtimes } from '../source-runtimes.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const clip = testClip(join(folder.path, 'long.mp4'), { seconds: 30, size: '320x240' });
const script = join(import.meta.dirname, 'read-and-wait.ts');

interface Reading {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<[code: number | null, signal: string | null]>;
}

const running: ChildProcess[] = [];
const senders: Sender[] = [];
afterEach(async () => {
  running.splice(0).forEach((child) => child.kill('SIGKILL'));
  await Promise.all(senders.splice(0).map((sender) => sender.kill()));
});

type Task = Partial<DecodeOptions> & {
  readonly source: VideoSource;
  readonly frames: number;
  readonly listen?: boolean;
};

/** Starts the script, and waits until it has said `line`. */
async function read([command = '', ...args]: readonly string[], task: Task, line: string): Promise<Reading> {
  const child = spawn(command, [...args, script, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  const ended = once(child, 'close') as Reading['ended'];
  while (!text.includes(line)) {
    if (child.exitCode !== null) throw new Error('the reader ended too early');
    await sleep(20);
  }
  return { child, text: () => text, ended };
}

/** The one ffmpeg below `child`. */
async function ffmpegOf({ child }: Reading): Promise<number> {
  for (;;) {
    const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' }).trim().split('\n');
    const found = rows
      .map((row) => row.trim().split(/ +/))
      .find(([, parent, name]) => Number(parent) === child.pid && name === 'ffmpeg');
    if (found !== undefined) return Number(found[0]);
    await sleep(20);
  }
}

/** Does it run? What has ended and waits for the system to take note of it (a zombie) does not. */
function runs(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

/** Waits until the process is gone; false when it stays. */
async function gone(pid: number, mostSeconds: number): Promise<boolean> {
  const until = performance.now() + mostSeconds * 1000;
  while (runs(pid) && performance.now() < until) await sleep(25);
  return !runs(pid);
}

/** A live source that has frozen after its first frames. */
async function frozen(
  runtime: readonly string[],
  sourceOf: (port: number) => VideoSource,
  output: (port: number) => readonly string[],
): Promise<Reading> {
  const port = await freePort();
  const sender = new Sender(output(port)).start();
  senders.push(sender);
  // No limit on the frames: the reader waits for the next one, as ffmpeg does.
  const reading = await read(runtime, { source: sourceOf(port), frames: 1e9, networkTimeoutSeconds: 2 }, 'frame 10');
  sender.freeze();
  await sleep(300);
  return reading;
}

describe.each(runtimes)('ffmpeg under %s ends', (_name, runtime) => {
  it.each(['SIGKILL', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'with its parent on %s, while it decodes a file',
    async (signal) => {
      const reading = await read(runtime, { source: clip, frames: 3 }, 'frame 2');
      const pid = await ffmpegOf(reading);
      reading.child.kill(signal);
      expect(await reading.ended).toEqual([null, signal]);
      expect(await gone(pid, 5)).toBe(true);
    },
  );

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'with its parent on %s, when a sender over TCP has frozen',
    async (signal) => {
      const reading = await frozen(
        runtime,
        (port) => `tcp://127.0.0.1:${port}?listen`,
        (port) => ['-f', 'mpegts', `tcp://127.0.0.1:${port}`],
      );
      const pid = await ffmpegOf(reading);
      reading.child.kill(signal);
      expect(await reading.ended).toEqual([null, signal]);
      // A signal that can be heard is heard at once; after SIGKILL the time limit of the network has to pass.
      expect(await gone(pid, signal === 'SIGKILL' ? 8 : 1.5)).toBe(true);
    },
  );

  it('and leaves a signal to those who handle it', async () => {
    const reading = await read(runtime, { source: clip, frames: 3, listen: true }, 'frame 2');
    const pid = await ffmpegOf(reading);
    reading.child.kill('SIGINT');
    while (!reading.text().includes('handled')) await sleep(20);
    await sleep(200);
    expect([runs(pid), reading.child.exitCode]).toEqual([true, null]);
    reading.child.kill('SIGINT');
    expect(await reading.ended).toEqual([null, 'SIGINT']);
    expect(await gone(pid, 5)).toBe(true);
  });
});

describe('ffmpeg ends some time after kill -9 of its parent', () => {
  it('when a sender over UDP is silent', async () => {
    const reading = await frozen(
      node,
      (port) => `udp://127.0.0.1:${port}`,
      (port) => ['-f', 'mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`],
    );
    const pid = await ffmpegOf(reading);
    reading.child.kill('SIGKILL');
    expect(await gone(pid, 8)).toBe(true);
  });

  it('when a sender over HTTP has frozen', async () => {
    const address = (port: number): string => `http://127.0.0.1:${port}/live.ts`;
    const sender = (port: number): readonly string[] => ['-f', 'mpegts', '-listen', '1', address(port)];
    const port = await freePort();
    const camera = new Sender(sender(port)).start();
    senders.push(camera);
    await sleep(700);
    const reading = await read(node, { source: address(port), frames: 1e9, networkTimeoutSeconds: 2 }, 'frame 10');
    camera.freeze();
    const pid = await ffmpegOf(reading);
    reading.child.kill('SIGKILL');
    expect(await gone(pid, 8)).toBe(true);
  });

  it('when an RTSP camera never answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const reading = await read(
      node,
      { source: `rtsp://127.0.0.1:${port}/live`, frames: 1, networkTimeoutSeconds: 2 },
      'begun',
    );
    const pid = await ffmpegOf(reading);
    reading.child.kill('SIGKILL');
    expect(await gone(pid, 8)).toBe(true);
    server.close();
  });
});
