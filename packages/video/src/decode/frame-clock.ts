/**
 * Gives each decoded frame its number in the source and its presentation time.
 *
 * Raw video on a pipe carries no times, so two `showinfo` filters report them on stderr: `source` sees each decoded
 * frame, `out` those that are sent to us. Times are read as integers in the stream's time base, because the printed
 * seconds have six digits only. An `out` line is paired with the `source` line of the same time; its place in that list
 * is the frame's index. Numbers printed by the filters are not used: they restart when the picture changes size.
 */

/** Names of the two `showinfo` instances in the filter graph. */
export const sourceTap = 'showinfo@source=checksum=0';
/** See {@link sourceTap}. */
export const outputTap = 'showinfo@out=checksum=0';

const tapLine = /^\[showinfo@(source|out) @ [^\]]*\] /;
const timeBaseLine = /config in time_base: *(\d+)\/(\d+)/;
const frameLine = /\bn: *\d+ pts: *(-?\d+|NOPTS)/;

/** When a frame is shown, and its number among all frames of the source. */
export interface FrameTime {
  /** 0-based number of the frame in the source, in presentation order. */
  readonly index: number;
  /** Presentation time in seconds, on the file's own clock. */
  readonly timeSeconds: number;
}

/** Reads the `showinfo` lines of one ffmpeg. */
export class FrameClock {
  readonly #frameRate: number;
  #timeBase: readonly [numerator: number, denominator: number] = [0, 1];
  #sourceFrames = 0;
  #source: string[] = [];
  #out: string[] = [];

  /** @param frameRate Frames per second, for sources without any times. */
  constructor(frameRate: number) {
    this.#frameRate = frameRate;
  }

  /** Takes one line of stderr; true if it was a line of a `showinfo` filter. */
  readonly feed = (line: string): boolean => {
    const tap = tapLine.exec(line)?.[1];
    if (tap === undefined) return false;
    const base = timeBaseLine.exec(line);
    if (base !== null) this.#timeBase = [Number(base[1]), Number(base[2])];
    const pts = frameLine.exec(line)?.[1];
    if (pts !== undefined) (tap === 'source' ? this.#source : this.#out).push(pts);
    return true;
  };

  /** True if the next frame's time is known. */
  get ready(): boolean {
    return this.#out.length > 0;
  }

  /** The next frame's number and time. */
  take(): FrameTime {
    const pts = this.#out.shift();
    if (pts === undefined) throw new Error('internal: no frame time has arrived');
    const skipped = this.#source.indexOf(pts);
    if (skipped < 0) throw new Error(`internal: ffmpeg sent a frame of time ${pts} that it never decoded`);
    this.#source.splice(0, skipped + 1);
    const index = this.#sourceFrames + skipped;
    this.#sourceFrames = index + 1;
    const [numerator, denominator] = this.#timeBase;
    return { index, timeSeconds: pts === 'NOPTS' ? index / this.#frameRate : (Number(pts) * numerator) / denominator };
  }
}
