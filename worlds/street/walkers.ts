/** People on foot and on bicycles, what they wear and carry, and their dogs. */
import type { Turn } from './camera.ts';
import type { ColorWord } from './color.ts';
import { shadeOf } from './color.ts';
import type { Trait } from './item.ts';
import { placeInView, type Draft } from './draft.ts';
import { coloring } from './street.ts';

/** Who somebody is. */
type Who = 'man' | 'woman' | 'boy' | 'girl';

const CLOTHES: Readonly<Partial<Record<ColorWord, number>>> = {
  red: 17,
  blue: 17,
  green: 13,
  yellow: 11,
  orange: 9,
  purple: 7,
  pink: 7,
  white: 8,
  black: 9,
  gray: 7,
  brown: 6,
};
const LEGS: readonly ColorWord[] = ['blue', 'black', 'gray', 'brown', 'blue', 'white'];

/** Puts people on the pavements, on crosswalks and now and then on the road's far side; some with dogs or umbrellas. */
export function addWalkers(draft: Draft): void {
  const { random, street } = draft;
  const count = random.weighted({ '1': 8, '2': 14, '3': 22, '4': 22, '6': 20, '8': 14 });
  for (let index = Number(count); index > 0; index--) {
    const side = street.sides[random.chance(0.5) ? 0 : 1];
    const x =
      side.sign * (street.halfRoad + random.range(0.4, side.pavement - 0.3 + (side.frontage === 'park' ? 1.5 : 0)));
    const z = placeInView(draft, x, 2.5, random.pick([6, 9, 22]));
    if (z !== undefined)
      addWalker(draft, x, z, random.chance(0.22) ? 'standing' : 'walking', [random.chance(0.5) ? 1 : -1, 0]);
  }
  for (const z of draft.seconds > 0 ? [] : street.crosswalks) {
    if (random.chance(0.55))
      addWalker(draft, random.range(-0.8, 0.8) * street.halfRoad, z + random.range(-0.8, 0.8), 'walking', [
        0,
        random.chance(0.5) ? 1 : -1,
      ]);
  }
  for (let alone = random.integer(0, 5) - 3; alone > 0; alone--) {
    // A dog on its own.
    const side = street.sides[random.chance(0.5) ? 0 : 1];
    const x = side.sign * (street.halfRoad + random.range(0.4, side.pavement));
    const z = placeInView(draft, x, 2.4, 6.5);
    if (z !== undefined)
      addDog(
        draft,
        x,
        z,
        random.pick([
          [1, 0],
          [-1, 0],
          [0, 1],
          [0, -1],
        ] as const),
        [0, 0],
        false,
      );
  }
}

function addWalker(draft: Draft, x: number, z: number, how: 'standing' | 'walking', turn: Turn): void {
  const { random, list, weather, holdOut } = draft;
  if (!list.take(x, z, 0.34)) return;
  const walking = how === 'walking';
  const facing: Turn = walking
    ? turn
    : random.pick([
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const);
  const speed = walking ? random.range(0.9, 1.5) : 0;
  const velocity = [facing[1] * speed, facing[0] * speed] as const;
  const { id, height } = addPerson(draft, x, z, facing, velocity, [how]);
  const umbrella = weather.sky === 'rain' ? 0.62 : weather.sky === 'clear' ? 0.04 : 0.02;
  if (random.chance(umbrella)) {
    const { color, paint } = coloring(
      random,
      'umbrella',
      { red: 20, blue: 18, yellow: 16, green: 12, black: 13, purple: 18, pink: 8, orange: 8 },
      holdOut,
    );
    const striped = random.chance(0.25);
    list.add({
      kind: 'umbrella',
      x,
      z,
      turn: facing,
      width: random.range(1.05, 1.35),
      height: height + 0.5,
      color,
      paint,
      trim: [242, 238, 230],
      velocity,
      partner: id,
      traits: striped ? ['striped'] : [],
    });
  }
  if (random.chance(0.34)) {
    const [dx, dz] = walking ? [facing[1] * 0.9 + facing[0] * 0.35, facing[0] * 0.9 + facing[1] * 0.35] : [0.7, -0.2];
    if (list.take(x + dx, z + dz, 0.3)) addDog(draft, x + dx, z + dz, facing, velocity, walking);
  }
}

function addPerson(
  { random, list, holdOut }: Draft,
  x: number,
  z: number,
  turn: Turn,
  velocity: readonly [number, number],
  how: readonly Trait[],
): { id: number; height: number } {
  const who = random.weighted<Who>({ man: 36, woman: 36, boy: 14, girl: 14 });
  const child = who === 'boy' || who === 'girl';
  const height = child ? random.range(1.08, 1.36) : who === 'man' ? random.range(1.66, 1.92) : random.range(1.56, 1.78);
  const { color, paint } = coloring(random, 'person', CLOTHES, holdOut);
  const trimColor = random.pick(LEGS);
  const riding = how.includes('riding');
  const garment = riding
    ? 'jacket'
    : who === 'woman' || who === 'girl'
      ? random.pick(['dress', 'coat', 'jacket', 'shirt'] as const)
      : random.pick(['coat', 'jacket', 'shirt', 'shirt'] as const);
  const traits: Trait[] = [
    ...how,
    ...(random.chance(0.2) ? ['hat' as const] : []),
    ...(!riding && random.chance(0.2) ? ['bag' as const] : []),
    ...(garment === 'shirt' && color !== 'gray' && random.chance(0.3) ? ['striped' as const] : []),
  ];
  const id = list.add({
    kind: 'person',
    form: who,
    garment,
    x,
    z,
    turn,
    width: 0.5,
    length: 0.4,
    height,
    color,
    paint,
    trim: shadeOf(trimColor, random),
    trimColor,
    velocity,
    gait: random.next(),
    traits,
  });
  return { id, height };
}

/** Somebody on a bicycle. */
export function addRider(
  draft: Draft,
  bicycle: number,
  x: number,
  z: number,
  turn: Turn,
  velocity: readonly [number, number],
): void {
  const { id } = addPerson(draft, x, z, turn, velocity, ['riding']);
  const { items } = draft.list;
  items[id - 1] = { ...items[id - 1]!, partner: bicycle };
}

function addDog(
  { random, list, holdOut }: Draft,
  x: number,
  z: number,
  turn: Turn,
  velocity: readonly [number, number],
  walking: boolean,
): void {
  const { color, paint } = coloring(random, 'dog', { brown: 34, black: 18, white: 24, gray: 12, orange: 12 }, holdOut);
  const height = random.range(0.3, 0.68);
  const spotted = color !== 'orange' && random.chance(0.28);
  const traits: Trait[] = [
    walking ? 'walking' : 'standing',
    ...(height < 0.42 ? ['small' as const] : height > 0.56 ? ['large' as const] : []),
    ...(spotted ? ['spotted' as const] : []),
  ];
  list.add({
    kind: 'dog',
    form: random.pick(['hound', 'terrier'] as const),
    x,
    z,
    turn,
    width: height,
    height,
    length: height * 2,
    color,
    paint,
    trim: color === 'black' || color === 'brown' ? [228, 222, 212] : [70, 56, 48],
    velocity,
    gait: random.next(),
    traits,
  });
}
