/** A part of the pictures that is held out of training, where an export has no split. */
import type { AnnotatedPicture } from '../annotations/annotated-set.ts';
import { plainSplit } from '../annotations/plain-split.ts';
import { Random, permutation } from '../data/random.ts';

/** Blocks that the held-out part of a video has about. */
const BLOCKS = 4;

/**
 * Chooses pictures to hold out: the same for the same keys and seed.
 *
 * Frames of one video stay together: pictures whose keys differ in a last number alone are cut into blocks of
 * neighbors, which are held out whole. Copies that an augmentation made of a picture (Roboflow's `NAME.rf.HASH.jpg`)
 * count as that picture.
 *
 * @param share - of the pictures, above 0 and below 1; at least one is held out and at least one is left
 * @example
 * ```ts
 * import { heldOutKeys } from './held-out.ts';
 * const keys = Array.from({ length: 100 }, (_, frame) => `clip_${frame}.jpg`);
 * console.assert(heldOutKeys(keys, 0.1, 42).size === 10);
 * ```
 */
export function heldOutKeys(keys: readonly string[], share: number, seed: number): ReadonlySet<string> {
  const wanted = Math.min(keys.length - 1, Math.max(1, Math.round(share * keys.length)));
  const blocks = blocksOf(keys, share);
  const order = permutation(blocks.length, new Random(seed, 'held-out'));
  const held = new Set<string>();
  for (const at of order) {
    const block = blocks[at]!;
    if (held.size >= wanted) break;
    if (held.size + block.length < keys.length) for (const key of block) held.add(key);
  }
  return held;
}

/** The pictures of a split, by whether they are held out, where a set has none to hold out of its own. */
export function withHeldOut(
  pictures: readonly AnnotatedPicture[],
  share: number | undefined,
  seed: number,
): (picture: AnnotatedPicture) => string | undefined {
  const own = ({ split }: AnnotatedPicture): string | undefined => plainSplit(split);
  if (share === undefined || pictures.some((picture) => own(picture) === 'val')) return own;
  const isOpen = (picture: AnnotatedPicture): boolean => [undefined, 'train'].includes(own(picture));
  const keys = pictures.filter(isOpen).map(({ key }) => key);
  if (keys.length < 2) return own;
  const held = heldOutKeys(keys, share, seed);
  return (picture) => (held.has(picture.key) ? 'val' : isOpen(picture) ? 'train' : own(picture));
}

/** Pictures that are held out together or not at all. */
function blocksOf(keys: readonly string[], share: number): readonly (readonly string[])[] {
  const videos = new Map<string, Map<number, string[]>>();
  for (const key of [...keys].sort()) {
    const stem = key.replace(/\.rf\.[0-9a-f]+(?=\.\w+$)/i, '').replace(/(?:_(?:jpe?g|png))?\.\w+$/i, '');
    const [, start = stem, digits = ''] = /^(.*?)(\d*)$/s.exec(stem) ?? [];
    const frames = videos.get(start) ?? new Map<number, string[]>();
    videos.set(start, frames);
    const number = Number(digits);
    frames.set(number, [...(frames.get(number) ?? []), key]);
  }
  return [...videos.values()].flatMap((frames) => {
    const inOrder = [...frames].sort(([a], [b]) => a - b).map(([, same]) => same);
    const length = Math.max(1, Math.ceil((share * inOrder.length) / BLOCKS));
    const count = Math.ceil(inOrder.length / length);
    return Array.from({ length: count }, (_, at) => inOrder.slice(at * length, (at + 1) * length).flat());
  });
}
