/** Where one thing is seen beside another. */
import type { Random } from './random.ts';
import type { Visible } from './masks.ts';

/** Words for how `one` lies to `other` in the picture; undefined where nothing plain can be said. */
export function relationOf(one: Visible, other: Visible, random: Random, size: number): string | undefined {
  const overlap = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const narrow = Math.min(one.right - one.left, other.right - other.left);
  const nearer = other.distance - one.distance;
  if (overlap > 0.45 * narrow && Math.abs(nearer) > 1.2 && touches(one, other, size))
    return nearer > 0 ? 'in front of' : 'behind';
  const gap = -overlap;
  if (gap < -0.15 * narrow) return undefined;
  const beside = gap < 0.07 * size && Math.abs(nearer) < 2.5;
  if (beside && random.chance(0.55)) return random.pick(['next to', 'beside', 'near']);
  // Far apart in depth, "left of" would be odd.
  if (Math.abs(nearer) > 14) return undefined;
  return (one.left + one.right) / 2 < (other.left + other.right) / 2
    ? random.pick(['to the left of', 'on the left of'])
    : random.pick(['to the right of', 'on the right of']);
}

function touches(one: Visible, other: Visible, size: number): boolean {
  return Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > -0.04 * size;
}
