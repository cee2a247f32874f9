/** Which of the things in a picture a caption may name: what a person would see at a glance. */
import type { ClassName } from './classes.ts';
import type { Drawing } from './draw.ts';
import type { Visible } from './masks.ts';
import type { Weather } from './weather.ts';

/** Shares of the picture from which a class is worth a word. */
const LEAST_SHARE: Readonly<Partial<Record<ClassName, number>>> = {
  sky: 0.04,
  building: 0.012,
  road: 0.03,
  pavement: 0.025,
  grass: 0.03,
  hill: 0.006,
  cloud: 0.006,
  crosswalk: 0.008,
  fence: 0.006,
  tree: 0.006,
  sun: 0.002,
};
/** Of things that are looked at one by one. */
const LEAST_THING = 0.0028;
const LEAST_CLEARNESS = 0.3;
const COLOR_CLEARNESS = 0.5;
/** Of an upright thing this share of its height must show. */
const LEAST_HEIGHT = 0.45;
const FLAT: ReadonlySet<ClassName> = new Set([
  'sky',
  'road',
  'pavement',
  'grass',
  'hill',
  'cloud',
  'sun',
  'crosswalk',
  'fence',
  'building',
  'awning',
]);

/** The share of the picture from which this class is named. */
function leastShare(name: ClassName): number {
  return LEAST_SHARE[name] ?? LEAST_THING;
}

/** Things that may be named, the largest first. */
export function nameable({
  scene,
  visible,
  height,
  window,
}: Pick<Drawing, 'scene' | 'visible' | 'height' | 'window'>): Visible[] {
  return visible.filter(({ item, share, top, bottom, left, right, clearness, distance }) => {
    if (item.class === undefined || share < leastShare(item.class) || clearness < LEAST_CLEARNESS) return false;
    if (Math.min(bottom - top, right - left) < height * 0.016) return false;
    if (FLAT.has(item.class)) return true;
    const whole = (item.height * scene.camera.focal * height) / (window.share * Math.max(1, distance));
    return bottom - top >= whole * LEAST_HEIGHT;
  });
}

/** Whether a thing is seen well enough for its color to be named. */
export function showsColor({ clearness }: Visible, { time, sky }: Weather): boolean {
  return clearness >= COLOR_CLEARNESS && !(time === 'dusk' && sky === 'rain');
}
