/** What lies behind and beside the street: sky, clouds, hills, a skyline; buildings, gardens, parks. */
import type { ColorWord } from './color.ts';
import { mixed, shadeOf, type Color } from './color.ts';
import type { Trait } from './item.ts';
import { LEAF_GREENS } from './nature.ts';
import type { Random } from './random.ts';
import type { Draft } from './scene.ts';
import { STREET_END, coloring, type Side } from './street.ts';

const WALLS: Readonly<Partial<Record<ColorWord, number>>> = {
  red: 14,
  brown: 12,
  yellow: 12,
  white: 16,
  gray: 14,
  blue: 8,
  green: 7,
  pink: 8,
  orange: 9,
};
/** Walls are paler than cars. */
const PLASTER: Color = [226, 216, 200];

/** Sky, sun, clouds, hills and far houses. */
export function addBackdrop({ random, list, weather, view }: Draft): void {
  const { time, sky } = weather;
  list.add({ kind: 'sky', x: 0, z: 0 });
  const { horizon } = view.camera;
  if (sky === 'clear' && random.chance(0.75)) {
    const low = time === 'dusk';
    list.add({
      kind: 'sun',
      x: random.range(0.1, 0.9),
      z: low ? random.range(0.1, 0.25) * horizon * 1.6 : random.range(0.62, 0.86) * horizon,
      width: random.range(64, 108),
      paint: low ? [255, 176, 84] : [255, 240, 168],
      trim: low ? [255, 150, 90] : [255, 244, 200],
    });
  }
  const clouds =
    sky === 'clear'
      ? random.integer(0, 4)
      : sky === 'cloudy'
        ? random.integer(4, 7)
        : sky === 'rain'
          ? random.integer(2, 5)
          : 0;
  const bright: Color =
    time === 'dusk'
      ? [246, 184, 176]
      : sky === 'rain'
        ? [150, 158, 168]
        : sky === 'cloudy'
          ? [232, 236, 240]
          : [252, 252, 252];
  const dim: Color =
    time === 'dusk'
      ? [170, 120, 150]
      : sky === 'rain'
        ? [116, 124, 136]
        : sky === 'cloudy'
          ? [186, 194, 204]
          : [222, 232, 242];
  for (let cloud = 0; cloud < clouds; cloud++) {
    const width = random.range(170, sky === 'clear' ? 330 : 480);
    list.add({
      kind: 'cloud',
      x: random.range(0, 1),
      z: random.range(0.35, 0.97) * horizon,
      width,
      height: width * random.range(0.22, 0.34),
      paint: bright,
      trim: dim,
      velocity: [random.range(0.004, 0.012), 0],
    });
  }
  if (random.chance(0.62)) {
    const far = mixed(random.pick(LEAF_GREENS), [120, 140, 170], random.range(0.1, 0.6));
    list.add({
      kind: 'hill',
      x: 0,
      z: random.range(50, 110),
      height: random.range(40, 130),
      paint: far,
      traits: random.chance(0.55) ? ['wooded'] : [],
      color: undefined,
    });
  }
}

/** Both sides of the street. */
export function addFrontage(draft: Draft): void {
  for (const side of draft.street.sides) {
    // The side behind the camera is not seen; leaving it out changes nothing but the time it takes.
    const inner = side.sign * (draft.street.halfRoad + side.pavement);
    if (side.frontage === 'park') addPark(draft, side, inner);
    else addBuildings(draft, side, inner);
  }
}

function addBuildings({ random, list, street, holdOut, weather }: Draft, side: Side, inner: number): void {
  const wall = inner + side.sign * side.verge;
  const houses = side.frontage === 'houses';
  const turn = [0, -side.sign] as const;
  const { crossing } = street;
  const tall = random.chance(0.35);
  for (let z = -STREET_END * 0.4; z < 84;) {
    const width = houses ? random.range(7, 11) : random.range(6, 13);
    const gap = houses ? random.range(1.5, 5) : random.chance(0.15) ? random.range(1, 5) : 0;
    const middle = z + width / 2;
    z += width + gap;
    if (crossing !== undefined && Math.abs(middle - crossing.z) < width / 2 + crossing.halfRoad + 2.4) continue;
    const depth = houses ? random.range(7, 9) : random.range(8, 13);
    const height = houses ? random.range(3.3, 6.6) : tall ? random.range(9, 24) : random.range(5.5, 13);
    const shop = !houses && random.chance(0.62);
    const { color, paint } = coloring(random, 'building', WALLS, holdOut);
    const brick = (color === 'red' || color === 'brown' || color === 'orange') && random.chance(0.75);
    const traits: Trait[] = [
      ...(brick ? ['brick' as const] : []),
      ...(houses ? ['house' as const] : []),
      ...(shop ? ['shop' as const] : []),
      ...(height > 14 ? ['tall' as const] : []),
    ];
    const trim: Color = houses
      ? random.pick([
          [148, 74, 58],
          [92, 92, 102],
          [116, 84, 66],
          [70, 84, 96],
        ] as const)
      : random.pick([
          [238, 234, 224],
          [214, 206, 192],
          [120, 112, 104],
          [90, 98, 108],
        ] as const);
    list.add({
      kind: 'building',
      x: wall + (side.sign * depth) / 2,
      z: middle,
      turn,
      width,
      height,
      length: depth,
      color,
      paint: mixed(paint, brick ? [130, 82, 66] : PLASTER, brick ? 0.3 : random.range(0.12, 0.42)),
      trim,
      traits,
    });
    if (shop && random.chance(0.74)) addAwning({ random, list, holdOut }, wall, middle, width, side.sign);
  }
  if (houses) {
    const ends =
      crossing === undefined
        ? [[-40, 80] as const]
        : [[-40, crossing.z - crossing.halfRoad - 2.4] as const, [crossing.z + crossing.halfRoad + 2.4, 80] as const];
    if (random.chance(0.78)) addFence({ random, list, holdOut }, inner + side.sign * 0.25, ends, side.sign);
    for (let plant = random.integer(5, 12); plant > 0; plant--) {
      const [x, z] = [inner + side.sign * random.range(0.9, Math.max(1, side.verge - 0.5)), random.range(-14, 46)];
      if (inCrossing(crossing, z) || !list.take(x, z, 0.7)) continue;
      if (random.chance(0.62)) addBush({ random, list }, x, z);
      else addTree({ random, list, weather }, x, z, 0.72);
    }
  }
}

type Part = Pick<Draft, 'random' | 'list'>;

function inCrossing(crossing: Draft['street']['crossing'], z: number): boolean {
  return crossing !== undefined && Math.abs(z - crossing.z) < crossing.halfRoad + 2.6;
}

function addAwning(
  { random, list, holdOut }: Pick<Draft, 'random' | 'list' | 'holdOut'>,
  wall: number,
  z: number,
  width: number,
  sign: number,
): void {
  const { color, paint } = coloring(
    random,
    'awning',
    { red: 22, green: 16, blue: 16, yellow: 12, orange: 12, white: 6, purple: 6, brown: 6 },
    holdOut,
  );
  const striped = color !== 'white' && random.chance(0.55);
  list.add({
    kind: 'awning',
    x: wall,
    z,
    turn: [0, -sign],
    width: width * random.range(0.62, 0.94),
    height: random.range(2.4, 2.75),
    length: random.range(0.9, 1.6),
    color,
    paint,
    trim: [240, 236, 226],
    traits: striped ? ['striped'] : [],
  });
}

/** A fence along the street. */
function addFence(
  { random, list, holdOut }: Pick<Draft, 'random' | 'list' | 'holdOut'>,
  x: number,
  ends: readonly (readonly [from: number, to: number])[],
  sign: number,
): void {
  const form = random.pick(['picket', 'picket', 'plank', 'iron'] as const);
  const weights: Partial<Record<ColorWord, number>> =
    form === 'iron' ? { black: 60, green: 25, gray: 15 } : { white: 45, brown: 28, green: 12, blue: 8, gray: 7 };
  const { color, paint } = coloring(random, 'fence', weights, holdOut);
  const height = form === 'plank' ? random.range(1, 1.4) : random.range(0.85, 1.15);
  for (const [from, to] of ends) {
    if (to - from > 4)
      list.add({
        kind: 'fence',
        form,
        x,
        z: (from + to) / 2,
        turn: [0, -sign],
        width: to - from,
        height,
        color,
        paint,
        traits: [form],
      });
  }
}

/** A tree: `grow` scales it. */
export function addTree(
  { random, list, weather }: Pick<Draft, 'random' | 'list' | 'weather'>,
  x: number,
  z: number,
  grow = 1,
): void {
  const form = random.weighted<'round' | 'pine' | 'poplar' | 'birch'>({ round: 52, pine: 20, poplar: 13, birch: 15 });
  const autumn = form !== 'pine' && random.chance(0.16);
  const color: ColorWord = autumn ? random.pick(['orange', 'yellow', 'red'] as const) : 'green';
  const leaf = autumn
    ? shadeOf(color, random)
    : mixed(random.pick(LEAF_GREENS), shadeOf('green', random), random.range(0, 0.5));
  const height = random.range(3.6, 7.4) * grow * (form === 'poplar' ? 1.25 : 1);
  const width =
    height *
    (form === 'poplar'
      ? random.range(0.26, 0.34)
      : form === 'pine'
        ? random.range(0.44, 0.58)
        : random.range(0.56, 0.8));
  const bark: Color = form === 'birch' ? [226, 222, 212] : mixed([98, 74, 56], [84, 80, 78], random.next());
  const traits: Trait[] = [
    ...(form === 'pine' ? ['pine' as const] : []),
    ...(autumn ? ['autumn' as const] : []),
    ...(height > 6.4 ? ['tall' as const] : height < 3.6 ? ['small' as const] : []),
  ];
  list.add({
    kind: 'tree',
    form,
    x,
    z,
    width,
    height,
    paint: mixed(leaf, weather.haze, 0.04),
    trim: bark,
    color: autumn ? color : 'green',
    traits,
  });
}

/** A bush, some in flower. */
export function addBush({ random, list }: Part, x: number, z: number): void {
  const flowers = random.chance(0.4);
  list.add({
    kind: 'bush',
    form: flowers ? 'flowers' : 'plain',
    x,
    z,
    width: random.range(0.9, 1.8),
    height: random.range(0.6, 1.15),
    paint: mixed(random.pick(LEAF_GREENS), [50, 96, 56], random.next() * 0.6),
    trim: shadeOf(random.pick(['pink', 'red', 'yellow', 'white'] as const), random),
    color: 'green',
  });
}

function addPark({ random, list, street, holdOut, weather }: Draft, side: Side, inner: number): void {
  if (random.chance(0.5))
    addFence(
      { random, list, holdOut },
      inner + side.sign * 0.3,
      street.crossing === undefined
        ? [[-40, 80]]
        : [
            [-40, street.crossing.z - street.crossing.halfRoad - 2.4],
            [street.crossing.z + street.crossing.halfRoad + 2.4, 80],
          ],
      side.sign,
    );
  plant({ random, list, weather }, side.sign, inner, random.integer(14, 30), street.crossing);
  if (!random.chance(0.6)) return;
  // Houses beyond the park.
  for (let z = -30; z < 90; z += random.range(9, 22)) {
    if (inCrossing(street.crossing, z)) continue;
    const { color, paint } = coloring(random, 'building', WALLS, holdOut);
    const height = random.range(5, 17);
    list.add({
      kind: 'building',
      x: inner + side.sign * random.range(26, 44),
      z,
      turn: [0, -side.sign],
      width: random.range(7, 13),
      length: 9,
      height,
      color,
      paint: mixed(paint, PLASTER, 0.4),
      trim: [148, 90, 70],
      traits: height < 8 ? ['house'] : [],
    });
  }
}

function plant(
  part: Part & Pick<Draft, 'weather'>,
  sign: number,
  inner: number,
  count: number,
  crossing: Draft['street']['crossing'],
): void {
  const { random, list } = part;
  for (let index = 0; index < count; index++) {
    const [x, z] = [inner + sign * (1.2 + 20 * square(random)), random.range(-22, 60)];
    if (inCrossing(crossing, z) || !list.take(x, z, 1.1)) continue;
    if (random.chance(0.3)) addBush(part, x, z);
    else addTree(part, x, z);
  }
}

function square(random: Random): number {
  const value = random.next();
  return value * value;
}
