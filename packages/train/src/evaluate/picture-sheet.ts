/**
 * One PNG of pictures side by side: photo, ground truth, prediction, and a legend of the classes of each.
 *
 * Pixels are composed here; all text is one SVG that is drawn over them in one go.
 */
import type { LabelColor } from '@synseg/core';
import { blendOverlay, labelColors, legendSVG } from '@synseg/core/masks';
import { encodePNG, openImage } from '@synseg/core/runtime';
import type { JudgedPicture } from './worst-pictures.ts';

/** Longer side of a panel, pixels. */
const PANEL_SIDE = 360;
const PANELS = ['photo', 'ground truth', 'prediction'];
const GAP = 8;
const LINE = 22;
const FONT_SIZE = 14;
/** Least width of a column of panels, for its title, pixels. */
const LEAST_COLUMN = 120;
/** Least width of the legends' column, pixels. */
const LEGEND_WIDTH = 200;
/** Classes in the legend of one picture, the largest ones. */
const MOST_CLASSES = 12;
const GROUND = 32;
const ALPHA = 0.65;

/**
 * Draws the sheet as a PNG. Pixels that do not count are left as in the photo.
 *
 * @param pictures - in the order of the rows
 * @param classes - names by class index
 * @throws SynsegError `IMAGE_DECODE` when a photo cannot be read
 */
export async function drawPictureSheet(
  pictures: readonly JudgedPicture[],
  classes: readonly string[],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const colors = labelColors(classes);
  const rows = pictures.map((picture) => layRow(picture, classes, colors));
  const column = Math.max(LEAST_COLUMN, ...rows.map((row) => row.panelWidth)) + GAP;
  const panelLeft = (panel: number): number => GAP + panel * column;
  const width = panelLeft(PANELS.length) + Math.max(LEGEND_WIDTH, ...rows.map((row) => row.legendWidth)) + GAP;
  const height = LINE + rows.reduce((total, row) => total + row.height, 0) + GAP;
  const pixels = new Uint8Array(width * height * 3).fill(GROUND);
  const texts = PANELS.map((title, panel) => svgText(title, panelLeft(panel), LINE - GAP));
  texts.push(svgText('class, IoU in this picture', panelLeft(PANELS.length), LINE - GAP));

  let top = LINE;
  for (const [index, row] of rows.entries()) {
    signal?.throwIfAborted();
    const { picture, panelWidth, panelHeight, legend } = row;
    const photo = await (await openImage(picture.image, { signal })).resized(panelWidth, panelHeight);
    for (const [panel, map] of [undefined, picture.truth, picture.prediction].entries()) {
      const painted = photo.slice();
      if (map !== undefined)
        blendOverlay(painted, panelWidth, panelHeight, map, picture.width, picture.height, colors, { alpha: ALPHA });
      paste(pixels, width, painted, panelWidth, panelLeft(panel), top + LINE);
    }
    texts.push(
      svgText(`${index + 1}. ${picture.key}: mIoU ${(100 * picture.meanIoU).toFixed(1)} %`, GAP, top + LINE - GAP),
    );
    texts.push(legend.replace('<svg ', `<svg x="${panelLeft(PANELS.length)}" y="${top + LINE}" `));
    top += row.height;
  }
  return encodeSheet(pixels, width, height, texts);
}

interface Row {
  readonly picture: JudgedPicture;
  readonly panelWidth: number;
  readonly panelHeight: number;
  readonly height: number;
  /** SVG. */
  readonly legend: string;
  readonly legendWidth: number;
}

function layRow(picture: JudgedPicture, classes: readonly string[], colors: readonly LabelColor[]): Row {
  const [panelWidth, panelHeight] = panelSize(picture, PANEL_SIDE);
  const pixelsOf = new Float64Array(256);
  for (const map of [picture.truth, picture.prediction])
    for (let pixel = 0; pixel < map.length; pixel++) pixelsOf[map[pixel]!]!++;
  const shown = classes
    .map((_, index) => index)
    .filter((index) => pixelsOf[index]! > 0)
    .sort((a, b) => pixelsOf[b]! - pixelsOf[a]!)
    .slice(0, MOST_CLASSES);
  const names = shown.map((index) => classes[index]!);
  const shares = Object.fromEntries(shown.map((index, row) => [names[row]!, picture.iou[index] ?? 0]));
  const legend = legendSVG(
    names,
    shown.map((index) => colors[index]!),
    shares,
    { fontSize: FONT_SIZE },
  );
  const [, legendWidth = 0, legendHeight = 0] = (/width="(\d+)" height="(\d+)"/.exec(legend) ?? []).map(Number);
  return {
    picture,
    panelWidth,
    panelHeight,
    legend,
    legendWidth,
    height: LINE + Math.max(panelHeight, legendHeight) + GAP,
  };
}

/** Width and height of a picture's panel, pixels, with the given longer side. */
export function panelSize(
  { width, height }: { readonly width: number; readonly height: number },
  side: number,
): readonly [width: number, height: number] {
  const scale = side / Math.max(width, height);
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** A sheet's RGB bytes with its text over them as a PNG. @param texts - SVG elements */
export function encodeSheet(
  pixels: Uint8Array,
  width: number,
  height: number,
  texts: readonly string[],
): Promise<Uint8Array> {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${texts.join('')}</svg>`;
  return encodePNG(pixels, width, height, drawing);
}

/** Puts RGB bytes of a panel on those of a sheet. */
export function paste(
  sheet: Uint8Array,
  sheetWidth: number,
  panel: Uint8Array,
  panelWidth: number,
  left: number,
  top: number,
): void {
  const stride = panelWidth * 3;
  for (let row = 0; row * stride < panel.length; row++)
    sheet.set(panel.subarray(row * stride, (row + 1) * stride), ((top + row) * sheetWidth + left) * 3);
}

/** A line of text in SVG. */
export function svgText(content: string, left: number, baseline: number): string {
  const escaped = content.replace(/\p{C}/gu, ' ').replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return (
    `<text x="${left}" y="${baseline}" font-family="sans-serif" ` +
    `font-size="${FONT_SIZE}" fill="#fff">${escaped}</text>`
  );
}
