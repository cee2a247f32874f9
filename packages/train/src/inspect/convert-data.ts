/** Writes annotated pictures in the form `index-jsonl`, which training and evaluation read. */
import { randomUUID } from 'node:crypto';
import { copyFile, link, lstat, mkdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SynsegError, isSynsegError } from '@synseg/core';
import {
  abortSignal,
  callback,
  checkOutputs,
  flag,
  integer,
  list,
  messageOf,
  number,
  readOptions,
  text,
  withDefault,
  type OptionsOf,
} from '@synseg/core/guards';
import { NONE, type AnnotatedPicture, type AnnotatedSet } from '../annotations/annotated-set.ts';
import { openAnnotations } from '../annotations/open-annotations.ts';
import { plainSplit } from '../annotations/plain-split.ts';
import { unknownMask } from '../annotations/unknown-mask.ts';
import { encodeIndexMask } from '../image/index-mask.ts';
import { PICTURE_LIMITS, limitsOf } from '../image/picture.ts';
import type { DataProgress, DataReport } from './data-report.ts';
import { withHeldOut } from './held-out.ts';
import { chooseSets, lookAtSets } from './inspect-data.ts';
import { countsOf, type SeenPicture } from './set-tally.ts';

/** Options of `convertData()`. */
export const CONVERT_OPTIONS = {
  ...PICTURE_LIMITS,
  /**
   * Sets of index-jsonl to convert.
   * @default all
   */
  sets: list(text()),
  /**
   * Split to convert; its pictures then count as those of data without splits.
   * @default all
   */
  split: text(),
  /**
   * Annotated pictures of each set, the first ones.
   * @default all
   */
  limit: integer(),
  /**
   * Share of the pictures that becomes the split `val`, where the data has none: of a video, blocks of neighboring
   * frames.
   * @default none
   */
  heldOut: number({ above: 0, most: 0.9 }),
  /** Seed of the choice of pictures that are held out. */
  seed: withDefault(integer({ least: 0 }), 42),
  /** Makes hard links to the pictures in place of copies, where the file system can. */
  links: withDefault(flag(), false),
  /** Receives the progress after each picture. */
  onProgress: callback<(progress: DataProgress) => void>(),
  /** Ends the call; it rejects with the signal's reason, and nothing is left. */
  signal: abortSignal(),
};
export type ConvertOptions = OptionsOf<typeof CONVERT_OPTIONS>;

/**
 * Writes a folder with `index.jsonl`, `classes.json`, `images/` and `masks/`, which appears whole or not at all. Splits
 * are called `train`, `val` and `test` (`valid` and `val2017` are `val`). Left out are pictures with a fault that makes
 * them or their masks unreadable, and those with neither masks nor captions.
 *
 * @param source - as of {@link inspectData}
 * @param out - folder that must not exist
 * @returns what `inspectData()` returns, with the splits as they were written
 * @throws TypeError or RangeError for invalid options, or a folder that exists
 * @throws SynsegError `DATASET_FORMAT` when the source is of no known form, or no picture of it can be used;
 *   `FILE_WRITE`
 * @throws the signal's reason when aborted
 * @example
 * ```ts
 * // type-checked only: needs annotated pictures
 * import { convertData } from '@synseg/train';
 * const { sets } = await convertData('exports/animals.zip', 'data/animals', { heldOut: 0.1 });
 * console.assert((sets[0]?.splits['val'] ?? 0) > 0);
 * ```
 */
export async function convertData(source: string, out: string, options: ConvertOptions = {}): Promise<DataReport> {
  const action = 'convert data';
  const paths = readOptions(action, { source: text(), out: text() }, { source, out }, ['source', 'out']);
  const request = readOptions(action, CONVERT_OPTIONS, options);
  await refuseExisting(paths.out);
  await checkOutputs(action, [{ name: 'out', path: paths.out, folder: true }], [paths.source]);
  const all = chooseSets(action, await openAnnotations(paths.source, { signal: request.signal }), request.sets);
  const sets = chooseParts(action, all, request);
  const target = resolve(paths.out);
  const temporary = join(dirname(target), `.${basename(target).slice(0, 40)}.${randomUUID()}.tmp`);
  try {
    await mkdir(temporary, { recursive: true });
    const writer = new IndexWriter(temporary, sets, request);
    const report = await lookAtSets(sets, request, (set, seen) => writer.add(set, seen));
    await writer.close(paths.source);
    await refuseExisting(paths.out);
    await rename(temporary, target);
    return { sets: report.sets.map((set, at) => ({ ...set, splits: writer.splits[at]! })) };
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    request.signal?.throwIfAborted();
    if (isSynsegError(cause) || !(cause instanceof Error && 'syscall' in cause)) throw cause;
    const got = messageOf(cause).replace(/, \w+ '.*$/s, '');
    throw new SynsegError('FILE_WRITE', `Cannot ${action}: ${paths.out} must be writable, got ${got}`, { cause });
  }
}

/** The chosen split and number of each set; sets without such a split are left out. */
function chooseParts(
  action: string,
  sets: readonly AnnotatedSet[],
  { split, limit }: Pick<ConvertOptions, 'split' | 'limit'>,
): readonly AnnotatedSet[] {
  const asked = plainSplit(split);
  const parts = sets.map((set) => {
    const own =
      asked === undefined
        ? set.pictures
        : set.pictures
            .filter((picture) => plainSplit(picture.split) === asked)
            .map((picture) => ({ ...picture, split: undefined }));
    return { ...set, pictures: limit === undefined ? own : own.filter(isUsable).slice(0, limit) };
  });
  const found = parts.filter(({ pictures }) => pictures.length > 0);
  if (found.length > 0 || asked === undefined) return found;
  const splits = new Set(sets.flatMap(({ pictures }) => pictures.map((picture) => picture.split ?? 'none')));
  throw new RangeError(`Cannot ${action}: split must be among ${[...splits].join(', ')}, got "${split}"`);
}

async function refuseExisting(out: string): Promise<void> {
  const there = await lstat(out).catch(() => undefined);
  if (there !== undefined)
    throw new RangeError(`Cannot convert data: out must be a folder that does not exist, got "${out}"`);
}

/** Place of a set among those that are written. */
interface Placed {
  readonly at: number;
  /** Folder of its own, where there are several sets. */
  readonly folder: string;
  /** Start of its keys that is left out. */
  readonly start: string;
  readonly splitOf: (picture: AnnotatedPicture) => string | undefined;
}

/** Writes the files of an index. */
class IndexWriter {
  readonly #root: string;
  readonly #links: boolean;
  readonly #limits: ConvertOptions;
  readonly #sets: ReadonlyMap<AnnotatedSet, Placed>;
  readonly #rows: string[] = [];
  /** Sets whose masks say of pixels that they are none of the classes. */
  readonly #withNone = new Set<AnnotatedSet>();
  /** Pictures written by split, of each set. */
  readonly splits: Record<string, number>[];

  constructor(
    root: string,
    sets: readonly AnnotatedSet[],
    { heldOut, seed = 42, links = false, ...limits }: ConvertOptions,
  ) {
    this.#root = root;
    this.#links = links;
    this.#limits = limits;
    this.splits = sets.map(() => ({}));
    const place = (set: AnnotatedSet, at: number): Placed => ({
      at,
      folder: sets.length === 1 ? '' : `${set.name.replaceAll(/[^\w.-]/g, '_')}-${at}/`,
      start: sharedStart(set.pictures),
      splitOf: withHeldOut(set.pictures.filter(isUsable), heldOut, seed),
    });
    this.#sets = new Map(sets.map((set, at) => [set, place(set, at)]));
  }

  async add(set: AnnotatedSet, { picture, mask: read, size }: SeenPicture): Promise<void> {
    if (size === undefined || !isUsable(picture) || (picture.labeled && read === undefined)) return;
    const { key, image, captions = [] } = picture;
    const { folder, start, splitOf, at } = this.#sets.get(set)!;
    const mask = read ?? (await unknownMask(image, limitsOf(this.#limits)));
    const name = folder + key.slice(start.length);
    const paths = { image: `images/${name}`, mask: `masks/${name}.png` };
    await this.#write(paths.mask, encodeIndexMask(mask));
    await this.#bring(image, paths.image);
    const counts = countsOf(mask);
    if (counts[NONE]! > 0) this.#withNone.add(set);
    const labels = set.classes.filter((_, index) => counts[index]! > 0);
    const split = splitOf(picture);
    this.splits[at]![split ?? ''] = (this.splits[at]![split ?? ''] ?? 0) + 1;
    this.#rows.push(
      JSON.stringify({
        ...paths,
        set: set.name,
        ...(split && { split }),
        labels,
        ...(captions.length > 0 && { captions }),
      }),
    );
  }

  /** Writes index and classes. @throws SynsegError `DATASET_FORMAT` without a picture */
  async close(source: string): Promise<void> {
    if (this.#rows.length === 0) {
      const rule = `"${source}" must hold a picture that can be read with a mask`;
      throw new SynsegError('DATASET_FORMAT', `Cannot convert data: ${rule}, got none`);
    }
    const nameless = [...this.#sets.keys()].find((set) => set.classes.length === 0);
    if (nameless !== undefined) {
      const rule = `set "${nameless.name}" must have a class`;
      throw new SynsegError('DATASET_FORMAT', `Cannot convert data: ${rule}, got none`);
    }
    const classes = [...this.#sets.keys()].map((set) => [
      set.name,
      { classes: set.classes, ...(this.#withNone.has(set) && { background: NONE }), exhaustive: set.exhaustive },
    ]);
    await writeFile(join(this.#root, 'classes.json'), `${JSON.stringify(Object.fromEntries(classes), null, 1)}\n`);
    await writeFile(join(this.#root, 'index.jsonl'), `${this.#rows.join('\n')}\n`);
  }

  async #write(path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.#root, path)), { recursive: true });
    await writeFile(join(this.#root, path), bytes);
  }

  async #bring(from: string, path: string): Promise<void> {
    const to = join(this.#root, path);
    await mkdir(dirname(to), { recursive: true });
    const isLinked =
      this.#links &&
      (await link(await realpath(from), to).then(
        () => true,
        () => false,
      ));
    if (!isLinked) await copyFile(from, to);
  }
}

/** True for a picture that teaches something: by a mask or by captions. */
function isUsable({ labeled, captions = [] }: AnnotatedPicture): boolean {
  return labeled || captions.length > 0;
}

/** The folder of pictures that all keys start with. */
function sharedStart(pictures: readonly AnnotatedPicture[]): string {
  const isShared = (start: string): boolean => pictures.every(({ key }) => key.startsWith(start));
  return ['images/', 'JPEGImages/'].find(isShared) ?? '';
}
