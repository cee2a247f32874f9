/** Which part of a scene is shown. */
import { UNITS, View } from './camera.ts';
import type { ClassName } from './classes.ts';
import type { Item } from './item.ts';
import { Random } from './random.ts';
import type { Scene } from './scene.ts';

/** A part with the aspect ratio of the whole; shares of the whole's width and height. */
export interface Window {
  readonly left: number;
  readonly top: number;
  /** Of the width and of the height, over 0 up to 1. */
  readonly share: number;
}

/** All of it. */
export const WHOLE: Window = { left: 0, top: 0, share: 1 };

/** Shapes of pictures: square, 4:3, 3:2, 16:9. */
const ASPECTS = [1, 4 / 3, 1.5, 16 / 9] as const;
/** Of each four pictures one shows all of a scene, one some part, and two are of something. */
const WHOLE_CHANCE = 0.25;
const PART_CHANCE = 0.25;
const PART: readonly [number, number] = [0.4, 0.75];
/** Width of a picture of something, in sizes of that thing, and at least and at most. */
const ROOM: readonly [number, number] = [1.15, 2.4];
const NEAREST = 0.1;
/** Of a thing's length, seen from anywhere. */
const LENGTH_SEEN = 0.65;
/** A thing this small, as a share of the picture, is not worth going near. */
const SMALLEST = 0.03;
const SUBJECTS: ReadonlySet<ClassName> = new Set([
  'car',
  'bus',
  'van',
  'bicycle',
  'person',
  'dog',
  'umbrella',
  'bench',
  'sign',
  'traffic light',
  'lamp',
  'awning',
  'tree',
  'bush',
  'fence',
  'building',
]);

/** The shape of a seed's varied picture: width ÷ height. */
export function aspectOf(seed: number): number {
  return new Random('view', seed).pick([...ASPECTS]);
}

/** What a varied picture of a scene shows: all, a part, or one of its things from near, each class as likely. */
export function windowOf(scene: Scene): Window {
  const random = new Random('window', scene.seed);
  const kind = random.next();
  if (kind < WHOLE_CHANCE) return WHOLE;
  if (kind < WHOLE_CHANCE + PART_CHANCE) return placed(random.next(), random.next(), random.range(...PART));
  const view = new View(scene.camera);
  const things = scene.items.flatMap((item) =>
    item.class !== undefined && SUBJECTS.has(item.class) ? boundsOf(item, view) : [],
  );
  if (things.length === 0) return WHOLE;
  const name = random.pick([...new Set(things.map(({ item }) => item.class))].sort());
  const { x, y, size } = random.pick(things.filter(({ item }) => item.class === name));
  const share = Math.min(PART[1], Math.max(NEAREST, size * random.range(...ROOM)));
  const off = (): number => share * random.range(-0.25, 0.25);
  return { ...within(x - share / 2 + off(), y - share / 2 + off(), share), share };
}

/** Middle and size of a thing, shares of the picture; nothing for what is out of it, or too small. */
function boundsOf(item: Item, view: View): { item: Item; x: number; y: number; size: number }[] {
  const [foot, top] = [view.point(item.x, 0, item.z), view.point(item.x, item.height, item.z)];
  if (foot === undefined || top === undefined) return [];
  const units = view.unitsPerMeter(Math.max(1, view.depth(item.x, item.z)));
  const size = Math.max(foot[1] - top[1], LENGTH_SEEN * Math.max(item.length, item.width) * units) / UNITS;
  const [x, y] = [foot[0] / view.width, (foot[1] + top[1]) / 2 / UNITS];
  return size >= SMALLEST && size < 1 && x > 0.02 && x < 0.98 && y > 0.02 && y < 0.98 ? [{ item, x, y, size }] : [];
}

function placed(x: number, y: number, share: number): Window {
  return { left: x * (1 - share), top: y * (1 - share), share };
}

function within(left: number, top: number, share: number): { left: number; top: number } {
  const clamp = (value: number): number => Math.min(1 - share, Math.max(0, value));
  return { left: clamp(left), top: clamp(top) };
}
