/** Scenes that move: each frame is a scene of its own, made from the first and a time. */
import { turnOf, type Camera } from './camera.ts';
import type { Item } from './item.ts';
import { Random } from './random.ts';
import { sceneOf, type Scene, type SceneOptions } from './scene.ts';

/** A scene over time. */
export interface MovingScene {
  readonly seed: number;
  readonly frameRate: number;
  /** Number of frames. */
  readonly frames: number;
  /** Frame k, 0 ≤ k < frames: items keep their numbers from frame to frame. @throws RangeError outside of that */
  frame(index: number): Scene;
}

/** How a moving scene is made. */
export interface MotionOptions extends Omit<SceneOptions, 'seconds'> {
  /** @default 6 */
  readonly seconds?: number;
  /** Frames a second. @default 12 */
  readonly frameRate?: number;
}

/** Meters of one step with each foot. */
const STRIDE = 1.3;

/**
 * The moving scene of a seed. A frame follows from its number alone, so frames may be drawn in any order.
 *
 * @throws RangeError when seconds or frameRate is not positive
 * @example
 * ```ts
 * import { movingScene } from './motion.ts';
 * const scene = movingScene(3, { seconds: 2, frameRate: 10 });
 * console.assert(scene.frames === 20 && scene.frame(19).items.length === scene.frame(0).items.length);
 * ```
 */
export function movingScene(
  seed: number,
  { seconds = 6, frameRate = 12, ...options }: MotionOptions = {},
): MovingScene {
  if (!(seconds > 0 && frameRate > 0))
    throw new RangeError(
      `Cannot make moving scene: seconds and frameRate must be positive, got ${seconds} and ${frameRate}`,
    );
  const first = sceneOf(seed, { ...options, seconds });
  const frames = Math.max(1, Math.round(seconds * frameRate));
  const random = new Random('pan', seed);
  // Half of the cameras turn a little, up to some 8° in all.
  const pan = random.chance(0.5) ? random.range(-0.07, 0.07) : 0;
  const drift = random.chance(0.4) ? random.range(-0.25, 0.25) : 0;
  return {
    seed,
    frameRate,
    frames,
    frame(index) {
      if (!Number.isInteger(index) || index < 0 || index >= frames)
        throw new RangeError(`Cannot make frame: index must be an integer within 0 … ${frames - 1}, got ${index}`);
      const time = index / frameRate;
      return {
        ...first,
        camera: panned(first.camera, pan * eased(time / seconds), drift * time),
        items: first.items.map((item) => moved(item, time)),
      };
    },
  };
}

function moved(item: Item, time: number): Item {
  const [vx, vz] = item.velocity;
  if ((vx === 0 && vz === 0) || time === 0) return item;
  const way = (Math.abs(vx) + Math.abs(vz)) * time;
  return { ...item, x: item.x + vx * time, z: item.z + vz * time, gait: item.gait + way / STRIDE };
}

/** The camera turned by about 2 × `halfTangent` and moved to its side. */
function panned(camera: Camera, halfTangent: number, side: number): Camera {
  const [cos, sin] = camera.turn;
  const [panCos, panSin] = turnOf(halfTangent);
  return {
    ...camera,
    turn: [cos * panCos - sin * panSin, sin * panCos + cos * panSin],
    x: camera.x + side * cos * 0.3,
    z: camera.z - side * sin,
  };
}

function eased(share: number): number {
  return share * share * (3 - 2 * share);
}
