/** Results as text, from values that a caller hands back. */
import { describeValue } from '@synseg/core/guards';

/** @throws TypeError when the value is not what was given out, which shows as it is read */
export function writtenOut<Value>(
  action: string,
  name: string,
  value: Value,
  rule: string,
  write: (value: Value) => string,
): string {
  try {
    return write(value);
  } catch (cause) {
    throw new TypeError(`Cannot ${action}: ${name} must ${rule}, got ${describeValue(value)}`, { cause });
  }
}
