/** Trees, bushes and parks. */
import { mixed, shadeOf, type Color, type ColorWord } from './color.ts';
import type { Draft } from './draft.ts';
import type { Trait } from './item.ts';
import { LEAF_GREENS } from './nature.ts';
import type { Random } from './random.ts';
import { inCrossing } from './street.ts';

type Part = Pick<Draft, 'random' | 'list'>;

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

export function plant(
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
