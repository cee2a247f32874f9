/**
 * Windows that slide over a picture, so that small things are not squeezed away: their places, and their pixels.
 *
 * The rules are those of mmsegmentation's sliding inference: as many windows as cover the picture, the last of each
 * axis shifted back to its edge. A picture that is smaller than a window lies in the middle of it, between margins.
 */
import { rangeError } from '../guard/arguments.ts';
import { limitError } from '../guard/limits.ts';
import type { OpenedImage, RawImage } from './image.ts';

/** Size and distance of windows, pixels of the picture as it is resampled before. */
export interface WindowRule {
  readonly size: number;
  /** @default half the size */
  readonly stride?: number | undefined;
  /** The shorter side of the picture becomes this, unless the longer would exceed `longSide`. @default its own */
  readonly shortSide?: number | undefined;
  /** @default no bound */
  readonly longSide?: number | undefined;
}

/** The windows of one picture. */
export interface Windows {
  /** Height and width of the picture that the windows lie on, pixels. */
  readonly picture: readonly [height: number, width: number];
  /** Height and width of each window, pixels. */
  readonly size: readonly [height: number, width: number];
  /** Places of their top left corners, row by row; negative beside a margin. */
  readonly corners: readonly (readonly [top: number, left: number])[];
}

/** Most windows of one picture: all of them are encoded before the first is merged. */
const MAX_WINDOWS = 1024;

/**
 * Places windows on a picture.
 *
 * @throws RangeError when the stride leaves gaps or gives too many windows, SynsegError `IMAGE_DECODE` when the
 *   resampled picture would have more than `maxPixels`
 */
export function placeWindows(width: number, height: number, rule: WindowRule, maxPixels: number): Windows {
  const { size, stride = Math.ceil(size / 2), shortSide, longSide } = rule;
  const refuse = (what: string, got: number): RangeError => rangeError('segment', 'windows.stride', what, got);
  if (stride > size) throw refuse(`be at most the size, ${size}`, stride);
  const [least, most] = [Math.min(width, height), Math.max(width, height)];
  const scale = Math.min((shortSide ?? least) / least, (longSide ?? Infinity) / most);
  const sides = [height, width].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
  const pixels = sides[0] * sides[1];
  if (pixels > maxPixels)
    throw limitError('IMAGE_DECODE', 'segment', 'the resampled picture', 'maxPixels', maxPixels, 'pixels', pixels);
  const [rows, columns] = sides.map((side) => placesOn(side, size, stride)) as [number[], number[]];
  const count = rows.length * columns.length;
  if (count > MAX_WINDOWS) throw refuse(`give at most ${MAX_WINDOWS} windows of a picture`, count);
  const corners = rows.flatMap((top) => columns.map((left) => [top, left] as const));
  return { picture: sides, size: [size, size], corners };
}

function placesOn(length: number, size: number, stride: number): number[] {
  if (length <= size) return [0 - Math.floor((size - length) / 2)];
  const count = Math.ceil((length - size) / stride) + 1;
  return Array.from({ length: count }, (_, index) => Math.min(index * stride, length - size));
}

/**
 * The windows' pixels at the size the trunk takes, one after another, in new memory.
 *
 * @param margin - color of what lies outside the picture
 * @param open - opens raw pixels
 */
export async function windowPixels(
  image: OpenedImage,
  { picture: [height, width], size: [rows, columns], corners }: Windows,
  [outRows, outColumns]: readonly [height: number, width: number],
  margin: readonly number[],
  open: (raw: RawImage) => Promise<OpenedImage>,
): Promise<Uint8Array> {
  const whole = await image.resized(width, height);
  const all = new Uint8Array(corners.length * outRows * outColumns * 3);
  for (const [index, [top, left]] of corners.entries()) {
    const data = new Uint8Array(rows * columns * 3);
    for (let at = 0; at < data.length; at++) data[at] = margin[at % 3]!;
    const [first, last] = [Math.max(left, 0), Math.min(left + columns, width)];
    for (let row = Math.max(top, 0); row < Math.min(top + rows, height); row++) {
      const line = whole.subarray((row * width + first) * 3, (row * width + last) * 3);
      data.set(line, ((row - top) * columns + first - left) * 3);
    }
    const window = await open({ data, width: columns, height: rows });
    all.set(await window.resized(outColumns, outRows), index * outRows * outColumns * 3);
  }
  return all;
}
