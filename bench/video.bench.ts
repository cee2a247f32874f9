/**
 * What the video pipeline costs beside what it must do: decode and scale (the peer is ffmpeg alone, in the same run),
 * and
 * run the model (the peer is the same session fed with frames that were decoded before).
 *
 *   npm run bench -- video [--rounds 3] [--frames 600] [--model FOLDER] [--labels a,b,c] [--clip FILE]
 *
 * Aim: with a model of no cost ≥ 90 % of ffmpeg's rate, with a real one ≥ 90 % of the session's.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter, type LabelSet } from '@synseg/core';
import {
  PreviewServer,
  decodeFrames,
  segmentVideo,
  type SegmentVideoOptions,
  type VideoSegmenter,
} from '@synseg/video';
import { InstantSession, instantLabels } from './support/instant-session.ts';
import { benchCache, circumstances, load } from './support/machine.ts';
import { median, table } from './support/statistics.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    frames: { type: 'string', default: '600' },
    model: { type: 'string', default: '../shared/checkpoints/street' },
    labels: { type: 'string', default: 'car,road,tree,person' },
    clip: { type: 'string', default: '../shared/data/video/car-detection.mp4' },
  },
});
const [rounds, frames] = [Number(values.rounds), Number(values.frames)];
const labelNames = values.labels.split(',');
/** Side of the picture the model of no cost takes, as large as a usual model's. */
const size = 352;

/** A clip of moving pictures at 1080p, made once. */
async function bigClip(): Promise<string> {
  await mkdir(benchCache, { recursive: true });
  const path = join(benchCache, `testsrc2-1080p-${frames}.mp4`);
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=1920x1080:rate=30:duration=${frames / 30}`];
  if (!existsSync(path))
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      ...source,
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-pix_fmt',
      'yuv420p',
      path,
    ]);
  return path;
}

/** Frames per second of ffmpeg alone: decoded, scaled to RGB, thrown away. */
function ffmpegRate(clip: string, [height, width]: readonly [number, number], count: number): number {
  const started = performance.now();
  const graph = `scale=${width}:${height}:flags=bilinear,format=rgb24`;
  const { status } = spawnSync('ffmpeg', [
    '-v',
    'error',
    '-nostdin',
    '-i',
    clip,
    '-vf',
    graph,
    '-frames:v',
    String(count),
    '-f',
    'null',
    '-',
  ]);
  if (status !== 0) throw new Error(`Cannot run ffmpeg: it must exit with 0, got ${String(status)}`);
  return (count * 1000) / (performance.now() - started);
}

/** Frames per second from the first frame to the last, and from the call. */
async function pipelineRate(
  clip: string,
  segmenter: VideoSegmenter,
  labels: LabelSet,
  options: SegmentVideoOptions = {},
): Promise<{ steady: number; whole: number }> {
  const started = performance.now();
  let first = started;
  let count = 0;
  for await (const _frame of segmentVideo(clip, segmenter, labels, options))
    if (count++ === 0) first = performance.now();
  const now = performance.now();
  return { steady: ((count - 1) * 1000) / (now - first), whole: (count * 1000) / (now - started) };
}

/** Frames per second of the session alone, on frames in memory, four at a time as the pipeline has them. */
async function sessionRate(clip: string, segmenter: Segmenter, labels: LabelSet, count: number): Promise<number> {
  const [height, width] = segmenter.inputSize;
  const pictures: Uint8Array<ArrayBuffer>[] = [];
  for await (const { data } of decodeFrames(clip, { size: { width, height } }))
    if (pictures.push(data) === Math.min(64, count)) break;
  const segment = (at: number): Promise<unknown> =>
    segmenter.segment({ data: pictures[at % pictures.length] as Uint8Array, width, height }, labels, { size: 'model' });
  await Promise.all([0, 1, 2, 3].map(segment));
  const started = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      while (next < count) await segment(next++);
    }),
  );
  return (count * 1000) / (performance.now() - started);
}

/** Opens picture streams and never reads them. */
async function slowViewers(url: string, count: number): Promise<() => void> {
  const { hostname, port } = new URL(url);
  const sockets = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.pause();
      socket.write(`GET /stream/0 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
      return socket;
    }),
  );
  return () => sockets.forEach((socket) => socket.destroy());
}

/** Frames per second of a source shown on a page that so many look at. */
async function servedRate(clip: string, segmenter: VideoSegmenter, labels: LabelSet, viewers: number): Promise<number> {
  const shown = { names: labels.names, colors: labels.colors, thresholds: labels.names.map(() => null) };
  await using preview = await PreviewServer.start({
    sources: [clip],
    labels: shown,
    onLabels: () => Promise.resolve(shown),
  });
  const leave = await slowViewers(preview.url, viewers);
  let [first, count] = [0, 0];
  for await (const frame of segmentVideo(clip, segmenter, labels, { render: ['jpeg'] })) {
    if (count++ === 0) first = performance.now();
    const { index, timeSeconds, segmentation, latencySeconds, jpeg = new Uint8Array() } = frame;
    preview.publish({
      source: 0,
      index,
      timeSeconds,
      jpeg,
      areas: segmentation.areas,
      latencySeconds,
      dropped: 0,
      framesPerSecond: 0,
    });
  }
  const rate = ((count - 1) * 1000) / (performance.now() - first);
  if (preview.viewers !== viewers)
    throw new Error(`the page must have ${viewers} viewers at the end, got ${preview.viewers}`);
  leave();
  return rate;
}

const folder = await mkdtemp(join(tmpdir(), 'synseg-bench-video-'));
const loadBefore = load();
const rows: string[][] = [];
const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));
const percent = (ratios: readonly number[]): string =>
  `${(100 * median(ratios)).toFixed(0)} % ` +
  `(${(100 * Math.min(...ratios)).toFixed(0)}–${(100 * Math.max(...ratios)).toFixed(0)})`;

try {
  const cacheFolder = join(folder, 'cache');
  {
    const clip = await bigClip();
    await using segmenter = await InstantSession.start([size, size]);
    const labels = instantLabels;
    const ratios: { steady: number[]; whole: number[]; rates: number[]; peer: number[] } = {
      steady: [],
      whole: [],
      rates: [],
      peer: [],
    };
    for (let round = 0; round < rounds; round++) {
      const peer = ffmpegRate(clip, segmenter.inputSize, frames);
      const { steady, whole } = await pipelineRate(clip, segmenter, labels);
      ratios.peer.push(peer);
      ratios.rates.push(steady);
      ratios.steady.push(steady / peer);
      ratios.whole.push(whole / peer);
      process.stderr.write('.');
    }
    rows.push([
      'model of no cost, 1080p H.264',
      `ffmpeg -f null, ${digits(median(ratios.peer))}`,
      digits(median(ratios.rates)),
      percent(ratios.steady),
      percent(ratios.whole),
    ]);
  }
  {
    const { clip } = values;
    const count = Math.min(frames, 200);
    await using segmenter = await Segmenter.load(values.model, { device: 'cpu', cacheFolder });
    const labels = await segmenter.labels(labelNames, { background: 'none' });
    const kinds: readonly [string, SegmentVideoOptions][] = [
      ['masks', {}],
      ['masks as JSON lines', { jsonl: join(folder, 'o.jsonl') }],
      ['overlay mp4', { overlay: join(folder, 'o.mp4') }],
      ['overlay mp4 and JSON lines', { overlay: join(folder, 'o.mp4'), jsonl: join(folder, 'o.jsonl') }],
    ];
    const results = kinds.map(() => ({ steady: [] as number[], whole: [] as number[], rates: [] as number[] }));
    const peers: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const peer = await sessionRate(clip, segmenter, labels, count);
      peers.push(peer);
      for (const [at, [, options]] of kinds.entries()) {
        const { steady, whole } = await pipelineRate(clip, segmenter, labels, options);
        results[at]?.rates.push(steady);
        results[at]?.steady.push(steady / peer);
        results[at]?.whole.push(whole / peer);
      }
      process.stderr.write('.');
    }
    const served = { none: [] as number[], twenty: [] as number[], ratio: [] as number[] };
    await servedRate(clip, segmenter, labels, 0);
    for (let round = 0; round < rounds; round++) {
      const none = await servedRate(clip, segmenter, labels, 0);
      const twenty = await servedRate(clip, segmenter, labels, 20);
      served.none.push(none);
      served.twenty.push(twenty);
      served.ratio.push(twenty / none);
      process.stderr.write('.');
    }
    kinds.forEach(([title], at) => {
      const { rates, steady, whole } = results[at] as (typeof results)[number];
      rows.push([
        `real model, ${title}`,
        `session alone, ${digits(median(peers))}`,
        digits(median(rates)),
        percent(steady),
        percent(whole),
      ]);
    });
    rows.push([
      'real model, page with 20 viewers that do not read',
      `page without viewers, ${digits(median(served.none))}`,
      digits(median(served.twenty)),
      percent(served.ratio),
      '',
    ]);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(
  `\n${circumstances(['@synseg/video', 'onnxruntime-node', 'piscina'])}; ${rounds} rounds, load before ${loadBefore}`,
);
console.log('frames per second; ratios are medians with their spread, from the first frame on and from the call on\n');
console.log(table(['work', 'peer, frames/s', 'frames/s', 'ratio', 'ratio from the call'], rows));
