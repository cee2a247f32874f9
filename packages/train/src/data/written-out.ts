/** Results as text, from values that a caller hands back. */
import { describeValue } from '@synseg/core/guards';

/** Writes a value as text. @throws TypeError when the value has another form, in which case writing it fails */
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
