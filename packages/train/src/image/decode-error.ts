/**
 * What a broken picture throws where `@synseg/core` must not be loaded: decoding runs on lean worker threads, and core
 * brings the inference runtime along. The brand is core's, so `isSynsegError` holds and `code` is `IMAGE_DECODE`.
 */

const brand = Symbol.for('synseg.error');

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim();
}

/** A picture or mask that cannot be read; for callers a `SynsegError` with code `IMAGE_DECODE`. */
export class ImageDecodeError extends Error {
  override readonly name = 'SynsegError';
  readonly code = 'IMAGE_DECODE';
  readonly [brand] = true;
}
