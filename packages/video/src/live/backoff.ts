/** How long to wait before a broken connection is tried again. */
import { checkOptions, describeValue, optionNames } from '@synseg/core/guards';

/** How a live source that broke is opened again. */
export interface ReconnectOptions {
  /** Failures in a row after which it is given up. @default none: it is tried until it answers */
  readonly maxAttempts?: number;
  /** Upper bound of the first wait, seconds; it doubles with each failure. @default 0.5 */
  readonly minDelaySeconds?: number;
  /** Upper bound of every wait, seconds. @default 30 */
  readonly maxDelaySeconds?: number;
  /** Where chance comes from, [0, 1). @default Math.random */
  readonly random?: () => number;
}

const names = optionNames<ReconnectOptions>({
  maxAttempts: true,
  minDelaySeconds: true,
  maxDelaySeconds: true,
  random: true,
});

/** @throws {TypeError | RangeError} when it is no object, a name in it is not known, or a number is out of range. */
export function checkReconnect(reconnect: ReconnectOptions): void {
  checkOptions('read source', reconnect, names, 'reconnect');
  const { maxAttempts, minDelaySeconds = 0.5, maxDelaySeconds = 30 } = reconnect;
  if (maxAttempts !== undefined && !(maxAttempts === Infinity || (Number.isInteger(maxAttempts) && maxAttempts >= 1))) {
    throw new RangeError(
      `Cannot read source: maxAttempts must be a whole number of at least 1, got ${describeValue(maxAttempts)}`,
    );
  }
  for (const [name, value] of Object.entries({ minDelaySeconds, maxDelaySeconds })) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new RangeError(
      `Cannot read source: ${name} must be a number of seconds of at least 0, got ${describeValue(value)}`,
    );
  }
}

/** Steps that a server's refusal is ahead of a silent one: many lock a login after some attempts. */
const refusedSteps = 4;

/**
 * Seconds to wait after a refusal, the `failures`-th failure in a row: at least half of what {@link backoffSeconds}
 * would
 * be at most, and that some steps ahead.
 */
export function refusedSeconds(failures: number, options: ReconnectOptions): number {
  const most = backoffSeconds(failures + refusedSteps, { ...options, random: () => 1 });
  return (most * (1 + (options.random ?? Math.random)())) / 2;
}

/**
 * Seconds to wait after the `failures`-th failure in a row: a random part of `min(max, min × 2^(failures − 1))`.
 *
 * Full jitter: a hundred readers that one broken switch has cut off do not come back in one moment.
 */
export function backoffSeconds(
  failures: number,
  { minDelaySeconds = 0.5, maxDelaySeconds = 30, random = Math.random }: ReconnectOptions,
): number {
  return random() * Math.min(maxDelaySeconds, minDelaySeconds * 2 ** (failures - 1));
}
