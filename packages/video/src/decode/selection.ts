/** The selection of a source's frames, and the ffmpeg filters that let them pass. */
import { describeValue, integer, number, withDefault, type OptionsOf, type Resolved } from '@synseg/core/guards';

/** A part of a source, in presentation times as reported on each frame. */
export const SELECTION_OPTIONS = {
  /**
   * First time in seconds, inclusive. Frames before it are decoded and dropped, so numbers and times stay exact.
   * @default the beginning
   */
  start: number(),
  /** Last time in seconds, exclusive. @default the end */
  end: number(),
  /** Frames per second at most: the first frame of each `1 / fps` seconds, with its own time. @default all */
  fps: number({ above: 0 }),
  /** Takes every n-th of these frames, beginning with the first. @default 1 */
  every: withDefault(integer(), 1),
};
export type FrameSelection = OptionsOf<typeof SELECTION_OPTIONS>;
/** A part of a source, with its defaults. */
export type Selection = Resolved<typeof SELECTION_OPTIONS>;

/** @throws {RangeError} when the end is not after the start. */
export function checkRange(action: string, { start = -Infinity, end = Infinity }: Partial<Selection>): void {
  if (end <= start)
    throw new RangeError(`Cannot ${action}: end must be after start (${start}), got ${describeValue(end)}`);
}

/** Containers round times, some to milliseconds: a frame this little before its turn is in time. Seconds. */
const tick = 1e-3;

/** Number of the `1 / fps` seconds that a time falls into. */
export function turnOf(timeSeconds: number, fps: number): number {
  return Math.floor((timeSeconds + tick) * fps);
}

/** Frames per second that are left of a source's. */
export function selectedRate(frameRate: number, { fps = Infinity, every = 1 }: Partial<Selection>): number {
  return Math.min(frameRate, fps) / every;
}

/** ffmpeg's expression for the first frame of each `1 / fps` seconds, and of each clock that begins again. */
function firstOfTurn(fps: number): string {
  const turn = (time: string): string => `floor((${time}+${tick})*${fps})`;
  const next = `gt(${turn('t')}\\,${turn('prev_selected_t')})`;
  return `isnan(prev_selected_t)+lt(t\\,prev_selected_t-1)+${next}`;
}

/** The ffmpeg filters that let the selected frames pass; none if all are wanted. */
export function selectionFilters({ start, end, fps, every = 1 }: Partial<Selection>): string[] {
  const bounds = Object.entries({ start, end }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value.toFixed(6)}`],
  );
  return [
    ...(bounds.length === 0 ? [] : [`trim=${bounds.join(':')}`]),
    ...(fps === undefined ? [] : [`select=${firstOfTurn(fps)}`]),
    ...(every === 1 ? [] : [`select=not(mod(n\\,${every}))`]),
  ];
}
