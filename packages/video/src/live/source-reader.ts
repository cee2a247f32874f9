/**
 * One source over its whole life: connects, watches that frames keep coming, connects again when they do not, and says
 * how it is doing. What is decoded and how is the business of `decode/`; what becomes of the frames is the caller's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isSynsegError } from '@synseg/core';
import { cleanError, messageOf, readOptions } from '@synseg/core/guards';
import type { Frames, OpenedSource } from '../decode/decode-options.ts';
import { openFrames } from '../decode/decode.ts';
import { isPlaylist, listens } from '../source/input.ts';
import { describeSource, isFrames, sourceInput, sourceSecrets } from '../source/source.ts';
import type { FfmpegInput, SourceDescription, VideoSource } from '../source/source.ts';
import { backoffSeconds, RECONNECT_OPTIONS, refusedSeconds, type Backoff } from './backoff.ts';
import type { ReaderOptions, SourceState, SourceStateChange } from './reader-options.ts';
import { hopeless, passing, reasonOf, refused } from './reason.ts';
import { StreamClock } from './stream-clock.ts';
import { videoError } from '../video-error.ts';

const nowhere = { start: undefined, end: undefined };

/** While it listens for a sender, ffmpeg itself gives up sooner than this. */
const listenSeconds = 75;

/** Reads one source; see {@link frames}. */
export class SourceReader {
  /** Name of the source, as it may be shown. */
  readonly name: string;
  /** The facts found when the source was opened first. Its picture size holds for life: later ones are scaled to it. */
  info: OpenedSource | undefined;
  /** Connections that were made again and delivered. */
  reconnects = 0;
  /** Number of times that frames stopped coming. */
  stalls = 0;
  readonly #source: VideoSource;
  readonly #options: ReaderOptions;
  readonly #description: SourceDescription;
  readonly #reconnect: Backoff | false;
  /** A file that has ended has ended, even if somebody wants it to be treated as live. */
  readonly #revivable: boolean;
  readonly #stallSeconds: number;
  readonly #clock: StreamClock;
  #state: SourceState | undefined;
  #begun = false;
  /** Failed connections in a row. */
  #failures = 0;
  #frames = 0;
  #corruptBefore = 0;
  #corruptNow = 0;
  #gaps = 0;

  constructor(source: VideoSource, options: ReaderOptions) {
    const playlist = !isFrames(source) && isPlaylist(sourceInput(source));
    [this.#source, this.#options, this.#description] = [source, options, describeSource(source)];
    this.name = options.name ?? this.#description.name;
    this.#reconnect = options.reconnect ?? readOptions('read source', RECONNECT_OPTIONS, {});
    const { kind } = this.#description;
    const isAsked = kind !== 'frames' && (source as FfmpegInput).live === true;
    this.#revivable = kind === 'network' || kind === 'camera' || isAsked;
    this.#clock = new StreamClock(options.maxGapSeconds);
    this.#stallSeconds = options.stallTimeoutSeconds ?? (playlist ? 30 : 5);
  }

  get state(): SourceState {
    return this.#state ?? 'connecting';
  }

  /** Is the source live? Of http sources it is known once the first frame has come. */
  get live(): boolean {
    return this.#knownLive ?? false;
  }

  /** Damaged packets and frames that ffmpeg reported, over all connections. */
  get corrupt(): number {
    return this.#corruptBefore + this.#corruptNow;
  }

  /** Number of jumps of the source's clock that were cut; of recordings known at their end. */
  get gaps(): number {
    return this.#gaps + this.#clock.gaps;
  }

  /**
   * The frames, once. They end with the file; a live source goes on over reconnects, its numbers and times as well.
   * Leaving the loop and abort end ffmpeg. Time counts as a stall only while a frame is being waited for.
   *
   * @throws {SynsegError} `VIDEO_DECODE` when the source has failed for good; `FFMPEG_MISSING` when there is no ffmpeg.
   */
  async *frames(): Frames {
    if (this.#begun) throw new Error('internal: the frames of a source can be read once');
    this.#begun = true;
    const { signal, end = Infinity } = this.#options;
    try {
      signal?.throwIfAborted();
      this.#enter('connecting');
      for (;;) {
        const outcome = { complaints: '', frames: 0 };
        try {
          for await (const frame of this.#connection(outcome)) {
            if (frame.timeSeconds >= end) return this.#finish(outcome.complaints);
            yield frame;
          }
          if (!this.live || !this.#revivable || this.#reconnect === false) return this.#finish(outcome.complaints);
          if (this.#isSnapshot(outcome)) {
            await this.#sleep(1 / (this.#options.frameRate ?? 1));
            continue;
          }
          throw this.#failed(`the stream ended. ${outcome.complaints}`.trim());
        } catch (error) {
          signal?.throwIfAborted();
          await this.#retry(error);
        }
      }
    } catch (error) {
      cleanError(error, sourceSecrets(this.#source));
      if (signal?.aborted !== true) this.#enter('failed', { reason: reasonOf(messageOf(error)) });
      throw error;
    } finally {
      if (this.state !== 'failed') this.#enter('ended');
    }
  }

  get #knownLive(): boolean | undefined {
    return this.#options.live ?? this.#description.live ?? this.info?.live;
  }

  /** One connection's frames, in the source's own numbers and times. Throws when frames stop coming. */
  async *#connection(outcome: { complaints: string; frames: number }): Frames {
    const { signal, start, end } = this.#options;
    const leaving = new AbortController();
    const { info } = this;
    // What is opened again has no beginning and no end of its own.
    const again = info === undefined ? { start, end, fullSize: undefined } : { ...nowhere, fullSize: info };
    const decoded = openFrames(this.#source, {
      ...this.#options,
      ...again,
      networkTimeoutSeconds: Math.max(10, Number.isFinite(this.#stallSeconds) ? this.#stallSeconds + 5 : 0),
      signal: signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]),
      onOpen: (opened) => (this.info ??= opened),
      onCorrupt: (corrupt) => (this.#corruptNow = corrupt),
      onEnd: ({ complaints, gaps }) => {
        outcome.complaints = complaints;
        this.#gaps += gaps;
      },
    });
    if (info !== undefined) this.#clock.reconnect();
    try {
      for (;;) {
        const first = outcome.frames === 0;
        const next = await watch(decoded.next(), this.#patience(first), () => {
          if (!first) this.#stalled();
          const none = `no first frame within ${this.#patience(true)} s (connectTimeoutSeconds)`;
          const what = first ? none : this.#stallReason;
          leaving.abort(this.#failed(what));
        });
        if (next.done === true) return;
        if (first) this.#connected();
        outcome.frames += 1;
        this.#frames += 1;
        const frame = next.value;
        yield this.live ? { ...frame, ...this.#clock.place(frame) } : frame;
      }
    } finally {
      this.#corruptBefore += this.#corruptNow;
      this.#corruptNow = 0;
      leaving.abort();
      await decoded.return();
    }
  }

  #failed(why: string): Error {
    return videoError('VIDEO_DECODE', `Cannot read source "${this.name}": ${why}`);
  }

  #finish(complaints: string): void {
    this.#options.onEnd?.({ frames: this.#frames, complaints, corrupt: this.corrupt, gaps: this.gaps });
  }

  /** Seconds that a frame may be waited for. */
  #patience(first: boolean): number {
    if (!this.#revivable || this.#knownLive === false) return Infinity;
    if (!first) return this.#knownLive === true ? this.#stallSeconds : Infinity;
    if (listens(this.#source)) return listenSeconds;
    return this.#options.connectTimeoutSeconds ?? Math.max(15, this.#stallSeconds);
  }

  /** True when a web server has sent one picture and hung up: the next one is asked for, and nothing has broken. */
  #isSnapshot({ frames, complaints }: { readonly frames: number; readonly complaints: string }): boolean {
    return frames === 1 && complaints === '' && !isFrames(this.#source) && /^https?:/.test(sourceInput(this.#source));
  }

  #connected(): void {
    this.#failures = 0;
    if (this.state === 'running') return;
    if (this.#frames > 0) this.reconnects += 1;
    this.#enter('running');
  }

  #stalled(): void {
    this.stalls += 1;
    this.#enter('stalled', { reason: this.#stallReason });
  }

  get #stallReason(): string {
    const slow = 'if its frames come further apart, raise stallTimeoutSeconds (--stall-timeout)';
    return `no frame for ${this.#stallSeconds} s; ${slow}`;
  }

  /** Waits before the next connection. @throws `error` when there is to be none. */
  async #retry(error: unknown): Promise<void> {
    const reason = reasonOf(messageOf(cleanError(error, sourceSecrets(this.#source))));
    const worth = !hopeless.test(reason) && (this.#knownLive ?? passing.test(reason));
    const isSource = isSynsegError(error) && error.code === 'VIDEO_DECODE';
    if (this.#reconnect === false || !this.#revivable || !worth || !isSource) throw error;
    this.#failures += 1;
    if (this.#failures >= this.#reconnect.maxAttempts) throw error;
    const wait = refused.test(reason) ? refusedSeconds : backoffSeconds;
    const retryInSeconds = listens(this.#source) ? 0 : wait(this.#failures, this.#reconnect);
    this.#enter('reconnecting', { reason, retryInSeconds });
    await this.#sleep(retryInSeconds);
  }

  /** @throws the signal's reason */
  async #sleep(seconds: number): Promise<void> {
    const { signal } = this.#options;
    await sleep(seconds * 1000, undefined, signal === undefined ? {} : { signal }).catch(() => {});
    signal?.throwIfAborted();
  }

  #enter(state: SourceState, more: Pick<SourceStateChange, 'reason' | 'retryInSeconds'> = {}): void {
    const previous = this.#state;
    this.#state = state;
    this.#options.onState?.({ source: this.name, state, previous, attempt: this.#failures + 1, ...more });
  }
}

/**
 * Waits for `work`; `onTimeout` is called once if that takes longer than `seconds`. The wait goes on all the same. Only
 * time spent waiting counts: a consumer that takes its time is no stall.
 */
export async function watch<Result>(work: Promise<Result>, seconds: number, onTimeout: () => void): Promise<Result> {
  if (!Number.isFinite(seconds)) return work;
  const timer = setTimeout(onTimeout, seconds * 1000);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
