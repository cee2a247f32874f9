/** A score as text: the number, the protocol beside it, a table of the classes. */
import { writtenOut } from '../data/written-out.ts';
import { nameText, pixelTexts, windowsText } from './pixel-text.ts';
import type { EvaluationProtocol, Score } from './score.ts';

/** Failures that are named; the others are counted. */
const NAMED_FAILURES = 5;

/**
 * Writes a score for people, protocol included.
 *
 * @returns lines without a final line break
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint
 * import { evaluate, formatScore } from '@synseg/train';
 * console.log(formatScore(await evaluate('runs/road/best', { dataset: 'camvid', root: 'data/camvid' })));
 * ```
 */
export function formatScore(score: Score): string {
  return writtenOut('format score', 'score', score, 'be what evaluate() resolves to', scoreText);
}

function scoreText(score: Score): string {
  const { protocol, sets } = score;
  const head = (one: Score, of: string): string =>
    `${of}mIoU ${percent(one.mIoU)} %${intervalText(one)}, pixel accuracy ${percent(one.pixelAccuracy)} %, ` +
    `${count(one.images, 'picture')} in ${one.timeSeconds.toFixed(1)} s`;
  const where = [protocol.dataset, protocol.split ?? '', protocol.set ?? ''].join(' ').trim();
  if (sets === undefined) return [head(score, `${where}: `), ...bodyOf(score, true)].join('\n');
  const entries = Object.entries(sets);
  const { sets: none = [] } = score.leftOut;
  return [
    head(score, `${where}: mean over ${count(entries.length, 'set')}: `),
    `protocol: ${protocolText({ ...protocol, background: null })}`,
    ...(none.length === 0 ? [] : [`left out, as the checkpoint has no embedding of a class: ${none.join(', ')}`]),
    '',
    ...setTable(entries),
    ...entries.flatMap(([name, one]) => ['', head(one, `${name}: `), ...bodyOf(one, false)]),
  ].join('\n');
}

/** The lines of one set behind the first. */
function bodyOf(score: Score, withProtocol: boolean): string[] {
  const { protocol, failures, leftOut, imagesWithoutClasses } = score;
  const lines = [
    `frequency-weighted IoU ${percent(score.fwIoU)} %, mean accuracy ${percent(score.meanAccuracy)} %` +
      (score.boundaryIoU === null ? '' : `, boundary IoU ${percent(score.boundaryIoU)} %`),
    `chance: mIoU ${percent(score.chanceMIoU)} % for one of the ${score.labelsPerImage.toFixed(1)} competing ` +
      'labels (on average) at random',
    ...(withProtocol ? [`protocol: ${protocolText(protocol)}`] : []),
    ...curveLines(score.curve),
    '',
    ...classTable(score),
  ];
  if (leftOut.classes.length > 0) {
    lines.push(
      '',
      `left out, as the checkpoint has no embedding of them (${leftOut.pixels.toLocaleString('en')} pixels do not ` +
        `count): ${leftOut.classes.join(', ')}`,
    );
  }
  if (imagesWithoutClasses > 0) lines.push('', `${count(imagesWithoutClasses, 'picture')} without a pixel that counts`);
  if (failures.length > 0) {
    lines.push(
      '',
      `${count(failures.length, 'picture')} could not be evaluated:`,
      ...failures.slice(0, NAMED_FAILURES).map(({ key, reason }) => `  ${key}: ${reason}`),
    );
    if (failures.length > NAMED_FAILURES) lines.push(`  and ${failures.length - NAMED_FAILURES} more`);
  }
  return lines;
}

/** The score at each threshold, in one line. */
function curveLines(curve: Score['curve']): string[] {
  if (curve === undefined) return [];
  return [`mIoU by threshold: ${curve.map(({ threshold, mIoU }) => `${threshold}: ${percent(mIoU)} %`).join(', ')}`];
}

/** A line of each set. */
function setTable(sets: readonly (readonly [name: string, score: Score])[]): string[] {
  const rows = sets.map(([name, { images, mIoU, pixelAccuracy, chanceMIoU, protocol }]) => [
    name,
    images.toLocaleString('en'),
    ...[mIoU, pixelAccuracy, chanceMIoU].map(percent),
    { ignore: 'does not count', class: 'a class', none: 'none' }[protocol.background ?? 'none'],
  ]);
  return aligned([['set', 'pictures', 'mIoU %', 'pixel accuracy %', 'chance mIoU %', 'background'], ...rows]);
}

/** The protocol in one line. */
export function describeProtocol(protocol: EvaluationProtocol): string {
  return writtenOut('describe protocol', 'protocol', protocol, 'be the protocol of a score', protocolText);
}

function protocolText(protocol: EvaluationProtocol): string {
  const {
    labels,
    background,
    decision,
    views,
    merge,
    templates,
    classList,
    rename,
    inputSize,
    precision,
    device,
    metric,
    offset,
    limit,
  } = protocol;
  const parts = [
    nameText(protocol),
    labels === 'all'
      ? 'all classes compete in every picture'
      : "the classes of a picture's own ground truth compete in it",
    background === null ? '' : background === 'ignore' ? 'background pixels do not count' : 'background is a class',
    decision,
    windowsText(protocol),
    views === 1 ? '1 view' : `${views} views, merged by ${merge}`,
    `network input ${inputSize.join('×')}`,
    typeof templates !== 'string'
      ? `templates ${templates.map((template) => `"${template}"`).join(', ')}`
      : templates === 'vocabulary'
        ? 'names looked up in the vocabulary'
        : `templates "${templates}"`,
    ...pixelTexts(protocol),
    classList === null ? '' : `classes from ${classList}`,
    rename === undefined ? '' : `classes renamed by ${typeof rename === 'string' ? rename : JSON.stringify(rename)}`,
    offset === 0 ? '' : `first ${offset} of the list passed over`,
    limit === null ? '' : `at most ${limit} pictures`,
    `${precision} on ${device}`,
    metric,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function classTable({ classes, confusion, missed, perClass, perClassBoundaryIoU }: Score): string[] {
  const truths = classes.map((_, index) => sum(confusion[index]!) + missed[index]!);
  const all = sum(truths);
  const share = (part: number, whole: number): string => (whole === 0 ? '–' : percent(part / whole));
  const rows = classes.map((name, index) => {
    const [hit, iou] = [confusion[index]![index]!, perClass[name]];
    const others = [...confusion[index]!.entries()].filter(([other, pixels]) => other !== index && pixels > 0);
    const [worst, pixels] = others.reduce<readonly [number, number]>(
      (most, next) => (next[1] > most[1] ? next : most),
      [-1, missed[index]!],
    );
    const mistake =
      pixels === 0 ? '' : `${worst < 0 ? 'nothing' : classes[worst]!} (${share(pixels, truths[index]!)} %)`;
    const boundary = perClassBoundaryIoU[name];
    return [
      name,
      typeof iou === 'number' ? percent(iou) : '–',
      typeof boundary === 'number' ? percent(boundary) : '–',
      share(hit, truths[index]!),
      share(hit, sum(confusion.map((row) => row[index]!))),
      share(truths[index]!, all),
      mistake,
    ];
  });
  const header = ['class', 'IoU %', 'boundary IoU %', 'accuracy %', 'precision %', 'pixels %', 'most often taken for'];
  return aligned([header, ...rows]);
}

/** Rows in columns: the first and the last are text, those between are numbers. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const [header = []] = rows;
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isText = (column: number): boolean => column === 0 || column === header.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

/** The interval behind an mIoU. */
function intervalText({ interval: { low, high, level } }: Score): string {
  return ` (${100 * level} % interval ${percent(low)}–${percent(high)} %)`;
}

/** A share as a number of percent. */
function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
