/** A scene as plain data, and how one is made from a seed. */
import { addBackdrop } from './backdrop.ts';
import { View, type Camera } from './camera.ts';
import type { HoldOut } from './classes.ts';
import type { Draft } from './draft.ts';
import { addFrontage } from './frontage.ts';
import { ItemList, type Item } from './item.ts';
import { Random } from './random.ts';
import { addFurniture } from './street-furniture.ts';
import { addGround, cameraOf, streetOf, type Street } from './street.ts';
import { addTraffic } from './traffic.ts';
import { addWalkers } from './walkers.ts';
import { weatherOf, type Weather } from './weather.ts';

/** How a scene is made. */
export interface SceneOptions {
  /** `avoid` shows no combination of HELD_OUT_COMBINATIONS: what training pictures are made with. @default allow */
  readonly holdOut?: HoldOut;
  /** Width ÷ height of the picture. @default 1 */
  readonly aspect?: number;
  /** Seconds that traffic must not run out in. @default 0 */
  readonly seconds?: number;
}

/** Everything a picture is drawn from; plain data. */
export interface Scene {
  readonly seed: number;
  readonly camera: Camera;
  readonly weather: Weather;
  readonly street: Street;
  /** `items[n].id` is n + 1. */
  readonly items: readonly Item[];
}

/**
 * The scene of a seed: the same on every machine, in any thread, in any order. `avoid` and `allow` share no scene, so
 * that training and test may count their seeds from 0.
 *
 * @throws RangeError when the seed is no integer from 0, or the aspect is not within 0.25 … 4
 * @example
 * ```ts
 * import { sceneOf } from './scene.ts';
 * console.assert(JSON.stringify(sceneOf(7)) === JSON.stringify(sceneOf(7)));
 * ```
 */
export function sceneOf(seed: number, { holdOut = 'allow', aspect = 1, seconds = 0 }: SceneOptions = {}): Scene {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`Cannot make scene: seed must be an integer from 0, got ${seed}`);
  if (!(aspect >= 0.25 && aspect <= 4))
    throw new RangeError(`Cannot make scene: aspect must be within 0.25 … 4, got ${aspect}`);
  const stream = (part: string): Random => new Random('street-world', part, holdOut, seed);
  const weather = weatherOf(stream('weather'));
  const street = streetOf(stream('street'));
  const camera = cameraOf(stream('camera'), street, aspect);
  const list = new ItemList(stream('details'));
  const view = new View(camera);
  const draft = (part: string): Draft => ({
    random: stream(part),
    camera,
    view,
    weather,
    street,
    list,
    holdOut,
    seconds,
  });
  addBackdrop(draft('backdrop'));
  addGround(list, stream('ground'), street);
  addFrontage(draft('frontage'));
  addFurniture(draft('furniture'));
  addTraffic(draft('traffic'));
  addWalkers(draft('walkers'));
  return { seed, camera, weather, street, items: list.items };
}
