/**
 * One source on its way through: its reader, the frames that wait for the model, those under way, and those whose turn
 * to be delivered it is. It decides what happens to frames that come faster than they are taken. Lanes know nothing of
 * one another; which one goes next is the merger's business.
 */
import { Segmentation, type LabelSet } from '@synseg/core';
import { messageOf, showsItself } from '@synseg/core/guards';
import { pick } from '../pick.ts';
import type { VideoFrame } from '../decode/decode-options.ts';
import type { SourceState } from '../live/reader-options.ts';
import { failureLine } from '../live/reason.ts';
import type { SourceReader } from '../live/source-reader.ts';
import type { SegmentedFrame } from '../segmented-frame.ts';
import type { FrameResult, FrameWork } from './frame-work.ts';
import { LabelPlan } from './label-plan.ts';

/**
 * The fate of frames that come faster than they are segmented: `every-frame` lets the source wait, `freshest` replaces
 * the frame that waits and counts it.
 */
export type Policy = 'every-frame' | 'freshest';

/** Frames held for the model under `every-frame`, so that it never waits for a decoder that keeps up. */
const readAhead = 2;

/** The state of a source, and its counts. */
export interface LaneReport {
  readonly source: string;
  readonly state: SourceState;
  readonly policy: Policy;
  /** Frames delivered. */
  readonly frames: number;
  /** Frames that came and were not delivered: replaced by newer ones, or too old. */
  readonly dropped: number;
  /** Frames that could not be segmented. */
  readonly errors: number;
  /** Damaged packets and pictures that ffmpeg reported. */
  readonly corrupt: number;
  /** Number of jumps of its clock, ahead or back, that were cut. */
  readonly gaps: number;
  readonly reconnects: number;
  /** The reason of its failure, in one line and without credentials; absent while it has not failed. */
  readonly failure?: string;
}

/** The parts of a lane. */
export interface LaneParts {
  readonly index: number;
  readonly reader: SourceReader;
  readonly work: FrameWork;
  readonly labels: LabelSet;
  readonly policy: Policy | 'auto';
  /** Frames of this lane under way at a time, by the policy decided. */
  readonly limit: (policy: Policy) => number;
  readonly maxStalenessSeconds: number;
  /** The source has no time of its own: it may be opened later. */
  readonly canWait: boolean;
  readonly onError: 'throw' | 'skip';
}

/** The facts about a frame that are kept while its pixels are away. */
const kept = ['index', 'timeSeconds', 'sourceWidth', 'sourceHeight', 'pixelAspect', 'arrivedAt', 'fileName'] as const;

/** A frame under way. */
interface Pending {
  readonly frame: Pick<VideoFrame, (typeof kept)[number]>;
  readonly labels: LabelSet;
  readonly dropped: number;
  outcome: { readonly result: FrameResult } | { readonly error: unknown } | undefined;
}

/** One source's frames in order. */
export class Lane {
  readonly index: number;
  readonly labels: LabelPlan;
  readonly #parts: LaneParts;
  /** Frames that wait for the model: the newest one under `freshest`, else {@link readAhead} at most. */
  #waiting: VideoFrame[] = [];
  readonly #pending: Pending[] = [];
  #onChange = (): void => {};
  /** Lets the reader go on, which waits while there are enough frames. */
  #goOn = (): void => {};
  #closed = false;
  #policy: Policy | undefined;
  #reading: Promise<void> | undefined;
  #working = new Set<Promise<void>>();
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  /** Dropped before the model since the last frame that went to it. */
  #skipped = 0;
  /** Dropped after the model since the last frame that was delivered. */
  #missed = 0;
  #counts = { frames: 0, dropped: 0, errors: 0 };
  #lastArrival: number | undefined;
  #interval: number | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.index = parts.index;
    this.labels = new LabelPlan(parts.labels);
  }

  get report(): LaneReport {
    const { reader } = this.#parts;
    const { name: source, state, corrupt, gaps, reconnects } = reader;
    const failure = this.#failure === undefined ? {} : { failure: failureLine(messageOf(this.#failure.error)) };
    return { source, state, policy: this.policy, ...this.#counts, corrupt, gaps, reconnects, ...failure };
  }

  get policy(): Policy {
    return this.#policy ?? (this.#parts.policy === 'freshest' ? 'freshest' : 'every-frame');
  }

  /** The reason why the source can be read no more. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** True for a source that may be opened later. */
  get canWait(): boolean {
    return this.#parts.canWait;
  }

  /** The stage of its source: still to be opened, being read, or ended. */
  get stage(): 'unopened' | 'reading' | 'ended' {
    return this.#ended ? 'ended' : this.#reading === undefined ? 'unopened' : 'reading';
  }

  /** True when nothing is under way and nothing can come any more. */
  get finished(): boolean {
    return this.#ended && this.#waiting.length === 0 && this.#pending.length === 0;
  }

  /** When the frame that waits for the model arrived; undefined when none waits or enough are under way. */
  get waitingSince(): number | undefined {
    return this.#free ? this.#waiting[0]?.arrivedAt : undefined;
  }

  /** True when frames come that a batch may wait for. */
  get expected(): boolean {
    return this.#free && !this.#ended && this.policy === 'freshest' && this.#parts.reader.state === 'running';
  }

  /** Mean time between frames lately, ms. */
  get interval(): number | undefined {
    return this.#interval;
  }

  /** Frames sent to the model and not delivered. */
  get underWay(): number {
    return this.#pending.length;
  }

  get #free(): boolean {
    return this.#pending.length < this.#parts.limit(this.policy);
  }

  /** Begins to read; `onChange` is called when a frame has come, a result is there, or the source has ended. */
  start(onChange: () => void): void {
    this.#onChange = onChange;
    this.#reading = this.#read();
  }

  /** Sends the frame that waits to the model. True if there was one, false if it was too old. */
  dispatch(): boolean {
    const frame = this.#waiting.shift();
    if (frame === undefined) return false;
    this.#goOn();
    if (this.#isStale(frame.arrivedAt)) {
      this.#skip(1);
      return false;
    }
    const labels = this.labels.at(frame.index);
    const pending: Pending = { frame: pick(frame, ...kept), labels, dropped: this.#skipped, outcome: undefined };
    this.#skipped = 0;
    this.#pending.push(pending);
    const settle = (outcome: Pending['outcome']): void => {
      pending.outcome = outcome;
      this.#onChange();
    };
    const failed = (error: unknown): void => settle({ error });
    const working = this.#parts.work.run(frame, labels).then((result) => settle({ result }), failed);
    this.#working.add(working);
    void working.then(() => this.#working.delete(working));
    return true;
  }

  /**
   * The oldest frame under way, if its result is there. Frames that are too old by now and, with `onError: 'skip'`,
   * those that failed, are passed over and counted.
   *
   * @throws what segmenting it threw, with `onError: 'throw'`
   */
  take(): SegmentedFrame | undefined {
    for (;;) {
      const [head] = this.#pending;
      if (head?.outcome === undefined) return undefined;
      this.#pending.shift();
      const dropped = head.dropped + this.#missed;
      if ('error' in head.outcome) {
        if (this.#parts.onError === 'throw') throw head.outcome.error;
        this.#counts.errors += 1;
        this.#missed = dropped + 1;
      } else if (this.#isStale(head.frame.arrivedAt)) {
        this.#counts.dropped += 1;
        this.#missed = dropped + 1;
      } else {
        this.#missed = 0;
        this.#counts.frames += 1;
        return this.#deliver(head, head.outcome.result, dropped);
      }
    }
  }

  /** Waits until the reader has ended and nothing is under way. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting = [];
    this.#goOn();
    await this.#reading;
    await Promise.all(this.#working);
  }

  #deliver({ frame: { arrivedAt, ...frame }, labels }: Pending, result: FrameResult, dropped: number): SegmentedFrame {
    const { labelMap, width, height, held, overlay, jpeg, ...made } = result;
    return segmentedFrame({
      ...{ source: this.#parts.reader.name, sourceIndex: this.index, ...frame, dropped, held },
      latencySeconds: (performance.now() - arrivedAt) / 1000,
      segmentation: new Segmentation([height, width], labels, { labels: labelMap }, made),
      ...(overlay === undefined ? {} : { overlay }),
      ...(jpeg === undefined ? {} : { jpeg }),
    });
  }

  /** Counts frames that do not go to the model. */
  #skip(count: number): void {
    this.#counts.dropped += count;
    this.#skipped += count;
  }

  #isStale(arrivedAt: number): boolean {
    return this.policy === 'freshest' && performance.now() - arrivedAt > this.#parts.maxStalenessSeconds * 1000;
  }

  async #read(): Promise<void> {
    const { reader, policy } = this.#parts;
    try {
      for await (const frame of reader.frames()) {
        this.#policy ??= policy === 'auto' ? (reader.live ? 'freshest' : 'every-frame') : policy;
        if (this.#lastArrival !== undefined) {
          const interval = frame.arrivedAt - this.#lastArrival;
          this.#interval = this.#interval === undefined ? interval : 0.9 * this.#interval + 0.1 * interval;
        }
        this.#lastArrival = frame.arrivedAt;
        if (this.#policy === 'freshest') this.#skip(this.#waiting.splice(0).length);
        this.#waiting.push(frame);
        this.#onChange();
        while (this.#waiting.length >= readAhead && !this.#closed)
          await new Promise<void>((resolve) => (this.#goOn = resolve));
        if (this.#closed) break;
      }
    } catch (error) {
      // A reader that is stopped throws as well, and has not failed.
      if (reader.state === 'failed') this.#failure = { error };
    } finally {
      this.#ended = true;
      this.#onChange();
    }
  }
}

/** A frame that shows itself without its pictures. */
export function segmentedFrame(facts: Omit<SegmentedFrame, 'toJSON'>): SegmentedFrame {
  const { overlay: _overlay, jpeg: _jpeg, ...shown } = facts;
  const frame = { ...facts, toJSON: () => shown };
  showsItself(frame, 'SegmentedFrame');
  return frame;
}
