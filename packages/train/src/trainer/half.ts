/** float32 ↔ fp16 (IEEE 754 binary16), for features at rest. */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Writes numbers as halves, to nearest, ties to even; what is too large becomes infinite. */
export function toHalf(numbers: Float32Array, halves: Uint16Array, start: number): void {
  for (let index = 0; index < numbers.length; index++) {
    float[0] = numbers[index] as number;
    const word = bits[0] as number;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    let half: number;
    if (magnitude >= 0x7f800000) half = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    else if (magnitude >= 0x477ff000) half = 0x7c00;
    else if (magnitude >= 0x38800000) half = roundShift(magnitude - 0x38000000, 13);
    else if (magnitude < 0x33000000) half = 0;
    else half = roundShift((magnitude & 0x7fffff) | 0x800000, 126 - (magnitude >>> 23));
    halves[start + index] = sign | half;
  }
}

/** `value / 2^shift` to the nearest integer, ties to even. */
function roundShift(value: number, shift: number): number {
  const result = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return rest > middle || (rest === middle && (result & 1) === 1) ? result + 1 : result;
}

let table: Float32Array | undefined;

/** Every half as a float32, 256 KB. */
function halves(): Float32Array {
  if (table !== undefined) return table;
  table = new Float32Array(65_536);
  for (let half = 0; half < 65_536; half++) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 31) table[half] = fraction === 0 ? sign * Infinity : NaN;
    else table[half] = exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

/** Writes halves as numbers. */
export function toSingle(numbers: Uint16Array, singles: Float32Array, start: number): void {
  const values = halves();
  for (let index = 0; index < numbers.length; index++) singles[start + index] = values[numbers[index] as number] as number;
}
