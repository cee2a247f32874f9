/** Which errors are ours. Everything else that reaches a caller is a fault. */
import { isSynsegError } from '@synseg/core';
import type { Case } from './subject.ts';

/** Errors of V8 and Node: some of them begin with "Cannot", as ours do, and some are repeated in a message of ours. */
const RAW =
  /Cannot (?:read|set|convert|mix|destructure|access|assign|define|delete|redefine|perform|create|add|freeze|use 'in'|destroy)\b[^:]*(?:propert|of undefined|of null|BigInt|object|Symbol|iterator|operator|private|value to)|is not (?:a function|iterable|a constructor|defined|an object|extensible)|Invalid (?:array|typed array|string|DataView|array buffer) length|Array buffer allocation|Maximum call stack|out of bounds|Reduce of empty|Invalid time value|got [^"]{0,20}\[object |must be of type|ERR_[A-Z]/;

/**
 * What is wrong with an error, in a few words; undefined for one of ours, or the reason that the case itself aborts
 * with.
 */
export function faultOf(error: unknown, { reason }: Pick<Case, 'reason'> = {}): string | undefined {
  if (reason !== undefined && error === reason) return undefined;
  if (!(error instanceof Error)) return `threw no error but ${typeof error}`;
  if (!isSynsegError(error) && !(error instanceof TypeError) && !(error instanceof RangeError))
    return `raw ${error.name}`;
  if (!isSynsegError(error) && 'code' in error) return `raw ${error.name} with a code`;
  if (!/^Cannot [^:]+: [^]+/.test(error.message)) return `${error.name} without the form of ours`;
  return RAW.test(error.message) ? `${error.name} that repeats a raw error` : undefined;
}
