/**
 * Finds the files of a data set as its archives extract: folders of pictures and of masks whose names share a stem, and
 * a list of a split's pictures where there is one. What is missing is an error, not a smaller data set.
 */
import { dirname, join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { messageOf, readTextFile } from '@synseg/core/guards';
import { few } from '../data/data-error.ts';
import { entriesOf } from '../data/picture-folders.ts';
import { exists } from '../data/source.ts';

/** Files of one kind; `{}` in a folder stands for the split. */
export interface FileKind {
  /** Folders that may hold them; the first that exists does. */
  readonly folders: readonly string[];
  /** End of a name, behind the stem. */
  readonly suffix: string;
}

/** Where the files of a data set lie. */
export interface FolderLayout<Mask extends FileKind> {
  /** Folders that archives make around the others, looked into after the root itself. */
  readonly within: readonly string[];
  readonly pictures: FileKind;
  /** Kinds of masks; a picture has the mask of the first kind that there is. */
  readonly masks: readonly Mask[];
  /** Files that list the stems of a split, `{}`; the first that exists does. @default every picture is of the split */
  readonly lists?: readonly string[];
  /** True where each town's files lie in a folder of their own. @default false */
  readonly towns?: boolean;
}

/** A picture and its mask. */
export interface FoundFiles<Mask extends FileKind> {
  readonly stem: string;
  readonly image: string;
  readonly mask: string;
  readonly kind: Mask;
}

/** Throws an error: what must be, what is. */
export type Refuse = (rule: string, got: string, cause?: unknown) => never;

/** Errors of a data set of this name. */
export function refusing(name: string): Refuse {
  return (rule, got, cause) => {
    throw new SynsegError('DATASET_FORMAT', `Cannot read dataset ${name}: ${rule}, got ${got}`, { cause });
  };
}

/**
 * Finds the pictures of a split with their masks, in the order of the list or by stem.
 *
 * @param name - of the data set, for messages
 * @throws SynsegError `DATASET_FORMAT` naming what was looked for and what is there
 */
export async function findFiles<Mask extends FileKind>(
  name: string,
  root: string,
  split: string,
  layout: FolderLayout<Mask>,
): Promise<readonly FoundFiles<Mask>[]> {
  const refuse = refusing(name);
  const place = await findPlace(root, split, layout, refuse);
  const pictures = await filesOf(place.pictures, layout.pictures.suffix, layout.towns);
  const masks = new Map<string, { readonly mask: string; readonly kind: Mask }>();
  for (const { folder, kind } of place.masks)
    for (const [stem, mask] of await filesOf(folder, kind.suffix, layout.towns))
      if (!masks.has(stem)) masks.set(stem, { mask, kind });
  const { list } = place;
  const listed = list === undefined ? [...pictures.keys(), ...masks.keys()].sort() : await readList(list, refuse);
  const stems = [...new Set(listed)];
  if (stems.length === 0) {
    if (list !== undefined) refuse(`"${list}" must name pictures`, 'none');
    const there = few((await entriesOf(place.pictures)) ?? []);
    refuse(`"${place.pictures}" must hold pictures, …${layout.pictures.suffix}`, there);
  }
  const expectAll = (folder: string, suffix: string, found: ReadonlyMap<string, unknown>): void => {
    const missing = stems.filter((stem) => !found.has(stem));
    if (missing.length === 0) return;
    const of = list === undefined ? 'every picture' : `every picture of "${list}"`;
    refuse(
      `"${folder}" must hold …${suffix} of ${of}`,
      `${stems.length - missing.length} of ${stems.length}, and no ${missing[0]}${suffix}`,
    );
  };
  expectAll(place.pictures, layout.pictures.suffix, pictures);
  const [{ folder, kind }] = place.masks;
  expectAll(folder, kind.suffix, masks);
  return stems.map((stem) => ({ stem, image: pictures.get(stem)!, ...masks.get(stem)! }));
}

interface MaskFolder<Mask> {
  readonly folder: string;
  readonly kind: Mask;
}

interface Place<Mask> {
  readonly pictures: string;
  readonly masks: readonly [MaskFolder<Mask>, ...MaskFolder<Mask>[]];
  readonly list: string | undefined;
}

async function findPlace<Mask extends FileKind>(
  root: string,
  split: string,
  { within, pictures, masks, lists }: FolderLayout<Mask>,
  refuse: Refuse,
): Promise<Place<Mask>> {
  const filled = (paths: readonly string[]): string[] => paths.map((path) => path.replaceAll('{}', split));
  const needs = [pictures.folders, [...new Set(masks.flatMap(({ folders }) => folders))], ...(lists ? [lists] : [])];
  let nearest = { base: root, met: -1, missing: [''] };
  for (const base of [root, ...within.map((folder) => join(root, folder))]) {
    const first = async (paths: readonly string[]): Promise<string | undefined> => {
      for (const path of filled(paths)) if (await exists(join(base, path))) return join(base, path);
      return undefined;
    };
    const found = await Promise.all(needs.map(first));
    const missing = needs.filter((_, at) => found[at] === undefined);
    if (missing.length === 0) {
      const folders = await Promise.all(masks.map(async (kind) => ({ folder: await first(kind.folders), kind })));
      const there = folders.filter((entry): entry is MaskFolder<Mask> => entry.folder !== undefined);
      return { pictures: found[0]!, masks: there as [MaskFolder<Mask>], list: found[2] };
    }
    const met = needs.length - missing.length;
    if (met > nearest.met) nearest = { base, met, missing: filled(missing[0]!) };
  }
  const wanted = needs.map((paths) => filled(paths).join(' or ')).join(', ');
  const around = within.length === 0 ? '' : ` (itself or in ${within.join(' or ')})`;
  return refuse(
    `"${root}" must hold ${wanted}${around}`,
    `no ${nearest.missing.join(' or ')}: ${await whatIsAt(root, join(nearest.base, nearest.missing[0]!))}`,
  );
}

/** The innermost folder on the way to a path that exists, and what it holds. */
async function whatIsAt(root: string, path: string): Promise<string> {
  for (let folder = dirname(path); folder.length >= root.length; folder = dirname(folder)) {
    const entries = await entriesOf(folder);
    if (entries !== undefined) return `"${folder}" holds ${few(entries.filter((entry) => !entry.startsWith('.')))}`;
    if (folder === dirname(folder)) break;
  }
  return `"${root}" is no folder`;
}

/** Paths by stem. */
async function filesOf(folder: string, suffix: string, towns = false): Promise<ReadonlyMap<string, string>> {
  const entries = (await entriesOf(folder)) ?? [];
  const folders = towns ? entries.map((town) => join(folder, town)) : [folder];
  const files = await Promise.all(
    folders.map(async (one) => ((await entriesOf(one)) ?? []).map((file) => [file, join(one, file)] as const)),
  );
  const found = new Map<string, string>();
  for (const [file, path] of files.flat()) {
    const stem = file.slice(0, -suffix.length);
    // Made from others and beside them: `X_labelTrainIds.png` is no mask of a picture `X_labelTrainIds`.
    if (!file.endsWith(suffix) || file.startsWith('.') || /_(?:label|instance)TrainIds$/.test(stem)) continue;
    found.set(stem, path);
  }
  return found;
}

/** Stems of a list: the first word of each line. */
async function readList(path: string, refuse: Refuse): Promise<string[]> {
  const text = await readTextFile(path).catch((cause: unknown) =>
    refuse(`"${path}" must be a readable file`, messageOf(cause), cause),
  );
  return text.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
}
