/** Errors of data that cannot be used; see core's for the form. */
import { SynsegError } from '@synseg/core';
import { describeValue, withoutSecrets } from '@synseg/core/guards';

/** `DATASET_FORMAT`: Cannot open dataset: <rule>, got <got>. */
export function dataError(rule: string, got: string, cause?: unknown): SynsegError {
  return new SynsegError(
    'DATASET_FORMAT',
    `Cannot open dataset: ${rule}, got ${got}`,
    cause === undefined ? undefined : { cause },
  );
}

/** A list for a message, its first few. */
export function few(names: Iterable<string>, most = 8): string {
  const all = [...names];
  return `[${all.slice(0, most).join(', ')}${all.length > most ? ', …' : ''}]`;
}

/** Names of an object's fields for a message, the first few. */
export function fieldNames(value: object): string {
  return shortNames(Object.keys(value));
}

/** Names for a message, the first few and of each the beginning. */
export function shortNames(names: readonly string[]): string {
  return names
    .slice(0, 8)
    .map((name) => name.slice(0, 40))
    .join(', ');
}

/**
 * A value as JSON for a message, its beginning, without what an address in it may hide; one that nests too deeply in a
 * word.
 */
export function shortJson(value: unknown, most = 60): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = describeValue(value);
  }
  const shown = withoutSecrets(text.slice(0, 10 * most));
  return text.length > most ? `${shown.slice(0, most - 3)}…` : shown;
}
