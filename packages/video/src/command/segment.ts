/** `synseg-video SOURCE…`: segment, write files, report. */
import { basename, extname } from 'node:path';
import type { SourceReport } from '../pipeline/lane.ts';
import { pick } from '../pick.ts';
import { segmentVideos, type SourceWithFiles } from '../segment-videos.ts';
import { sourceName } from '../source/source.ts';
import type { OutputFiles } from '../video-options.ts';
import type { SegmentArguments } from './arguments.ts';
import { sourcesOf, videoSettings } from './settings.ts';
import { progressView } from './progress.ts';
import type { CommandSegmenter, CommandSurroundings } from './run.ts';

/** What `--json` prints. */
export interface CommandReport {
  /** The source, without credentials; null when there are several. */
  readonly source: string | null;
  readonly frames: number;
  readonly dropped: number;
  readonly framesPerSecond: number;
  /** Time the segmentation took, loading the model excluded. */
  readonly seconds: number;
  readonly device: string | null;
  readonly precision: string | null;
  /** Names of the labels, in label-map order. */
  readonly labels: readonly string[];
  /** Mean share of the picture per label, 0 to 1. */
  readonly areas: Readonly<Record<string, number>>;
  /** Mean share of the picture that no label won, 0 to 1. */
  readonly background: number;
  /** Where a pixel is background, in words. */
  readonly backgroundRule: string | null;
  readonly sources: readonly SourceReport[];
  readonly out: string | null;
  readonly jsonl: string | null;
  readonly coco: string | null;
  readonly csv: string | null;
  readonly pngDir: string | null;
  readonly interrupted: boolean;
}

/** Runs the command; prints the report on stdout or a summary on stderr. */
export async function segmentCommand(parsed: SegmentArguments, surroundings: CommandSurroundings): Promise<void> {
  const { stdout, stderr } = surroundings;
  const view = parsed.quiet === true ? { show: () => {}, close: () => {} } : progressView(stderr);
  let report: CommandReport;
  try {
    report = await segment(parsed, surroundings, view.show);
  } finally {
    view.close();
  }
  if (parsed.json === true) stdout.write(`${JSON.stringify(report)}\n`);
  if (parsed.quiet !== true) stderr.write(summary(report));
}

async function segment(parsed: SegmentArguments, { load, signal, stderr }: CommandSurroundings, onProgress: ReturnType<typeof progressView>['show']): Promise<CommandReport> {
  const sums = new Map<string, number>();
  let [unlabelled, rule]: [number, string | null] = [0, null];
  let frames = 0;
  let started = performance.now();
  let segmenter: CommandSegmenter | undefined;
  let sources: readonly SourceReport[] = [];
  try {
    segmenter = await load(parsed.model, { ...pick(parsed, 'device', 'precision'), signal });
    const labels = await segmenter.labels(parsed.labels, pick(parsed, 'background', 'templates', 'threshold'));
    rule = labels.backgroundRule;
    for (const name of labels.names) sums.set(name, 0);
    started = performance.now();
    const inputs = sourcesOf(parsed).map((source, index): SourceWithFiles => ({ source, ...filesOf(parsed, index) }));
    const stream = segmentVideos(inputs, segmenter, labels, { ...videoSettings(parsed, stderr), ...pick(parsed, 'size', 'encoder'), signal, onProgress });
    try {
      for await (const frame of stream) {
        frames += 1;
        unlabelled += frame.background;
        for (const [name, share] of Object.entries(frame.areas)) sums.set(name, (sums.get(name) ?? 0) + share);
      }
    } finally {
      sources = stream.sources;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await segmenter?.[Symbol.asyncDispose]();
  }
  const seconds = (performance.now() - started) / 1000;
  const written = (path: string | undefined): string | null => (frames > 0 && path !== undefined ? path : null);
  return {
    ...{ source: parsed.sources.length === 1 ? sourceName(parsed.sources[0] ?? '') : null, frames },
    dropped: sources.reduce((sum, { dropped }) => sum + dropped, 0),
    ...{ framesPerSecond: round(frames / seconds), seconds: round(seconds) },
    ...{ device: segmenter?.device ?? null, precision: segmenter?.precision ?? null },
    labels: [...sums.keys()],
    areas: Object.fromEntries([...sums].map(([name, sum]) => [name, sum / Math.max(1, frames)])),
    ...{ background: unlabelled / Math.max(1, frames), backgroundRule: rule },
    sources,
    ...{ out: written(parsed.out), jsonl: written(parsed.jsonl), coco: written(parsed.coco), csv: written(parsed.csv) },
    ...{ pngDir: written(parsed.pngDir), interrupted: signal.aborted },
  };
}

/** The files of one source: `{name}` is its file name without ending, `{n}` its place, from 1. */
function filesOf({ sources, out, jsonl, coco, csv, pngDir }: SegmentArguments, index: number): OutputFiles {
  const source = sourceName(sources[index] ?? '');
  const name = basename(source, extname(source)).replaceAll(/[^\w.-]+/g, '-') || 'source';
  const fill = (path: string): string => path.replaceAll('{name}', name).replaceAll('{n}', String(index + 1));
  const files = Object.entries({ overlay: out, jsonl, coco, csv, pngFolder: pngDir });
  return Object.fromEntries(files.flatMap(([kind, path]) => (path === undefined ? [] : [[kind, fill(path)]])));
}

function summary(report: CommandReport): string {
  const { frames, dropped, seconds, framesPerSecond, device, precision, labels, areas, background, backgroundRule, sources, interrupted } = report;
  const shares = labels.map((name) => `${name} ${((areas[name] ?? 0) * 100).toFixed(1)} %`);
  const files = [report.out, report.jsonl, report.coco, report.csv, report.pngDir];
  const several = sources.length > 1;
  return [
    `${interrupted ? 'Interrupted after' : 'Done:'} ${frames} frames in ${seconds} s, ${framesPerSecond} frames/s${dropped === 0 ? '' : `, ${dropped} dropped`}`,
    ...(device === null ? [] : [`  on ${device}, ${precision}`]),
    ...(several ? sources.map(({ source, state, frames: of, dropped: lost }) => `  ${source}: ${state}, ${of} frames, ${lost} dropped`) : []),
    ...(frames === 0 ? [] : [`  areas: ${shares.join(', ')}`, `  background: ${(background * 100).toFixed(1)} %, ${String(backgroundRule)}`]),
    ...files.flatMap((path) => (path === null ? [] : [`  wrote ${path}`])),
    '',
  ].join('\n');
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0;
}
