/** fp16 (IEEE 754 binary16) → float32 by table, for features at rest: two million numbers a step. Core writes them. */
import { halfToFloat } from '@synseg/core/checkpoint';

let table: Float32Array | undefined;

/** Every half as a float32, 256 KB. */
function halves(): Float32Array {
  if (table !== undefined) return table;
  table = new Float32Array(65_536);
  for (let half = 0; half < table.length; half++) table[half] = halfToFloat(half);
  return table;
}

/** Writes halves as numbers. */
export function toSingle(numbers: Uint16Array, singles: Float32Array, start: number): void {
  const values = halves();
  for (let index = 0; index < numbers.length; index++)
    singles[start + index] = values[numbers[index] as number] as number;
}
