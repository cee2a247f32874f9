/**
 * A legend as SVG text, to be rasterized and composited elsewhere.
 *
 * Widths are estimated (0.62 em a letter, 1 em a wide one): measuring needs the font, which only the rasterizer knows.
 */
import { checkKind, isPlain, rangeError } from '../guard/arguments.ts';
import { either, flag, integer, isString, number, readOptions, withDefault } from '../guard/options.ts';
import type { OptionsOf, Resolved } from '../guard/options.ts';
import { checkColors, checkNumber } from './check.ts';
import type { LabelColor } from './palette.ts';

const share = number({ least: 0, most: 1 });

/** The option for a legend's row of the background. */
export const BACKGROUND_ROW = {
  /** A last row for the background, with its share of the picture, 0..1, where that is known. @default false */
  background: withDefault(either('be true, false or a number from 0 to 1', flag(), share), false),
};

/** Options of {@link legendSVG}. */
export const LEGEND_SVG_OPTIONS = {
  /** Height of the letters' em square, in pixels; everything else scales with it. @default 16 */
  fontSize: withDefault(number({ least: 1 }), 16),
  /** Labels that are left out, counted in a row below the others. @default 0 */
  more: withDefault(integer({ least: 0 }), 0),
  ...BACKGROUND_ROW,
};
export type LegendSVGOptions = OptionsOf<typeof LEGEND_SVG_OPTIONS>;

const ACTION = 'draw legend';
/** Longer names end in "…": the legend of a long one would cover the picture. */
const LONGEST_NAME = 40;

interface Row {
  readonly name: string;
  /** Undefined for a row without a swatch; black is the background's, which is left as it is in an overlay. */
  readonly color: LabelColor | undefined;
  readonly share: string;
}

/**
 * Draws a legend: one row per label with its color, name and, where known, the share of the picture it covers.
 *
 * @param labels Names, shown as they are up to 40 characters: markup is escaped, control characters become spaces.
 * @param colors One per label; further ones are ignored.
 * @param areas Share of the picture per label name, 0..1, shown in percent; labels without one show none.
 * @returns A complete SVG document with `width` and `height` in pixels and a half-transparent black ground.
 * @throws TypeError when an argument is of the wrong kind.
 * @throws RangeError when `labels` is empty, a label has no color, a color is not three integers of 0..255, an area is
 *   not a number of 0..1, or `fontSize` is not a finite number of at least 1.
 * @example
 * ```ts
 * import { labelColors, legendSVG } from '@synseg/core/masks';
 * const svg = legendSVG(['road', 'R&D'], labelColors(['road', 'R&D']), { road: 0.25 }, { background: 0.5 });
 * console.assert(svg.includes('>25.0 %<') && svg.includes('>R&amp;D<') && svg.includes('>(background)<'));
 * ```
 */
export function legendSVG(
  labels: readonly string[],
  colors: readonly LabelColor[],
  areas: Readonly<Record<string, number>> = {},
  options: LegendSVGOptions = {},
): string {
  const read = readOptions(ACTION, LEGEND_SVG_OPTIONS, options);
  return drawRows(legendRows(labels, colors, areas, read), read.fontSize);
}

/** Checks the labels of {@link legendSVG} and writes the rows out. */
export function legendRows(
  labels: readonly string[],
  colors: readonly LabelColor[],
  areas: Readonly<Record<string, number>>,
  { background, more }: Pick<Resolved<typeof LEGEND_SVG_OPTIONS>, 'background' | 'more'>,
): readonly Row[] {
  checkKind(ACTION, 'labels', labels, Array.isArray(labels) && labels.every(isString), 'be a list of strings');
  checkKind(ACTION, 'areas', areas, isPlain(areas), 'be an object');
  if (labels.length === 0 && background === false) throw rangeError(ACTION, 'labels', 'not be empty', '0 labels');
  checkColors(ACTION, colors);
  if (colors.length < labels.length)
    throw rangeError(ACTION, 'colors', `hold one color per label = ${labels.length}`, colors.length);
  const rows = labels.map((label, index): Row => {
    const share = Object.hasOwn(areas, label) ? areas[label] : undefined;
    if (share !== undefined) checkNumber(ACTION, `areas[${JSON.stringify(label)}]`, share, 0, 1);
    return { name: shownName(label), color: colors[index]!, share: percent(share) };
  });
  if (more > 0) rows.push(moreRow(more));
  if (background !== false)
    rows.push({ name: '(background)', color: [0, 0, 0], share: percent(background === true ? undefined : background) });
  return rows;
}

/** The row that counts what is left out. */
export function moreRow(more: number): Row {
  return { name: `… ${more} more`, color: undefined, share: '' };
}

/** Layout of a legend with these rows. */
export function legendLayout(rows: readonly Row[], fontSize: number) {
  const pad = Math.round(fontSize / 2);
  const rowHeight = Math.round(fontSize * 1.5);
  const nameX = 2 * pad + fontSize;
  const widest = (texts: readonly string[]): number =>
    texts.reduce((width, text) => Math.max(width, textWidth(text, fontSize)), 0);
  const shareWidth = widest(rows.map(({ share }) => share));
  const width = nameX + widest(rows.map(({ name }) => name)) + (shareWidth > 0 ? pad + shareWidth : 0) + pad;
  return { width, height: rowHeight * rows.length + pad, pad, rowHeight, nameX };
}

function drawRows(rows: readonly Row[], fontSize: number): string {
  const { width, height, pad, rowHeight, nameX } = legendLayout(rows, fontSize);
  const drawn = rows.map(({ name, color, share }, index) => {
    const top = Math.round(pad / 2) + index * rowHeight;
    const baseline = top + Math.round(rowHeight / 2 + fontSize * 0.36);
    const swatchY = top + Math.round((rowHeight - fontSize) / 2);
    const outline = color?.every((part) => part === 0) === true ? ' stroke="#888"' : '';
    const square = `x="${pad}" y="${swatchY}" width="${fontSize}" height="${fontSize}"`;
    return [
      color === undefined ? '' : `<rect ${square} fill="rgb(${color.join()})"${outline}/>`,
      `<text x="${nameX}" y="${baseline}">${escapeText(name)}</text>`,
      share === '' ? '' : `<text x="${width - pad}" y="${baseline}" text-anchor="end">${share}</text>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" rx="${Math.round(pad / 2)}" fill="#000" fill-opacity="0.6"/>`,
    `<g font-family="sans-serif" font-size="${fontSize}" fill="#fff" xml:space="preserve">${drawn.join('')}</g>`,
    '</svg>',
  ].join('');
}

// Control characters, lone surrogates and non-characters: XML 1.0 allows none of them, not even escaped.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;
// Characters that change the direction of the text around them: a name must not change the rest of its row.
const TURNING = /[\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;
const WIDE = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Extended_Pictographic}\uFF01-\uFF60]/u;
const ENTITIES = new Map(Object.entries({ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }));

function shownName(name: string): string {
  // Cut before it is looked at: a name may be megabytes long.
  const start = name.slice(0, 4 * LONGEST_NAME).replaceAll(UNPRINTABLE, ' ');
  const characters = [...start.replaceAll(TURNING, '')];
  return characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME - 1).join('')}…` : characters.join('');
}

function percent(share: number | undefined): string {
  return share === undefined ? '' : `${(100 * share).toFixed(1)} %`;
}

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&${ENTITIES.get(sign)};`);
}

function textWidth(text: string, fontSize: number): number {
  const ems = Array.from(text, (character) => (WIDE.test(character) ? 1 : 0.62)).reduce((sum, em) => sum + em, 0);
  return Math.ceil(ems * fontSize);
}
