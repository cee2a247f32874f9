/** SourceReader against a real RTSP server: GStreamer's, as cameras have one. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SourceStateChange } from '../../../packages/video/src/live/reader-options.ts';
import { SourceReader } from '../../../packages/video/src/live/source-reader.ts';
import { probe } from '../../../packages/video/src/decode/probe.ts';
import type { VideoSource } from '../../../packages/video/src/source/source.ts';
import { ffmpegChildren } from '../clips.ts';
import { readerSettings, type ReaderSettings } from './reader-settings.ts';
import { freePort } from './senders.ts';

const python = '/usr/bin/python3';
const script = join(import.meta.dirname, '../scripts/rtsp-server.py');

function installed(): boolean {
  try {
    execFileSync(python, ['-c', 'import gi; gi.require_version("GstRtspServer", "1.0")'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const there = installed();
if (!there)
  console.warn(
    "Not tested against an RTSP server: GStreamer's is not installed (node scripts/setup.mjs --test-runtimes).",
  );

const servers: ChildProcess[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map(stop));
  if (ffmpegChildren().length > 0) throw new Error('a test must leave no ffmpeg');
});

/** Starts a camera and waits until it listens. */
async function camera(port: number, ...args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(
    python,
    [script, String(port), '/live', ...(/^h26/.test(args[0] ?? '') ? [] : ['h264']), ...args],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  servers.push(child);
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

const quick = { minDelaySeconds: 0.05, maxDelaySeconds: 0.2 };

class Watched {
  readonly changes: SourceStateChange[] = [];
  readonly reader: SourceReader;
  readonly indices: number[] = [];

  constructor(source: VideoSource, options: ReaderSettings = {}) {
    this.reader = new SourceReader(source, {
      ...readerSettings({ reconnect: quick, ...options }),
      onState: (change) => this.#see(change),
    });
  }

  /** Called with each change of state. */
  onChange: (change: SourceStateChange) => unknown = () => {};

  get states(): string[] {
    return this.changes.map(({ state }) => state).filter((state, place, all) => state !== all[place - 1]);
  }

  async read(visit: (index: number) => unknown): Promise<this> {
    for await (const { index } of this.reader.frames()) {
      this.indices.push(index);
      if ((await visit(index)) === 'stop') break;
    }
    return this;
  }

  #see(change: SourceStateChange): void {
    this.changes.push(change);
    void this.onChange(change);
  }
}

const secret = 'pa#s/s?@:é';

describe.skipIf(!there)('an RTSP camera', () => {
  it.each([['h264'], ['h265'], ['h264', '--sound']])('is read: %s', async (...args) => {
    const port = await freePort();
    await camera(port, ...args);
    const watched = await new Watched(`rtsp://127.0.0.1:${port}/live`).read((index) =>
      index === 10 ? 'stop' : undefined,
    );
    expect(watched.indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(watched.states).toEqual(['connecting', 'running', 'ended']);
    expect(watched.reader).toMatchObject({ live: true, info: { width: 160, height: 120 } });
  });

  it.each([['a Basic login'], ['a Digest login', '--digest']])(
    'is read with %s as it is typed, which no list of processes shows',
    async (_what, ...args) => {
      const port = await freePort();
      const password = secret.replace('@', '');
      await camera(port, '--user', 'admin', '--password', password, ...args);
      const source = `RTSP://admin:${password}@127.0.0.1:${port}/live?token=hunter2`;
      let shown = '';
      const watched = await new Watched(source).read((index) => {
        if (index === 0 && process.platform === 'linux')
          shown = ffmpegChildren()
            .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
            .join();
        return index === 3 ? 'stop' : undefined;
      });
      expect(watched.reader.name).toBe(`rtsp://127.0.0.1:${port}/live`);
      expect(shown).toMatch(/^(?:$|.*ffmpeg.*-f.concat)/);
      expect(shown).not.toMatch(/hunter2|admin|pa[#%]/);
      const udp = { url: source.replace('RTSP', 'rtsp'), inputOptions: ['-rtsp_transport', 'udp'] };
      expect(await probe(udp)).toMatchObject({ width: 160, height: 120, codec: 'h264' });
    },
  );

  it('says in one line that the login is wrong, goes on trying, and is read once it is right', async () => {
    const port = await freePort();
    const first = await camera(port, '--user', 'admin', '--password', 'other');
    const watched = new Watched(`rtsp://admin:${secret}@127.0.0.1:${port}/live`);
    let refusals = 0;
    watched.onChange = async ({ state }) => {
      if (state !== 'reconnecting' || (refusals += 1) !== 2) return;
      await stop(first);
      await camera(port, '--user', 'admin', '--password', secret);
    };
    await watched.read(() => 'stop');
    expect(watched.states).toEqual(['connecting', 'reconnecting', 'running', 'ended']);
    expect(watched.changes[1]).toMatchObject({
      state: 'reconnecting',
      attempt: 2,
      reason: '401 Unauthorized: user name or password is wrong or missing',
    });
    expect(JSON.stringify(watched.changes)).not.toMatch(/\\n|pa#s|pa%23s|admin/);
  });

  it('says that there is nothing at a path, and gives up only where it is told to', async () => {
    const port = await freePort();
    await camera(port);
    const watched = new Watched(`rtsp://127.0.0.1:${port}/nowhere`, { reconnect: { ...quick, maxAttempts: 3 } });
    await expect(watched.read(() => {})).rejects.toThrow(/404 Not Found/);
    const reason = '404 Not Found: the server has nothing at this path';
    expect(watched.changes.map((change) => [change.state, change.reason])).toEqual([
      ['connecting', undefined],
      ['reconnecting', reason],
      ['reconnecting', reason],
      ['failed', reason],
    ]);
  });

  it('that is not up yet is waited for', async () => {
    const port = await freePort();
    const watched = new Watched(`rtsp://127.0.0.1:${port}/live`);
    watched.onChange = async ({ state, attempt }) => {
      if (state === 'reconnecting' && attempt === 8) await camera(port);
    };
    await watched.read(() => 'stop');
    expect(watched.states).toEqual(['connecting', 'reconnecting', 'running', 'ended']);
    expect(watched.changes[1]?.reason).toMatch(/Connection refused$/);
  });

  it('that is started again in the middle of its stream goes on', async () => {
    const port = await freePort();
    const first = await camera(port);
    const watched = new Watched(`rtsp://127.0.0.1:${port}/live`);
    let last = -1;
    await watched.read(async (index) => {
      if (index === 5) {
        await stop(first);
        await camera(port);
      }
      expect(index).toBe(last + 1);
      last = index;
      return watched.reader.reconnects === 1 && index > 10 ? 'stop' : undefined;
    });
    expect(watched.states).toEqual(['connecting', 'running', 'reconnecting', 'running', 'ended']);
  });
});
