/** Conditions outside the caller's code that this package tells. */
import { SynsegError } from '@synseg/core';

/**
 * Codes of this package's own errors: a source that gives no frames, a file or an address that cannot be written to,
 * no ffmpeg that can be used. Its functions also throw errors with the codes of `@synseg/core`.
 */
export type VideoErrorCode = 'VIDEO_DECODE' | 'VIDEO_ENCODE' | 'FFMPEG_MISSING';

/** A {@link SynsegError} of this package. */
export function videoError(code: VideoErrorCode, message: string, cause?: unknown): SynsegError {
  return new SynsegError(code, message, cause === undefined ? {} : { cause });
}
