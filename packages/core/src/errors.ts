/**
 * Errors a caller can catch.
 *
 * Caller mistakes are plain `TypeError` (wrong kind) and `RangeError` (wrong value). Conditions outside the caller's
 * code are `SynsegError` with a stable `code`. Errors cross threads as plain data ({@link serializeError}) and come
 * back with their class and code ({@link deserializeError}), because structured cloning drops both.
 */

import { checkKind, describeValue } from './guard/arguments.ts';

/** Stable machine-readable reason of a {@link SynsegError}: core's, or that of a package built on core. */
export type SynsegErrorCode =
  | 'BUNDLED'
  | 'MODEL_LOAD'
  | 'CHECKPOINT_FORMAT'
  | 'HUB_DOWNLOAD'
  | 'LABEL_UNKNOWN'
  | 'FILE_WRITE'
  | 'IMAGE_DECODE'
  | 'DEVICE_UNAVAILABLE'
  | 'INFERENCE'
  | 'DISPOSED'
  | (string & Record<never, never>);

const brand = Symbol.for('synseg.error');

/**
 * A condition outside the caller's code: a missing device, a broken file, a disposed segmenter.
 *
 * @example
 * ```ts
 * import { SynsegError, isSynsegError } from '@synseg/core';
 * const error = new SynsegError('LABEL_UNKNOWN', 'Cannot embed label: label must be in the vocabulary, got "rod"');
 * console.assert(isSynsegError(error) && error.code === 'LABEL_UNKNOWN');
 * ```
 */
export class SynsegError extends Error {
  override readonly name = 'SynsegError';
  readonly code: SynsegErrorCode;
  readonly [brand] = true;

  constructor(code: SynsegErrorCode, message: string, { cause }: ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The error of a call on an object that was disposed before it or during it. */
export function disposedError(what = 'segmenter', got = 'a call after disposal'): SynsegError {
  return new SynsegError('DISPOSED', `Cannot segment: ${what} must not be disposed, got ${got}`);
}

/** True for a {@link SynsegError} of any copy of this package, also one rebuilt on this side of a thread. */
export function isSynsegError(value: unknown): value is SynsegError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
}

/** An error as plain data that survives `postMessage`. */
export interface SerializedError {
  readonly kind: 'SynsegError' | 'TypeError' | 'RangeError' | 'Error';
  readonly message: string;
  readonly code?: SynsegErrorCode;
  readonly stack?: string;
  readonly cause?: string;
}

const KINDS = { TypeError, RangeError, Error } as const;

/** Turns any thrown value into plain data that survives `postMessage`. */
export function serializeError(error: unknown): SerializedError {
  if (!(error instanceof Error)) return { kind: 'Error', message: messageOf(error) };
  const kinds = Object.entries(KINDS) as [keyof typeof KINDS, ErrorConstructor][];
  const kind = kinds.find(([, Kind]) => error instanceof Kind)?.[0] ?? 'Error';
  return {
    kind: isSynsegError(error) ? 'SynsegError' : kind,
    message: error.message,
    ...(isSynsegError(error) ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: messageOf(error.cause) }),
  };
}

/** Rebuilds an error from {@link serializeError}'s data, with its class and code. */
export function deserializeError(data: SerializedError): Error {
  const fits = typeof data === 'object' && (data as unknown) !== null && typeof data.message === 'string';
  checkKind('rebuild error', 'data', data, fits, 'be what serializeError() returned');
  const { kind, code = 'INFERENCE', message, cause } = data;
  const options = cause === undefined ? undefined : { cause: new Error(cause) };
  const isOurs = kind === 'SynsegError';
  const error = isOurs ? new SynsegError(code, message, options) : new (KINDS[kind] ?? Error)(message, options);
  if (data.stack !== undefined) error.stack = data.stack;
  return error;
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  try {
    return String(error);
  } catch {
    // For example, an object without a prototype.
    return describeValue(error);
  }
}
