/**
 * How large the values of a convolution trunk become, measured on drawn pictures when its int8 graph is made.
 *
 * Drawn, because no checkpoint then has to carry figures that training makes false, and no picture has to be found:
 * rectangles of all sizes that hide each other have the edges and areas of photographs. On photographs the values reach
 * 0.85 to 1.4 times as far, 1.9 times in one map.
 */
import { SynsegError } from '../errors.ts';
import type { Ranges } from '../model/quantized-convolutions.ts';
import type { TensorData } from './graph-session.ts';

const PICTURES = 8;
const RECTANGLES = 400;
/** Sides of a rectangle, in sides of the picture. */
const [LARGEST, SMALLEST] = [0.5, 0.005];
/** Room for what a picture has beyond the drawn ones. */
const MARGIN = 1.25;

/**
 * Measures ranges.
 *
 * @param run - runs the graph of `buildRangeGraph()`
 * @throws SynsegError `INFERENCE` when values are not finite
 */
export async function measureRanges(
  size: readonly [height: number, width: number],
  run: (feeds: Readonly<Record<string, TensorData>>) => Promise<Record<string, TensorData>>,
): Promise<Ranges> {
  const ranges = new Map<string, number>();
  for (let seed = 1; seed <= PICTURES; seed++) {
    const results = await run({ views: { data: drawPicture(size, seed), shape: [1, ...size, 3] } });
    for (const [name, { data }] of Object.entries(results)) {
      const largest = Number(data[0]);
      if (!Number.isFinite(largest)) {
        const rule = `be finite numbers, got others (the weights of the checkpoint may be damaged)`;
        throw new SynsegError('INFERENCE', `Cannot load checkpoint: values of "${name}" must ${rule}`);
      }
      ranges.set(name, Math.max(ranges.get(name) ?? 0, MARGIN * largest));
    }
  }
  return ranges;
}

/** Rectangles of any color and size, one over the other: uint8 `[height, width, 3]`. */
export function drawPicture([height, width]: readonly [number, number], seed: number): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(height * width * 3);
  const random = randomNumbers(seed);
  const side = (length: number): number => Math.ceil(length * LARGEST * (SMALLEST / LARGEST) ** random());
  for (let count = 0; count <= RECTANGLES; count++) {
    // The first one is the ground.
    const [rows, columns] = count === 0 ? [height, width] : [side(height), side(width)];
    const top = Math.floor(random() * (height - rows + 1));
    const left = Math.floor(random() * (width - columns + 1));
    const color = [random(), random(), random()].map((part) => Math.floor(256 * part));
    for (let row = top; row < top + rows; row++)
      for (let column = left; column < left + columns; column++) pixels.set(color, (row * width + column) * 3);
  }
  return pixels;
}

/** Numbers in [0, 1), the same for a seed: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
