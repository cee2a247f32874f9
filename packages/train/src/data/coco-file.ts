/** COCO JSON files: their pictures, annotations and categories, checked. */
import { dirname, resolve } from 'node:path';
import { describeValue } from '@synseg/core/guards';
import { eventTurn } from '@synseg/core/runtime';
import { dataError, shortJson, shortNames } from './data-error.ts';
import { emptyOutline, jsonElements } from './json-lists.ts';
import { exists, isRemote } from './source.ts';
import { tableError, type TableSource } from './table-source.ts';

/** Pictures looked up to find the folder that paths start from. */
export const PROBED_PICTURES = 20;

/** An id as files write it: `7` and `"7"` are the same. */
export type CocoId = number | string;

/** The lists of a file that are read. */
export interface CocoJson {
  readonly images: readonly {
    readonly id: CocoId;
    readonly file_name: string;
    readonly width?: unknown;
    readonly height?: unknown;
  }[];
  readonly annotations: readonly unknown[];
  readonly categories: readonly { readonly id: CocoId; readonly name: string }[];
}

/** A file, and the folder that the paths of its pictures start from. */
export interface CocoFile {
  readonly path: string;
  readonly root: string;
  readonly json: CocoJson;
}

/** The files; paths of pictures start from `images`, else from the file's folder, else from the first file's. */
export async function readFiles(
  sources: readonly [string, ...string[]],
  images: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly [CocoFile, ...CocoFile[]]> {
  const [first] = sources;
  const open = async (path: string): Promise<CocoFile> => {
    const json = await readCoco(path, signal);
    if (images !== undefined) return { path, root: images, json };
    const probes = json.images.slice(0, PROBED_PICTURES).map(({ file_name: file }) => resolve(dirname(path), file));
    const here = await Promise.all(probes.map(exists));
    return { path, root: dirname(here.includes(true) ? path : first), json };
  };
  const [opened, ...others] = await Promise.all(sources.map(open));
  return [opened as CocoFile, ...others];
}

const LISTS = ['images', 'annotations', 'categories'] as const;

async function readCoco(path: string, signal: AbortSignal | undefined): Promise<CocoJson> {
  const source: TableSource = { path, action: 'open dataset', what: 'source', signal };
  const lists: Record<string, unknown[]> = { images: [], annotations: [], categories: [] };
  const outline = emptyOutline();
  for await (const elements of jsonElements(source, LISTS, outline)) {
    for (const { list, value } of elements) lists[list]?.push(value);
    await eventTurn();
  }
  if (!outline.whole) throw tableError(source, 'be a whole JSON file', 'it ends too early');
  const given = (name: string): boolean => outline.lists.has(name);
  if (!given('images') || !given('annotations') || (outline.fields.includes('categories') && !given('categories'))) {
    const got = outline.kind === 'object' ? `the fields ${shortNames(outline.fields)}` : `a ${outline.kind}`;
    throw dataError(`"${path}" must have the lists images and annotations, as COCO JSON has`, got);
  }
  for (const [index, image] of (lists['images'] ?? []).entries()) {
    const { id, file_name: file } = (image ?? {}) as Record<string, unknown>;
    if (isId(id) && typeof file === 'string' && file !== '' && !isRemote(file)) continue;
    throw dataError(
      `"${path}" must give each image an id and a local file_name`,
      `images[${index}] = ${shortJson(image, 200)}`,
    );
  }
  const names = new Map<string, string>();
  for (const [index, category] of (lists['categories'] ?? []).entries()) {
    const { id, name } = (category ?? {}) as Record<string, unknown>;
    if (!isId(id) || typeof name !== 'string' || name.trim() === '')
      throw dataError(
        `"${path}" must give each category an id and a name`,
        `categories[${index}] = ${shortJson(category, 200)}`,
      );
    const before = names.get(String(id));
    if (before !== undefined && before !== name)
      throw dataError(
        `"${path}" must give each category an id of its own`,
        `${id} for ${describeValue(before)} and ${describeValue(name)}`,
      );
    names.set(String(id), name);
  }
  return lists as unknown as CocoJson;
}

/** True for an id as files write it. */
export function isId(value: unknown): value is CocoId {
  return typeof value === 'number' || typeof value === 'string';
}
