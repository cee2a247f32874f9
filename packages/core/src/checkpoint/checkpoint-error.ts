import { SynsegError } from '../errors.ts';

/** The error for malformed files of a checkpoint; `rest` completes `Cannot <action>: `. */
export function checkpointError(action: string, rest: string, cause?: unknown): SynsegError {
  return new SynsegError('CHECKPOINT_FORMAT', `Cannot ${action}: ${rest}`, { cause });
}
