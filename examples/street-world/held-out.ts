/** Which held-out combinations a picture shows. */
import { HELD_OUT_COMBINATIONS, type HeldOutCombination } from './classes.ts';
import type { Drawing } from './draw.ts';
import { nameable, showsColor } from './nameable.ts';

/** The combinations of HELD_OUT_COMBINATIONS that can be made out in a picture. */
export function heldOutIn({ scene, visible, height }: Drawing): HeldOutCombination[] {
  const seen = nameable(scene, visible, height).filter((thing) => showsColor(thing, scene.weather));
  return HELD_OUT_COMBINATIONS.filter((combination) => seen.some(({ item }) => item.class === combination.class && item.color === combination.color));
}
