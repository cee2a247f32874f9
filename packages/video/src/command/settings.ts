/** The options all commands that segment have in common, as `segmentVideos()` takes them. */
import { pick } from '../pick.ts';
import type { VideoSource } from '../source/source.ts';
import type { SegmentVideosOptions } from '../video-options.ts';
import type { VideoArguments } from './arguments.ts';
import type { TextOutput } from './progress.ts';

/** Options from arguments; what happens to the sources is told on `stderr`, unless it should be quiet. */
export function videoSettings(parsed: VideoArguments, stderr: TextOutput): SegmentVideosOptions {
  const { maxStaleness, stallTimeout, reconnect, realtime, hwaccel, smooth, hold, keyframes, skipErrors, quiet } = parsed;
  const say = (text: string): void => {
    if (quiet !== true) stderr.write(text);
  };
  return {
    ...pick(parsed, 'views', 'fps', 'every', 'frameRate', 'start', 'end', 'policy', 'loop', 'workers', 'alpha', 'contour', 'legend'),
    ...(maxStaleness === undefined ? {} : { maxStalenessSeconds: maxStaleness }),
    ...(stallTimeout === undefined ? {} : { stallTimeoutSeconds: stallTimeout }),
    ...(reconnect ? {} : { reconnect: false }),
    ...(realtime === undefined ? {} : { realTime: true }),
    ...(hwaccel === undefined ? {} : { hardwareAcceleration: hwaccel }),
    ...(smooth === undefined ? {} : { smooth: smooth === true ? {} : { weight: smooth } }),
    ...(hold === undefined ? {} : { hold: hold === true ? {} : { threshold: hold } }),
    ...(keyframes === undefined ? {} : { keyframes: keyframes === true ? {} : { every: keyframes } }),
    ...(skipErrors === undefined ? {} : { onError: 'skip' }),
    onState: ({ source, state, reason, retryInSeconds }) => {
      // That one has failed is said at the end, even where all else is quiet.
      const worthIt = state === 'stalled' || state === 'reconnecting';
      if (!worthIt) return;
      const again = retryInSeconds === undefined ? '' : `, trying again in ${retryInSeconds.toFixed(1)} s`;
      say(`${source}: ${state}${reason === undefined ? '' : ` (${reason})`}${again}\n`);
    },
    onEnd: ({ source, frames, complaints }) => {
      if (complaints !== '') say(`${source}: after ${frames} frames ffmpeg had complained:\n${complaints}\n`);
    },
  };
}

/** The sources, with ffmpeg's own options where there are some. */
export function sourcesOf({ sources, inputOptions }: VideoArguments): readonly VideoSource[] {
  return inputOptions === undefined ? sources : sources.map((url) => ({ url, inputOptions }));
}
