/** Lamps, trees along the pavement, traffic lights, signs, benches and clutter. */
import type { Turn } from './camera.ts';
import { shadeOf, type Color, type ColorWord } from './color.ts';
import { placeInView, type Draft } from './draft.ts';
import type { Trait } from './item.ts';
import { addBush, addTree } from './planting.ts';
import { coloring, type Side } from './street.ts';

/** Furnishes both pavements. */
export function addFurniture(draft: Draft): void {
  const { random, street } = draft;
  const lantern = random.chance(0.45);
  const lamps = random.chance(0.6);
  const pole = shadeOf(random.pick(['black', 'gray', 'green', 'gray'] as const), random);
  const spacing = random.range(9, 16);
  for (const side of street.sides) {
    const kerb = side.sign * (street.halfRoad + 0.4);
    const offset = random.range(0, spacing);
    const avenue = random.chance(0.36);
    for (let z = -20 + offset; z < 80; z += spacing) {
      if (lamps && isClear(draft, z)) {
        if (draft.list.take(kerb, z, 0.3))
          draft.list.add({
            kind: 'lamp',
            form: lantern ? 'lantern' : 'arm',
            x: kerb,
            z,
            turn: [0, -side.sign],
            height: lantern ? 3.6 : 5.6,
            width: 0.5,
            paint: pole,
            traits: draft.weather.time === 'dusk' ? ['lit'] : [],
          });
      }
      const between = z + spacing / 2;
      if (avenue && isClear(draft, between) && draft.list.take(kerb + side.sign * 0.3, between, 0.5))
        addTree(draft, kerb + side.sign * 0.3, between, 0.8);
    }
    addSideFurniture(draft, side);
  }
}

function isClear({ street, camera }: Draft, z: number): boolean {
  const { crossing } = street;
  if (crossing !== undefined && Math.abs(z - crossing.z) < crossing.halfRoad + 0.8) return false;
  // Not right before the lens.
  return Math.abs(z - camera.z) > 2 || Math.abs(camera.turn[1]) > 0.5;
}

function addSideFurniture(draft: Draft, side: Side): void {
  const { random, street, list } = draft;
  const facingRoad: Turn = [0, -side.sign];
  const kerb = side.sign * (street.halfRoad + 0.45);
  const place = (x: number, farthest: number, radius: number): number | undefined => {
    const z = placeInView(draft, x, 3, farthest);
    return z !== undefined && isClear(draft, z) && list.take(x, z, radius) ? z : undefined;
  };
  const lights = street.crosswalks.length > 0 ? 0.6 : street.crossing === undefined ? 0.12 : 0.5;
  if (random.chance(lights)) {
    const z =
      street.crosswalks[0] ??
      (street.crossing === undefined
        ? placeInView(draft, kerb, 5, 24)
        : street.crossing.z - street.crossing.halfRoad - 0.9);
    if (z !== undefined && list.take(kerb, z - side.sign * 2, 0.3)) {
      const color = random.weighted<ColorWord>({ red: 45, green: 42, yellow: 13 });
      const turn: Turn = random.chance(0.75) ? [-1, 0] : facingRoad;
      list.add({
        kind: 'traffic light',
        x: kerb,
        z: z - side.sign * 2,
        turn,
        height: random.range(2.9, 3.6),
        width: 0.5,
        color,
      });
    }
  }
  if (random.chance(0.36)) {
    const z = place(kerb, 18, 0.3);
    if (z !== undefined) addSign(draft, kerb, z);
  }
  if (random.chance(0.34)) {
    const x = side.sign * (street.halfRoad + side.pavement - (side.verge > 1 ? -0.4 : 0.45));
    const z = place(x, 16, 0.9);
    if (z !== undefined) {
      const { color, paint } = coloring(
        random,
        'bench',
        { brown: 45, green: 22, red: 10, blue: 12, white: 8, gray: 8 },
        draft.holdOut,
      );
      list.add({
        kind: 'bench',
        x,
        z,
        turn: facingRoad,
        width: random.range(1.5, 2),
        height: 0.9,
        length: 0.6,
        color,
        paint,
      });
    }
  }
  if (random.chance(0.5)) {
    const x = side.sign * (street.halfRoad + random.range(0.5, side.pavement - 0.4));
    const z = place(x, 16, 0.35);
    if (z !== undefined) addClutter(draft, x, z);
  }
  if (side.frontage === 'shops' && random.chance(0.35)) {
    const x = side.sign * (street.halfRoad + side.pavement - 0.5);
    const z = place(x, 18, 0.6);
    if (z !== undefined) addBush(draft, x, z);
  }
}

function addSign({ random, list }: Draft, x: number, z: number): void {
  const forms: readonly { form: string; color: ColorWord; trim: Color; trait: Trait }[] = [
    { form: 'round', color: 'red', trim: [244, 242, 236], trait: 'round' },
    { form: 'round', color: 'blue', trim: [58, 110, 190], trait: 'round' },
    { form: 'triangular', color: 'red', trim: [246, 240, 226], trait: 'triangular' },
    { form: 'square', color: 'blue', trim: [240, 240, 240], trait: 'square' },
    { form: 'square', color: 'yellow', trim: [246, 214, 90], trait: 'square' },
    { form: 'octagonal', color: 'red', trim: [200, 40, 44], trait: 'octagonal' },
    { form: 'square', color: 'green', trim: [236, 240, 234], trait: 'square' },
  ];
  const { form, color, trim, trait } = random.pick(forms);
  list.add({
    kind: 'sign',
    form,
    x,
    z,
    turn: random.chance(0.85) ? [-1, 0] : [0, x > 0 ? -1 : 1],
    width: random.range(0.72, 1),
    height: random.range(2.3, 2.9),
    color,
    paint: shadeOf(color, random),
    trim,
    traits: [trait],
  });
}

function addClutter({ random, list }: Draft, x: number, z: number): void {
  const form = random.pick(['hydrant', 'bin', 'bin', 'box', 'boxes'] as const);
  const color = random.pick(['red', 'yellow', 'green', 'blue', 'orange', 'brown', 'gray'] as const);
  const [width, height] =
    form === 'hydrant' ? [0.42, 0.75] : form === 'boxes' ? [0.9, 0.7] : [0.6, random.range(0.9, 1.25)];
  list.add({ kind: 'clutter', form, x, z, width, height, paint: shadeOf(color, random) });
}
