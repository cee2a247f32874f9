/** What the parts of a scene are made with. */
import type { Camera, View } from './camera.ts';
import type { HoldOut } from './classes.ts';
import type { ItemList } from './item.ts';
import type { Random } from './random.ts';
import type { Street } from './street.ts';
import type { Weather } from './weather.ts';

/** A scene that is being made, for one of its parts. */
export interface Draft {
  readonly random: Random;
  readonly camera: Camera;
  readonly view: View;
  readonly weather: Weather;
  readonly street: Street;
  readonly list: ItemList;
  readonly holdOut: HoldOut;
  readonly seconds: number;
}

/** A place along the street where something at this x is seen, more likely near; undefined when none was found. */
export function placeInView(
  { random, camera, view }: Draft,
  x: number,
  nearest: number,
  farthest: number,
): number | undefined {
  for (let attempt = 0; attempt < 30; attempt++) {
    const z = camera.z + random.range(-30, farthest);
    const [right, depth] = view.relative(x, z);
    if (depth < nearest || depth > farthest) continue;
    const across = (right / depth) * camera.focal + camera.aspect / 2;
    if (across < 0 || across > camera.aspect) continue;
    if (random.chance(Math.min(1, 9 / depth))) return z;
  }
  return undefined;
}
