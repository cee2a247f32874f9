/** COCO's panoptic JSON: every pixel is of a segment, whose number is the color of a PNG. */
import { basename, dirname } from 'node:path';
import { isRecord } from '../data/json-kinds.ts';
import { isId, readFiles, type CocoFile } from '../data/coco-file.ts';
import { readStoredMask } from '../image/index-mask.ts';
import { limitsOf } from '../image/picture.ts';
import { namedClasses, NONE, UNKNOWN, type AnnotatedPicture, type AnnotatedSet } from './annotated-set.ts';
import { cocoFiles, isPanoptic, splitOf } from './coco-files.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { pictureFinder, type FindPicture } from './find-pictures.ts';
import type { Form } from './form.ts';
import { expectSize, maskError } from './mask-fault.ts';
import { unknownMask } from './unknown-mask.ts';

export const PANOPTIC_FORM: Form = {
  form: 'coco-panoptic',
  known: 'COCO panoptic (panoptic_*.json and its folder of PNG)',
  open,
};

async function open(files: ExportFiles, signal: AbortSignal | undefined): Promise<AnnotatedSet[] | undefined> {
  const found: string[] = [];
  for (const path of await cocoFiles(files)) if (await isPanoptic(files, path)) found.push(path);
  if (found.length === 0) return undefined;
  const read: CocoFile[] = [];
  for (const path of found) read.push(...(await readFiles([files.at(path)], files.root, signal)));
  const names = read.flatMap(({ json }) => json.categories.map(({ name }) => name));
  const { classes, valueOf } = namesOf(names);
  const find = pictureFinder(files);
  const pictures: AnnotatedPicture[] = [];
  let missing = 0;
  for (const [at, file] of read.entries()) {
    const part = picturesOf(files, find, found[at]!, splitOf(found[at]!, found.length), file, valueOf);
    pictures.push(...part);
    missing += file.json.images.length - part.length;
  }
  if (pictures.length === 0)
    throw annotationError(`the pictures of "${files.at(found[0]!)}" must lie below "${files.root}"`, files.summary());
  return [
    {
      name: basename(files.root),
      form: 'coco-panoptic',
      description: `COCO panoptic (${found.join(', ')})`,
      classes,
      exhaustive: true,
      pictures: pictures.sort((a, b) => (a.key < b.key ? -1 : 1)),
      notes: missing > 0 ? [`${missing} pictures of the JSON, which are not there`] : [],
    },
  ];
}

function namesOf(names: readonly string[]): ReturnType<typeof namedClasses> {
  try {
    return namedClasses(names);
  } catch (cause) {
    throw annotationError('categories must be at most 254', `${new Set(names).size}`, cause);
  }
}

function picturesOf(
  files: ExportFiles,
  find: FindPicture,
  path: string,
  split: string | undefined,
  { json }: CocoFile,
  valueOf: ReadonlyMap<string, number>,
): AnnotatedPicture[] {
  const categories = new Map(json.categories.map(({ id, name }) => [String(id), valueOf.get(name) ?? UNKNOWN]));
  const annotations = new Map<string, Readonly<Record<string, unknown>>>();
  for (const entry of json.annotations) {
    if (!isRecord(entry) || !isId(entry['image_id'])) continue;
    annotations.set(String(entry['image_id']), entry);
  }
  const masks = maskFinder(files, path);
  const outside = coversLittle(json) ? NONE : UNKNOWN;
  return json.images.flatMap(({ id, file_name: name }) => {
    const key = find(name, { folder: dirname(path), split });
    if (key === undefined) return [];
    const annotation = annotations.get(String(id));
    const written = annotation?.['file_name'];
    const mask = typeof written === 'string' ? masks(written) : undefined;
    const image = files.at(key);
    const unlooked: AnnotatedPicture['readMask'] = (limits) => unknownMask(image, limits);
    if (annotation === undefined || mask === undefined)
      return [{ key, image, source: files.at(path), split, labeled: false, readMask: unlooked }];
    return [segmentPicture(key, image, files.at(mask), split, segmentsOf(annotation, categories, outside))];
  });
}

/** Finds a mask: a PNG of the name, in the folder called as the JSON where there is one. */
function maskFinder(files: ExportFiles, path: string): (name: string) => string | undefined {
  const folder = basename(path).replace(/\.json$/i, '');
  const masks = new Map<string, string>();
  for (const file of files.paths) {
    if (!/\.png$/i.test(file)) continue;
    const isOwn = dirname(file).split('/').includes(folder);
    if (isOwn || !masks.has(basename(file))) masks.set(basename(file), file);
  }
  return (name) => masks.get(basename(name));
}

/**
 * True where segments leave most of the pictures free, which is then none of the classes. Where nearly every pixel is
 * of a segment, as in COCO itself, nobody knows what the others are.
 */
function coversLittle({ images, annotations }: CocoFile['json']): boolean {
  const total = images.reduce((sum, { width, height }) => sum + sizeOf(width) * sizeOf(height), 0);
  let covered = 0;
  for (const annotation of annotations) {
    const segments: unknown = isRecord(annotation) ? annotation['segments_info'] : undefined;
    for (const segment of Array.isArray(segments) ? (segments as unknown[]) : [])
      covered += sizeOf(isRecord(segment) ? segment['area'] : undefined);
  }
  return covered > 0 && covered < total / 2;
}

function sizeOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}

/** Class of each segment, by its number; 0 is no segment. */
function segmentsOf(
  annotation: Readonly<Record<string, unknown>>,
  categories: ReadonlyMap<string, number>,
  outside: number,
): ReadonlyMap<number, number> {
  const segments = new Map([[0, outside]]);
  const list: unknown = annotation['segments_info'];
  for (const segment of Array.isArray(list) ? (list as unknown[]) : []) {
    if (!isRecord(segment) || !isId(segment['id'])) continue;
    segments.set(Number(segment['id']), categories.get(String(segment['category_id'])) ?? UNKNOWN);
  }
  return segments;
}

function segmentPicture(
  key: string,
  image: string,
  source: string,
  split: string | undefined,
  segments: ReadonlyMap<number, number>,
): AnnotatedPicture {
  return {
    ...{ key, image, source, split, labeled: true },
    readMask: async (limits) => {
      const { data, width, height } = await readStoredMask(source, limitsOf(limits));
      await expectSize(key, image, { width, height }, limits);
      const mask = new Uint8Array(data.length);
      for (let [at, before, value] = [0, -1, UNKNOWN]; at < data.length; at++) {
        if (data[at] !== before) {
          before = data[at]!;
          // Of a color, red counts once, green 256 and blue 65,536 times.
          const id = (before >> 16) | (before & 0xff00) | ((before & 0xff) << 16);
          const found = segments.get(id);
          if (found === undefined)
            throw maskError('mask-value', key, 'its colors must be segments of the JSON', `${id}`);
          value = found;
        }
        mask[at] = value;
      }
      return { width, height, data: mask };
    },
  };
}
