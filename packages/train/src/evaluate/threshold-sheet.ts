/** One PNG as the paper's Fig. 3: photo, activation map, and the mask at each threshold. */
import { BACKGROUND } from '@synseg/core';
import { blendOverlay } from '@synseg/core/masks';
import { openImage } from '@synseg/core/runtime';
import { encodeSheet, panelSize, paste, svgText } from './picture-sheet.ts';
import type { CurvePoint } from './threshold-curve.ts';

/** A picture with the activation map of one of its classes. */
export interface MappedPicture {
  readonly key: string;
  /** Path of the photo. */
  readonly image: string;
  /** Name of the class. */
  readonly name: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Float32Array, [height, width], row-major, 0 to 1. */
  readonly map: Float32Array;
}

/** Longer side of a panel, pixels. */
const PANEL_SIDE = 200;
const GAP = 8;
const LINE = 22;
const GROUND = 32;
const MASK_COLOR = [255, 64, 64] as const;
const ALPHA = 0.6;

/**
 * Draws the sheet as a PNG. Activation maps are gray, white for 1.
 *
 * @param pictures - in the order of the rows
 * @param curve - thresholds of the masks, with the score at each
 * @throws SynsegError `IMAGE_DECODE` when a photo cannot be read
 */
export async function drawThresholdSheet(
  pictures: readonly MappedPicture[],
  curve: readonly CurvePoint[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const column = PANEL_SIDE + GAP;
  const panels = pictures.map((picture) => panelSize(picture, PANEL_SIDE));
  const rows = panels.reduce((sum, [, panelHeight]) => sum + LINE + panelHeight + GAP, 0);
  const [width, height] = [GAP + (2 + curve.length) * column, LINE + rows + GAP];
  const pixels = new Uint8Array(width * height * 3).fill(GROUND);
  const left = (panel: number): number => GAP + panel * column;
  const titles = [
    'photo',
    'activation map',
    ...curve.map(({ threshold, mIoU }) => `${threshold}: mIoU ${(100 * mIoU).toFixed(1)} %`),
  ];
  const texts = titles.map((title, panel) => svgText(title, left(panel), LINE - GAP));
  let top = LINE;
  for (const [index, picture] of pictures.entries()) {
    signal?.throwIfAborted();
    const [panelWidth, panelHeight] = panels[index]!;
    const photo = await (await openImage(picture.image, { signal })).resized(panelWidth, panelHeight);
    const masks = curve.map(({ threshold }) => {
      const painted = photo.slice();
      const mask = Uint8Array.from(picture.map, (activation) => (activation >= threshold ? 0 : BACKGROUND));
      blendOverlay(painted, panelWidth, panelHeight, mask, picture.width, picture.height, [MASK_COLOR], {
        alpha: ALPHA,
      });
      return painted;
    });
    for (const [panel, painted] of [photo, grayOf(picture, panelWidth, panelHeight), ...masks].entries())
      paste(pixels, width, painted, panelWidth, left(panel), top + LINE);
    texts.push(svgText(`${picture.key}: ${picture.name}`, GAP, top + LINE - GAP));
    top += LINE + panelHeight + GAP;
  }
  return encodeSheet(pixels, width, height, texts);
}

/** The activation map at the size of a panel, RGB: the value nearest to each pixel's center. */
function grayOf({ map, width, height }: MappedPicture, panelWidth: number, panelHeight: number): Uint8Array {
  const gray = new Uint8Array(panelWidth * panelHeight * 3);
  for (let pixel = 0; pixel < panelWidth * panelHeight; pixel++) {
    const x = Math.floor((((pixel % panelWidth) + 0.5) * width) / panelWidth);
    const y = Math.floor(((Math.floor(pixel / panelWidth) + 0.5) * height) / panelHeight);
    gray.fill(Math.round(255 * map[y * width + x]!), 3 * pixel, 3 * pixel + 3);
  }
  return gray;
}
