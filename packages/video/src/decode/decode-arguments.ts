/** The arguments with which ffmpeg writes frames to pipes. */
import { outputTap, sourceTap } from './frame-clock.ts';
import type { DecodeSettings } from './decode-options.ts';
import { selectionFilters } from './selection.ts';
import { passthroughArguments, type FfmpegVersion } from '../process/version.ts';

/**
 * ffmpeg's own bound, which its decoders hold to before they take memory. It counts the padding that they add to a
 * picture, so it is wider than ours, which is checked as soon as a size is known.
 */
export function pixelArguments(maxPixels: number): string[] {
  return ['-max_pixels', String(Math.min(2 * maxPixels + 65_536, Number.MAX_SAFE_INTEGER))];
}

/**
 * All arguments; `input` are those that open the source, `-i` included. Scaled pictures go to `pipe:1`, those at source
 * size, if wanted, to `pipe:3`.
 */
export function decodeArguments(input: readonly string[], options: DecodeSettings, version: FfmpegVersion): string[] {
  const { size, fullResolution: full, fullSize, maxPixels } = options;
  const filters = selectionFilters(options);
  const taps = [sourceTap, ...filters, ...(filters.length === 0 ? [] : [outputTap])].join(',');
  const scaled = `scale=${size.width}:${size.height}:flags=bilinear,format=rgb24[scaled]`;
  // Nothing scales the full picture but ffmpeg itself, to the first frame's size, when the source changes size.
  const whole = fullSize === undefined ? '' : `scale=${fullSize.width}:${fullSize.height}:flags=bilinear,`;
  const graph = full
    ? `[0:V:0]${taps},split[a][b];[a]${scaled};[b]${whole}format=rgb24[full]`
    : `[0:V:0]${taps},${scaled}`;
  const output = (label: string, pipe: number): string[] => [
    ...['-map', `[${label}]`, ...passthroughArguments(version)],
    // `direct`: a frame goes out at once and whole, not through a buffer of 32 KiB.
    ...['-c:v', 'rawvideo', '-avioflags', 'direct', '-f', 'rawvideo', `pipe:${pipe}`],
  ];
  return [
    // `repeat`: ffmpeg would fold equal lines into one, and they are counted.
    ...['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'repeat+level+info', '-copyts'],
    ...[...pixelArguments(maxPixels), ...input],
    ...['-filter_complex', graph, ...output('scaled', 1), ...(full ? output('full', 3) : [])],
  ];
}
