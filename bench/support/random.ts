/** Seeded numbers: the same seed gives the same weights and pictures on every machine. */
import { Random } from '@synseg/street-world/random.ts';

/** Uniform numbers around `mean` with the given standard deviation. */
export function seededFloats(random: Random, count: number, mean: number, deviation: number): Float32Array {
  const width = deviation * Math.sqrt(12);
  const floats = new Float32Array(count);
  for (let i = 0; i < count; i++) floats[i] = mean + (random.next() - 0.5) * width;
  return floats;
}

/** RGB bytes `[height, width, 3]`: smooth waves of color with noise, so that resampling and JPEG have work to do. */
export function seededPicture(seed: number, width: number, height: number): Uint8Array {
  const random = new Random(seed);
  const wave = Array.from({ length: 3 }, () => ({
    x: random.range(2, 11),
    y: random.range(2, 11),
    phase: random.range(0, 6),
  }));
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const { x: fx, y: fy, phase } of wave)
        pixels[i++] = 128 + 90 * Math.sin((fx * x) / width + (fy * y) / height + phase) + 30 * (random.next() - 0.5);
    }
  }
  return pixels;
}
