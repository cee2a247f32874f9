/** Which frames of a source are wanted, checked here and turned into ffmpeg filters. */
import { describeValue } from '@synseg/core/guards';

/** A part of a source. Times are presentation times as reported on each frame. */
export interface FrameSelection {
  /**
   * First time in seconds, inclusive. Frames before it are decoded and dropped, so numbers and times stay exact.
   * @default the beginning
   */
  readonly start?: number;
  /** Last time in seconds, exclusive. @default the end */
  readonly end?: number;
  /**
   * Frames per second at most: of each `1 / fps` seconds the first frame, with its own time. Sources that are slower
   * give
   * all they have. @default all
   */
  readonly fps?: number;
  /** Take each n-th of these frames, beginning with the first. @default 1 */
  readonly every?: number;
}

/** @throws {RangeError} when `start`, `end`, `fps` or `every` is out of range. */
export function checkSelection({ start, end, fps, every }: FrameSelection): void {
  for (const [name, value] of Object.entries({ start, end })) {
    if (value === undefined || Number.isFinite(value)) continue;
    throw new RangeError(
      `Cannot select frames: ${name} must be a finite number of seconds, got ${describeValue(value)}`,
    );
  }
  if (end !== undefined && end <= (start ?? -Infinity)) {
    throw new RangeError(`Cannot select frames: end must be after start (${start}), got ${describeValue(end)}`);
  }
  if (fps !== undefined && !(Number.isFinite(fps) && fps > 0)) {
    throw new RangeError(`Cannot select frames: fps must be a number above 0, got ${describeValue(fps)}`);
  }
  if (every !== undefined && !(Number.isInteger(every) && every >= 1)) {
    throw new RangeError(
      `Cannot select frames: every must be a whole number of at least 1, got ${describeValue(every)}`,
    );
  }
}

/** Containers round times, some to milliseconds: a frame this little before its turn is in time. Seconds. */
const tick = 1e-3;

/** Which `1 / fps` seconds a time falls into. */
export function turnOf(timeSeconds: number, fps: number): number {
  return Math.floor((timeSeconds + tick) * fps);
}

/** Frames per second that are left of a source's. */
export function selectedRate(frameRate: number, { fps = Infinity, every = 1 }: FrameSelection): number {
  return Math.min(frameRate, fps) / every;
}

/** The ffmpeg filters that let the selected frames pass; none if all are wanted. */
export function selectionFilters({ start, end, fps, every = 1 }: FrameSelection): string[] {
  const bounds = Object.entries({ start, end }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value.toFixed(6)}`],
  );
  return [
    ...(bounds.length === 0 ? [] : [`trim=${bounds.join(':')}`]),
    ...(fps === undefined
      ? []
      : [
          `select=isnan(prev_selected_t)+lt(t\\,prev_selected_t-1)+gt(floor((t+${tick})*${fps})\\,floor((prev_selected_t+${tick})*${fps}))`,
        ]),
    ...(every === 1 ? [] : [`select=not(mod(n\\,${every}))`]),
  ];
}
