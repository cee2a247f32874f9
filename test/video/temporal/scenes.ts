/** Synthetic scenes whose right answer is known: a textured ground, a bright square on it, noise, and perfect maps. */
import type { Picture } from '../../../packages/video/src/temporal/motion.ts';
import type { ActivationMaps } from '../../../packages/video/src/temporal/smoothing.ts';
import { gaussians } from '../../support/random.ts';

/** Side of all pictures here, pixels. */
export const SIDE = 176;

/** What is in the picture. */
export interface Scene {
  /** Which ground, two of them share nothing. @default 1 */
  readonly ground?: number;
  /** Added to every byte. @default 0 */
  readonly light?: number;
  /** Left edge of a bright square of 32 pixels at row 64. @default no square */
  readonly square?: number;
  /** Standard deviation of the noise, of 255. @default 0 */
  readonly noise?: number;
  /** Which noise. */
  readonly seed?: number;
}

/** The picture of a scene. */
export function pictureOf({ ground = 1, light = 0, square, noise = 0, seed = 0 }: Scene): Picture {
  const data = new Uint8Array(SIDE * SIDE * 3);
  const grain = noise === 0 ? undefined : gaussians(data.length, seed + 1000 * ground, noise);
  for (let index = 0; index < data.length; index++) {
    const [x, y] = [Math.floor(index / 3) % SIDE, Math.floor(index / 3 / SIDE)];
    const texture =
      70 + 25 * Math.sin((x * ground) / 9) + 25 * Math.cos(y / (5 + 20 * (ground - 1))) + 60 * (ground - 1);
    const value = isInSquare(x, y, square) ? 220 : texture;
    data[index] = Math.min(255, Math.max(0, Math.round(value + light + (grain?.[index] ?? 0))));
  }
  return { data, width: SIDE, height: SIDE };
}

/** Activations of "square" and "ground" a network would give: right, but for noise of this standard deviation. */
export function mapsOf({ square, seed = 0 }: Scene, noise = 0, key = 'square, ground'): ActivationMaps {
  const pixels = SIDE * SIDE;
  const activations = gaussians(2 * pixels, 77 + seed, noise).map((error, index) => {
    const pixel = index % pixels;
    const inside = isInSquare(pixel % SIDE, Math.floor(pixel / SIDE), square);
    return Math.min(1, Math.max(0, (inside === index < pixels ? 0.6 : 0.4) + error));
  });
  return { activations, width: SIDE, height: SIDE, key };
}

/** The label map without noise: 0 in the square, 1 on the ground. */
export function truthOf({ square }: Scene): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, pixel) =>
    isInSquare(pixel % SIDE, Math.floor(pixel / SIDE), square) ? 0 : 1,
  );
}

function isInSquare(x: number, y: number, left: number | undefined): boolean {
  return left !== undefined && x >= left && x < left + 32 && y >= 64 && y < 96;
}
