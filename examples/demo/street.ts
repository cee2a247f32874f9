/** The drawn street: a clip with the true class of each pixel, segmented and scored. */
import type { Segmenter } from '@synseg/core';
import { blendOverlay } from '@synseg/core/masks';
import { decodeFrames, segmentVideo } from '@synseg/video';
import type { ClassName } from '@synseg/street-world/classes.ts';
import { writeClip, type Clip } from '@synseg/street-world/clip.ts';
import { readGroundTruth } from './ground-truth.ts';
import { IouCounter } from './iou-counter.ts';
import { progress } from './progress.ts';
import { panelSize, type SheetPart, type SheetRow } from './sheet.ts';
import { streetWords, type StreetWords } from './street-words.ts';

const [ROWS, ALPHA, IGNORED] = [4, 0.75, 255];

/** A street. */
export interface StreetOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly views: 1 | 5;
  /** Files for the clip, beside which its masks will lie, and for its overlay. */
  readonly files: { readonly clip: string; readonly overlay: string };
}

/** What came of it. */
export interface Street extends StreetWords {
  readonly clip: Clip;
  readonly classes: readonly ClassName[];
  readonly framesPerSecond: number;
  /** IoU of each label, and their mean, 0 … 1. */
  readonly iou: readonly number[];
  readonly meanIou: number;
  readonly sheet: SheetPart;
}

/** Draws a street, segments it into the classes that occur in it, and compares every pixel of every frame. */
export async function segmentStreet(
  segmenter: Segmenter,
  { seed, seconds, views, files }: StreetOptions,
): Promise<Street> {
  const clip = await writeClip(files.clip, seed, {
    seconds,
    size: 384,
    aspect: 1.5,
    onFrame: progress('frames drawn'),
  });
  const { names: classes, maps } = await readGroundTruth(clip);
  const { labels, labelOf } = await streetWords(segmenter, classes);
  const valueOf = Uint8Array.from({ length: IGNORED + 1 }, (_, index) => labelOf[index] ?? IGNORED);
  const truth = maps.map((map) => map.map((value) => valueOf[value]!));

  const counter = new IouCounter(labels.names.length);
  const predictions: Uint8Array[] = [];
  const show = progress('frames segmented');
  const started = performance.now();
  const stream = segmentVideo(clip.video, segmenter, labels, { overlay: files.overlay, size: 'source', views });
  for await (const { index, segmentation } of stream) {
    counter.add(truth[index]!, segmentation.labelMap);
    predictions[index] = segmentation.labelMap;
    show(predictions.length, clip.frames);
  }
  const framesPerSecond = (1000 * predictions.length) / (performance.now() - started);

  const size = panelSize(clip);
  const rows: SheetRow[] = [];
  for await (const { index, data } of decodeFrames(clip.video, { every: Math.ceil(clip.frames / ROWS), size })) {
    const painted = [truth, predictions].map((of) => {
      const panel = data.slice();
      const { width, height } = clip;
      blendOverlay(panel, size.width, size.height, of[index]!, width, height, labels.colors, { alpha: ALPHA });
      return panel;
    });
    rows.push({ title: `frame ${index}`, panels: [data, ...painted] });
  }
  const iou = counter.perClass();
  const legend = { title: 'IoU in the street', names: labels.names, colors: labels.colors, values: iou };
  const sheet = { columns: ['', 'ground truth', 'prediction'], rows, size, legend };
  return { clip, classes, labels, labelOf, framesPerSecond, iou, meanIou: counter.mean(), sheet };
}
