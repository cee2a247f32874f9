/** How many pixels of photographs have the label that another engine gave them. */
import type { Segmenter } from '@synseg/core';
import type { Photo } from './photo-set.ts';
import { seededPicture } from './random.ts';

/** Photographs that are compared, evenly out of all. */
const PHOTOS = 60;
/** Where there are no photographs: pictures without meaning, and labels for them. */
const [PICTURES, SIDE, LABELS] = [8, 352, ['person', 'car', 'dog', 'road', 'sky']] as const;

/** Shares of equal labels, by engine: the first's are 1. */
export interface Agreement {
  /** What was compared, in words. */
  readonly what: string;
  readonly shares: readonly number[];
}

/** Segments pictures with every engine; each photograph with the labels of the classes in it. */
export async function agreement(segmenters: readonly Segmenter[], photos: readonly Photo[]): Promise<Agreement> {
  const some = photos
    .filter(({ labels }) => labels.length > 1)
    .filter((_, index, all) => index % Math.ceil(all.length / PHOTOS) === 0);
  const cases =
    some.length > 0
      ? some.map(({ image, labels }) => ({ image, labels }))
      : Array.from({ length: PICTURES }, (_, seed) => ({
          image: { data: seededPicture(seed, SIDE, SIDE), width: SIDE, height: SIDE },
          labels: LABELS,
        }));
  const equal = segmenters.map(() => 0);
  let pixels = 0;
  for (const { image, labels } of cases) {
    const maps: Uint8Array[] = [];
    for (const segmenter of segmenters)
      maps.push((await segmenter.segment(image, await segmenter.labels([...labels]))).labelMap);
    const [first] = maps as [Uint8Array];
    pixels += first.length;
    for (const [at, map] of maps.entries())
      for (let pixel = 0; pixel < map.length; pixel++) if (map[pixel] === first[pixel]) equal[at]!++;
  }
  const what = some.length > 0 ? `${some.length} photographs, the classes in each` : `${PICTURES} drawn pictures`;
  return { what, shares: equal.map((count) => count / pixels) };
}
