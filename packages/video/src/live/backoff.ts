/** Seconds between the attempts to open a broken connection again. */
import { callback, integer, number, withDefault, type OptionsOf, type Resolved } from '@synseg/core/guards';

/** Options of how a live source that broke is opened again. */
export const RECONNECT_OPTIONS = {
  /** Failures in a row after which the source is given up. @default no limit */
  maxAttempts: withDefault(integer({ endless: true }), Infinity),
  /** Upper bound of the first wait, seconds; it doubles with each failure. @default 0.5 */
  minDelaySeconds: withDefault(number({ least: 0 }), 0.5),
  /** Upper bound of every wait, seconds. @default 30 */
  maxDelaySeconds: withDefault(number({ least: 0 }), 30),
  /** Source of chance, [0, 1). @default Math.random */
  random: withDefault(callback<() => number>(), Math.random),
};
export type ReconnectOptions = OptionsOf<typeof RECONNECT_OPTIONS>;
/** The waits of one source. */
export type Backoff = Resolved<typeof RECONNECT_OPTIONS>;

/** Steps that a server's refusal is ahead of a silent one: many lock a login after some attempts. */
const refusedSteps = 4;

/**
 * Seconds to wait after a refusal, the `failures`-th failure in a row: at least half of what {@link backoffSeconds}
 * would be at most, and that some steps ahead.
 */
export function refusedSeconds(failures: number, options: Backoff): number {
  const most = backoffSeconds(failures + refusedSteps, { ...options, random: () => 1 });
  return (most * (1 + options.random())) / 2;
}

/**
 * Seconds to wait after the `failures`-th failure in a row: a random part of `min(max, min × 2^(failures − 1))`.
 *
 * Full jitter: a hundred readers that one broken switch has cut off do not come back in one moment.
 */
export function backoffSeconds(failures: number, { minDelaySeconds, maxDelaySeconds, random }: Backoff): number {
  return random() * Math.min(maxDelaySeconds, minDelaySeconds * 2 ** (failures - 1));
}
