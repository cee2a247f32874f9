/** The options all commands that segment have in common, as `segmentVideos()` takes them. */
import { usualMaxGapSeconds } from '../decode/steady-times.ts';
import { pick } from '../pick.ts';
import { describeSource, sourceInput, sourceName, type VideoSource } from '../source/source.ts';
import type { SegmentVideosOptions } from '../video-options.ts';
import type { VideoArguments } from './arguments.ts';
import type { TextOutput } from './progress.ts';

/** Options from arguments; what happens to the sources is told on `stderr`, unless it should be quiet. */
export function videoSettings(parsed: VideoArguments, stderr: TextOutput): SegmentVideosOptions {
  const {
    maxStaleness,
    stallTimeout,
    maxGap,
    reconnect,
    maxAttempts,
    realtime,
    hwaccel,
    smooth,
    hold,
    keyframes,
    skipErrors,
    quiet,
  } = parsed;
  const say = (text: string): void => {
    if (quiet !== true) stderr.write(text);
  };
  /** What was told of each source last: a camera that is away is told of once, not at each attempt. */
  const told = new Map<string, string>();
  return {
    ...pick(
      parsed,
      'views',
      'fps',
      'every',
      'frameRate',
      'start',
      'end',
      'policy',
      'loop',
      'maxPixels',
      'workers',
      'alpha',
      'contour',
      'legend',
    ),
    ...(maxStaleness === undefined ? {} : { maxStalenessSeconds: maxStaleness }),
    ...(stallTimeout === undefined ? {} : { stallTimeoutSeconds: stallTimeout }),
    ...(maxGap === undefined ? {} : { maxGapSeconds: maxGap }),
    ...(reconnect ? (maxAttempts === undefined ? {} : { reconnect: { maxAttempts } }) : { reconnect: false }),
    ...(realtime === undefined ? {} : { realTime: true }),
    ...(hwaccel === undefined ? {} : { hardwareAcceleration: hwaccel }),
    ...(smooth === undefined ? {} : { smooth: smooth === true ? {} : { weight: smooth } }),
    ...(hold === undefined ? {} : { hold: hold === true ? {} : { threshold: hold } }),
    ...(keyframes === undefined ? {} : { keyframes: keyframes === true ? {} : { every: keyframes } }),
    ...(skipErrors === undefined ? {} : { onError: 'skip' }),
    onState: ({ source, state, reason, retryInSeconds }) => {
      // That one has failed is said at the end, even where all else is quiet.
      const worthIt = state === 'stalled' || state === 'reconnecting';
      if (state === 'running' && told.delete(source)) say(`${source}: running again\n`);
      if (!worthIt || told.get(source) === reason) return;
      told.set(source, reason ?? '');
      const again = retryInSeconds === undefined ? '' : `, trying again in ${retryInSeconds.toFixed(1)} s`;
      say(`${source}: ${state}${reason === undefined ? '' : ` (${reason})`}${again}\n`);
    },
    onEnd: ({ source, frames, complaints, gaps }) => {
      if (gaps > 0)
        say(
          `${source}: its clock jumped ${gaps === 1 ? 'once' : `${gaps} times`}; what came after follows at once ` +
            `(--max-gap ${maxGap ?? usualMaxGapSeconds})\n`,
        );
      if (complaints !== '') say(`${source}: after ${frames} frames ffmpeg had complained:\n${complaints}\n`);
    },
  };
}

/** The sources, with ffmpeg's own options where there are some. */
export function sourcesOf({ sources, inputOptions }: VideoArguments): readonly VideoSource[] {
  if (inputOptions === undefined) return sources;
  // With a format of the caller's the words after `-i` are the format's business; else they are a path or an address.
  const plain = (source: string): boolean =>
    !inputOptions.includes('-f') && ['file', 'network'].includes(describeSource(source).kind);
  return sources.map((source) => ({
    url: plain(source) ? sourceInput(source) : source,
    inputOptions,
    name: sourceName(source),
  }));
}
