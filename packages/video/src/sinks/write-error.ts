/** The error for a file that cannot be written: it names the file, the rule and what the system said. */
import { SynsegError } from '@synseg/core';
import { messageOf } from '@synseg/core/guards';
import { videoError } from '../video-error.ts';

const rules: Readonly<Record<string, string>> = {
  ENOSPC: 'be on a disk with room left',
  EDQUOT: 'be on a disk with room left',
  EFBIG: 'be on a disk that takes files of this size',
  EACCES: 'be in a folder that may be written to',
  EPERM: 'be in a folder that may be written to',
  EROFS: 'be in a folder that may be written to',
  ENOTDIR: 'be in a folder',
  EEXIST: 'be in a folder',
  EISDIR: 'be a file, not a folder',
};

/** `VIDEO_ENCODE` for a failed system call; an error of this package is handed on as it is. */
export function writeError(what: string, path: string, cause: unknown): SynsegError {
  if (cause instanceof SynsegError) return cause;
  const code = (cause as { readonly code?: unknown } | null)?.code;
  const rule = (typeof code === 'string' ? rules[code] : undefined) ?? 'be a file that can be written';
  const message = `Cannot write ${what}: path must ${rule}, got "${path}" (${messageOf(cause)})`;
  return videoError('VIDEO_ENCODE', message, cause);
}

/** Throws the error of {@link writeError}: for `catch()`. */
export function failedWrite(what: string, path: string): (cause: unknown) => never {
  return (cause) => {
    throw writeError(what, path, cause);
  };
}

/** The error for writing to a file that has ended. */
export function closedError(what: string, path: string): SynsegError {
  return new SynsegError('DISPOSED', `Cannot write ${what}: "${path}" is closed`);
}
