/**
 * Frames of a source as RGB bytes with exact times. One ffmpeg child decodes once, scales inside ffmpeg, and writes raw
 * pictures to one pipe, or two when the full resolution is wanted as well. The source is opened once: what has to be
 * known about it is read from what ffmpeg says while it decodes.
 *
 * The two pipes are read together until each holds the wanted frame: when ffmpeg flushes its decoder it writes many
 * frames to one pipe before it turns to the other, and waiting for one of them alone would lock both sides.
 */
import { cleanError, readOptions, withDispose, type DisposableGenerator } from '@synseg/core/guards';
import { guarded, throwingFor } from '../callbacks.ts';
import { startTool, type Exit, type ToolProcess } from '../process/ffmpeg.ts';
import { ffmpegVersion } from '../process/version.ts';
import { locateFfmpeg, proxyEnvironment } from '../process/locate.ts';
import { checkInputOptions, decodeInput, type OpenInput } from '../source/input.ts';
import { checkSource, describeSource, isFrames, sourceInput, sourceName, sourceSecrets } from '../source/source.ts';
import type { FfmpegSource, VideoSource } from '../source/source.ts';
import { checkEnd, checkPixels } from './check-end.ts';
import { decodeArguments } from './decode-arguments.ts';
import { DECODE_OPTIONS } from './decode-options.ts';
import type { DecodeOptions, DecodeSettings, Frames, OpenedSource, VideoFrame } from './decode-options.ts';
import { FrameClock, SteadyTimes, type FrameTime } from './frame-clock.ts';
import { FramePipe } from './frame-pipe.ts';
import { InputReport } from './input-report.ts';
import { pushedFrames } from './pushed-frames.ts';
import { checkRange, selectionFilters } from './selection.ts';

/**
 * Decodes a video into frames, in presentation order. Lazy and bounded: two frames are read ahead, then ffmpeg waits.
 * Leaving the loop ends ffmpeg. Rotation is applied.
 *
 * @throws {SynsegError} `VIDEO_DECODE` naming the source when no frame can be decoded or ffmpeg is killed;
 * `FFMPEG_MISSING` when there is no ffmpeg.
 * @throws {TypeError} when `source` is none; when a pushed frame does not hold RGB of its size.
 * @throws {RangeError} when `size`, `start`, `end`, `fps`, `every` or another option is out of range.
 */
export function decodeFrames(source: VideoSource, options: DecodeOptions): DisposableGenerator<VideoFrame> {
  const settings = readOptions('decode video', DECODE_OPTIONS, options, ['size']);
  checkDecode('decode video', source, settings);
  const { onOpen, onCorrupt, onEnd } = settings;
  return withDispose(
    throwingFor((tell) => {
      const [opened, damaged, ended] = [guarded(onOpen, tell), guarded(onCorrupt, tell), guarded(onEnd, tell)];
      return openFrames(source, { ...settings, onOpen: opened, onCorrupt: damaged, onEnd: ended });
    }),
  );
}

/** {@link decodeFrames} for arguments that were checked and callbacks that do not throw. */
export function openFrames(source: VideoSource, options: DecodeSettings): Frames {
  return isFrames(source) ? pushedFrames(source, options) : cleaned(source, options);
}

/** Whatever is thrown shows no secrets of the source. */
async function* cleaned(source: FfmpegSource, options: DecodeSettings): Frames {
  try {
    yield* decoded(source, options);
  } catch (error) {
    throw cleanError(error, sourceSecrets(source));
  }
}

/** @throws {TypeError | RangeError} when there is no such source, or options do not go with it. */
export function checkDecode(action: string, source: VideoSource, settings: DecodeRules): void {
  checkSource(source);
  checkRange(action, settings);
  if (!isFrames(source)) checkInputOptions(action, source, settings);
}

/** Options that {@link checkDecode} looks at. */
type DecodeRules = Partial<Pick<DecodeSettings, 'start' | 'end' | 'loop' | 'realTime' | 'publicOnly'>>;

async function* decoded(source: FfmpegSource, options: DecodeSettings): Frames {
  const { signal, size, fullResolution: full, maxPixels } = options;
  const { width, height } = size;
  signal?.throwIfAborted();
  const clock = new FrameClock(selectionFilters(options).length > 0);
  const report = new InputReport();
  const recorded = describeSource(source).live === false;
  const action = `decode video "${sourceName(source)}"`;
  let corrupt = 0;
  const tellDamage = (): void => {
    if (report.corrupt > corrupt) options.onCorrupt?.((corrupt = report.corrupt));
  };
  let wake = (): void => {};
  let opened: OpenedSource | undefined;
  const unread: string[] = [];
  const { tool, pictures } = await start(
    source,
    options,
    (line) => {
      if (clock.feed(line)) {
        wake();
        return true;
      }
      // A stream that is joined half-way is not damaged: until its first key frame nothing can be decoded.
      report.feed(line, recorded || clock.size !== undefined);
      if (report.size !== undefined && opened === undefined) wake();
      return !complaint.test(line) || noise.test(line);
    },
    (name, why) => unread.push(`${name}: ${why}`),
  );
  const complaints = (): string =>
    [...unread.slice(-keptComplaints), tool.lastLines()].filter((line) => line !== '').join('\n');
  const scaledPipe = new FramePipe(tool.output(0), height * width * 3, () => wake());
  const fullPipe = full ? new FramePipe(tool.output(1), undefined, () => wake()) : undefined;
  const pipes = fullPipe === undefined ? [scaledPipe] : [scaledPipe, fullPipe];
  let exit: Exit | undefined;
  void tool.exited.then((ended) => {
    exit = ended;
    wake();
  });
  const abort = (): void => wake();
  signal?.addEventListener('abort', abort);
  let steady: SteadyTimes | undefined;
  let frames = 0;
  try {
    while (true) {
      signal?.throwIfAborted();
      for (const size of [report.size, clock.size]) checkPixels(action, size, maxPixels);
      for (const pipe of pipes) pipe.check();
      if (opened === undefined && clock.size !== undefined) {
        opened = openedSource(source, options, clock, report);
        // The clock of live sources goes on over reconnects, and is the reader's; that of pictures is their number.
        if (!opened.live && pictures === undefined)
          steady = new SteadyTimes(options.maxGapSeconds, 1 / opened.frameRate);
        fullPipe?.setFrameBytes(opened.height * opened.width * 3);
        options.onOpen?.(opened);
        continue;
      }
      if (opened !== undefined && clock.ready && pipes.every((pipe) => pipe.ready > 0)) {
        const { data, arrivedAt } = scaledPipe.take();
        const picture = fullPipe?.take();
        pipes.forEach((pipe) => pipe.relax());
        tellDamage();
        frames += 1;
        const time = clock.take((seconds) => steady?.place(seconds) ?? seconds);
        const { width: sourceWidth, height: sourceHeight, pixelAspect } = opened;
        yield {
          ...{ ...placed(time, pictures), data, width, height, sourceWidth, sourceHeight, pixelAspect },
          ...{ arrivedAt: picture?.arrivedAt ?? arrivedAt, ...(picture === undefined ? {} : { full: picture.data }) },
        };
        continue;
      }
      if (exit !== undefined && (clock.size === undefined || pipes.some((pipe) => pipe.exhausted))) break;
      if (exit !== undefined && !clock.ready) throw new Error('internal: ffmpeg sent a picture without its time');
      pipes.forEach((pipe) => pipe.await());
      await new Promise<void>((resolve) => (wake = resolve));
    }
    tellDamage();
    checkEnd(action, frames, exit, complaints(), options);
    const counts = { corrupt: report.corrupt + unread.length, gaps: steady?.gaps ?? 0 };
    options.onEnd?.({ frames, complaints: complaints(), ...counts });
  } finally {
    signal?.removeEventListener('abort', abort);
    await tool.stop();
  }
}

const complaint = /\[(?:warning|error|fatal|panic)\]/;
/** Lines about JPEG's pixel format, and about clocks that jump, which `SteadyTimes` mends and counts. */
const noise = /deprecated pixel format used|non[ -]monoton\w+(?: increasing)? dts|DTS discontinuity/i;
const keptComplaints = 12;

/** A sequence's picture has its number by its time: one that could not be decoded is missing, the others stay. */
function placed(time: FrameTime, pictures: OpenInput['pictures']): FrameTime & Pick<VideoFrame, 'fileName'> {
  if (pictures === undefined) return time;
  const { names, frameRate } = pictures;
  const index = Math.round(time.timeSeconds * frameRate);
  return { index, timeSeconds: index / frameRate, fileName: names[index % names.length] as string };
}

async function start(
  source: FfmpegSource,
  options: DecodeSettings,
  onLine: (line: string) => boolean,
  onUnreadable: (name: string, why: string) => void,
): Promise<{ readonly tool: ToolProcess; readonly pictures: OpenInput['pictures'] }> {
  const ffmpeg = await locateFfmpeg();
  const version = await ffmpegVersion(ffmpeg);
  const opened = await decodeInput(source, options, ffmpeg, version, onUnreadable);
  options.signal?.throwIfAborted();
  const tool = startTool(ffmpeg, decodeArguments(opened.arguments, options, version), {
    ...{ outputs: options.fullResolution ? 2 : 1, onLine, input: opened.input ?? false },
    ...{ secrets: sourceSecrets(source), environment: proxyEnvironment(sourceInput(source)) },
  });
  return { tool, pictures: opened.pictures };
}

function openedSource(
  source: FfmpegSource,
  options: DecodeSettings,
  clock: FrameClock,
  report: InputReport,
): OpenedSource {
  const { durationSeconds } = report;
  const [clockHeight, clockWidth] = clock.size ?? [0, 0];
  const { width, height } = options.fullSize ?? { width: clockWidth, height: clockHeight };
  const live = options.live ?? describeSource(source).live ?? (durationSeconds === undefined && !report.isPicture);
  const frameRate = rate(report.frameRate, clock.frameRate);
  const bounded = durationSeconds !== undefined && !live && !options.loop;
  // A picture that is scaled to another shape is shown as wide and high as before.
  const pixelAspect = clock.pixelAspect * ((clockWidth * height) / (clockHeight * width));
  return { width, height, pixelAspect, frameRate, live, ...(bounded ? { durationSeconds } : {}) };
}

/** ffmpeg prints averages with two digits: the exact rate it plans with is better where it means the same. */
function rate(average: number | undefined, planned: number | undefined): number {
  if (average === undefined || planned === undefined) return average ?? planned ?? 25;
  return Math.abs(planned / average - 1) < 0.01 ? planned : average;
}
