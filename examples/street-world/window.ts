/** Which part of a scene is shown. */
import { Random } from './random.ts';

/** A part with the aspect ratio of the whole; shares of the whole's width and height. */
export interface Window {
  readonly left: number;
  readonly top: number;
  /** Of the width and of the height, over 0 up to 1. */
  readonly share: number;
}

/** All of it. */
export const WHOLE: Window = { left: 0, top: 0, share: 1 };

const NEAREST = 0.4;
const WIDEST = 0.75;
/** Shapes of pictures: square, 4:3, 3:2, 16:9. */
const ASPECTS = [1, 4 / 3, 1.5, 16 / 9] as const;

/** A view of a seed: its shape, and a close-up every other time. */
export function viewOf(seed: number): { readonly aspect: number; readonly window: Window } {
  const random = new Random('view', seed);
  const aspect = random.pick([...ASPECTS]);
  if (random.chance(0.5)) return { aspect, window: WHOLE };
  const share = random.range(NEAREST, WIDEST);
  return { aspect, window: { left: random.range(0, 1 - share), top: random.range(0, 1 - share), share } };
}
