/** The street's plan – how wide, what lies beside it, where one may cross – and where the camera stands in it. */
import { turnOf, type Camera } from './camera.ts';
import type { ColorWord } from './color.ts';
import { mixed, shadeOf, type Color } from './color.ts';
import { isHeldOut, type ClassName, type HoldOut } from './classes.ts';
import type { ItemList } from './item.ts';
import { LEAF_GREENS } from './nature.ts';
import type { Random } from './random.ts';

/** One side of the road, from the kerb outwards; meters. */
export interface Side {
  /** −1 left, 1 right. */
  readonly sign: -1 | 1;
  readonly pavement: number;
  /** Grass between the pavement and the buildings; gardens where there are houses. */
  readonly verge: number;
  readonly frontage: 'shops' | 'houses' | 'park';
}

/** The plan of a street. */
export interface Street {
  /** Half the road's width, meters. */
  readonly halfRoad: number;
  /** Middle of a lane, meters from the road's. */
  readonly lane: number;
  /** Whether there is room to park beside the lanes. */
  readonly parking: boolean;
  readonly sides: readonly [left: Side, right: Side];
  /** Middles of the crosswalks along the street. */
  readonly crosswalks: readonly number[];
  /** A road that crosses. */
  readonly crossing: { readonly z: number; readonly halfRoad: number } | undefined;
  readonly markings: 'dashes' | 'double' | 'none';
}

/** How far the street reaches along z in both directions, meters. */
export const STREET_END = 130;

/** A plan. */
export function streetOf(random: Random): Street {
  const side = (sign: -1 | 1): Side => {
    const frontage = random.weighted<Side['frontage']>({ shops: 46, houses: 32, park: 22 });
    return {
      sign,
      frontage,
      pavement: random.range(2.2, frontage === 'shops' ? 4.2 : 3),
      verge: frontage === 'shops' ? (random.chance(0.3) ? random.range(1, 2) : 0) : random.range(2.5, 5),
    };
  };
  const crossing = random.chance(0.3) ? { z: random.range(13, 34), halfRoad: random.range(3, 3.8) } : undefined;
  const crosswalks: number[] = [];
  if (random.chance(0.5))
    crosswalks.push(
      crossing === undefined ? random.range(5, 20) : crossing.z - crossing.halfRoad - random.range(2.4, 3.4),
    );
  const parking = random.chance(0.36);
  const halfRoad = parking ? random.range(4.7, 5.2) : random.range(3, 3.9);
  return {
    halfRoad,
    lane: parking ? 1.5 : halfRoad * 0.5,
    parking,
    sides: [side(-1), side(1)],
    crosswalks,
    crossing,
    markings: random.weighted<Street['markings']>({ dashes: 70, double: 15, none: 15 }),
  };
}

/** A place for the camera: looking along the street, across it, or in between. */
export function cameraOf(random: Random, street: Street, aspect: number): Camera {
  const { halfRoad } = street;
  const mode = random.weighted<'along' | 'oblique' | 'across'>({ along: 45, oblique: 27, across: 28 });
  const sign = random.chance(0.5) ? 1 : -1;
  const near = street.sides[sign > 0 ? 0 : 1];
  const y = random.chance(0.16) ? random.range(3.6, 5.4) : random.range(1.5, 3);
  const high = Math.min(0.07, (y - 1.5) * 0.03);
  const base = { y, z: random.range(-4, 4), aspect };
  switch (mode) {
    case 'along':
      return {
        ...base,
        x: random.chance(0.45) ? random.range(-0.5, 0.5) : -sign * (halfRoad + random.range(0.2, 1.6)),
        turn: turnOf(random.range(-0.1, 0.13) * sign),
        focal: random.range(0.8, 1.2),
        horizon: random.range(0.45, 0.56) - high,
      };
    case 'oblique':
      return {
        ...base,
        x: -sign * (halfRoad + random.range(0.3, near.pavement)),
        turn: turnOf(sign * random.range(0.2, 0.52)),
        focal: random.range(0.78, 1.1),
        horizon: random.range(0.46, 0.58) - high,
      };
    case 'across':
      return {
        ...base,
        x: -sign * (halfRoad + random.range(0.9, near.pavement - 0.2 + (near.frontage === 'shops' ? 0 : 2))),
        turn: turnOf(sign * random.range(0.84, 1.16)),
        focal: random.range(0.72, 1.02),
        horizon: random.range(0.5, 0.62) - high,
      };
  }
}

/** The ground's surfaces, which fill all that is below the horizon. */
export function addGround(list: ItemList, random: Random, street: Street): void {
  const grass = mixed(
    random.pick(LEAF_GREENS),
    random.pick([
      [150, 150, 80],
      [110, 160, 74],
      [92, 140, 70],
    ] as const),
    random.next() * 0.6,
  );
  list.add({ kind: 'grass', x: 0, z: 0, paint: [grass[0] * 1.15, grass[1] * 1.12, grass[2] * 1.1] });
  const stone: Color = random.pick([
    [188, 182, 172],
    [170, 170, 174],
    [196, 180, 160],
    [178, 150, 132],
  ] as const);
  list.add({ kind: 'pavement', x: 0, z: 0, paint: stone, form: random.pick(['slabs', 'plain', 'slabs']) });
  const asphalt = random.range(84, 122);
  list.add({ kind: 'road', x: 0, z: 0, paint: [asphalt, asphalt + random.range(-1, 3), asphalt + random.range(0, 9)] });
  for (const z of street.crosswalks)
    list.add({
      kind: 'crosswalk',
      x: 0,
      z,
      length: random.range(2.2, 3.2),
      paint: [asphalt, asphalt, asphalt + 3],
      trim: random.chance(0.85) ? [236, 234, 226] : [236, 200, 84],
    });
}

/** A color for a class, by weight, never a held-out one where those are avoided; and a shade of it. */
export function coloring(
  random: Random,
  name: ClassName,
  weights: Readonly<Partial<Record<ColorWord, number>>>,
  holdOut: HoldOut,
): { color: ColorWord; paint: Color } {
  const allowed = Object.fromEntries(
    Object.entries(weights).filter(([word]) => holdOut === 'allow' || !isHeldOut(name, word as ColorWord)),
  );
  const color = random.weighted<ColorWord>(allowed);
  return { color, paint: shadeOf(color, random) };
}

/** Whether a place along the street lies in the crossing road. */
export function inCrossing(crossing: Street['crossing'], z: number): boolean {
  return crossing !== undefined && Math.abs(z - crossing.z) < crossing.halfRoad + 2.6;
}
