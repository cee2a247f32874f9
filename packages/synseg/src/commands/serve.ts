/** `synseg serve`: a live web page of sources, on which the labels can be edited. */
import type { LabelInput, LabelSet } from '@synseg/core';
import { withDefault, type OptionsOf } from '@synseg/core/guards';
import { LABELS_OPTIONS } from '@synseg/core/options';
import { PreviewServer, segmentVideos, sourceNames, type PreviewLabel, type PreviewLabels } from '@synseg/video';
import type { SegmentedFrame, VideoStream } from '@synseg/video';
import { PREVIEW_OPTIONS, SEGMENT_VIDEOS_OPTIONS } from '@synseg/video/options';
import { command, type Context, type Result } from '../context.ts';
import { among, only } from '../flags.ts';
import { loadModel, tellWords } from '../model.ts';
import { VIDEO_FLAGS, sourceNotes, sourcesOf, warnOfFailures } from '../video-flags.ts';

const DEFAULT_PORT = 8080;

export const SERVE_FLAGS = {
  ...VIDEO_FLAGS,
  ...only(SEGMENT_VIDEOS_OPTIONS, 'jpeg'),
  /** Port of the page; 0 takes any free one. @default 8080 */
  port: withDefault(PREVIEW_OPTIONS.port, DEFAULT_PORT),
  ...only(PREVIEW_OPTIONS, 'host', 'token'),
};
type ServeFlags = OptionsOf<typeof SERVE_FLAGS, 'labels'>;

/** Runs `synseg serve` until all sources have ended or Ctrl-C. */
export const serve = command({
  name: 'SERVE_FLAGS',
  flags: SERVE_FLAGS,
  needed: ['labels'],
  operand: '<source...>',
  help: `
Prints the address of the page. Files are played at their own speed, and frames that
the model cannot keep up with are dropped, as for a camera. Ctrl-C ends it.

Example:
  $ synseg serve camera:0 --model ./checkpoint --labels road,car --smooth
`,
  run,
});

async function run(context: Context, flags: ServeFlags, sources: readonly string[]): Promise<Result> {
  const { signal, answer, note, warn } = context;
  const names = sourceNames(sources);
  let stream: VideoStream | undefined;
  try {
    const { segmenter } = await loadModel(context, flags);
    await using _ = segmenter;
    let current: LabelSet | undefined;
    const onLabels = async (edited: readonly PreviewLabel[]): Promise<PreviewLabels> => {
      const labels = current === undefined ? edited : recolored(edited, current);
      const told = current?.names;
      current = await segmenter.labels(labels, among(LABELS_OPTIONS, flags));
      tellWords(context, current, told);
      stream?.setLabels(current);
      return shown(current);
    };
    const { port = DEFAULT_PORT, host, token } = flags;
    const { vocabulary } = segmenter;
    const none = { names: [], colors: [], thresholds: [] };
    const page = { sources: names, labels: none, port, host, token, vocabulary, onLabels };
    await using server = await PreviewServer.start(page);
    current = await segmenter.labels(flags.labels, among(LABELS_OPTIONS, flags));
    tellWords(context, current);
    const { onState, onEnd } = sourceNotes(note, flags.maxGapSeconds);
    stream = segmentVideos(sourcesOf(sources, flags), segmenter, current, {
      // Files are played at their own speed, and frames that the model cannot keep up with are dropped.
      ...{ policy: 'freshest', onError: 'skip', ...among(SEGMENT_VIDEOS_OPTIONS, flags), realTime: true },
      ...{ render: ['jpeg'], signal, onEnd },
      onState: (change) => {
        void onState(change);
        server.publishState(names.indexOf(change.source), change.state, change.reason);
      },
    });
    server.publishLabels(shown(current));
    answer({ json: { url: server.url, unknown: current.unknown }, text: server.url });
    const rates = sources.map(() => new FrameRate());
    for await (const frame of stream) publish(server, frame, stream, rates);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const failed = warnOfFailures(stream?.sources ?? [], warn);
  return { json: { url: null }, text: 'Interrupted before the page was ready', failed, interrupted: signal.aborted };
}

function publish(server: PreviewServer, frame: SegmentedFrame, stream: VideoStream, rates: readonly FrameRate[]): void {
  const { sourceIndex: source, index, timeSeconds, latencySeconds, jpeg, pixelAspect } = frame;
  if (jpeg === undefined) throw new Error('internal: a frame for the preview came without its picture');
  const { areas } = frame.segmentation;
  const dropped = stream.sources[source]?.dropped ?? 0;
  const framesPerSecond = rates[source]?.tick() ?? 0;
  server.publish({ source, index, timeSeconds, jpeg, areas, latencySeconds, dropped, framesPerSecond, pixelAspect });
}

function shown({ names, colors, thresholds, background, defaultThresholds, backgroundRule }: LabelSet): PreviewLabels {
  const own = { names, colors, thresholds: thresholds.map((threshold) => threshold ?? null), backgroundRule };
  return background === 'threshold' ? { ...own, defaultThresholds } : own;
}

/** The edited labels; those that were there before keep their colors. */
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
