/** Frames for the temporal bench: clips and labelled photos in video order, with the maps of one view and of five. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LabelSet, RawImage, SegmentOptions, Segmenter } from '@synseg/core';
import sharp from 'sharp';
import { decodeFrames } from '../../packages/video/src/decode/decode.ts';
import type { Picture } from '../../packages/video/src/temporal/motion.ts';

/** Where the reference data lies. */
export const shared = resolve(import.meta.dirname, '../../../shared');
const camvid = join(shared, 'data/camvid');

/** One frame, its own maps, and the truth where there is one. */
export interface Frame {
  readonly picture: Picture;
  /** Activation maps at the picture's size. */
  readonly oneView: Float32Array;
  readonly fiveViews: Float32Array;
  readonly truth?: Uint8Array;
}

/** Frames in their order. */
export interface Sequence {
  readonly title: string;
  readonly framesPerSecond: number;
  readonly labels: LabelSet;
  readonly frames: () => AsyncIterable<Frame>;
}

/** `count` frames of a clip from `start` seconds on, at the network's size. */
export async function* clipFrames(
  segmenter: Segmenter,
  file: string,
  labels: LabelSet,
  start: number,
  count: number,
): AsyncGenerator<Frame> {
  const [height, width] = segmenter.inputSize;
  let left = count;
  for await (const { data } of decodeFrames(join(shared, 'data/video', file), {
    size: { width: 2 * width, height: 2 * height },
    start,
  })) {
    const picture = { data: halved(data, width, height), width, height };
    const large = { data, width: 2 * width, height: 2 * height };
    yield { picture, ...(await bothMaps(segmenter, large, labels, { width, height })) };
    if (--left === 0) return;
  }
}

async function bothMaps(
  segmenter: Segmenter,
  image: RawImage,
  labels: LabelSet,
  size: NonNullable<SegmentOptions['size']>,
): Promise<Pick<Frame, 'oneView' | 'fiveViews'>> {
  const maps = async (views: 1 | 5): Promise<Float32Array> =>
    (await segmenter.segment(image, labels, { views, size, output: ['activations'] })).activations;
  return { oneView: await maps(1), fiveViews: await maps(5) };
}

/** Half the size, each pixel the mean of four. */
function halved(data: Uint8Array, width: number, height: number): Uint8Array<ArrayBuffer> {
  const half = new Uint8Array(width * height * 3);
  const line = width * 6;
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width * 3; x++, out++) {
      const at = 2 * y * line + (x - (x % 3)) * 2 + (x % 3);
      half[out] = (data[at]! + data[at + 3]! + data[at + line]! + data[at + line + 3]! + 2) >> 2;
    }
  }
  return half;
}

/** Labelled photos of CamVid, at their own size. */
export async function* camvidFrames(
  segmenter: Segmenter,
  split: string,
  names: readonly string[],
  labels: LabelSet,
): AsyncGenerator<Frame> {
  for (const name of names) {
    const { data, info } = await sharp(join(camvid, split, 'images', `${name}.jpg`))
      .raw()
      .toBuffer({ resolveWithObject: true });
    const truth = await sharp(join(camvid, split, 'labels', `${name}.png`))
      .extractChannel(0)
      .raw()
      .toBuffer();
    const picture = { data: new Uint8Array(data), width: info.width, height: info.height };
    yield { picture, ...(await bothMaps(segmenter, picture, labels, 'source')), truth: new Uint8Array(truth) };
  }
}

/** Names of a split's photos in video order. */
export function namesOf(split: string): readonly string[] {
  return description().splits[split]?.order ?? [];
}

/** Names of CamVid's classes, in the order of its labels. */
export function classNames(): string[] {
  return description().classes.map(({ name }) => name);
}

function description(): {
  readonly classes: readonly { readonly name: string }[];
  readonly splits: Readonly<Record<string, { readonly order: readonly string[] }>>;
} {
  return JSON.parse(readFileSync(join(camvid, 'classes.json'), 'utf8')) as ReturnType<typeof description>;
}
