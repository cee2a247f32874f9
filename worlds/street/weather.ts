/** Time and weather: the light on things, the haze between them and the camera, the sky's colors, rain. */
import { mixed, type Color } from './color.ts';
import type { Random } from './random.ts';

/** Time of day. */
type Time = 'day' | 'dusk';

/** State of the sky. */
type Sky = 'clear' | 'cloudy' | 'fog' | 'rain';

/** Conditions of a scene. */
export interface Weather {
  readonly time: Time;
  readonly sky: Sky;
  /** Distance at which half of a thing's color has become haze, meters. */
  readonly sight: number;
  readonly haze: Color;
  /** What the light leaves of red, green and blue. */
  readonly ambient: Color;
  /** Where light comes from, of length 1: x to the right, y up, z along the street. */
  readonly sun: Color;
  /** How much faces differ by where they look, 0 … 1. */
  readonly contrast: number;
  readonly skyTop: Color;
  readonly skyBottom: Color;
}

interface Look {
  readonly sight: readonly [number, number];
  readonly haze: Color;
  readonly ambient: Color;
  readonly contrast: number;
  readonly skyTop: Color;
  readonly skyBottom: Color;
}

const LOOKS: Readonly<Record<`${Time} ${Sky}`, Look>> = {
  'day clear': {
    sight: [170, 320],
    haze: [206, 222, 236],
    ambient: [1.02, 1.01, 0.97],
    contrast: 0.25,
    skyTop: [92, 158, 220],
    skyBottom: [206, 228, 242],
  },
  'day cloudy': {
    sight: [120, 240],
    haze: [204, 210, 216],
    ambient: [0.9, 0.92, 0.94],
    contrast: 0.13,
    skyTop: [158, 176, 194],
    skyBottom: [214, 220, 224],
  },
  'day fog': {
    sight: [20, 36],
    haze: [208, 212, 212],
    ambient: [0.9, 0.91, 0.92],
    contrast: 0.08,
    skyTop: [196, 202, 206],
    skyBottom: [212, 215, 215],
  },
  'day rain': {
    sight: [50, 100],
    haze: [152, 162, 172],
    ambient: [0.7, 0.75, 0.8],
    contrast: 0.1,
    skyTop: [112, 124, 138],
    skyBottom: [164, 172, 180],
  },
  'dusk clear': {
    sight: [120, 240],
    haze: [222, 158, 130],
    ambient: [0.72, 0.6, 0.64],
    contrast: 0.26,
    skyTop: [74, 72, 130],
    skyBottom: [248, 172, 112],
  },
  'dusk cloudy': {
    sight: [90, 180],
    haze: [150, 128, 142],
    ambient: [0.6, 0.55, 0.64],
    contrast: 0.14,
    skyTop: [78, 76, 112],
    skyBottom: [196, 150, 150],
  },
  'dusk fog': {
    sight: [20, 34],
    haze: [146, 132, 142],
    ambient: [0.6, 0.56, 0.62],
    contrast: 0.07,
    skyTop: [112, 106, 124],
    skyBottom: [156, 140, 146],
  },
  'dusk rain': {
    sight: [45, 90],
    haze: [92, 92, 112],
    ambient: [0.48, 0.48, 0.58],
    contrast: 0.1,
    skyTop: [58, 60, 84],
    skyBottom: [122, 112, 128],
  },
};

/** Weather of a scene. */
export function weatherOf(random: Random): Weather {
  const sky = random.weighted<Sky>({ clear: 50, cloudy: 16, fog: 14, rain: 20 });
  const time: Time = random.chance(0.24) ? 'dusk' : 'day';
  const look = LOOKS[`${time} ${sky}`];
  const side = random.chance(0.5) ? 1 : -1;
  const other = LOOKS[`${time} ${sky === 'clear' ? 'cloudy' : 'clear'}`];
  const drift = random.range(0, sky === 'fog' ? 0.05 : 0.25);
  return {
    time,
    sky,
    sight: random.range(...look.sight),
    haze: look.haze,
    ambient: mixed(look.ambient, other.ambient, drift),
    sun: time === 'dusk' ? [0.8 * side, 0.36, -0.48] : [0.48 * side, 0.8, -0.36],
    contrast: look.contrast,
    skyTop: mixed(look.skyTop, other.skyTop, drift),
    skyBottom: mixed(look.skyBottom, other.skyBottom, drift),
  };
}

/** Share of a thing's own color that is left at this distance, 0 … 1. */
export function clearness({ sight }: Weather, distance: number): number {
  const ratio = distance / sight;
  return 1 / (1 + ratio * ratio);
}

/** A paint as it looks from a distance, on a face that looks along `normal` (of length about 1). */
export function lit(
  weather: Weather,
  color: Color,
  distance: number,
  normal?: readonly [x: number, y: number, z: number],
): Color {
  const { ambient, sun, contrast, haze } = weather;
  const facing = normal === undefined ? 0 : sun[0] * normal[0] + sun[1] * normal[1] + sun[2] * normal[2];
  const factor = 1 + contrast * facing;
  const kept = clearness(weather, distance);
  return mixed(
    haze,
    [color[0] * ambient[0] * factor, color[1] * ambient[1] * factor, color[2] * ambient[2] * factor],
    kept,
  );
}

/** A light as it looks from a distance: haze takes it, dusk does not. */
export function glowing(weather: Weather, color: Color, distance: number): Color {
  return mixed(weather.haze, color, Math.sqrt(clearness(weather, distance)));
}

/** True when lamps, windows and headlights are lit. */
export function isDark({ time, sky }: Weather): boolean {
  return time === 'dusk' || sky === 'rain' || sky === 'fog';
}

/** Path data of streaks of rain over a picture of this size, both in tenths of a unit. */
export function rainPath(random: Random, width: number, height: number): string {
  const count = random.integer(70, 130);
  const slant = random.integer(-26, 26);
  let path = '';
  for (let index = 0; index < count; index++) {
    const length = random.integer(5, 11);
    const [x, y] = [random.integer(0, Math.floor(width)), random.integer(-400, height)];
    const [dx, dy] = [slant * length, length * 70];
    path += `M${x},${y}l${dx},${dy} 25,0 ${-dx},${-dy}z`;
  }
  return path;
}
