/** What lies behind and beside the street: sky, clouds, hills, a skyline; buildings, gardens, parks. */
import { mixed, type Color, type ColorWord } from './color.ts';
import type { Draft } from './draft.ts';
import type { Trait } from './item.ts';
import { addBush, addTree, plant } from './planting.ts';
import { STREET_END, coloring, inCrossing, type Side } from './street.ts';

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
