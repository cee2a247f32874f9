/** How many frames a source will give, by what it says of itself. */
import type { OpenedSource } from './decode-options.ts';
import { selectedRate, type Selection } from './selection.ts';

/** NaN where it is not known. */
export function expectedFrames(
  info: OpenedSource | undefined,
  selection: Partial<Selection> & { readonly loop?: boolean },
): number {
  const { start = 0, end = Infinity, loop = false } = selection;
  if (info?.durationSeconds === undefined || loop) return NaN;
  const seconds = Math.min(end, info.durationSeconds) - Math.max(start, 0);
  return Math.max(1, Math.round(seconds * selectedRate(info.frameRate, selection)));
}
