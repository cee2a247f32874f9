/**
 * Seeded numbers, so that a failing case can be run again. Not the street's generator: PyTorch's figures were made from
 * these numbers, and central differences are taken at points where they are exact.
 */

/** Uniform numbers in [0, 1): the mulberry32 generator. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal numbers of this standard deviation (Box–Muller). */
export function gaussians(length: number, seed: number, deviation = 1): Float32Array {
  const next = uniform(seed);
  return Float32Array.from(
    { length },
    () => deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  );
}

/** A picture of smooth colour gradients with noise on top: RGB bytes `[height, width, 3]`. */
export function picture(
  width: number,
  height: number,
  seed: number,
): { data: Uint8Array; width: number; height: number } {
  const next = uniform(seed);
  const [a, b, c] = [next(), next(), next()];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => {
    const channel = index % 3;
    const x = Math.floor(index / 3) % width;
    const y = Math.floor(index / 3 / width);
    const wave = Math.sin((x / width) * 6 * (a + channel) + b * 9) * Math.cos((y / height) * 5 * (c + 1) + channel);
    return Math.round(127 + 100 * wave + 20 * next());
  });
  return { data, width, height };
}
