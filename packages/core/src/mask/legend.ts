/**
 * A legend as SVG text, to be rasterised and composited by whoever has a rasteriser.
 *
 * Widths are estimated (0.62 em a letter, 1 em a wide one): measuring needs the font, which only the rasteriser knows.
 */
import { checkColors, checkNumber } from './check.ts';
import type { LabelColor } from './palette.ts';

/** How {@link legendSVG} draws. */
export interface LegendSVGOptions {
  /** Height of the letters' em square, in pixels; everything else scales with it. @default 16 */
  readonly fontSize?: number;
}

/**
 * Draws a legend: one row per label with its color, name and, where known, the share of the picture it covers.
 *
 * @param labels Names, shown as they are: markup is escaped, control characters become spaces.
 * @param colors One per label; further ones are ignored.
 * @param areas Share of the picture per label name, 0..1, shown in percent; labels without one show none.
 * @returns A complete SVG document with `width` and `height` in pixels and a half-transparent black ground.
 * @throws RangeError when `labels` is empty, a label has no color, a color is not three integers of 0..255, an area is
 *   not a number of 0..1, or `fontSize` is not a finite number of at least 1.
 * @example
 * ```ts
 * import { labelColors, legendSVG } from '@synseg/core';
 * const svg = legendSVG(['road', 'R&D'], labelColors(2), { road: 0.25 });
 * console.assert(svg.includes('>25.0 %<') && svg.includes('>R&amp;D<'));
 * ```
 */
export function legendSVG(
  labels: readonly string[],
  colors: readonly LabelColor[],
  areas: Readonly<Record<string, number>> = {},
  options: LegendSVGOptions = {},
): string {
  const { fontSize = 16 } = options;
  if (labels.length === 0) throw new RangeError('Cannot draw legend: labels must not be empty, got 0 labels');
  if (colors.length < labels.length) {
    throw new RangeError(
      `Cannot draw legend: colors must hold one color per label = ${labels.length}, got ${colors.length}`,
    );
  }
  checkColors('draw legend', colors);
  checkNumber('draw legend', 'fontSize', fontSize, 1, Infinity);
  const shares = labels.map((label) => {
    if (!Object.hasOwn(areas, label)) return '';
    checkNumber('draw legend', `areas[${JSON.stringify(label)}]`, areas[label]!, 0, 1);
    return `${(100 * areas[label]!).toFixed(1)} %`;
  });
  const names = labels.map((label) => label.replaceAll(UNPRINTABLE, ' '));

  const pad = Math.round(fontSize / 2);
  const rowHeight = Math.round(fontSize * 1.5);
  const nameX = 2 * pad + fontSize;
  const nameWidth = Math.max(...names.map((name) => textWidth(name, fontSize)));
  const shareWidth = Math.max(...shares.map((share) => textWidth(share, fontSize)));
  const width = nameX + nameWidth + (shareWidth > 0 ? pad + shareWidth : 0) + pad;
  const height = rowHeight * labels.length + pad;

  const rows = names.map((name, index) => {
    const top = Math.round(pad / 2) + index * rowHeight;
    const baseline = top + Math.round(rowHeight / 2 + fontSize * 0.36);
    const swatchY = top + Math.round((rowHeight - fontSize) / 2);
    const share = shares[index]!;
    return [
      `<rect x="${pad}" y="${swatchY}" width="${fontSize}" height="${fontSize}" fill="rgb(${colors[index]!.join()})"/>`,
      `<text x="${nameX}" y="${baseline}">${escapeText(name)}</text>`,
      share === '' ? '' : `<text x="${width - pad}" y="${baseline}" text-anchor="end">${share}</text>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" rx="${Math.round(pad / 2)}" fill="#000" fill-opacity="0.6"/>`,
    `<g font-family="sans-serif" font-size="${fontSize}" fill="#fff" xml:space="preserve">${rows.join('')}</g>`,
    '</svg>',
  ].join('');
}

// Control characters, lone surrogates and non-characters: XML 1.0 allows none of them, not even escaped.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;
const WIDE = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Extended_Pictographic}\uFF01-\uFF60]/u;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

function textWidth(text: string, fontSize: number): number {
  const ems = Array.from(text, (character) => (WIDE.test(character) ? 1 : 0.62)).reduce((sum, em) => sum + em, 0);
  return Math.ceil(ems * fontSize);
}
