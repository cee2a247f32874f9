/** Checks of a public function's arguments, and values in messages. */
import { distance } from 'fastest-levenshtein';

export { distance as editDistance };

/** A value in a few words, for messages: `"text"`, `3`, `a list of 2`, `a Promise (did you forget await?)`. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number')
    return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (typeof (value as PromiseLike<unknown>).then === 'function') return 'a Promise (did you forget await?)';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  const name = (Object.getPrototypeOf(value) as { constructor?: { name?: unknown } } | null)?.constructor?.name;
  // A bundler calls a class that names itself `_Name`.
  return typeof name === 'string' && name !== 'Object' && name !== ''
    ? `an instance of ${name.replace(/^_/, '')}`
    : 'an object';
}

/** A value for messages: short lists of numbers as they are, such as `[1,2,300]`. */
export function describeNumbers(value: unknown): string {
  const short = Array.isArray(value) && value.length < 10 && value.every((part) => typeof part === 'number');
  return short ? `[${value.join(',')}]` : describeValue(value);
}

/** The beginning of a value as JSON, for messages; a short description where it cannot be written as JSON. */
export function shortJson(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
  } catch {
    return describeValue(value);
  }
}

/** An object that is neither a list nor a promise. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return typeof (value as PromiseLike<unknown>).then !== 'function';
}

/** The known name closest to a misspelled one, if any is close. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  const ranked = [...names]
    .map((known) => ({ known, edits: distance(known.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(2, Math.floor(name.length / 3)) ? best.known : undefined;
}

/** The error for a value of the right kind that cannot be; `rule` completes "<name> must …". */
export function rangeError(action: string, name: string, rule: string, got: string | number | boolean): RangeError {
  return new RangeError(`Cannot ${action}: ${name} must ${rule}, got ${got}`);
}

/** @throws TypeError unless `value` passes; `rule` completes "<name> must …" */
export function checkKind(action: string, name: string, value: unknown, passes: boolean, rule: string): void {
  if (!passes) throw new TypeError(`Cannot ${action}: ${name} must ${rule}, got ${describeValue(value)}`);
}
