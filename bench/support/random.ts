/** Seeded numbers: the same seed gives the same weights and pictures on every machine. */

/** A generator of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Uniform numbers around `mean` with the given standard deviation. */
export function seededFloats(random: () => number, count: number, mean: number, deviation: number): Float32Array {
  const width = deviation * Math.sqrt(12);
  const floats = new Float32Array(count);
  for (let i = 0; i < count; i++) floats[i] = mean + (random() - 0.5) * width;
  return floats;
}

/**
 * RGB bytes `[height, width, 3]`: smooth waves of colour with a little noise, so that resampling and JPEG have work to
 * do.
 */
export function seededPicture(seed: number, width: number, height: number): Uint8Array {
  const random = seededRandom(seed);
  const wave = Array.from({ length: 3 }, () => ({ x: 2 + 9 * random(), y: 2 + 9 * random(), phase: 6 * random() }));
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const { x: fx, y: fy, phase } of wave)
        pixels[i++] = 128 + 90 * Math.sin((fx * x) / width + (fy * y) / height + phase) + 30 * (random() - 0.5);
    }
  }
  return pixels;
}
