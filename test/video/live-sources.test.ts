/**
 * Four live sources over four protocols on one slow model, with real senders on loopback: what each promises under
 * load,
 * and when one of the senders dies.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SourceReport } from '../../packages/video/src/pipeline/video-stream.ts';
import { segmentVideos } from '../../packages/video/src/segment-videos.ts';
import type { SegmentedFrame } from '../../packages/video/src/segmented-frame.ts';
import type { SourceStateChange } from '../../packages/video/src/live/reader-options.ts';
import type { VideoSource } from '../../packages/video/src/source/source.ts';
import { ffmpegChildren, temporaryFolder, testClip } from './clips.ts';
import { FakeSession, halves } from './fake-session.ts';
import { freePort } from './live/senders.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const clip = join(folder.path, 'clip.ts');
/** Frames each sender sends, at 25 a second. */
const sent = 100;
/** Of these, as many may stay in ffmpeg when a sender without an end falls silent. */
const udpTail = 4;
beforeAll(() => void testClip(clip, { seconds: sent / 25, more: ['-bf', '0', '-g', '10', '-f', 'mpegts'] }));

const senders = new Set<ChildProcess>();
afterEach(() => {
  senders.forEach((sender) => sender.kill('SIGKILL'));
  senders.clear();
});

interface LiveSource {
  readonly source: VideoSource;
  /** Sends the clip, once or again and again. */
  readonly send: (again?: boolean) => ChildProcess;
}

function sender(...output: readonly string[]): (again?: boolean) => ChildProcess {
  return (again = false) => {
    const args = ['-v', 'error', '-re', ...(again ? ['-stream_loop', '-1'] : []), '-i', clip, '-c', 'copy', ...output];
    const child = spawn('ffmpeg', args, { stdio: 'ignore' });
    senders.add(child);
    return child;
  };
}

/** RTSP and TCP listen here, UDP takes what comes, HTTP connects to a sender that serves one viewer. */
async function fourSources(): Promise<readonly LiveSource[]> {
  const [rtsp, udp, http, tcp] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  return [
    {
      source: {
        url: `rtsp://127.0.0.1:${rtsp}/live`,
        inputOptions: ['-rtsp_flags', 'listen'],
        name: 'rtsp',
        live: true,
      },
      send: sender('-f', 'rtsp', '-rtsp_transport', 'tcp', `rtsp://127.0.0.1:${rtsp}/live`),
    },
    {
      source: { url: `udp://127.0.0.1:${udp}`, name: 'udp', live: true },
      send: sender('-f', 'mpegts', `udp://127.0.0.1:${udp}?pkt_size=1316`),
    },
    {
      source: { url: `http://127.0.0.1:${http}/live`, name: 'http', live: true },
      send: sender('-f', 'mpegts', '-listen', '1', `http://127.0.0.1:${http}/live`),
    },
    {
      source: { url: `tcp://127.0.0.1:${tcp}?listen`, name: 'tcp', live: true },
      send: sender('-f', 'mpegts', `tcp://127.0.0.1:${tcp}`),
    },
  ];
}

const reconnect = { minDelaySeconds: 0.1, maxDelaySeconds: 0.4, maxAttempts: 200 };
const came = ({ frames, dropped }: SourceReport): number => frames + dropped;

describe('four live sources on a slow model', () => {
  it('each stay within the staleness bound, and every frame sent was delivered or counted as dropped', async () => {
    const sources = await fourSources();
    const controller = new AbortController();
    const session = new FakeSession({ milliseconds: 60, serial: true });
    const stream = segmentVideos(
      sources.map(({ source }) => source),
      session,
      halves,
      { policy: 'freshest', maxStalenessSeconds: 1, reconnect, signal: controller.signal },
    );
    const frames: SegmentedFrame[] = [];
    const reading = (async () => {
      for await (const frame of stream) frames.push(frame);
    })().catch((error: unknown) => {
      if (!controller.signal.aborted) throw error;
    });
    await sleep(1500);
    for (const { send } of sources) send();
    const deadline = Date.now() + 40_000;
    // Over UDP nobody hears that the stream has ended: the last pictures stay in ffmpeg, which waits for what follows
    // them.
    const expected = [sent, sent - udpTail, sent, sent];
    while (stream.sources.some((report, index) => came(report) < expected[index]!) && Date.now() < deadline)
      await sleep(100);
    await sleep(300);
    controller.abort();
    await reading;
    const counts = stream.sources.map(came);
    expect(counts).toEqual([sent, counts[1], sent, sent]);
    expect(counts[1]).toBeGreaterThanOrEqual(sent - udpTail);
    expect(counts[1]).toBeLessThanOrEqual(sent);
    for (const [index, { dropped }] of stream.sources.entries()) {
      const own = frames.filter(({ sourceIndex }) => sourceIndex === index);
      expect(own.length).toBeGreaterThan(8);
      expect(dropped).toBeGreaterThan(0);
      own.forEach((frame, at) => expect(frame.dropped).toBe(frame.index - (own[at - 1]?.index ?? -1) - 1));
      // The stream's own clock agrees with the count: nothing was lost uncounted. (RTSP sets its clock after the first
      // frames.)
      const second = own[1]!;
      for (const { index: number, timeSeconds } of own.slice(1))
        expect(Math.round((timeSeconds - second.timeSeconds) * 25)).toBe(number - second.index);
      expect(Math.max(...own.map(({ latencySeconds }) => latencySeconds))).toBeLessThanOrEqual(1.02);
    }
    expect(ffmpegChildren().filter((pid) => ![...senders].some((child) => child.pid === pid))).toEqual([]);
  });

  it('go on when one sender dies, and that one comes back with it', async () => {
    const sources = await fourSources();
    const controller = new AbortController();
    const changes: SourceStateChange[] = [];
    const session = new FakeSession({ milliseconds: 20, serial: true });
    const options = {
      policy: 'freshest',
      reconnect,
      stallTimeoutSeconds: 2,
      signal: controller.signal,
      onState: (change: SourceStateChange) => void changes.push(change),
    } as const;
    const stream = segmentVideos(
      sources.map(({ source }) => source),
      session,
      halves,
      options,
    );
    const frames: SegmentedFrame[] = [];
    const reading = (async () => {
      for await (const frame of stream) frames.push(frame);
    })().catch((error: unknown) => {
      if (!controller.signal.aborted) throw error;
    });
    const arrived = async (index: number, count: number): Promise<void> => {
      const deadline = Date.now() + 20_000;
      const from = frames.filter(({ sourceIndex }) => sourceIndex === index).length;
      while (frames.filter(({ sourceIndex }) => sourceIndex === index).length < from + count) {
        if (Date.now() > deadline)
          throw new Error(`no ${count} frames came from source ${index}: ${JSON.stringify(stream.sources)}`);
        await sleep(50);
      }
    };
    await sleep(1500);
    const running = sources.map(({ send }) => send(true));
    await Promise.all(sources.map((_, index) => arrived(index, 3)));
    changes.length = 0;

    running[3]?.kill('SIGKILL');
    await sleep(500);
    const [before, countBefore] = [stream.sources, frames.length];
    await sleep(5000);
    const lost = frames.slice(countBefore);
    expect(lost.filter(({ sourceIndex }) => sourceIndex === 3)).toEqual([]);
    // The others gave what they give: several frames a second each.
    for (const index of [0, 1, 2])
      expect(lost.filter(({ sourceIndex }) => sourceIndex === index).length).toBeGreaterThan(20);
    expect(stream.sources.map(({ state }) => state)).toEqual([
      'running',
      'running',
      'running',
      expect.stringMatching(/connecting/),
    ]);

    sources[3]?.send(true);
    await arrived(3, 5);
    controller.abort();
    await reading;
    expect(new Set(changes.slice(0, -4).map(({ source }) => source))).toEqual(new Set(['tcp']));
    expect(stream.sources[3]?.reconnects).toBeGreaterThanOrEqual(1);
    const own = frames.filter(({ sourceIndex }) => sourceIndex === 3);
    expect(
      own.every(
        ({ index, timeSeconds }, at) =>
          at === 0 || (index > own[at - 1]!.index && timeSeconds > own[at - 1]!.timeSeconds),
      ),
    ).toBe(true);
    expect(own.at(-1)?.index).toBeGreaterThan(came(before[3] as SourceReport) - 1);
  });
});
