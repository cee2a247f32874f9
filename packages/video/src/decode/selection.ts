/** Which frames of a source are wanted, checked here and turned into ffmpeg filters. */

/** A part of a source. Times are presentation times as reported on each frame. */
export interface FrameSelection {
  /** First time in seconds, inclusive. Frames before it are decoded and dropped, so numbers and times stay exact. @default the beginning */
  readonly start?: number;
  /** Last time in seconds, exclusive. @default the end */
  readonly end?: number;
  /** Take each n-th frame, beginning with the first selected one. @default 1 */
  readonly every?: number;
}

/** @throws {RangeError} when `start`, `end` or `every` is out of range. */
export function checkSelection({ start, end, every }: FrameSelection): void {
  for (const [name, value] of Object.entries({ start, end })) {
    if (value === undefined || Number.isFinite(value)) continue;
    throw new RangeError(`Cannot select frames: ${name} must be a finite number of seconds, got ${value}`);
  }
  if (end !== undefined && end <= (start ?? -Infinity)) {
    throw new RangeError(`Cannot select frames: end must be after start (${start}), got ${end}`);
  }
  if (every !== undefined && !(Number.isInteger(every) && every >= 1)) {
    throw new RangeError(`Cannot select frames: every must be a whole number of at least 1, got ${every}`);
  }
}

/** The ffmpeg filters that let the selected frames pass; none if all are wanted. */
export function selectionFilters({ start, end, every = 1 }: FrameSelection): string[] {
  const bounds = Object.entries({ start, end }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value.toFixed(6)}`],
  );
  return [
    ...(bounds.length === 0 ? [] : [`trim=${bounds.join(':')}`]),
    ...(every === 1 ? [] : [`select=not(mod(n\\,${every}))`]),
  ];
}
