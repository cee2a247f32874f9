/** Which held-out combinations a picture shows. */
import { HELD_OUT_COMBINATIONS, type HeldOutCombination } from './classes.ts';
import type { Drawing } from './draw.ts';
import { nameable, showsColor } from './nameable.ts';

/** The combinations of HELD_OUT_COMBINATIONS that can be made out in a picture. */
export function heldOutIn(drawing: Drawing): HeldOutCombination[] {
  const seen = nameable(drawing).filter((thing) => showsColor(thing, drawing.scene.weather));
  return HELD_OUT_COMBINATIONS.filter((combination) =>
    seen.some(({ item }) => item.class === combination.class && item.color === combination.color),
  );
}
