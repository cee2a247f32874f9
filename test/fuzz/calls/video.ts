/** Calls of @synseg/video. */
import * as video from '@synseg/video';
import { firstOf, plain, type Calls } from '../call.ts';
import type { Held } from './held.ts';

const [WIDTH, HEIGHT] = [16, 12];

async function* frames(): AsyncGenerator<video.RawFrame> {
  for (let index = 0; index < 3; index++)
    yield {
      data: new Uint8Array(WIDTH * HEIGHT * 3).fill(40 * index),
      width: WIDTH,
      height: HEIGHT,
      format: 'rgb' as const,
      timeSeconds: index / 10,
    };
}

const LABELS: video.PreviewLabels = {
  names: ['road'],
  colors: [[1, 2, 3]],
  thresholds: [null],
  defaultThresholds: [0.5],
  backgroundRule: 'where no label reaches 0.5',
};
const PICTURE = {
  source: 0,
  index: 0,
  timeSeconds: 0,
  areas: { road: 0.5 },
  latencySeconds: 0.1,
  dropped: 0,
  framesPerSecond: 5,
};

export function videoCalls({ segmenter, labels }: Held): Calls {
  const signal = (): AbortSignal => new AbortController().signal;
  const selection = {
    start: 0,
    end: 5,
    fps: 5,
    frameRate: 10,
    loop: false,
    realTime: false,
    live: false,
    publicOnly: false,
    maxGapSeconds: 5,
    maxPixels: 1e6,
    stallTimeoutSeconds: 2,
    connectTimeoutSeconds: 2,
    reconnect: { maxAttempts: 1, minDelaySeconds: 0.1, maxDelaySeconds: 0.2 },
  };
  const options = (): object => ({
    ...selection,
    ...{
      policy: 'auto',
      maxStalenessSeconds: 5,
      views: 1,
      threshold: 0.4,
      size: 'model',
      render: ['rle', 'jpeg'],
      smooth: { weight: 0.5 },
      hold: { threshold: 0.1, maxFrames: 3 },
      alpha: 0.5,
      contour: false,
      legend: true,
      jpeg: { quality: 70, maxWidth: 100 },
    },
    ...{
      maxInFlight: 2,
      workers: 1,
      onError: 'throw',
      signal: signal(),
      onProgress: () => undefined,
      onState: () => undefined,
      onEnd: () => undefined,
    },
  });
  const started = async (use: (server: video.PreviewServer) => unknown): Promise<void> => {
    const server = await video.PreviewServer.start({
      sources: ['a'],
      labels: structuredClone(LABELS),
      onLabels: async () => structuredClone(LABELS),
    });
    try {
      await use(server);
    } finally {
      await server.close();
    }
  };
  const onServer = (
    name: 'publish' | 'publishState' | 'publishLabels' | 'close' | 'dispose',
    args: () => readonly unknown[],
  ) => plain((...given: never[]) => started((server) => Reflect.apply(server[name], server, given)), args);
  return {
    'decodeFrames': plain(
      async (...args: Parameters<typeof video.decodeFrames>) => firstOf(video.decodeFrames(...args)),
      () => [
        frames(),
        {
          size: { width: WIDTH, height: HEIGHT },
          fullResolution: true,
          start: 0,
          end: 3,
          every: 1,
          loop: false,
          signal: signal(),
        },
      ],
      4,
    ),
    'PreviewServer': null,
    'PreviewServer.start': plain(
      async (...args: Parameters<typeof video.PreviewServer.start>) =>
        (await video.PreviewServer.start(...args)).close(),
      () => [
        {
          sources: ['a', 'b'],
          labels: structuredClone(LABELS),
          onLabels: async () => LABELS,
          host: '127.0.0.1',
          port: 0,
          token: 'a-long-token',
          title: 'x',
          vocabulary: ['road'],
        },
      ],
    ),
    'PreviewServer#publish': onServer('publish', () => [{ ...structuredClone(PICTURE), jpeg: new Uint8Array(20) }]),
    'PreviewServer#publishState': onServer('publishState', () => [0, 'running', 'why']),
    'PreviewServer#publishLabels': onServer('publishLabels', () => [structuredClone(LABELS)]),
    'PreviewServer#close': onServer('close', () => []),
    'PreviewServer#dispose': onServer('dispose', () => []),
    'segmentVideo': plain(
      async (...args: Parameters<typeof video.segmentVideo>) => firstOf(video.segmentVideo(...args)),
      () => [frames(), segmenter, labels, options()],
      10,
    ),
    'segmentVideos': plain(
      async (...args: Parameters<typeof video.segmentVideos>) => firstOf(video.segmentVideos(...args)),
      () => [[frames(), { source: 'missing.mp4', jsonl: 'masks.jsonl' }], segmenter, labels, options()],
      10,
    ),
    'encodeVideo': plain(
      async (...args: Parameters<typeof video.encodeVideo>) => {
        const sink = await video.encodeVideo(...args);
        await sink.abort();
      },
      () => [
        'out.mp4',
        {
          width: WIDTH,
          height: HEIGHT,
          pixelAspect: 1,
          frameRate: 10,
          encoder: 'libx264',
          quality: 23,
          audioCodec: 'aac',
        },
      ],
      4,
    ),
    'saveFrames': plain(
      video.saveFrames,
      () => [
        frames(),
        'saved',
        {
          every: 1,
          limit: 2,
          leastChange: 0.01,
          format: 'jpg',
          quality: 80,
          maxSide: 8,
          stem: 'a',
          overwrite: true,
          fps: 5,
          signal: signal(),
          onProgress: () => undefined,
        },
      ],
      4,
    ),
    'findFfmpeg': plain(video.findFfmpeg, () => [{ FFMPEG_PATH: 'a.png', PATH: '/usr/bin' }]),
    'sourceNames': plain(video.sourceNames, () => [['a.mp4', 'a.mp4', { url: 'rtsp://user:secret@127.0.0.1/x' }]]),
    'sourceStems': plain(video.sourceStems, () => [['a/b.mp4', 'c/b.mp4', { url: 'rtsp://user:secret@127.0.0.1/x' }]]),
    'listDevices': plain(video.listDevices, () => [{ signal: signal() }]),
    'probe': plain(
      video.probe,
      () => ['a.png', { frameRate: 5, networkTimeoutSeconds: 2, publicOnly: false, maxPixels: 1e6, signal: signal() }],
      6,
    ),
    'describeSource': plain(video.describeSource, () => [
      { url: 'rtsp://user:secret@127.0.0.1/x', inputOptions: ['-rtsp_transport', 'udp'], name: 'camera', live: true },
    ]),
  };
}
