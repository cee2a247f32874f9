/** Held-out pictures as a checkpoint segments them now, for the live page: photo, truth and prediction of a few. */
import { basename } from 'node:path';
import { Segmenter } from '@synseg/core';
import { blendOverlay, encodeJPEG, labelColors } from '@synseg/core/masks';
import { readIndex, type PhotoRow } from '../data/photo-index.ts';
import { readIndexMask } from '../image/index-mask.ts';
import { openPicture } from '../image/picture.ts';
import type { HeldOutPicture } from '../live/page-options.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';
import type { Prepared } from './prepare.ts';
import { renameOf } from './recipe.ts';

/** Pictures that are shown. */
const SHOWN = 6;
/** Longer side of a picture, pixels. */
const SIDE = 320;
const ALPHA = 0.65;
/** Label of pixels of none of the classes, and of those that are unknown. */
const NOTHING = 255;

/** Segments a few held-out pictures with a checkpoint, the same ones each time. */
export async function heldOutPictures(
  checkpoint: string,
  { start, recipe: { root, sets } }: Pick<Prepared, 'start' | 'recipe'>,
  { device, threads, cacheFolder, signal }: FineTuneRequest,
): Promise<readonly HeldOutPicture[]> {
  const rename = renameOf(start);
  const { rows } = await readIndex(root, {
    ...{ action: 'show pictures', split: 'val', defaultSplit: 'val', sets, rename, classes: undefined, signal },
  });
  const count = Math.min(SHOWN, rows.length);
  const chosen = Array.from({ length: count }, (_, at) => rows[Math.floor(((at + 0.5) * rows.length) / count)]!);
  await using segmenter = await Segmenter.load(checkpoint, { device, threads, cacheFolder, signal });
  const shown: HeldOutPicture[] = [];
  for (const row of chosen) shown.push(await pictureOf(segmenter, row, signal));
  return shown;
}

async function pictureOf(
  segmenter: Segmenter,
  { image, mask, set, key }: PhotoRow,
  signal: AbortSignal | undefined,
): Promise<HeldOutPicture> {
  const names = set.labels.map(({ name }) => name);
  const background = set.background === undefined ? 'none' : 'threshold';
  const labels = await segmenter.labels(names, { background, signal });
  const { labelMap, width, height } = await segmenter.segment(image, labels, { signal });
  const truth = await readIndexMask(mask);
  const places = new Uint8Array(256).fill(NOTHING);
  for (const [place, { values }] of set.labels.entries()) for (const value of values) places[value] = place;
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const [across, down] = [width, height].map((side) => Math.max(1, Math.round(side * scale))) as [number, number];
  const photo = await (await openPicture(image)).resized(across, down);
  const colors = labelColors(names);
  const drawn = async (map: Uint8Array): Promise<Uint8Array> => {
    const painted = photo.slice();
    blendOverlay(painted, across, down, map, width, height, colors, { alpha: ALPHA });
    return encodeJPEG(painted, across, down);
  };
  return {
    name: basename(key),
    photo: await encodeJPEG(photo, across, down),
    truth: await drawn(truth.data.map((value) => places[value]!)),
    prediction: await drawn(labelMap),
  };
}
