/**
 * Pictures of COCO JSON with their annotations. The JSON is kept in memory; masks are painted on demand.
 *
 * Ids are a file's own. Several files are joined by what their ids stand for: pictures by their path, categories by
 * name.
 */
import { resolve } from 'node:path';
import { describeValue, messageOf } from '@synseg/core/guards';
import { measureRLE } from '@synseg/core/masks';
import { eventTurn } from '@synseg/core/runtime';
import type { IndexMask } from '../image/index-mask.ts';
import { limitsOf, openPicture, type PictureLimits } from '../image/picture.ts';
import { isId, readFiles, type CocoFile, type CocoJson } from './coco-file.ts';
import {
  outlineArea,
  paintInstances,
  type CocoInstance,
  type CocoSegmentation,
  type PaintOptions,
} from './coco-mask.ts';
import { dataError, shortJson } from './data-error.ts';
import type { MaskClass } from './dataset.ts';

const MAX_CATEGORIES = 254;
/** Corners of one polygon: an outline drawn by hand has hundreds. */
const MAX_CORNERS = 1_000_000;
/** Annotations read before the event loop has a turn. */
const TURN = 10_000;

/** A picture with its annotations. */
export interface CocoPicture {
  /** Name in the file. */
  readonly file: string;
  /** Path. */
  readonly image: string;
  /** Pixels; 0 where no file gives it. */
  width: number;
  height: number;
  readonly captions: string[];
  readonly instances: CocoInstance[];
}

/** What several files say together. */
export interface CocoPictures {
  readonly files: readonly [CocoFile, ...CocoFile[]];
  /** Every picture of the files, in their order. */
  readonly pictures: readonly CocoPicture[];
  /** Categories by mask value. */
  readonly names: ReadonlyMap<number, string>;
  /** True when an annotation has an outline. */
  readonly masks: boolean;
}

/**
 * Reads the files. A category's mask value is its id, where all files give each name one id and all ids are 1 to 254,
 * else its rank by id, from 1.
 *
 * @param leaveOut - receives what is left out, an image or an annotation, and why
 * @throws SynsegError `DATASET_FORMAT` when a file is no COCO JSON
 */
export async function readPictures(
  sources: readonly [string, ...string[]],
  images: string | undefined,
  leaveOut: (what: string, problem: string) => void,
  signal: AbortSignal | undefined,
): Promise<CocoPictures> {
  const files = await readFiles(sources, images, signal);
  const values = maskValues(files.map(({ json }) => json.categories));
  const pictures = new Map<string, CocoPicture>();
  let masks = false;
  for (const { path, root, json } of files) {
    const own = new Map<string, CocoPicture>();
    for (const { id, file_name: file, width, height } of json.images) {
      const image = resolve(root, file);
      const picture = pictures.get(image) ?? { file, image, width: 0, height: 0, captions: [], instances: [] };
      picture.width ||= side(width);
      picture.height ||= side(height);
      const before = own.get(String(id));
      if (before !== undefined && before.image !== image)
        leaveOut('Image', `${path} id must be of one picture, got ${id} of "${before.file}" and "${file}"`);
      else own.set(String(id), picture);
      if (before === undefined) pictures.set(image, picture);
    }
    const categories = new Map(json.categories.map(({ id, name }) => [String(id), name]));
    for (const [index, annotation] of json.annotations.entries()) {
      if (index % TURN === TURN - 1) {
        await eventTurn();
        signal?.throwIfAborted();
      }
      const problem = addAnnotation(annotation, own, (id) => values.get(byId(categories, id) ?? ''));
      if (problem !== undefined) leaveOut('Annotation', `${path} annotations[${index}] ${problem}`);
      else masks ||= ((annotation as { segmentation?: unknown }).segmentation ?? undefined) !== undefined;
    }
  }
  const names = new Map([...values].map(([name, value]) => [value, name]));
  return { files, pictures: [...pictures.values()], names, masks };
}

/** Categories as classes of mask values. */
export function categoryClasses(names: ReadonlyMap<number, string>): MaskClass[] {
  return [...names].map(([index, name]) => ({ index, name })).sort((a, b) => a.index - b.index);
}

/**
 * Paints a picture's instances into a mask, which has the picture's own size, whatever the file says.
 *
 * @throws RangeError when the file states another size, or the instances break a rule
 * @throws SynsegError `IMAGE_DECODE` when the picture cannot be read
 */
export async function paintPicture(
  { file, image, instances, ...stated }: CocoPicture,
  limits: PictureLimits & Pick<PaintOptions, 'fill'>,
  signal?: AbortSignal,
): Promise<IndexMask> {
  const { width, height } = await openPicture(image, limitsOf(limits));
  if (stated.width * stated.height > 0 && (stated.width !== width || stated.height !== height)) {
    throw new RangeError(
      `Cannot use mask of ${file}: it must have the picture's size ${width}×${height}, got ` +
        `${stated.width}×${stated.height}`,
    );
  }
  return paintInstances(instances, width, height, { ...limits, signal });
}

/** Mask value of each category's name. */
function maskValues(lists: readonly CocoJson['categories'][]): Map<string, number> {
  const ids = new Map<string, number | string>();
  let direct = true;
  for (const { id, name } of lists.flat()) {
    const number = Number(id);
    direct &&=
      Number.isInteger(number) && number >= 1 && number <= MAX_CATEGORIES && Number(ids.get(name) ?? id) === number;
    if (!ids.has(name)) ids.set(name, id);
  }
  if (ids.size > MAX_CATEGORIES)
    throw dataError(`categories must be at most ${MAX_CATEGORIES}, one mask value each`, `${ids.size}`);
  if (direct && new Set([...ids.values()].map(Number)).size === ids.size)
    return new Map([...ids].map(([name, id]) => [name, Number(id)]));
  // The first file's by id, then those that only later files have.
  const ranked = lists.flatMap((list) =>
    [...list].sort((a, b) => Number(a.id) - Number(b.id) || 0).map(({ name }) => name),
  );
  return new Map([...new Set(ranked)].map((name, rank) => [name, rank + 1]));
}

/** A side in pixels as the file gives it; 0 where it gives none. */
function side(value: unknown): number {
  const pixels = isId(value) ? Number(value) : 0;
  return Number.isInteger(pixels) && pixels > 0 ? pixels : 0;
}

/** Adds an annotation to its picture; returns the problem, if there is one. */
function addAnnotation(
  annotation: unknown,
  pictures: ReadonlyMap<string, CocoPicture>,
  valueOf: (id: unknown) => number | undefined,
): string | undefined {
  if (typeof annotation !== 'object' || annotation === null)
    return `must be an object, got ${describeValue(annotation)}`;
  const {
    image_id: imageId,
    caption,
    category_id: id,
    iscrowd,
    ...rest
  } = annotation as Partial<Record<string, unknown>>;
  const picture = byId(pictures, imageId);
  if (picture === undefined) return `image_id must be the id of an image, got ${describeValue(imageId)}`;
  if (typeof caption === 'string') {
    picture.captions.push(caption);
    return undefined;
  }
  const index = valueOf(id);
  if (index === undefined) return `category_id must be the id of a category, got ${describeValue(id)}`;
  const segmentation = rest['segmentation'] ?? [];
  if (!isSegmentation(segmentation))
    return `segmentation must be polygons or run lengths, got ${shortJson(segmentation)}`;
  const corners =
    'counts' in segmentation ? 0 : segmentation.reduce((most, polygon) => Math.max(most, polygon.length / 2), 0);
  if (corners > MAX_CORNERS) return `segmentation must have at most ${MAX_CORNERS} corners a polygon, got ${corners}`;
  const crowd = iscrowd === true || (isId(iscrowd) && Number(iscrowd) > 0);
  const area = isId(rest['area']) ? Number(rest['area']) : NaN;
  try {
    picture.instances.push({
      index,
      segmentation,
      crowd,
      area: Number.isFinite(area) && area > 0 ? area : areaOf(segmentation),
    });
  } catch (error) {
    return messageOf(error);
  }
  return undefined;
}

/** The entry with an id, which may be written as a number or as text. */
function byId<Found>(found: ReadonlyMap<string, Found>, id: unknown): Found | undefined {
  return isId(id) ? found.get(String(id)) : undefined;
}

function areaOf(segmentation: CocoSegmentation): number {
  if (!('counts' in segmentation)) return outlineArea(segmentation);
  const { size, counts } = segmentation;
  return typeof counts === 'string'
    ? measureRLE({ size, counts }).area
    : counts.reduce((sum, count, run) => sum + (run % 2 === 1 ? count : 0), 0);
}

function isSegmentation(value: unknown): value is CocoSegmentation {
  const numbers = (list: unknown): boolean =>
    Array.isArray(list) && list.every((entry) => typeof entry === 'number' && Number.isFinite(entry));
  if (Array.isArray(value)) return value.every(numbers);
  const { size, counts } = (value ?? {}) as Record<string, unknown>;
  const runs = (list: unknown): boolean =>
    numbers(list) && (list as number[]).every((run) => Number.isSafeInteger(run) && run >= 0);
  return runs(size) && (size as number[]).length === 2 && (typeof counts === 'string' || runs(counts));
}
