/** The work of `synseg-video`, apart from the process it runs in: signals and exit are the entry's business. */
import { isSynsegError, messageOf } from '@synseg/core';
import { redactCredentials } from '../process/redact.ts';
import { sourceName } from '../source/source.ts';
import { segmentVideo, type SegmentVideoOptions } from '../segment-video.ts';
import type { FrameLabels, FrameSegmenter } from '../segmented-frame.ts';
import { parseArguments, type CommandArguments } from './arguments.ts';
import { progressView, type ProgressView, type TextOutput } from './progress.ts';

/** What the command needs of a loaded model; `Segmenter` of @synseg/core fits. */
export interface CommandSegmenter<Labels extends FrameLabels> extends FrameSegmenter<Labels>, AsyncDisposable {
  readonly device: string;
  readonly precision: string;
  labels(names: readonly string[], options: Pick<CommandArguments, 'background' | 'templates'>): Promise<Labels>;
}

/** What surrounds the command. */
export interface CommandSurroundings<Labels extends FrameLabels> {
  readonly version: string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  readonly load: (
    model: string,
    options: Pick<CommandArguments, 'device' | 'precision'> & { readonly signal: AbortSignal },
  ) => Promise<CommandSegmenter<Labels>>;
}

/** What `--json` prints. */
export interface CommandReport {
  /** The source, without credentials. */
  readonly source: string;
  readonly frames: number;
  readonly framesPerSecond: number;
  /** Time the segmentation took, loading the model excluded. */
  readonly seconds: number;
  readonly device: string | null;
  readonly precision: string | null;
  /** Mean share of the picture per label, 0 to 1. */
  readonly areas: Readonly<Record<string, number>>;
  readonly out: string | null;
  readonly jsonl: string | null;
  readonly interrupted: boolean;
}

/** Runs one command line and returns its exit code. */
export async function runCommand<Labels extends FrameLabels>(
  argv: readonly string[],
  surroundings: CommandSurroundings<Labels>,
): Promise<0 | 1 | 2> {
  const { stdout, stderr, version } = surroundings;
  const parsed = parseArguments(argv, version);
  if ('exitCode' in parsed) {
    (parsed.exitCode === 0 ? stdout : stderr).write(parsed.text);
    return parsed.exitCode;
  }
  const view = parsed.quiet === true ? { show: () => {}, close: () => {} } : progressView(stderr);
  try {
    const report = await segment(parsed, surroundings, view);
    view.close();
    if (parsed.json === true) stdout.write(`${JSON.stringify(report)}\n`);
    if (parsed.quiet !== true) stderr.write(summary(report));
    return 0;
  } catch (error) {
    view.close();
    const usage = error instanceof RangeError;
    const code = isSynsegError(error) ? ` (${error.code})` : '';
    stderr.write(`synseg-video: ${redactCredentials(messageOf(error))}${code}\n`);
    return usage ? 2 : 1;
  }
}

async function segment<Labels extends FrameLabels>(
  parsed: CommandArguments,
  { load, signal, stderr }: CommandSurroundings<Labels>,
  view: ProgressView,
): Promise<CommandReport> {
  const sums: Record<string, number> = {};
  let frames = 0;
  let started = performance.now();
  let segmenter: CommandSegmenter<Labels> | undefined;
  try {
    segmenter = await load(parsed.model, { ...pick(parsed, 'device', 'precision'), signal });
    const labels = await segmenter.labels(parsed.labels, pick(parsed, 'background', 'templates'));
    started = performance.now();
    const options = videoOptions(parsed, signal, view, stderr);
    for await (const frame of segmentVideo(parsed.source, segmenter, labels, options)) {
      frames += 1;
      for (const [name, share] of Object.entries(frame.areas)) sums[name] = (sums[name] ?? 0) + share;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await segmenter?.[Symbol.asyncDispose]();
  }
  const seconds = (performance.now() - started) / 1000;
  const written = frames > 0;
  return {
    ...{ source: sourceName(parsed.source), frames, framesPerSecond: round(frames / seconds), seconds: round(seconds) },
    ...{ device: segmenter?.device ?? null, precision: segmenter?.precision ?? null },
    areas: Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / frames])),
    ...{ out: (written && parsed.out) || null, jsonl: (written && parsed.jsonl) || null, interrupted: signal.aborted },
  };
}

function videoOptions(
  parsed: CommandArguments,
  signal: AbortSignal,
  view: ProgressView,
  stderr: TextOutput,
): SegmentVideoOptions {
  return {
    ...pick(parsed, 'views', 'threshold', 'every', 'start', 'end', 'alpha', 'contour', 'encoder', 'jsonl'),
    ...(parsed.out === undefined ? {} : { overlay: parsed.out }),
    signal,
    onProgress: view.show,
    onEnd: ({ frames, complaints }) => {
      if (complaints !== '' && parsed.quiet !== true) stderr.write(`After ${frames} frames ffmpeg had complained:\n${complaints}\n`);
    },
  };
}

function summary({ frames, seconds, framesPerSecond, device, precision, areas, out, jsonl, interrupted }: CommandReport): string {
  const shares = Object.entries(areas).map(([name, share]) => `${name} ${(share * 100).toFixed(1)} %`);
  return [
    `${interrupted ? 'Interrupted after' : 'Done:'} ${frames} frames in ${seconds} s, ${framesPerSecond} frames/s`,
    ...(device === null ? [] : [`  on ${device}, ${precision}`]),
    ...(shares.length === 0 ? [] : [`  areas: ${shares.join(', ')}`]),
    ...[out, jsonl].flatMap((path) => (path === null ? [] : [`  wrote ${path}`])),
    '',
  ].join('\n');
}

function pick<Values extends object, Key extends keyof Values>(values: Values, ...keys: readonly Key[]): Pick<Values, Key> {
  return Object.fromEntries(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]]))) as Pick<Values, Key>;
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 1000) / 1000 : 0;
}
