/** `synseg-video SOURCE…`: segment, write files, report. */
import { basename, extname } from 'node:path';
import { checkPlaces } from '../pipeline/output-files.ts';
import type { SourceReport } from '../pipeline/video-stream.ts';
import { pick } from '../pick.ts';
import { segmentVideos, type SourceWithFiles } from '../segment-videos.ts';
import { sourceName, sourceNames } from '../source/source.ts';
import type { OutputFiles } from '../video-options.ts';
import type { SegmentArguments } from './arguments.ts';
import { sourcesOf, videoSettings } from './settings.ts';
import { progressView, type TextOutput } from './progress.ts';
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
  /** The file written, `{name}` and `{n}` filled in; a list when there are several sources; null without one. */
  readonly out: string | readonly string[] | null;
  readonly jsonl: string | readonly string[] | null;
  readonly coco: string | readonly string[] | null;
  readonly csv: string | readonly string[] | null;
  readonly pngDir: string | readonly string[] | null;
  readonly interrupted: boolean;
}

/**
 * Runs the command; prints the report on stdout or a summary on stderr. Exit code 1 when a source failed, whatever the
 * others did.
 */
export async function segmentCommand(parsed: SegmentArguments, surroundings: CommandSurroundings): Promise<0 | 1> {
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
  return tellFailures(report.sources, stderr);
}

/** What a person must know even if all else is to be quiet: which sources failed. */
export function tellFailures(sources: readonly SourceReport[], stderr: TextOutput): 0 | 1 {
  const failed = sources.filter(({ failure }) => failure !== undefined);
  for (const { source, failure } of failed) stderr.write(`synseg-video: ${source} failed: ${failure ?? ''}\n`);
  tellUnfinished(sources, stderr);
  return failed.length === 0 ? 0 : 1;
}

/** Which option of the command line writes which file. */
const options = { overlay: 'out', jsonl: 'jsonl', coco: 'coco', csv: 'csv', pngFolder: 'pngDir' } as const;

async function segment(
  parsed: SegmentArguments,
  { load, signal, stderr }: CommandSurroundings,
  onProgress: ReturnType<typeof progressView>['show'],
): Promise<CommandReport> {
  const sums = new Map<string, number>();
  let [unlabelled, rule]: [number, string | null] = [0, null];
  let frames = 0;
  let started = performance.now();
  let segmenter: CommandSegmenter | undefined;
  let sources: readonly SourceReport[] = [];
  const inputs = sourcesOf(parsed).map((source, index): SourceWithFiles => ({ source, ...filesOf(parsed, index) }));
  try {
    // Before the model is loaded, whose folder nothing is written to either.
    await checkPlaces(inputs, (kind, index) => optionOf(kind, index, inputs.length > 1), [parsed.model]);
    segmenter = await load(parsed.model, { ...pick(parsed, 'device', 'precision'), signal });
    const labels = await segmenter.labels(parsed.labels, pick(parsed, 'background', 'templates', 'threshold'));
    rule = labels.backgroundRule;
    for (const name of labels.names) sums.set(name, 0);
    started = performance.now();
    const stream = segmentVideos(inputs, segmenter, labels, {
      ...videoSettings(parsed, stderr),
      ...pick(parsed, 'size', 'encoder'),
      signal,
      onProgress,
    });
    try {
      for await (const frame of stream) {
        frames += 1;
        unlabelled += frame.background;
        for (const name of frame.labels) sums.set(name, (sums.get(name) ?? 0) + (frame.areas[name] ?? 0));
      }
    } finally {
      sources = stream.sources;
    }
  } catch (error) {
    // All have failed: the report says why, source by source, as it does when some have.
    const told = sources.length > 1 && sources.every(({ failure }) => failure !== undefined);
    if (!signal.aborted && !told) {
      tellUnfinished(sources, stderr);
      throw error;
    }
  } finally {
    await segmenter?.[Symbol.asyncDispose]();
  }
  const seconds = (performance.now() - started) / 1000;
  const written = (kind: keyof OutputFiles): string | readonly string[] | null => {
    const files = inputs.flatMap(({ [kind]: path }, index) =>
      path !== undefined && sources[index]?.files.includes(path) === true ? [path] : [],
    );
    return inputs.length > 1 && files.length > 0 ? files : (files[0] ?? null);
  };
  return {
    ...{ source: parsed.sources.length === 1 ? sourceName(parsed.sources[0] ?? '') : null, frames },
    dropped: sources.reduce((sum, { dropped }) => sum + dropped, 0),
    ...{ framesPerSecond: round(frames / seconds), seconds: round(seconds) },
    ...{ device: segmenter?.device ?? null, precision: segmenter?.precision ?? null },
    labels: [...sums.keys()],
    areas: Object.fromEntries([...sums].map(([name, sum]) => [name, sum / Math.max(1, frames)])),
    ...{ background: unlabelled / Math.max(1, frames), backgroundRule: rule },
    sources,
    ...{
      out: written('overlay'),
      jsonl: written('jsonl'),
      coco: written('coco'),
      csv: written('csv'),
      pngDir: written('pngFolder'),
    },
    interrupted: signal.aborted,
  };
}

/** The files of one source: `{name}` is its file name without ending, `{n}` its place, from 1. */
function filesOf(parsed: SegmentArguments, index: number): OutputFiles {
  const source = sourceName(parsed.sources[index] ?? '');
  const [number = ''] = / #\d+$/.exec((sourceNames(parsed.sources)[index] ?? '').slice(source.length)) ?? [];
  // What no file system takes in a name, or a shell takes apart, and dots that would hide the file or lead out of its
  // folder.
  const name =
    `${basename(source, extname(source))}${number}`.replaceAll(/[\s/\\:*?"<>|\p{Cc}]+/gu, '-').replace(/^\.+/, '') ||
    'source';
  const fill = (path: string): string =>
    path.replaceAll(/\{(name|n)\}/g, (_, key) => (key === 'n' ? String(index + 1) : name));
  return Object.fromEntries(
    Object.entries(options).flatMap(([kind, option]) =>
      parsed[option] === undefined ? [] : [[kind, fill(parsed[option])]],
    ),
  );
}

/** What the command line calls an output. */
function optionOf(kind: keyof OutputFiles, index: number, several: boolean): string {
  const option = kind === 'pngFolder' ? '--png-dir' : `--${options[kind]}`;
  return several ? `${option} of source ${index + 1}` : option;
}

function summary(report: CommandReport): string {
  const {
    frames,
    dropped,
    seconds,
    framesPerSecond,
    device,
    precision,
    labels,
    areas,
    background,
    backgroundRule,
    sources,
    interrupted,
  } = report;
  const shares = labels.map((name) => `${name} ${((areas[name] ?? 0) * 100).toFixed(1)} %`);
  const files = sources.flatMap((source) => source.files);
  const several = sources.length > 1;
  return [
    `${interrupted ? 'Interrupted after' : 'Done:'} ${frames} frames in ${seconds} s, ${framesPerSecond} ` +
      `frames/s${dropped === 0 ? '' : `, ${dropped} dropped`}`,
    ...(device === null ? [] : [`  on ${device}, ${precision}`]),
    ...(several
      ? sources.map(
          ({ source, state, frames: of, dropped: lost, errors }) =>
            `  ${source}: ${state}, ${of} frames, ${lost} ` +
            `dropped${errors === 0 ? '' : `, ${errors} that could not be segmented`}`,
        )
      : []),
    ...(frames === 0
      ? []
      : [
          `  areas: ${shares.join(', ')}`,
          `  background: ${(background * 100).toFixed(1)} %, ${String(backgroundRule)}`,
        ]),
    ...files.map((path) => `  wrote ${path}`),
    '',
  ].join('\n');
}

function tellUnfinished(sources: readonly SourceReport[], stderr: TextOutput): void {
  for (const { unfinished } of sources)
    for (const path of unfinished) stderr.write(`synseg-video: left unfinished: ${path}\n`);
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0;
}
