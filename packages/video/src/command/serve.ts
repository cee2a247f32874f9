/** `synseg-video serve SOURCE…`: sources on a web page, live, with labels to edit. */
import type { LabelInput, LabelSet } from '@synseg/core';
import { PreviewServer } from '../preview/preview-server.ts';
import type { PreviewLabel, PreviewLabels, PreviewOptions } from '../preview/preview-types.ts';
import type { VideoStream } from '../pipeline/video-stream.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';
import { pick } from '../pick.ts';
import { segmentVideos } from '../segment-videos.ts';
import { sourceNames } from '../source/source.ts';
import type { SegmentVideosOptions } from '../video-options.ts';
import type { ServeArguments } from './arguments.ts';
import type { CommandSegmenter, CommandSurroundings } from './run.ts';
import { tellFailures } from './segment.ts';
import { sourcesOf, videoSettings } from './settings.ts';

const defaultPort = 8080;

/** Runs until all sources have ended or Ctrl-C. The address of the page goes to stdout, alone on a line. */
export async function serveCommand(
  parsed: ServeArguments,
  { load, signal, stdout, stderr }: CommandSurroundings,
): Promise<0 | 1> {
  let segmenter: CommandSegmenter | undefined;
  let stream: VideoStream | undefined;
  let preview: PreviewServer | undefined;
  try {
    const loaded = await load(parsed.model, { ...pick(parsed, 'device', 'precision'), signal });
    segmenter = loaded;
    let current: LabelSet | undefined;
    const onLabels = async (edited: readonly PreviewLabel[]): Promise<PreviewLabels> => {
      current = await loaded.labels(
        current === undefined ? edited : recolored(edited, current),
        pick(parsed, 'background', 'templates', 'threshold'),
      );
      stream?.setLabels(current);
      return shown(current);
    };
    const server = await openPreview(parsed, segmenter, onLabels);
    preview = server;
    const labels = await segmenter.labels(parsed.labels, pick(parsed, 'background', 'templates', 'threshold'));
    current = labels;
    stream = segmentVideos(sourcesOf(parsed), segmenter, labels, liveSettings(parsed, server, stderr, signal));
    server.publishLabels(shown(labels));
    stdout.write(`${server.url}\n`);
    const rates = parsed.sources.map(() => new FrameRate());
    for await (const frame of stream) publish(server, frame, stream, rates);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await preview?.dispose();
    await segmenter?.[Symbol.asyncDispose]();
  }
  return tellFailures(stream?.sources ?? [], stderr);
}

async function openPreview(
  parsed: ServeArguments,
  { vocabulary }: CommandSegmenter,
  onLabels: PreviewOptions['onLabels'],
): Promise<PreviewServer> {
  return PreviewServer.start({
    sources: sourceNames(parsed.sources),
    labels: { names: [], colors: [], thresholds: [] },
    port: parsed.port ?? defaultPort,
    ...pick(parsed, 'host', 'token'),
    ...(vocabulary === undefined ? {} : { vocabulary }),
    onLabels,
  });
}

/** Files are played at their own speed, and what the model cannot follow is dropped, as for a camera. */
function liveSettings(
  parsed: ServeArguments,
  server: PreviewServer,
  stderr: CommandSurroundings['stderr'],
  signal: AbortSignal,
): SegmentVideosOptions {
  const settings = videoSettings(parsed, stderr);
  const names = sourceNames(parsed.sources);
  return {
    ...settings,
    ...{ policy: parsed.policy ?? 'freshest', realTime: true, output: ['jpeg'], onError: 'skip', signal },
    onState: (change) => {
      settings.onState?.(change);
      names.forEach((name, source) => {
        if (name === change.source) server.publishState(source, change.state, change.reason);
      });
    },
  };
}

function publish(server: PreviewServer, frame: SegmentedFrame, stream: VideoStream, rates: readonly FrameRate[]): void {
  const { sourceIndex: source, index, timeSeconds, areas, latencySeconds, jpeg } = frame;
  if (jpeg === undefined) throw new Error('internal: a frame for the preview came without its picture');
  const dropped = stream.sources[source]?.dropped ?? 0;
  server.publish({
    source,
    index,
    timeSeconds,
    jpeg,
    areas,
    latencySeconds,
    dropped,
    framesPerSecond: rates[source]?.tick() ?? 0,
  });
}

function shown({ names, colors, thresholds, background, defaultThreshold, backgroundRule }: LabelSet): PreviewLabels {
  return {
    names,
    colors,
    thresholds: thresholds.map((threshold) => threshold ?? null),
    defaultThreshold: background === 'threshold' ? defaultThreshold : null,
    backgroundRule,
  };
}

/** Labels as they were edited, in the colors they had: a new one does not take another's. */
function recolored(edited: readonly PreviewLabel[], { names, colors }: LabelSet): LabelInput[] {
  return edited.map((label) => {
    const color = colors[names.indexOf(label.name)];
    return color === undefined ? label : { ...label, color };
  });
}

/** Results per second, averaged over about the last two seconds. */
class FrameRate {
  #last: number | undefined;
  #rate = 0;

  /** Counts a result and gives the rate. */
  tick(): number {
    const now = performance.now();
    if (this.#last !== undefined) {
      const seconds = Math.max(1e-3, (now - this.#last) / 1000);
      const weight = this.#rate === 0 ? 1 : 1 - Math.exp(-seconds / 2);
      this.#rate += weight * (1 / seconds - this.#rate);
    }
    this.#last = now;
    return this.#rate;
  }
}
