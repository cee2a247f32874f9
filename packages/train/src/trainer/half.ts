/** fp16 (IEEE 754 binary16) → float32 by table, for features at rest: two million numbers a step. Core writes them. */

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
    else
      table[half] = exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

/** Writes halves as numbers. */
export function toSingle(numbers: Uint16Array, singles: Float32Array, start: number): void {
  const values = halves();
  for (let index = 0; index < numbers.length; index++)
    singles[start + index] = values[numbers[index] as number] as number;
}
