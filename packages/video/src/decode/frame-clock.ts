/**
 * Gives each decoded frame its number in the source and its presentation time.
 *
 * Raw video on a pipe carries no times, so `showinfo` filters report them on stderr: `source` sees each decoded frame,
 * `out`, only there when frames are selected, those that are sent to us. Times are read as integers in the stream's
 * time base, because the printed seconds have six digits only. An `out` line is paired with the `source` line of the
 * same time; its place in that list is the frame's index. Numbers printed by the filters are not used: they restart
 * when the picture changes size.
 */
import type { PixelSize } from './check-end.ts';

/** The `showinfo` instance that sees each decoded frame. */
export const sourceTap = 'showinfo@source=checksum=0';
/** The `showinfo` instance behind the selection. */
export const outputTap = 'showinfo@out=checksum=0';

const sourceLine = '[showinfo@source @';
const outputLine = '[showinfo@out @';
const timeBaseLine = /config in time_base: *(\d+)\/(\d+), frame_rate: *(\d+)\/(\d+)/;
const frameLine = /\bn: *\d+ pts: *(-?\d+|NOPTS)/;
const sizeField = / s:(\d+)x(\d+) /;
const aspectField = / sar:(\d+)\/(\d+) /;

/** Pixels more oblong than this are a damaged header's. */
const mostOblong = 10;

/** Width of a pixel by its height; 1 where the two numbers say nothing, or nonsense. */
export function pixelAspect(across: number, down: number): number {
  const aspect = across / down;
  return aspect >= 1 / mostOblong && aspect <= mostOblong ? aspect : 1;
}

/** When a frame is shown, and its number among all frames of the source. */
export interface FrameTime {
  /** 0-based number of the frame in the source, in presentation order. */
  readonly index: number;
  /** Presentation time in seconds, on the file's own clock. */
  readonly timeSeconds: number;
}

/** Reads the `showinfo` lines of one ffmpeg. */
export class FrameClock {
  /** Size of the first decoded frame, after rotation; ffmpeg scales later frames of another size to it. */
  size: PixelSize | undefined;
  /** Width of a pixel of the first decoded frame by its height, after rotation. */
  pixelAspect = 1;
  /** Frames per second, once known, if at all. */
  frameRate: number | undefined;
  readonly #selects: boolean;
  #timeBase: readonly [numerator: number, denominator: number] = [0, 1];
  #sourceFrames = 0;
  #source: string[] = [];
  #out: string[] = [];

  /** @param selects True if there is an `out` tap; without one each frame of the source is sent. */
  constructor(selects: boolean) {
    this.#selects = selects;
  }

  /** Takes one line of stderr; true if it was a line of a `showinfo` filter. */
  feed(line: string): boolean {
    const source = line.startsWith(sourceLine);
    if (!source && !line.startsWith(outputLine)) return false;
    const pts = frameLine.exec(line)?.[1];
    if (pts === undefined) this.#configure(line);
    else if (source && this.#selects) this.#source.push(pts);
    else this.#out.push(pts);
    if (pts !== undefined && this.size === undefined) {
      const size = sizeField.exec(line);
      const [, across = 0, down = 0] = (aspectField.exec(line) ?? []).map(Number);
      this.pixelAspect = pixelAspect(across, down);
      if (size !== null) this.size = [Number(size[2]), Number(size[1])];
    }
    return true;
  }

  /** True if the next frame's time is known. */
  get ready(): boolean {
    return this.#out.length > 0;
  }

  /**
   * The next frame's number and time. `place` takes the time of each frame of the source, and returns the time to use.
   */
  take(place = (timeSeconds: number): number => timeSeconds): FrameTime {
    const pts = this.#out.shift();
    if (pts === undefined) throw new Error('internal: no frame time has arrived');
    const skipped = this.#selects ? this.#source.indexOf(pts) : 0;
    if (skipped < 0) throw new Error(`internal: ffmpeg sent a frame of time ${pts} that it never decoded`);
    let timeSeconds = NaN;
    for (const each of this.#selects ? this.#source.splice(0, skipped + 1) : [pts])
      timeSeconds = place(this.#seconds(each, this.#sourceFrames++));
    return { index: this.#sourceFrames - 1, timeSeconds };
  }

  #seconds(pts: string, index: number): number {
    const [numerator, denominator] = this.#timeBase;
    return pts === 'NOPTS' ? index / (this.frameRate ?? 25) : (Number(pts) * numerator) / denominator;
  }

  #configure(line: string): void {
    const base = timeBaseLine.exec(line);
    if (base === null) return;
    this.#timeBase = [Number(base[1]), Number(base[2])];
    const rate = Number(base[3]) / Number(base[4]);
    if (Number.isFinite(rate) && rate > 0) this.frameRate = rate;
  }
}

/** Longest time between two frames that is believed, seconds; see `maxGapSeconds`. */
export const usualMaxGapSeconds = 10;

/** A step back of more frames than this is no disorder but a new beginning. */
const disorderFrames = 3;

/**
 * Times of frames that never fall and leave no hole: a recording whose clock jumps, ahead or back, goes on one frame
 * after the one before, so that nothing made of it stands still for hours. Times are left as they are until then.
 */
export class SteadyTimes {
  /** Number of jumps of the clock that were cut. */
  gaps = 0;
  readonly #maxGap: number;
  #step: number;
  #shift = 0;
  #last: number | undefined;

  /** @param frameSeconds - what a frame lasts by the container's average; of slow recordings three are no gap */
  constructor(maxGapSeconds = usualMaxGapSeconds, frameSeconds = 1 / 25) {
    this.#maxGap = Math.max(maxGapSeconds, 3 * frameSeconds);
    this.#step = Math.min(frameSeconds, 1);
  }

  /**
   * The frame's time without jumps. `elapsedSeconds`: since the frame before came, for frames that come at their own
   * time.
   */
  place(timeSeconds: number, elapsedSeconds = 0): number {
    let time = timeSeconds + this.#shift;
    if (this.#last !== undefined) {
      const step = time - this.#last;
      if (step > this.#maxGap + elapsedSeconds || step < -disorderFrames * this.#step) {
        this.gaps += 1;
        this.#shift += this.#last + this.#step - time;
        time = this.#last + this.#step;
      } else if (step <= 0) time = this.#last;
      else if (step <= 1) this.#step = step;
    }
    return (this.#last = time);
  }
}
