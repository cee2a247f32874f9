/** Names of the values or colors of masks, from the lists that tools write beside them. */
import { basename } from 'node:path';
import { messageOf } from '@synseg/core/guards';
import { isRecord } from '../data/json-kinds.ts';
import { shortJson } from '../data/data-error.ts';
import { annotationError, type ExportFiles } from './export-files.ts';

/** A name, and the pixels that have it. */
interface MaskName {
  readonly name: string;
  /** Value in masks of indices; undefined where the list has colors alone. */
  readonly index: number | undefined;
  /** Color in masks of colors, `0xRRGGBB`. */
  readonly color: number | undefined;
}

/** A list of names. */
export interface MaskNames {
  /** Path in the export. */
  readonly path: string;
  readonly names: readonly MaskName[];
  /** Value that does not count. */
  readonly ignored: number | undefined;
  /** Value of what is none of the classes. */
  readonly background: number | undefined;
  /** True where the file says which value each name has; else it is the place in the list. */
  readonly given: boolean;
}

type Reader = (text: string, fail: Fail) => Omit<MaskNames, 'path'>;
type Fail = (rule: string, got: string) => never;

/** Files of names, those that say most first. */
const READERS: readonly (readonly [file: string, read: Reader])[] = [
  ['classes.json', readJson],
  ['labelmap.txt', readLabelMap],
  ['label_colors.txt', readColors],
  ['class_dict.csv', readColors],
  ['_classes.csv', readTable],
  ['classes.txt', readLines],
  ['class_names.txt', readLines],
  ['labels.txt', readLines],
];

/** Names of the files that are looked for. */
export const NAME_FILES = READERS.map(([file]) => file);

/** Reads the list of names nearest to the top; undefined when there is none. */
export async function readMaskNames(files: ExportFiles, folder = ''): Promise<MaskNames | undefined> {
  const depth = (path: string): number => path.split('/').length;
  for (const [file, read] of READERS) {
    const [path] = files
      .below(folder)
      .filter((one) => basename(one).toLowerCase() === file)
      .sort((a, b) => depth(a) - depth(b));
    if (path === undefined || depth(path) > depth(folder) + 2) continue;
    const fail: Fail = (rule, got) => {
      throw annotationError(`"${files.at(path)}" must ${rule}`, got);
    };
    const found = read(await files.text(path), fail);
    if (found.names.length === 0) fail('name classes', 'none');
    return { path, ...found };
  }
  return undefined;
}

/** VOC's color of an index: its bits, from the highest of each channel. */
export function vocColor(index: number): number {
  let color = 0;
  for (let bit = 0; bit < 8; bit++)
    for (let channel = 0; channel < 3; channel++)
      color |= ((index >> (3 * bit + channel)) & 1) << (7 - bit + 8 * (2 - channel));
  return color;
}

const PLAIN = { ignored: undefined, background: undefined };

/** Lines of a text, without comments and empty ones. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^(?:#|\/\/)/.test(line));
}

/** VOC's and CVAT's `name:r,g,b:parts:actions`; without a color VOC's of the place. */
function readLabelMap(text: string, fail: Fail): Omit<MaskNames, 'path'> {
  const names = linesOf(text).map((line, index) => {
    const [name = '', written = ''] = line.split(':');
    const color = written.trim() === '' ? vocColor(index) : colorOf(written.split(','));
    if (name.trim() === '' || color === undefined) return fail('have lines name:r,g,b:parts:actions', shortJson(line));
    return { name: name.trim(), index, color };
  });
  return { ...PLAIN, names, given: true };
}

/** CamVid's `r g b name`, `name r,g,b`, `name,r,g,b` with or without a header; names alone have VOC's colors. */
function readColors(text: string, fail: Fail): Omit<MaskNames, 'path'> {
  const lines = linesOf(text).filter((line) => !/^name\s*,\s*r\s*,/i.test(line));
  // Datumaro leaves the colors out where it chose them itself, by their places.
  if (lines.every((line) => !/\d[\s,]+\d/.test(line)))
    return { ...PLAIN, names: lines.map((name, index) => ({ name, index, color: vocColor(index) })), given: false };
  const names = lines.map((line, index) => {
    const [, r1, g1, b1, after] = /^(\d+)[\s,]+(\d+)[\s,]+(\d+)[\s,:]+(.+)$/.exec(line) ?? [];
    const [, before, r2, g2, b2] = /^(.+?)[\s,:]+(\d+)[\s,]+(\d+)[\s,]+(\d+)$/.exec(line) ?? [];
    const name = (after ?? before ?? '').trim();
    const color = after === undefined ? colorOf([r2, g2, b2]) : colorOf([r1, g1, b1]);
    if (name === '' || color === undefined) return fail('have lines "r g b name" or "name r,g,b"', shortJson(line));
    return { name, index, color };
  });
  return { ...PLAIN, names, given: false };
}

/** Roboflow's `value, name`, with a header. */
function readTable(text: string, fail: Fail): Omit<MaskNames, 'path'> {
  const [header = '', ...rows] = linesOf(text);
  if (!/^pixel value\s*,/i.test(header)) return fail('start with "Pixel Value, Class"', shortJson(header));
  const names = rows.map((row) => {
    const [, value, name = ''] = /^(\d+)\s*,(.*)$/.exec(row) ?? [];
    if (value === undefined || name.trim() === '') return fail('have lines "value, name"', shortJson(row));
    return { name: name.trim(), index: Number(value), color: undefined };
  });
  return { ...PLAIN, names, given: true };
}

/** A name a line, or `value name`. */
function readLines(text: string): Omit<MaskNames, 'path'> {
  const lines = linesOf(text);
  const numbered = lines.map((line) => /^(\d+)(?:\s*[:,;]\s*|\s+)(\S.*)$/.exec(line));
  const given = numbered.every((match) => match !== null);
  const names = lines.map((line, at) => {
    const [, value, name = line] = (given ? numbered[at] : undefined) ?? [];
    return { name: name.trim(), index: value === undefined ? at : Number(value), color: undefined };
  });
  return { ...PLAIN, names, given };
}

/** A list of names, our list of classes, or an object of names by value or of values by name. */
function readJson(text: string, fail: Fail): Omit<MaskNames, 'path'> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return fail('be JSON', messageOf(cause));
  }
  const list = Array.isArray(json) ? json : isRecord(json) ? json['classes'] : undefined;
  if (Array.isArray(list)) {
    const names = (list as unknown[]).map((entry, at) => {
      const { name = entry, index = at, color = undefined } = isRecord(entry) ? entry : {};
      if (typeof name !== 'string' || name.trim() === '' || !isValue(index))
        return fail('give each class a name, and an index from 0 to 65535', shortJson(entry));
      return { name, index, color: Array.isArray(color) ? colorOf(color) : undefined };
    });
    const { ignore_index: ignored, background_index: background } = isRecord(json) ? json : {};
    return {
      names,
      ignored: isValue(ignored) ? ignored : undefined,
      background: isValue(background) ? background : undefined,
      given: list.some((entry) => isRecord(entry) && entry['index'] !== undefined),
    };
  }
  if (!isRecord(json)) return fail('hold a list of classes', shortJson(json));
  const names = Object.entries(json).map(([key, value]) => {
    const [name, index] = typeof value === 'string' ? [value, Number(key)] : [key, value];
    if (name.trim() === '' || !isValue(index)) return fail('hold names by value, or values by name', shortJson(json));
    return { name, index, color: undefined };
  });
  return { ...PLAIN, names: names.sort((a, b) => a.index - b.index), given: true };
}

function isValue(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff;
}

/** A color of three numbers; undefined when they are none. */
function colorOf(channels: readonly unknown[]): number | undefined {
  const [red = -1, green = -1, blue = -1] = channels.map((channel) => (channel === '' ? -1 : Number(channel)));
  const isColor = [red, green, blue].every((value) => Number.isInteger(value) && value >= 0 && value < 256);
  return isColor && channels.length === 3 ? (red << 16) | (green << 8) | blue : undefined;
}
