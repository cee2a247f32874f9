/** One picture of several frames in rows, each beside what it shows and what was found, with legends. */
import type { LabelColor } from '@synseg/core';
import { legendSVG } from '@synseg/core/masks';
import { encodePng } from '@synseg/street-world/draw.ts';

/** Width and height, pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A frame on the sheet. */
export interface SheetRow {
  readonly title: string;
  /** For each column `Uint8Array, [height, width, 3]`, RGB, of a panel's size. */
  readonly panels: readonly Uint8Array[];
}

/** Rows that belong together. */
export interface SheetPart {
  /** A title for each column. That of the row stands in the first. */
  readonly columns: readonly string[];
  readonly rows: readonly SheetRow[];
  /** Size of a panel. */
  readonly size: Size;
  readonly legend: {
    readonly title: string;
    readonly names: readonly string[];
    readonly colors: readonly LabelColor[];
    /** For each name, 0 … 1. */
    readonly values: readonly number[];
  };
}

const [GAP, LINE, FONT_SIZE, GROUND] = [8, 24, 14, 32];
const LARGEST: Size = { width: 384, height: 256 };

/** The size of a panel for pictures of a size: their shape, within 384 × 256 pixels. */
export function panelSize({ width, height }: Size): Size {
  const scale = Math.min(LARGEST.width / width, LARGEST.height / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Draws the parts, one below the other, as PNG. */
export async function drawSheet(parts: readonly SheetPart[]): Promise<Buffer> {
  const laid: (readonly [part: LaidPart, top: number])[] = [];
  let bottom = 0;
  for (const part of parts.map(layPart)) {
    laid.push([part, bottom]);
    bottom += part.height;
  }
  const width = Math.max(...laid.map(([part]) => part.width));
  const sheet = new Uint8Array(width * bottom * 3).fill(GROUND);
  for (const [{ part, leftOf, topOf }, top] of laid) {
    for (const [row, { panels }] of part.rows.entries())
      for (const [column, panel] of panels.entries())
        for (let y = 0; y < part.size.height; y++)
          sheet.set(
            panel.subarray(y * part.size.width * 3, (y + 1) * part.size.width * 3),
            ((top + topOf(row) + y) * width + leftOf(column)) * 3,
          );
  }
  const texts = laid.map(([{ texts }, top]) => `<g transform="translate(0 ${top})">${texts}</g>`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom}">${texts.join('')}</svg>`;
  return encodePng(sheet, width, bottom, svg);
}

/** A part, and the places in it. */
interface LaidPart extends Size {
  readonly part: SheetPart;
  readonly leftOf: (column: number) => number;
  readonly topOf: (row: number) => number;
  readonly texts: string;
}

function layPart(part: SheetPart): LaidPart {
  const { columns, rows, size, legend } = part;
  const { names, colors, values } = legend;
  const leftOf = (column: number): number => GAP + column * (size.width + GAP);
  const topOf = (row: number): number => LINE + row * (LINE + size.height);
  const valueOf = Object.fromEntries(names.map((name, index) => [name, values[index]!]));
  const drawing = legendSVG(names, colors, valueOf, { fontSize: FONT_SIZE });
  const [legendWidth, legendHeight] = ['width', 'height'].map((side) =>
    Number(new RegExp(`${side}="(\\d+)"`).exec(drawing)?.[1]),
  ) as [number, number];
  const legendLeft = leftOf(columns.length);
  const texts = [
    text(legend.title, legendLeft, LINE - GAP),
    drawing.replace('<svg ', `<svg x="${legendLeft}" y="${topOf(0)}" `),
    ...rows.flatMap(({ title }, row) =>
      columns.map((words, column) =>
        text(column === 0 ? `${title} ${words}`.trim() : words, leftOf(column), topOf(row) - GAP),
      ),
    ),
  ];
  return {
    part,
    leftOf,
    topOf,
    texts: texts.join(''),
    width: legendLeft + Math.max(legendWidth, Math.ceil(legend.title.length * FONT_SIZE * 0.6)) + GAP,
    height: Math.max(topOf(rows.length) - LINE, LINE + legendHeight) + GAP,
  };
}

function text(content: string, left: number, baseline: number): string {
  return (
    `<text x="${left}" y="${baseline}" font-family="sans-serif" font-size="${FONT_SIZE}" ` +
    `fill="#fff">${content}</text>`
  );
}
