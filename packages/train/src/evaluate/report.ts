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

/**
 * The page: figures, protocol, classes, confusion matrix, curve and pictures, of each set.
 *
 * @param score - of all sets
 * @param sets - its sets, or itself alone
 */
export async function reportPage(score: Score, sets: readonly DrawnSet[], signal?: AbortSignal): Promise<string> {
  const { protocol } = score;
  const title = ['Evaluation', protocol.dataset, protocol.split ?? '', protocol.set ?? ''].filter(Boolean).join(' ');
  const several = score.sets !== undefined;
  const sections: string[] = [];
  for (const set of sets) sections.push(await setSection(set, several, signal));
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escaped(title)}</h1>`,
    ...(several ? [figures(score), ...curveSection(score.curve)] : []),
    ...sections,
    `<h2>As text</h2><pre>${escaped(formatScore(score))}</pre>`,
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
  const [width, height, edge] = [480, 240, 36];
  const place = ({ threshold, mIoU }: CurvePoint): string =>
    `${(edge + threshold * (width - 2 * edge)).toFixed(1)},${(height - edge - mIoU * (height - 2 * edge)).toFixed(1)}`;
  const points = curve.map(place);
  return [
    '<h3>Thresholds</h3>',
    `<svg width="${width}" height="${height}" font-size="12">` +
      `<path d="M${edge} ${edge}V${height - edge}H${width - edge}" fill="none" stroke="#888"/>` +
      `<polyline points="${points.join(' ')}" fill="none" stroke="#06c" stroke-width="2"/>` +
      points.map((point) => `<circle cx="${point.replace(',', '" cy="')}" r="3" fill="#06c"/>`).join('') +
      `<text x="4" y="${edge}">100 %</text><text x="14" y="${height - edge}">0 %</text>` +
      `<text x="${edge}" y="${height - 12}">0</text><text x="${width - edge - 8}" y="${height - 12}">1</text>` +
      `<text x="${width / 2 - 60}" y="${height - 12}">mIoU by threshold</text></svg>`,
    table(
      curve.map((point) => [String(point.threshold), percent(point.mIoU), percent(point.pixelAccuracy)]),
      ['threshold', 'mIoU', 'pixel accuracy'],
    ),
  ];
}

function table(rows: readonly (readonly string[])[], header?: readonly string[]): string {
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

function percent(share: number | null | undefined): string {
  return typeof share === 'number' ? `${(100 * share).toFixed(2)} %` : '–';
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
