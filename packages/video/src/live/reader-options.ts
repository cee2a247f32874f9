/** Options of a source that is watched over its life, and its states. */
import { groupOrFalse, number, type Resolved } from '@synseg/core/guards';
import type { DecodeEnd, DecodeSettings, SOURCE_OPTIONS } from '../decode/decode-options.ts';
import { RECONNECT_OPTIONS } from './backoff.ts';

/**
 * The state of a source. `connecting` → `running` → `ended`, and for live sources `stalled` (frames stopped coming) and
 * `reconnecting` (broken; waits, then connects again) on the way. `failed`: given up, the iterator throws.
 */
export type SourceState = 'connecting' | 'running' | 'stalled' | 'reconnecting' | 'ended' | 'failed';

/** A source has begun to do otherwise. */
export interface SourceStateChange {
  /** Name of the source, as it may be shown. */
  readonly source: string;
  readonly state: SourceState;
  /** The state before; `undefined` at the beginning. */
  readonly previous: SourceState | undefined;
  /** Number of the connection in a row of failures, from 1. */
  readonly attempt: number;
  /** The reason of the change, in one line. */
  readonly reason?: string;
  /** Seconds until it connects again. */
  readonly retryInSeconds?: number;
}

/** Options of live sources. */
export const LIVE_OPTIONS = {
  /**
   * Seconds without a frame, while one is waited for, after which a live source has stalled and is opened again.
   * @default 5; HLS playlists 30
   */
  stallTimeoutSeconds: number({ above: 0, endless: true }),
  /** Seconds that a live source has for its first frame. @default 15, or the stall timeout if longer */
  connectTimeoutSeconds: number({ above: 0, endless: true }),
  /** Waits and attempts after a live source has failed; `false` never opens it again. Files are not opened again. */
  reconnect: groupOrFalse(RECONNECT_OPTIONS),
};

/** Options of a `SourceReader`, after they were read. */
export interface ReaderOptions
  extends
    Resolved<typeof SOURCE_OPTIONS>,
    Resolved<typeof LIVE_OPTIONS>,
    Pick<DecodeSettings, 'size' | 'fullResolution'> {
  /** Name of the source. @default what `describeSource()` says */
  readonly name?: string;
  readonly onState?: (change: SourceStateChange) => void;
  /** Called once when the source has ended, with the sums of all connections. */
  readonly onEnd?: (end: DecodeEnd) => void;
}
