/** Seeded bytes for tests, from the linear congruential generator of Numerical Recipes, so Python can repeat them. */
export function randomBytes(length: number, seed: number, byte: (value: number) => number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return byte(state >>> 16);
  });
}

/** A binary mask with about `percent` of its pixels set. */
export function randomMask(length: number, seed: number, percent: number): Uint8Array {
  return randomBytes(length, seed, (value) => (value % 100 < percent ? 1 : 0));
}
