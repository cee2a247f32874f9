/** Errors of data that cannot be used; see core's for the form. */
import { SynsegError } from '@synseg/core';

/** `DATASET_FORMAT`: Cannot open dataset: <rule>, got <got>. */
export function dataError(rule: string, got: string, cause?: unknown): SynsegError {
  return new SynsegError('DATASET_FORMAT', `Cannot open dataset: ${rule}, got ${got}`, cause === undefined ? undefined : { cause });
}

/** A list for a message, its first few. */
export function few(names: Iterable<string>, most = 8): string {
  const all = [...names];
  return `[${all.slice(0, most).join(', ')}${all.length > most ? ', …' : ''}]`;
}
