/** An evaluation as one HTML page that opens offline: nothing is loaded, pictures are inside. */
import { encodeJPEG } from '@synseg/core/masks';
import { openImage } from '@synseg/core/runtime';
import { formatScore } from './format-score.ts';
import { drawMatrix } from './matrix-picture.ts';
import { drawPictureSheet } from './picture-sheet.ts';
import type { Score } from './score.ts';
import type { CurvePoint } from './threshold-curve.ts';
import { drawThresholdSheet, type MappedPicture } from './threshold-sheet.ts';
import type { JudgedPicture } from './worst-pictures.ts';

/** A set with what is drawn of it. */
export interface DrawnSet {
  readonly score: Score;
  /** Pictures with the lowest mIoU. */
  readonly worst: readonly JudgedPicture[];
  /** Activation maps, where there is a curve. */
  readonly maps: readonly MappedPicture[];
}

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#222}' +
  'table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #ddd}' +
  'td:first-child,th:first-child{text-align:left}img{max-width:100%}pre{white-space:pre-wrap;background:#f4f4f4;' +
  'padding:1rem;overflow:auto}svg{background:#fafafa}';

/** What a page says before its figures. */
export interface ReportLead {
  readonly title: string;
  /** HTML. */
  readonly sections: readonly string[];
}

/**
 * The page: figures, protocol, classes, confusion matrix, curve and pictures, of each set.
 *
 * @param score - of all sets
 * @param sets - its sets, or itself alone
 */
export async function reportPage(
  score: Score,
  sets: readonly DrawnSet[],
  signal?: AbortSignal,
  lead?: ReportLead,
): Promise<string> {
  const { protocol } = score;
  const evaluated = ['Evaluation', protocol.dataset, protocol.split ?? '', protocol.set ?? ''];
  const title = lead?.title ?? evaluated.filter(Boolean).join(' ');
  const several = score.sets !== undefined;
  const sections: string[] = [];
  for (const set of sets) sections.push(await setSection(set, several, signal));
  return htmlPage(title, [
    ...(lead?.sections ?? []),
    ...(several ? [figures(score), ...curveSection(score.curve)] : []),
    ...sections,
    `<h2>As text</h2><pre>${escaped(formatScore(score))}</pre>`,
  ]);
}

/** A page that loads nothing. @param sections - HTML */
export function htmlPage(title: string, sections: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    ...sections,
    '</body></html>',
    '',
  ].join('\n');
}

async function setSection({ score, worst, maps }: DrawnSet, several: boolean, signal?: AbortSignal): Promise<string> {
  const { classes, curve } = score;
  const parts = [
    ...(several ? [`<h2>${escaped(score.protocol.set ?? '')}</h2>`] : []),
    figures(score),
    ...curveSection(curve),
    '<h3>Classes</h3>',
    classTable(score),
    '<h3>Confusion matrix</h3>',
    picture('png', await drawMatrix(score), 'Confusion matrix: truth in rows, prediction in columns'),
  ];
  if (curve !== undefined && maps.length > 0)
    parts.push(
      '<h3>Activation maps and masks at each threshold</h3>',
      await photographs(
        await drawThresholdSheet(maps, curve, signal),
        'Photo, activation map, masks at each threshold',
      ),
    );
  if (worst.length > 0)
    parts.push(
      '<h3>Pictures with the lowest mIoU</h3>',
      await photographs(await drawPictureSheet(worst, classes, signal), 'Photo, ground truth, prediction'),
    );
  return parts.join('\n');
}

function figures(score: Score): string {
  const { low, high, level, draws } = score.interval;
  const interval = `${percent(low)} – ${percent(high)} (${100 * level} %, ${draws} draws of pictures)`;
  return table([
    ['mIoU', percent(score.mIoU)],
    ['interval', interval],
    ['frequency-weighted IoU', percent(score.fwIoU)],
    ['pixel accuracy', percent(score.pixelAccuracy)],
    ['mean accuracy', percent(score.meanAccuracy)],
    ['boundary IoU', percent(score.boundaryIoU)],
    ['mIoU of chance', percent(score.chanceMIoU)],
    ['pictures', score.images.toLocaleString('en')],
  ]);
}

function classTable({ classes, perClass, perClassAccuracy, perClassBoundaryIoU }: Score): string {
  return table(
    classes.map((name) => [name, ...[perClass, perClassAccuracy, perClassBoundaryIoU].map((of) => percent(of[name]))]),
    ['class', 'IoU', 'accuracy', 'boundary IoU'],
  );
}

/** The curve as a table and a line. */
function curveSection(curve: readonly CurvePoint[] | undefined): string[] {
  if (curve === undefined) return [];
  return [
    '<h3>Thresholds</h3>',
    lineDrawing(
      curve.map(({ threshold, mIoU }) => [threshold, mIoU]),
      { across: [0, 1], up: [0, 1], ends: ['0 %', '100 %'], title: 'mIoU by threshold' },
    ),
    table(
      curve.map((point) => [String(point.threshold), percent(point.mIoU), percent(point.pixelAccuracy)]),
      ['threshold', 'mIoU', 'pixel accuracy'],
    ),
  ];
}

/** The axes of a drawing. */
interface Axes {
  readonly across: readonly [from: number, to: number];
  readonly up: readonly [from: number, to: number];
  /** Texts at the ends of the axis that goes up. */
  readonly ends: readonly [low: string, high: string];
  readonly title: string;
}

/** Points that a circle each is drawn for; more are a line alone. */
const CIRCLES = 40;

/** A line through points, as SVG. */
export function lineDrawing(points: readonly (readonly [x: number, y: number])[], axes: Axes): string {
  const [width, height, edge] = [480, 240, 36];
  const { across, up, ends, title } = axes;
  const share = (value: number, [from, to]: readonly [number, number]): number => (value - from) / (to - from || 1);
  const places = points.map(([x, y]) => {
    const left = edge + share(x, across) * (width - 2 * edge);
    return `${left.toFixed(1)},${(height - edge - share(y, up) * (height - 2 * edge)).toFixed(1)}`;
  });
  const circles = places.length > CIRCLES ? [] : places;
  return (
    `<svg width="${width}" height="${height}" font-size="12">` +
    `<path d="M${edge} ${edge}V${height - edge}H${width - edge}" fill="none" stroke="#888"/>` +
    `<polyline points="${places.join(' ')}" fill="none" stroke="#06c" stroke-width="2"/>` +
    circles.map((place) => `<circle cx="${place.replace(',', '" cy="')}" r="3" fill="#06c"/>`).join('') +
    `<text x="4" y="${edge - 8}">${escaped(ends[1])}</text>` +
    `<text x="4" y="${height - edge}">${escaped(ends[0])}</text>` +
    `<text x="${edge}" y="${height - 12}">${across[0]}</text>` +
    `<text x="${width - edge}" y="${height - 12}" text-anchor="end">${across[1]}</text>` +
    `<text x="${width / 2}" y="${height - 12}" text-anchor="middle">${escaped(title)}</text></svg>`
  );
}

/** Rows of cells, the first column to the left. */
export function table(rows: readonly (readonly string[])[], header?: readonly string[]): string {
  const line = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  const lines = [...(header === undefined ? [] : [line(header, 'th')]), ...rows.map((row) => line(row, 'td'))];
  return `<table>${lines.join('')}</table>`;
}

/** A sheet of photographs, which as PNG would be most of the page. */
async function photographs(sheet: Uint8Array, alternative: string): Promise<string> {
  const image = await openImage(sheet);
  const { width, height } = image;
  return picture('jpeg', await encodeJPEG(await image.pixels(), width, height), alternative);
}

function picture(format: 'png' | 'jpeg', bytes: Uint8Array, alternative: string): string {
  const data = Buffer.from(bytes).toString('base64');
  return `<p><img alt="${escaped(alternative)}" src="data:image/${format};base64,${data}"></p>`;
}

/** A share of 0 to 1 with a percent sign. */
export function percent(share: number | null | undefined): string {
  return typeof share === 'number' ? `${(100 * share).toFixed(2)} %` : '–';
}

/** A text as HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
