/** Cars, vans, buses and bicycles on the road and at its kerbs. */
import type { Turn } from './camera.ts';
import type { ColorWord } from './color.ts';
import type { Trait } from './item.ts';
import type { Random } from './random.ts';
import { placeInView, type Draft } from './draft.ts';
import { coloring } from './street.ts';
import { VEHICLE_FORMS } from './vehicle-forms.ts';
import { addRider } from './walkers.ts';

type VehicleKind = 'car' | 'van' | 'bus';

const FORMS: Readonly<Record<VehicleKind, readonly string[]>> = {
  car: ['sedan', 'sedan', 'hatchback', 'hatchback', 'suv', 'beetle', 'pickup'],
  van: ['box', 'camper'],
  bus: ['city', 'city', 'school', 'double'],
};
const PAINTS: Readonly<Record<VehicleKind, Readonly<Partial<Record<ColorWord, number>>>>> = {
  car: {
    red: 16,
    blue: 15,
    yellow: 10,
    green: 9,
    white: 13,
    black: 12,
    gray: 13,
    orange: 7,
    purple: 3,
    brown: 3,
    pink: 2,
  },
  van: { white: 24, red: 12, blue: 14, yellow: 12, green: 12, gray: 8, orange: 9, brown: 5 },
  bus: { yellow: 30, red: 17, green: 17, blue: 17, white: 9, orange: 11 },
};

/** Puts vehicles on both lanes, at the kerbs and on a crossing road. */
export function addTraffic(draft: Draft): void {
  const { random, street, camera, view, seconds } = draft;
  const { lane } = street;
  for (const sign of [1, -1] as const) {
    const speed = random.range(5, 10);
    const count = random.integer(0, 4);
    for (let index = 0; index < count; index++) {
      const z = placeInView(draft, sign * lane, 4.5, 50);
      const x = sign * lane + random.range(-0.2, 0.2);
      // A bus right before the lens would be all there is.
      if (z !== undefined)
        addVehicle(
          draft,
          view.depth(x, z) < 7.5 && random.chance(0.85) ? 'car' : kindOf(random),
          x,
          z,
          [sign, 0],
          [0, sign * speed],
        );
    }
    // What will come into view later.
    for (let ahead = 14; ahead < speed * seconds + 30 && seconds > 0; ahead += random.range(9, 24)) {
      const near = Math.abs(sign * lane - camera.x) < 7.5 && Math.abs(camera.turn[1]) > 0.5;
      addVehicle(
        draft,
        near ? 'car' : kindOf(random),
        sign * lane,
        camera.z - sign * ahead + (sign < 0 ? 34 : 0),
        [sign, 0],
        [0, sign * speed],
      );
    }
    const kerb = sign * (street.halfRoad - 1.05);
    if (street.parking && random.chance(0.75)) {
      for (let parked = random.integer(1, 4); parked > 0; parked--) {
        const z = placeInView(draft, kerb, 4.5, 40);
        if (z !== undefined && !street.crosswalks.some((place) => Math.abs(place - z) < 4.5))
          addVehicle(
            draft,
            random.chance(0.82) ? 'car' : 'van',
            kerb + sign * random.range(0.05, 0.25),
            z,
            [sign, 0],
            [0, 0],
            ['parked'],
          );
      }
    }
  }
  // In a moving scene nobody would give way.
  if (street.crossing !== undefined && seconds === 0) {
    for (const sign of [1, -1] as const) {
      const z = street.crossing.z - sign * street.crossing.halfRoad * 0.5;
      const speed = random.range(4, 8);
      for (let index = random.integer(0, 2); index > 0; index--)
        addVehicle(draft, kindOf(random), random.range(-13, 13), z, [0, sign], [sign * speed, 0]);
    }
  }
  if (random.chance(0.74)) addBicycles(draft, view.camera.z);
}

function kindOf(random: Random): VehicleKind {
  return random.weighted({ car: 60, van: 18, bus: 22 });
}

function addVehicle(
  draft: Draft,
  kind: VehicleKind,
  x: number,
  z: number,
  turn: Turn,
  velocity: readonly [number, number],
  traits: readonly Trait[] = [],
): void {
  const { random, list, view, holdOut } = draft;
  const form = random.pick(FORMS[kind]);
  const shape = VEHICLE_FORMS[`${kind} ${form}`]!;
  const along = turn[0] !== 0;
  const reach = shape.length / 2 + 0.9;
  const free = along ? list.takeStrip(x, z, reach, 0.95) : list.take(x, z, reach);
  // Nobody stands a camera in front of a wall of steel.
  const near = view.depth(x, z);
  const blocking = near > 0 && near < reach + 2.2 && Math.abs(view.relative(x, z)[0]) < (along ? 1.7 : reach);
  if (!free || blocking) return;
  const { color, paint } = coloring(random, kind, PAINTS[kind], holdOut);
  const striped = random.chance(kind === 'car' ? 0.08 : 0.28);
  const trim =
    color === 'white' || color === 'yellow'
      ? random.pick([
          [178, 52, 48],
          [52, 92, 160],
          [60, 130, 84],
        ] as const)
      : ([238, 234, 226] as const);
  const size: Trait[] =
    form === 'double'
      ? ['double-decker']
      : kind === 'car' && (form === 'hatchback' || form === 'beetle')
        ? ['small']
        : form === 'suv' || form === 'pickup'
          ? ['large']
          : [];
  list.add({
    kind,
    form,
    x,
    z,
    turn,
    width: shape.width,
    height: shape.height,
    length: shape.length,
    color,
    paint,
    trim,
    velocity,
    traits: [...traits, ...size, ...(striped ? ['striped' as const] : [])],
  });
}

function addBicycles(draft: Draft, cameraZ: number): void {
  const { random, street, list, holdOut, seconds } = draft;
  for (let index = random.integer(1, 2 + (seconds > 0 ? 2 : 0)); index > 0; index--) {
    // Parked cars leave no room beside the lane that something slower could move in.
    const ridden = random.chance(0.62) && !(street.parking && seconds > 0);
    const sign = random.chance(0.5) ? 1 : -1;
    const side = street.sides[sign < 0 ? 0 : 1];
    const x = sign * (ridden ? street.halfRoad - 0.55 : street.halfRoad + random.range(0.5, side.pavement - 0.5));
    const z = placeInView(draft, x, 3.2, random.pick([7, 11, 20])) ?? cameraZ + random.range(6, 14);
    if (!list.takeStrip(x, z, 1, 0.4)) continue;
    const { color, paint } = coloring(
      random,
      'bicycle',
      { red: 20, blue: 18, green: 14, yellow: 10, black: 16, white: 8, orange: 8, pink: 6 },
      holdOut,
    );
    // Parked ones stand askew or across the pavement.
    const turn: Turn = ridden
      ? [sign, 0]
      : random.pick([
          [0, 1],
          [0, -1],
          [0.8, 0.6],
          [-0.6, 0.8],
          [1, 0],
        ] as const);
    const velocity = [0, ridden ? sign * random.range(3, 4.6) : 0] as const;
    const id = list.add({
      kind: 'bicycle',
      form: random.chance(0.3) ? 'basket' : 'plain',
      x,
      z,
      turn,
      width: 0.6,
      height: 1.05,
      length: random.range(1.65, 1.85),
      color,
      paint,
      velocity,
      traits: ridden ? ['riding'] : ['parked'],
    });
    if (ridden) addRider(draft, id, x, z, turn, velocity);
  }
}
