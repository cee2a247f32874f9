/** `synseg video`: segments videos and live streams, writes files, and reports. */
import type { LabelSet } from '@synseg/core';
import { checkOutputs, type OptionsOf } from '@synseg/core/guards';
import { LABELS_OPTIONS } from '@synseg/core/options';
import { describeSource, segmentVideos, sourceStems, type OutputFiles, type SegmentedFrame } from '@synseg/video';
import type { SourceReport } from '@synseg/video';
import { OUTPUT_FILES, SEGMENT_VIDEOS_OPTIONS } from '@synseg/video/options';
import { command, type Context, type Result } from '../context.ts';
import { among, kebabCase, only } from '../flags.ts';
import { loadModel, tellWords } from '../model.ts';
import { grouped, percent } from '../text.ts';
import { VIDEO_FLAGS, sourceNotes, sourcesOf, warnOfFailures } from '../video-flags.ts';

export const VIDEO_COMMAND_FLAGS = {
  ...VIDEO_FLAGS,
  out: OUTPUT_FILES.overlay,
  ...only(OUTPUT_FILES, 'jsonl', 'coco', 'csv', 'pngFolder'),
  ...only(SEGMENT_VIDEOS_OPTIONS, 'size', 'encoder'),
};
type VideoCommandFlags = OptionsOf<typeof VIDEO_COMMAND_FLAGS, 'labels'>;

export const video = command({
  name: 'VIDEO_COMMAND_FLAGS',
  flags: VIDEO_COMMAND_FLAGS,
  needed: ['labels'],
  operand: '<source...>',
  help: `
A source is a video file, an image sequence (frames/%05d.png, frames/*.jpg), a camera
(camera:0), stdin (-) or a URL that ffmpeg can open. With several sources, the names of
output files must contain {name} or {n}.

Examples:
  $ synseg video drive.mp4 --labels road,car,sky --out overlay.mp4
  $ synseg video drive.mp4 --model ./checkpoint --labels road,car \\
      --jsonl masks.jsonl --every 5 --start 10 --end 20
  $ synseg video rtsp://camera/1 camera:0 --labels road,car --out "out/{name}.mp4" --json
  $ ffmpeg -i any.mkv -f mpegts - | synseg video - --labels road --csv shares.csv
  $ synseg video /dev/video0 --labels road,car \\
      --input-options "-f v4l2 -input_format mjpeg -video_size 1280x720"

--json prints source, frames, dropped, framesPerSecond, seconds, device, precision,
labels, unknown (labels that the checkpoint does not know, and like words),
areas (mean share of the picture per label), background, backgroundRule, sources
(state, counts, failure and files of each), out, jsonl, coco, csv, pngFolder and
interrupted. With several sources, out and the other files are lists.

Output files are written as .name.….partial.ext and renamed when they are complete; an
existing file stays until then, also on failure. Ctrl-C completes the files with the
frames done so far.
`,
  run,
});

/** The flag of each output. */
const FILES = { overlay: 'out', jsonl: 'jsonl', coco: 'coco', csv: 'csv', pngFolder: 'pngFolder' } as const;
type File = keyof typeof FILES;
const KINDS = Object.keys(FILES) as readonly File[];

async function run(context: Context, flags: VideoCommandFlags, sources: readonly string[]): Promise<Result> {
  const { signal, warn, progress } = context;
  const files = sourceStems(sources).map((stem, at) => filesOf(flags, stem, at));
  await checkPlaces(flags, sources, files);
  const tally = new Tally();
  let reports: readonly SourceReport[] = [];
  let machine: { readonly device: string; readonly precision: string } | undefined;
  try {
    const { segmenter } = await loadModel(context, flags);
    await using _ = segmenter;
    machine = segmenter;
    const labels = await segmenter.labels(flags.labels, among(LABELS_OPTIONS, flags));
    tellWords(context, labels);
    tally.start(labels);
    const inputs = sourcesOf(sources, flags).map((source, at) => ({ source, ...files[at] }));
    const stream = segmentVideos(inputs, segmenter, labels, {
      ...among(SEGMENT_VIDEOS_OPTIONS, flags),
      ...sourceNotes(context.note, flags.maxGapSeconds),
      signal,
      onProgress: ({ frames, total, framesPerSecond }) => {
        const done = `${grouped(frames)}${total === undefined ? '' : `/${grouped(total)}`} frames`;
        progress.show(frames / (total ?? Infinity), `${done}, ${framesPerSecond.toFixed(1)} frames/s`);
      },
    });
    try {
      for await (const frame of stream) tally.add(frame);
    } finally {
      reports = stream.sources;
    }
  } catch (error) {
    // Where all sources failed, the report says why for each, as it does where some did.
    const told = reports.length > 1 && reports.every(({ failure }) => failure !== undefined);
    if (!signal.aborted && !told) {
      const unfinished = reports.map(({ failure: _, ...report }) => report);
      warnOfFailures(unfinished, warn);
      throw error;
    }
  }
  progress.close();
  const report = {
    source: sources.length === 1 ? describeSource(sources[0] as string).name : null,
    ...tally.report(reports),
    ...{ device: machine?.device ?? null, precision: machine?.precision ?? null, sources: reports },
    ...Object.fromEntries(KINDS.map((kind) => [FILES[kind], writtenOf(kind, files, reports)])),
    interrupted: signal.aborted,
  };
  const failed = warnOfFailures(reports, warn);
  return { json: report, text: summary(report), failed, interrupted: signal.aborted };
}

/** Checks the output files before the model is loaded; none may lie in the model's folder. */
async function checkPlaces(
  flags: VideoCommandFlags,
  sources: readonly string[],
  files: readonly OutputFiles[],
): Promise<void> {
  for (const kind of KINDS) {
    const path = flags[FILES[kind]];
    if (path === undefined || sources.length === 1 || /\{(name|n)\}/.test(path)) continue;
    const rule = 'must contain {name} or {n} for several sources';
    throw new RangeError(`Cannot segment videos: ${flagOf(kind)} ${rule}, got "${path}"`);
  }
  const outputs = files.flatMap((own, at) =>
    KINDS.flatMap((kind) => {
      const name = `${flagOf(kind)}${sources.length > 1 ? ` of source ${at + 1}` : ''}`;
      const path = own[kind];
      const folder = kind === 'pngFolder' ? { folder: true, endings: ['.png'] } : {};
      return path === undefined ? [] : [{ name, path, ...folder }];
    }),
  );
  await checkOutputs('segment videos', outputs, [...sources, ...(flags.model === undefined ? [] : [flags.model])]);
}

const flagOf = (kind: File): string => `--${kebabCase(FILES[kind])}`;

/** The files of one source: `{name}` is its stem, `{n}` its place, from 1. */
function filesOf(flags: VideoCommandFlags, stem: string, at: number): OutputFiles {
  const fill = (path: string): string => path.replaceAll('{n}', String(at + 1)).replaceAll('{name}', stem);
  return Object.fromEntries(
    KINDS.flatMap((kind) => {
      const path = flags[FILES[kind]];
      return path === undefined ? [] : [[kind, fill(path)]];
    }),
  );
}

/** The file that was written, a list with several sources, null without one. */
function writtenOf(kind: File, files: readonly OutputFiles[], reports: readonly SourceReport[]) {
  const written = files.flatMap(({ [kind]: path }, at) =>
    path !== undefined && reports[at]?.files.includes(path) === true ? [path] : [],
  );
  return files.length > 1 && written.length > 0 ? written : (written[0] ?? null);
}

/** Sums over the frames. */
class Tally {
  #started = performance.now();
  #frames = 0;
  #background = 0;
  #rule: string | null = null;
  #unknown: LabelSet['unknown'] = [];
  readonly #areas = new Map<string, number>();

  start({ names, backgroundRule, unknown }: LabelSet): void {
    this.#unknown = unknown;
    this.#started = performance.now();
    this.#rule = backgroundRule;
    for (const name of names) this.#areas.set(name, 0);
  }

  add({ segmentation: { labels, areas, background } }: SegmentedFrame): void {
    this.#frames += 1;
    this.#background += background;
    for (const name of labels) this.#areas.set(name, (this.#areas.get(name) ?? 0) + (areas[name] ?? 0));
  }

  report(sources: readonly SourceReport[]) {
    const seconds = (performance.now() - this.#started) / 1000;
    const frames = this.#frames;
    const mean = (sum: number): number => sum / Math.max(1, frames);
    return {
      ...{ frames, dropped: sources.reduce((sum, { dropped }) => sum + dropped, 0) },
      ...{ framesPerSecond: round(frames / seconds), seconds: round(seconds), labels: [...this.#areas.keys()] },
      unknown: this.#unknown,
      areas: Object.fromEntries([...this.#areas].map(([name, sum]) => [name, mean(sum)])),
      ...{ background: mean(this.#background), backgroundRule: this.#rule },
    };
  }
}

const round = (value: number): number => (Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0);

type Report = ReturnType<Tally['report']> & {
  readonly device: string | null;
  readonly precision: string | null;
  readonly sources: readonly SourceReport[];
  readonly interrupted: boolean;
};

function summary(report: Report): string {
  const { frames, dropped, seconds, framesPerSecond, device, precision, labels, areas, sources } = report;
  const shares = labels.map((name) => `${name} ${percent(areas[name] ?? 0)}`);
  const lost = dropped === 0 ? '' : `, ${dropped} dropped`;
  return [
    `${report.interrupted ? 'Interrupted after' : 'Done:'} ${frames} frames in ${seconds} s, ` +
      `${framesPerSecond} frames/s${lost}`,
    ...(device === null ? [] : [`  on ${device}, ${precision}`]),
    ...(sources.length > 1 ? sources.map(sourceText) : []),
    ...(frames === 0
      ? []
      : [`  areas: ${shares.join(', ')}`, `  background: ${percent(report.background)}, ${report.backgroundRule}`]),
    ...sources.flatMap(({ files }) => files).map((path) => `  wrote ${path}`),
  ].join('\n');
}

function sourceText({ source, state, frames, dropped, errors }: SourceReport): string {
  const unread = errors === 0 ? '' : `, ${errors} that could not be segmented`;
  return `  ${source}: ${state}, ${frames} frames, ${dropped} dropped${unread}`;
}
