/** One PNG of sixteen pictures with their masks drawn on them, and a legend of the classes. */
import { blendOverlay, labelColors, legendSVG } from '@synseg/core/masks';
import { openImage } from '@synseg/core/runtime';
import { NONE, UNKNOWN, type AnnotatedPicture } from '../annotations/annotated-set.ts';
import { encodeSheet, panelSize, paste, svgText } from '../evaluate/picture-sheet.ts';
import type { IndexMask } from '../image/index-mask.ts';
import { resizeMaskNearest } from '../image/index-mask.ts';

/** Pictures on a sheet. */
const ON_SHEET = 16;
const COLUMNS = 4;
const SIDE = 240;
const GAP = 8;
const LINE = 22;
/** Classes in the legend. */
const MOST_NAMES = 40;
/** Letters of a picture's name that fit over it. */
const LETTERS = 28;
const GROUND = 32;
/** Gray of pixels of which nothing is known. */
const UNKNOWN_COLOR = [128, 128, 128] as const;

/** A picture for the sheet, as small as it is drawn. */
export interface SheetPicture {
  readonly key: string;
  readonly width: number;
  readonly height: number;
  /** RGB. */
  readonly pixels: Uint8Array;
  readonly mask: Uint8Array;
}

/** The pictures to draw: of those with a mask, evenly spread ones. */
export function chosenForSheet(pictures: readonly AnnotatedPicture[]): ReadonlySet<AnnotatedPicture> {
  const labeled = pictures.filter((picture) => picture.labeled);
  const count = Math.min(ON_SHEET, labeled.length);
  return new Set(Array.from({ length: count }, (_, at) => labeled[Math.floor((at * labeled.length) / count)]!));
}

/** A picture and its mask at the size of the sheet's panels. */
export async function sheetPicture({ key, image }: AnnotatedPicture, mask: IndexMask): Promise<SheetPicture> {
  const [width, height] = panelSize(mask, SIDE);
  const pixels = (await (await openImage(image)).resized(width, height)).slice();
  return { key, width, height, pixels, mask: resizeMaskNearest(mask, width, height) };
}

/** Draws the sheet as a PNG: none of the classes is left as in the photo, unknown is gray. */
export async function drawMaskSheet(
  pictures: readonly SheetPicture[],
  classes: readonly string[],
): Promise<Uint8Array> {
  const colors = labelColors(classes);
  const shown = classes.slice(0, MOST_NAMES);
  const names = [...shown, '(unknown)'];
  const more = classes.length - shown.length;
  const legend = legendSVG(names, [...colors.slice(0, shown.length), UNKNOWN_COLOR], {}, { fontSize: 14, more });
  const [, legendWidth = 0, legendHeight = 0] = (/width="(\d+)" height="(\d+)"/.exec(legend) ?? []).map(Number);
  const rows = Math.ceil(pictures.length / COLUMNS);
  const width = GAP + COLUMNS * (SIDE + GAP) + legendWidth + GAP;
  const height = Math.max(GAP + rows * (SIDE + LINE + GAP), legendHeight + 2 * GAP);
  const pixels = new Uint8Array(width * height * 3).fill(GROUND);
  const texts: string[] = [];
  for (const [at, picture] of pictures.entries()) {
    const left = GAP + (at % COLUMNS) * (SIDE + GAP);
    const top = GAP + Math.floor(at / COLUMNS) * (SIDE + LINE + GAP);
    const map = picture.mask.map((value) => (value === NONE ? 255 : value === UNKNOWN ? classes.length : value));
    blendOverlay(picture.pixels, picture.width, picture.height, map, picture.width, picture.height, [
      ...colors,
      UNKNOWN_COLOR,
    ]);
    paste(pixels, width, picture.pixels, picture.width, left, top + LINE);
    const name = picture.key.length > LETTERS ? `…${picture.key.slice(1 - LETTERS)}` : picture.key;
    texts.push(svgText(name, left, top + LINE - GAP));
  }
  texts.push(legend.replace('<svg ', `<svg x="${width - legendWidth - GAP}" y="${GAP}" `));
  return encodeSheet(pixels, width, height, texts);
}
