/** COCO JSON as tools export it: outlines of instances, and captions, with the pictures somewhere below. */
import { basename, dirname } from 'node:path';
import { paintPicture, readPictures, type CocoPicture } from '../data/coco-pictures.ts';
import { fillOutline } from '../data/traced-outline.ts';
import type { IndexMask } from '../image/index-mask.ts';
import { limitsOf, type PictureLimits } from '../image/picture.ts';
import type { ShapeFault } from './mask-fault.ts';
import {
  namedClasses,
  NONE,
  UNKNOWN,
  type AnnotatedPicture,
  type AnnotatedSet,
  type NamedClasses,
} from './annotated-set.ts';
import { cocoFiles, isPanoptic, splitOf } from './coco-files.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { pictureFinder } from './find-pictures.ts';
import type { Form } from './form.ts';
import { expectSize, maskError } from './mask-fault.ts';
import { unknownMask } from './unknown-mask.ts';

/** Share of outlines that are crowds in COCO itself: 1 %. */
const FEW_CROWDS = 0.1;
/** Pixels that a corner may lie outside of its picture: on the edge it is one past the last. */
const EDGE = 1;
/** Names of files that say the same of the same pictures in another way. */
const OTHER_KINDS = /^(?:person_keypoints|image_info|labels|stuff)_/;

export const COCO_FORM: Form = {
  form: 'coco',
  known: 'COCO (JSON with images, annotations and categories; annotations/*.json or _annotations.coco.json)',
  open,
};

async function open(files: ExportFiles, signal: AbortSignal | undefined): Promise<AnnotatedSet[] | undefined> {
  const found = await cocoFiles(files);
  const read: string[] = [];
  for (const path of found)
    if (!(await isPanoptic(files, path)) && (!OTHER_KINDS.test(basename(path)) || found.length === 1)) read.push(path);
  if (read.length === 0) return undefined;
  const notes: string[] = [];
  const splits = new Map<string | undefined, string[]>();
  for (const path of read) {
    const split = splitOf(path, read.length);
    splits.set(split, [...(splits.get(split) ?? []), path]);
  }
  const find = pictureFinder(files);
  const parts: Part[] = [];
  for (const [split, paths] of splits) parts.push(await readPart(files, paths, split, signal, notes));
  const classes = classesOf(parts);
  const pictures = new Map<string, AnnotatedPicture>();
  let missing = 0;
  for (const part of parts) {
    const values = maskValues(part.names, classes);
    for (const picture of part.pictures) {
      const path = find(picture.file, { folder: dirname(part.paths[0]!), split: part.split });
      if (path === undefined) missing += 1;
      else if (!pictures.has(path)) pictures.set(path, annotated(files, part, path, picture, values));
    }
  }
  if (pictures.size === 0)
    throw annotationError(`the pictures of "${files.at(read[0]!)}" must lie below "${files.root}"`, files.summary());
  if (missing > 0) notes.push(`${missing} pictures of the JSON, which are not there`);
  if (read.length < found.length)
    notes.push(
      found
        .filter((path) => !read.includes(path))
        .map((path) => basename(path))
        .join(', '),
    );
  return [
    {
      name: basename(files.root),
      form: 'coco',
      description: `COCO (${read.slice(0, 4).join(', ')}${read.length > 4 ? ', …' : ''})`,
      classes: classes.classes,
      exhaustive: false,
      pictures: [...pictures.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
      notes,
    },
  ];
}

/** What the files of one split say. */
interface Part {
  readonly split: string | undefined;
  readonly paths: readonly string[];
  readonly pictures: readonly CocoPicture[];
  /** Categories by the values in masks that are painted. */
  readonly names: ReadonlyMap<number, string>;
  /** Names that have instances. */
  readonly used: ReadonlySet<string>;
  /** Names that are what other categories come under, as Roboflow's first category is. */
  readonly sums: ReadonlySet<string>;
}

async function readPart(
  files: ExportFiles,
  paths: readonly string[],
  split: string | undefined,
  signal: AbortSignal | undefined,
  notes: string[],
): Promise<Part> {
  const problems: string[] = [];
  const leaveOut = (what: string, problem: string): void => void problems.push(`${what} ${problem}`);
  const sources = paths.map((path) => files.at(path)) as [string, ...string[]];
  const { files: read, pictures, names } = await readPictures(sources, files.root, leaveOut, signal);
  const [first] = problems;
  if (first !== undefined) notes.push(`${problems.length} images or annotations, the first: ${first}`);
  const boxes = pictures.flatMap(({ instances }) => instances).filter(isBox).length;
  if (boxes > 0) notes.push(`${boxes} boxes, which are no outlines`);
  const used = new Set(pictures.flatMap(({ instances }) => instances.map(({ index }) => names.get(index) ?? '')));
  const above = read.flatMap(({ json }) =>
    json.categories.map((category) => (category as { readonly supercategory?: unknown }).supercategory),
  );
  const sums = [...names.values()].filter((name) => above.includes(name));
  return { split, paths, pictures: withoutFalseCrowds(pictures, notes), names, used, sums: new Set(sums) };
}

/**
 * Crowds, which COCO outlines loosely, are unknown. CVAT and Datumaro call every mask that is no polygon a crowd: where
 * more than a few are, they are instances as all others.
 */
function withoutFalseCrowds(pictures: readonly CocoPicture[], notes: string[]): readonly CocoPicture[] {
  const outlines = pictures.flatMap(({ instances }) => instances).filter((instance) => !isBox(instance));
  const crowds = outlines.filter(({ crowd }) => crowd).length;
  if (crowds === 0) return pictures;
  if (crowds <= FEW_CROWDS * outlines.length) {
    notes.push(`${crowds} crowds, whose pixels are unknown`);
    return pictures;
  }
  return pictures.map((picture) => ({
    ...picture,
    instances: picture.instances.map((instance) => ({ ...instance, crowd: false })),
  }));
}

function isBox({ segmentation }: CocoPicture['instances'][number]): boolean {
  return Array.isArray(segmentation) && segmentation.length === 0;
}

/** The classes of all splits; what other categories come under is one only where it has instances. */
function classesOf(parts: readonly Part[]): NamedClasses {
  const names = parts.flatMap((part) => [...part.names].sort(([a], [b]) => a - b).map(([, name]) => name));
  try {
    const isUsed = (name: string): boolean => parts.some(({ used }) => used.has(name));
    return namedClasses(names.filter((name) => isUsed(name) || !parts.some(({ sums }) => sums.has(name))));
  } catch (cause) {
    throw annotationError('categories must be at most 254', `${new Set(names).size}`, cause);
  }
}

/** What each value of a painted mask becomes. */
function maskValues(names: ReadonlyMap<number, string>, { valueOf }: NamedClasses): Uint8Array {
  const values = new Uint8Array(256).fill(UNKNOWN);
  values[0] = NONE;
  for (const [value, name] of names) values[value] = valueOf.get(name) ?? NONE;
  return values;
}

function annotated(
  files: ExportFiles,
  part: Part,
  key: string,
  picture: CocoPicture,
  values: Uint8Array,
): AnnotatedPicture {
  const { captions, instances, width, height } = picture;
  const image = files.at(key);
  const own = { ...picture, image };
  const labeled = instances.some((instance) => !isBox(instance));
  return {
    key,
    image,
    source: files.at(part.paths[0]!),
    split: part.split,
    labeled,
    ...(captions.length > 0 && { captions }),
    readMask: async (limits, told) => {
      if (!labeled) return unknownMask(image, limits);
      if (width * height > 0) {
        await expectSize(key, image, { width, height }, limits);
        instances.forEach(({ segmentation }) => tellOutside(segmentation, width, height, told));
      }
      const { data, ...size } = await paint(key, own, limits);
      return { ...size, data: data.map((value) => values[value]!) };
    },
  };
}

function tellOutside(
  segmentation: CocoPicture['instances'][number]['segmentation'],
  width: number,
  height: number,
  told: ((message: string, fault: ShapeFault) => void) | undefined,
): void {
  if (told === undefined || 'counts' in segmentation) return;
  for (const polygon of segmentation) {
    const at = polygon.findIndex((value, index) => value < -EDGE || value > (index % 2 === 0 ? width : height) + EDGE);
    if (at < 0) continue;
    const corner = polygon.slice(at - (at % 2), at - (at % 2) + 2).join(', ');
    told(`a polygon must lie in the picture of ${width}×${height}, got the corner ${corner}`, 'polygon-outside');
  }
}

async function paint(key: string, picture: CocoPicture, limits: PictureLimits): Promise<IndexMask> {
  try {
    return await paintPicture(picture, { ...limitsOf(limits), fill: fillOutline });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw maskError('mask-unreadable', key, 'its instances must be whole', cause.message, cause);
  }
}
