/** COCO JSON: captions, instances, or both, joined by picture. The JSON is kept in memory; masks are painted when asked for. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { messageOf } from '@synseg/core';
import { encodeIndexMask } from '../image/index-mask.ts';
import { COCO_BACKGROUND, COCO_IGNORE, paintInstances, type CocoInstance, type CocoSegmentation } from './coco-mask.ts';
import { dataError } from './data-error.ts';
import type { Dataset, MaskClass, Opening } from './dataset.ts';
import { IndexedDataset } from './indexed-dataset.ts';
import { categoriesOf } from './row.ts';
import { expectPictures } from './row-dataset.ts';
import type { Sample } from './sample.ts';
import { isRemote } from './source.ts';

const PROBES = 20;
const MAX_CATEGORIES = 254;

/** A picture with what the files say of it. */
interface CocoPicture {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly captions: string[];
  readonly instances: CocoInstance[];
}

/** The parts of the files that are read. */
interface CocoJson {
  readonly images: readonly { readonly id: number | string; readonly file_name: string; readonly width?: number; readonly height?: number }[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories?: readonly { readonly id: number; readonly name: string }[];
}

interface CocoAnnotation {
  readonly image_id: number | string;
  readonly caption?: string;
  readonly category_id?: number;
  readonly segmentation?: CocoSegmentation;
  readonly iscrowd?: number;
  readonly area?: number;
}

/**
 * Opens COCO files. Mask value 0 is background and 255 not labelled; a category's value is its id, where all ids are 1
 * to 254, else its rank by id, from 1. Categories of a sample are noun phrases of its captions or, without captions, the
 * names of its instances' categories.
 */
export async function openCoco({ sources, options, phrases, known, warnings }: Opening): Promise<Dataset> {
  const pictures = new Map<number | string, CocoPicture>();
  const categories = new Map<number, string>();
  const files = await Promise.all(sources.map(async (path) => ({ path, json: await readCoco(path) })));
  for (const { json } of files) {
    for (const { id, name } of json.categories ?? []) categories.set(id, name);
    for (const { id, file_name: file, width = 0, height = 0 } of json.images) {
      if (!pictures.has(id)) pictures.set(id, { file, width, height, captions: [], instances: [] });
    }
  }
  const indices = maskIndices([...categories.keys()]);
  let masks = false;
  for (const { path, json } of files) {
    for (const annotation of json.annotations) {
      const picture = pictures.get(annotation.image_id);
      const problem = picture === undefined ? `image_id must be the id of an image, got ${String(annotation.image_id)}` : addAnnotation(picture, annotation, indices);
      if (problem !== undefined) warnings.warn('broken-row', `Annotation left out: ${path} ${problem}`);
      masks ||= annotation.segmentation !== undefined;
    }
  }
  const annotated = [...pictures.values()].filter(({ captions, instances }) => captions.length + instances.length > 0);
  const [path] = sources;
  if (annotated.length === 0) throw dataError(`"${path}" must hold images with captions or instances`, `${pictures.size} images without`);
  const root = options.images ?? dirname(path);
  await expectPictures(annotated.slice(0, PROBES).map(({ file }) => resolve(root, file)), root);
  const names = new Map([...categories].map(([id, name]) => [indices.get(id)!, name]));
  return new IndexedDataset({
    of: sources.map((source) => basename(source)).join(' and '),
    size: annotated.length,
    ...(masks ? { classes: classesOf(names), ignoreIndex: COCO_IGNORE, backgroundIndex: COCO_BACKGROUND } : {}),
    open: () => ({
      read: (index) => {
        const picture = annotated[index]!;
        const { file, captions, instances } = picture;
        const labels = instances.map((instance) => names.get(instance.index) ?? '');
        const before = known?.get(file);
        const words = before !== undefined ? { categories: before } : captions.length > 0 ? { captions } : { categories: labels };
        const sample = { key: file, image: resolve(root, file), categories: categoriesOf(words, phrases) };
        return masks && picture.width * picture.height > 0 ? withLazyMask(sample, picture) : sample;
      },
    }),
  });
}

/** The mask is painted when it is read: who trains on captions alone does not pay for it. */
function withLazyMask(sample: Omit<Sample, 'mask'>, { instances, width, height }: CocoPicture): Sample {
  return {
    ...sample,
    get mask(): Uint8Array {
      return encodeIndexMask(paintInstances(instances, width, height));
    },
  };
}

async function readCoco(path: string): Promise<CocoJson> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw dataError('source must be a readable COCO JSON file', `"${path}" (${messageOf(cause)})`, cause);
  }
  const { images, annotations, categories } = (json ?? {}) as Partial<Record<keyof CocoJson, unknown>>;
  const lists = Array.isArray(images) && Array.isArray(annotations) && (categories === undefined || Array.isArray(categories));
  if (!lists) throw dataError(`"${path}" must have the lists images and annotations, as COCO JSON has`, typeof json === 'object' && json !== null ? `the fields ${Object.keys(json).slice(0, 8).join(', ')}` : typeof json);
  for (const [index, image] of (images as unknown[]).entries()) {
    const { id, file_name: file } = (image ?? {}) as Record<string, unknown>;
    const valid = (typeof id === 'number' || typeof id === 'string') && typeof file === 'string' && !isRemote(file);
    if (!valid) throw dataError(`"${path}" must give each image an id and a local file_name`, `images[${index}] = ${JSON.stringify(image)}`);
  }
  for (const [index, category] of ((categories ?? []) as unknown[]).entries()) {
    const { id, name } = (category ?? {}) as Record<string, unknown>;
    if (!Number.isInteger(id) || typeof name !== 'string') throw dataError(`"${path}" must give each category an id and a name`, `categories[${index}] = ${JSON.stringify(category)}`);
  }
  return json as CocoJson;
}

function maskIndices(ids: readonly number[]): Map<number, number> {
  if (ids.length > MAX_CATEGORIES) throw dataError(`categories must be at most ${MAX_CATEGORIES}, one mask value each`, `${ids.length}`);
  const direct = ids.every((id) => id >= 1 && id <= MAX_CATEGORIES);
  const sorted = [...ids].sort((a, b) => a - b);
  return new Map(sorted.map((id, rank) => [id, direct ? id : rank + 1]));
}

function classesOf(names: ReadonlyMap<number, string>): MaskClass[] {
  return [...names].map(([index, name]) => ({ index, name })).sort((a, b) => a.index - b.index);
}

/** Adds an annotation to its picture; returns what is wrong with it. */
function addAnnotation(picture: CocoPicture, annotation: CocoAnnotation, indices: ReadonlyMap<number, number>): string | undefined {
  const { caption, category_id: id, segmentation, iscrowd = 0, area = 0 } = annotation;
  if (typeof caption === 'string') {
    picture.captions.push(caption);
    return undefined;
  }
  const index = indices.get(id ?? Number.NaN);
  if (index === undefined) return `category_id must be the id of a category, got ${String(id)}`;
  if (segmentation !== undefined && !isSegmentation(segmentation)) return `segmentation must be polygons or run lengths, got ${JSON.stringify(segmentation).slice(0, 60)}`;
  picture.instances.push({ index, segmentation: segmentation ?? [], crowd: iscrowd !== 0, area });
  return undefined;
}

function isSegmentation(value: unknown): value is CocoSegmentation {
  const numbers = (list: unknown): boolean => Array.isArray(list) && list.every((entry) => typeof entry === 'number');
  if (Array.isArray(value)) return value.every(numbers);
  const { size, counts } = (value ?? {}) as Record<string, unknown>;
  return numbers(size) && (size as number[]).length === 2 && (typeof counts === 'string' || numbers(counts));
}
