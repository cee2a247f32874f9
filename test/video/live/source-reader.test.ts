import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { DecodeEnd, VideoFrame } from '../../../packages/video/src/decode/decode-options.ts';
import type { SourceState, SourceStateChange } from '../../../packages/video/src/live/reader-options.ts';
import { SourceReader } from '../../../packages/video/src/live/source-reader.ts';
import type { RawFrame, VideoSource } from '../../../packages/video/src/source/source.ts';
import { ffmpegChildren, temporaryFolder, testClip, testPicture } from '../clips.ts';
import { readerSettings, type ReaderSettings } from './reader-settings.ts';
import { CLOSED_PORT, freePort, routes, Sender } from './senders.ts';
import { serveFile } from './serve-file.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const senders: Sender[] = [];
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.kill()));
  if (ffmpegChildren().length > 0) throw new Error('a test must leave no ffmpeg');
});

const quick = { minDelaySeconds: 0.05, maxDelaySeconds: 0.2 };

class Recorded {
  readonly changes: SourceStateChange[] = [];
  readonly frames: VideoFrame[] = [];
  readonly reader: SourceReader;
  readonly controller = new AbortController();
  end: DecodeEnd | undefined;

  constructor(source: VideoSource, options: ReaderSettings = {}) {
    this.reader = new SourceReader(source, {
      ...readerSettings({ reconnect: quick, signal: this.controller.signal, ...options }),
      onState: (change) => this.changes.push(change),
      onEnd: (end) => (this.end = end),
    });
  }

  get states(): SourceState[] {
    // Attempts that fail in between are as many as they are.
    return this.changes.map(({ state }) => state).filter((state, place, all) => state !== all[place - 1]);
  }

  /** Reads to the end, or until `visit` says stop. */
  async read(visit: (frame: VideoFrame) => unknown = () => {}): Promise<this> {
    for await (const frame of this.reader.frames()) {
      this.frames.push(frame);
      if ((await visit(frame)) === 'stop') break;
    }
    return this;
  }
}

function send(output: readonly string[], options: ConstructorParameters<typeof Sender>[1] = {}): Sender {
  const sender = new Sender(output, options);
  senders.push(sender);
  return sender.start();
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const free = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ]);
  server.close();
  return free;
}

describe.each(Object.keys(routes))('SourceReader over %s', (name) => {
  it('goes on after its sender was killed and started again', async () => {
    const port = await freePort();
    const { source, output } = routes[name]?.(port) ?? { source: '', output: [] };
    const sender = send(output);
    const live = new Recorded(source, { stallTimeoutSeconds: 1.5, fullResolution: true });
    let killedAt = Infinity;
    await live.read(async ({ index }) => {
      if (index === 12) {
        killedAt = performance.now();
        await sender.kill();
        // Over UDP a short silence would be no more than that.
        setTimeout(() => sender.start(), name === 'UDP' ? 3000 : 700);
      }
      return live.reader.reconnects === 1 && live.states.at(-1) === 'running' && live.frames.length > 30
        ? 'stop'
        : undefined;
    });
    expect(live.reader).toMatchObject({ live: true, reconnects: 1, state: 'ended' });
    expect(live.states).toEqual(
      ['connecting', 'reconnecting', 'running', 'stalled', 'reconnecting', 'running', 'ended'].filter(
        (state, place) => (place !== 1 || live.states[1] === 'reconnecting') && (state !== 'stalled' || name === 'UDP'),
      ),
    );
    expect(live.frames.map(({ index }) => index)).toEqual(live.frames.map((_frame, place) => place));
    live.frames
      .slice(1)
      .forEach(({ timeSeconds }, place) => expect(timeSeconds).toBeGreaterThan(live.frames[place]?.timeSeconds ?? NaN));
    // Its clock began again with the sender: from outside it went on by the time that has passed.
    const before = live.frames.findLast(({ arrivedAt }) => arrivedAt <= killedAt);
    const last = live.frames.at(-1);
    const passed = ((last?.arrivedAt ?? NaN) - (before?.arrivedAt ?? NaN)) / 1000;
    expect((last?.timeSeconds ?? NaN) - (before?.timeSeconds ?? NaN)).toBeGreaterThan(passed / 4);
    for (const { full } of live.frames) expect(full?.length).toBe(160 * 120 * 3);
    expect(
      live.changes.find(
        ({ state, previous }) => state === 'reconnecting' && (previous === 'running' || previous === 'stalled'),
      ),
    ).toMatchObject({
      attempt: 2,
      reason: expect.stringMatching(
        /^(?:the stream ended\.|no frame for|no first frame|.*(?:refused|timed out|I\/O error|Input\/output error))/,
      ),
    });
    await sender.kill();
    expect(ffmpegChildren()).toEqual([]);
    expect(await isFree(port)).toBe(true);
  });
});

describe('SourceReader', () => {
  const over = async (name: string): Promise<{ source: VideoSource; output: readonly string[]; port: number }> => {
    const port = await freePort();
    return { port, ...(routes[name]?.(port) ?? { source: '', output: [] }) };
  };

  it.each(['TCP', 'RTSP', 'HTTP'])('sees that a sender over %s has frozen, and leaves it', async (name) => {
    const { source, output } = await over(name);
    const sender = send(output);
    const live = new Recorded(source, { stallTimeoutSeconds: 1 });
    let frozen = 0;
    let noticed = 0;
    await live.read(async ({ index }) => {
      if (index === 8) {
        sender.freeze();
        frozen = performance.now();
        void (async () => {
          while (live.reader.stalls === 0) await sleep(20);
          noticed = performance.now();
          await sender.kill();
          sender.start();
        })();
      }
      return live.reader.reconnects === 1 ? 'stop' : undefined;
    });
    expect(live.states.slice(live.states.indexOf('running'))).toEqual([
      'running',
      'stalled',
      'reconnecting',
      'running',
      'ended',
    ]);
    expect(live.changes.find(({ state }) => state === 'stalled')).toMatchObject({
      previous: 'running',
      reason: 'no frame for 1 s; if its frames come further apart, raise stallTimeoutSeconds (--stall-timeout)',
    });
    expect(live.reader.stalls).toBe(1);
    expect(noticed - frozen).toBeGreaterThan(900);
    expect(noticed - frozen).toBeLessThan(8000);
  });

  it('does not take a slow consumer for a stall', async () => {
    const { source, output } = await over('TCP');
    send(output);
    const live = new Recorded(source, { stallTimeoutSeconds: 0.6 });
    await live.read(async ({ index }) => {
      if (index === 3 || index === 6) await sleep(1500);
      return index === 10 ? 'stop' : undefined;
    });
    expect([live.reader.stalls, live.reader.reconnects]).toEqual([0, 0]);
  });

  it.each(['48x32', '1920x1080'])('reads a web picture of %s once, and again and again when live', async (size) => {
    await using server = await serveFile(testPicture(at(`${size}.jpg`), size));
    for (const url of [server.url, `${server.url}?now`]) {
      const once = await new Recorded(url).read();
      expect([once.frames.length, once.reader.live, once.states]).toEqual([
        1,
        false,
        ['connecting', 'running', 'ended'],
      ]);
      const address = url.replace('//', '//admin:hunter2@');
      const again = new Recorded(address, { live: true, frameRate: 20 });
      let shown = '';
      await again.read(({ index }) => {
        if (process.platform === 'linux')
          shown += ffmpegChildren()
            .map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
            .join();
        return index === 3 ? 'stop' : undefined;
      });
      expect(again.frames.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      expect([again.reader.reconnects, again.states]).toEqual([0, ['connecting', 'running', 'ended']]);
      expect(shown).not.toContain('hunter2');
    }
  });

  it('gives up after the failures allowed, without the credentials', async () => {
    const live = new Recorded(`rtsp://admin:hunter2@127.0.0.1:${CLOSED_PORT}/live?token=abc`, {
      reconnect: { ...quick, maxAttempts: 3, random: () => 0.5 },
    });
    const failure = await live.read().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'VIDEO_DECODE',
      message: expect.stringMatching(/"rtsp:\/\/127\.0\.0\.1:\d+\/live".*Connection refused/s),
    });
    expect(
      live.changes.map(({ state, previous, attempt, retryInSeconds }) => [state, previous, attempt, retryInSeconds]),
    ).toEqual([
      ['connecting', undefined, 1, undefined],
      ['reconnecting', 'connecting', 2, 0.025],
      ['reconnecting', 'reconnecting', 3, 0.05],
      ['failed', 'reconnecting', 4, undefined],
    ]);
    expect(live.reader.state).toBe('failed');
    expect(JSON.stringify(live.changes) + String(failure) + live.reader.name).not.toMatch(/hunter2|abc/);
  });

  it('gives up at once when it is not to connect again', async () => {
    const live = new Recorded(`tcp://127.0.0.1:${CLOSED_PORT}`, { reconnect: false });
    await expect(live.read()).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
    expect(live.states).toEqual(['connecting', 'failed']);
  });

  it('tries again when no first frame comes', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const live = new Recorded(`tcp://127.0.0.1:${port}`, {
      connectTimeoutSeconds: 0.8,
      reconnect: { ...quick, maxAttempts: 2 },
    });
    await expect(live.read()).rejects.toThrow(
      `Cannot read source "tcp://127.0.0.1:${port}": no first frame within 0.8 s`,
    );
    expect([live.states, live.reader.stalls]).toEqual([['connecting', 'reconnecting', 'failed'], 0]);
    server.close();
  });

  it('leaves no ffmpeg and no port when it is aborted at any moment', async () => {
    const { source, output, port } = await over('TCP, listening');
    const sender = send(output);
    for (const delay of [0, 30, 150, 600, 1800, 2500]) {
      const live = new Recorded(source);
      setTimeout(() => live.controller.abort(new Error('enough')), delay);
      await expect(live.read()).rejects.toThrow('enough');
      expect(live.states.at(-1)).toBe('ended');
      expect(ffmpegChildren().filter((pid) => pid !== sender.pid)).toEqual([]);
    }
    await sender.kill();
    expect(await isFree(port)).toBe(true);
  });

  it('is aborted while it waits to connect again', async () => {
    const live = new Recorded(`tcp://127.0.0.1:${CLOSED_PORT}`, {
      reconnect: { minDelaySeconds: 30, random: () => 1 },
    });
    const reading = live.read();
    while (live.reader.state !== 'reconnecting') await sleep(20);
    live.controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('loses no frame between the sender and here', async () => {
    const { source, output } = await over('TCP, listening');
    send(output, { more: ['-frames:v', '60', '-bf', '0'] });
    const live = new Recorded(source, { reconnect: false });
    await live.read();
    expect(live.frames).toHaveLength(60);
    expect(live.end).toMatchObject({ frames: 60, corrupt: 0 });
    expect(live.states).toEqual(['connecting', 'running', 'ended']);
  });

  it('keeps the picture size of the first connection', async () => {
    const { source, output } = await over('TCP, listening');
    const small = send(output);
    const live = new Recorded(source, { fullResolution: true });
    await live.read(async ({ index }) => {
      if (index === 5) {
        await small.kill();
        send(output, { size: '320x200' });
      }
      return live.reader.reconnects === 1 ? 'stop' : undefined;
    });
    const { full, sourceWidth, sourceHeight } = live.frames.at(-1) ?? {};
    expect([full?.length, sourceWidth, sourceHeight, live.reader.info?.width]).toEqual([160 * 120 * 3, 160, 120, 160]);
  });
});

describe('SourceReader of what is not live', () => {
  const clip = testClip(join(folder.path, 'clip.mp4'));

  it('reads a file once, to its end', async () => {
    const file = new Recorded(clip, { every: 5, start: 0.2 });
    expect(file.reader.state).toBe('connecting');
    await file.read();
    expect(file.frames.map(({ index }) => index)).toEqual([5, 10, 15, 20]);
    expect(file.states).toEqual(['connecting', 'running', 'ended']);
    expect(file.end).toEqual({ frames: 4, complaints: '', corrupt: 0, gaps: 0 });
    expect(file.reader).toMatchObject({
      live: false,
      name: clip,
      info: { width: 160, height: 120, durationSeconds: 1 },
    });
    await expect(file.read()).rejects.toThrow('internal: the frames of a source can be read once');
  });

  it('ends with a file that is treated as live, and repeats what is said to be live', async () => {
    const file = await new Recorded(clip, { live: true, realTime: false, stallTimeoutSeconds: 0.001 }).read();
    expect([file.frames.length, file.reader.live, file.states]).toEqual([25, true, ['connecting', 'running', 'ended']]);
    const drawn = new Recorded({ url: 'testsrc=s=64x48:r=10:d=0.5', inputOptions: ['-f', 'lavfi'], live: true });
    await drawn.read(({ index }) => (index === 11 ? 'stop' : undefined));
    expect(drawn.states).toEqual([
      'connecting',
      'running',
      'reconnecting',
      'running',
      'reconnecting',
      'running',
      'ended',
    ]);
    expect(drawn.changes[2]).toMatchObject({ reason: expect.stringMatching(/the stream ended\./) });
  });

  it('fails at once when a file is missing', async () => {
    const file = new Recorded(join(folder.path, 'nowhere.mp4'));
    await expect(file.read()).rejects.toMatchObject({ code: 'VIDEO_DECODE' });
    expect(file.changes.at(-1)).toMatchObject({ state: 'failed', reason: expect.stringContaining('No such file') });
    expect(file.states).toEqual(['connecting', 'failed']);
  });

  it('knows a file on the web from a stream', async () => {
    await using server = await serveFile(clip);
    const web = await new Recorded(server.url).read();
    expect([web.reader.live, web.frames.length, web.states]).toEqual([false, 25, ['connecting', 'running', 'ended']]);
    const missing = new Recorded(`${server.url}.nowhere`);
    await expect(missing.read()).rejects.toThrow(/404/);
    expect(missing.states).toEqual(['connecting', 'failed']);
  });

  it('hands on pushed frames, and fails with what they throw', async () => {
    const push = async function* (count: number): AsyncGenerator<RawFrame> {
      for (let index = 0; index < count; index++)
        yield await Promise.resolve({ data: new Uint8Array(6), width: 2, height: 1, timeSeconds: index });
      if (count > 2) throw new Error('the robot fell over');
    };
    const good = await new Recorded(push(2)).read();
    expect([good.frames.map(({ timeSeconds }) => timeSeconds), good.states, good.reader.name]).toEqual([
      [0, 1],
      ['connecting', 'running', 'ended'],
      'frames',
    ]);
    const bad = new Recorded(push(3), { live: true });
    await expect(bad.read()).rejects.toThrow('the robot fell over');
    expect([bad.frames.length, bad.states]).toEqual([3, ['connecting', 'running', 'failed']]);
  });

  it('ends when it is left', async () => {
    const file = await new Recorded(clip).read(({ index }) => (index === 3 ? 'stop' : undefined));
    expect(file.states).toEqual(['connecting', 'running', 'ended']);
    expect(ffmpegChildren()).toEqual([]);
  });
});

describe('options of a reader', () => {
  it.each<[string, ReaderSettings, string]>([
    ['no time to stall', { stallTimeoutSeconds: 0 }, 'stallTimeoutSeconds must be a number above 0, got 0'],
    ['no time to connect', { connectTimeoutSeconds: -1 }, 'connectTimeoutSeconds must be a number above 0, got -1'],
    ['no attempt', { reconnect: { maxAttempts: 0 } }, 'reconnect.maxAttempts must be a positive integer, got 0'],
    ['no wait', { reconnect: { minDelaySeconds: NaN } }, 'reconnect.minDelaySeconds must be a number of at least 0'],
    ['no frame', { every: 0 }, 'every must be a positive integer, got 0'],
  ])('refuse %s', (_, options, message) => {
    expect(() => readerSettings(options)).toThrow(RangeError);
    expect(() => readerSettings(options)).toThrow(`Cannot read source: ${message}`);
  });

  it('refuse other kinds and names', () => {
    expect(() => readerSettings({ reconnect: 3 })).toThrow(
      new TypeError('Cannot read source: reconnect must be false or an object, got 3'),
    );
    expect(() => readerSettings({ reconnect: { maxAttempt: 2 } as never })).toThrow(
      'Cannot read source: reconnect must have known names, got "maxAttempt" (did you mean "maxAttempts"?)',
    );
    expect(() => readerSettings({ reconnect: { maxAttempts: Symbol('x') as never } })).toThrow(
      'Cannot read source: reconnect.maxAttempts must be a positive integer, got a symbol',
    );
  });
});
