/** One picture of several frames: the frame, what it shows, what was found, and a legend. */
import type { LabelColor } from '@synseg/core';
import { blendOverlay, legendSVG } from '@synseg/core/masks';
import { encodePng } from '@synseg/street-world/draw.ts';

/** A frame on the sheet. */
export interface SheetRow {
  readonly title: string;
  /** `Uint8Array, [height, width, 3]`, RGB, of a panel's size. */
  readonly pixels: Uint8Array;
  /** Label maps of the clip's size, 255 = nothing is drawn: ground truth and prediction. */
  readonly maps: readonly [truth: Uint8Array, prediction: Uint8Array];
}

/** What all rows have in common. */
export interface SheetLook {
  /** Size of the label maps, pixels. */
  readonly mapSize: readonly [height: number, width: number];
  /** Size of a panel, pixels. */
  readonly panelSize: readonly [height: number, width: number];
  readonly names: readonly string[];
  readonly colors: readonly LabelColor[];
  /** Shown in the legend, 0 … 1. */
  readonly iou: readonly number[];
}

const [GAP, LINE, FONT_SIZE, GROUND, ALPHA] = [8, 24, 14, 32, 0.75];

/** Draws the sheet as PNG. */
export async function drawSheet(
  rows: readonly SheetRow[],
  { mapSize, panelSize, names, colors, iou }: SheetLook,
): Promise<Buffer> {
  const legend = legendSVG(names, colors, Object.fromEntries(names.map((name, index) => [name, iou[index]!])), {
    fontSize: FONT_SIZE,
  });
  const [legendWidth, legendHeight] = ['width', 'height'].map((side) =>
    Number(new RegExp(`${side}="(\\d+)"`).exec(legend)?.[1]),
  ) as [number, number];
  const [panelHeight, panelWidth] = panelSize;
  const [mapHeight, mapWidth] = mapSize;
  const leftOf = (column: number): number => GAP + column * (panelWidth + GAP);
  const topOf = (row: number): number => LINE + row * (LINE + panelHeight);
  const legendLeft = leftOf(3);
  const width = legendLeft + legendWidth + GAP;
  const height = Math.max(topOf(rows.length) - LINE, LINE + legendHeight) + GAP;

  const sheet = new Uint8Array(width * height * 3).fill(GROUND);
  const texts = [
    text('IoU in the clip', legendLeft, LINE - GAP),
    legend.replace('<svg ', `<svg x="${legendLeft}" y="${topOf(0)}" `),
  ];
  for (const [row, { pixels, maps, title }] of rows.entries()) {
    for (const [column, map] of [undefined, ...maps].entries()) {
      const panel = pixels.slice();
      if (map !== undefined)
        blendOverlay(panel, panelWidth, panelHeight, map, mapWidth, mapHeight, colors, { alpha: ALPHA });
      for (let y = 0; y < panelHeight; y++)
        sheet.set(
          panel.subarray(y * panelWidth * 3, (y + 1) * panelWidth * 3),
          ((topOf(row) + y) * width + leftOf(column)) * 3,
        );
    }
    texts.push(
      ...[title, 'ground truth', 'prediction'].map((words, column) => text(words, leftOf(column), topOf(row) - GAP)),
    );
  }
  return encodePng(
    sheet,
    width,
    height,
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${texts.join('')}</svg>`,
  );
}

function text(content: string, left: number, baseline: number): string {
  return (
    `<text x="${left}" y="${baseline}" font-family="sans-serif" font-size="${FONT_SIZE}" ` +
    `fill="#fff">${content}</text>`
  );
}
