/** What ffmpeg is told in order to write frames to pipes. */
import { outputTap, sourceTap } from './frame-clock.ts';
import { selectionFilters, type FrameSelection } from './selection.ts';
import { passthroughArguments } from '../process/version.ts';

/** Which pictures go to which pipe: scaled ones to `pipe:1`, those at source size, if wanted, to `pipe:3`. */
export interface DecodeTargets {
  /** Height and width of the scaled pictures. */
  readonly size: readonly [height: number, width: number];
  readonly full: boolean;
  /** Height and width of the full pictures, when it is not left to the source. */
  readonly fullSize?: readonly [height: number, width: number];
}

/**
 * ffmpeg's own bound, which its decoders hold to before they take memory. It counts the padding that they add to a
 * picture,
 * so it is wider than ours, which is checked as soon as a size is known.
 */
export function pixelArguments(maxPixels: number): string[] {
  return ['-max_pixels', String(Math.min(2 * maxPixels + 65_536, Number.MAX_SAFE_INTEGER))];
}

/** All arguments; `input` are those that open the source, `-i` included. */
export function decodeArguments(
  input: readonly string[],
  { size: [height, width], full, fullSize }: DecodeTargets,
  selection: FrameSelection & { readonly maxPixels: number },
  version: readonly [major: number, minor: number],
): string[] {
  const filters = selectionFilters(selection);
  const taps = [sourceTap, ...filters, ...(filters.length === 0 ? [] : [outputTap])].join(',');
  const scaled = `scale=${width}:${height}:flags=bilinear,format=rgb24[scaled]`;
  // Nothing scales the full picture but ffmpeg itself, to the first frame's size, when the source changes size.
  const whole = fullSize === undefined ? '' : `scale=${fullSize[1]}:${fullSize[0]}:flags=bilinear,`;
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
    ...[
      '-hide_banner',
      '-nostats',
      '-nostdin',
      '-loglevel',
      'repeat+level+info',
      '-copyts',
      ...pixelArguments(selection.maxPixels),
      ...input,
    ],
    ...['-filter_complex', graph, ...output('scaled', 1), ...(full ? output('full', 3) : [])],
  ];
}
