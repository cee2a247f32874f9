/**
 * Folders of the format `index-jsonl`, shared by training and evaluation: `index.jsonl` has a row a photo, with its set
 * and its labels; `classes.json` has the classes of every set. Nothing is decoded here.
 *
 * The index is checked whole: a row that is wrong is an error, also one of another split.
 */
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { SynsegError } from '@synseg/core';
import { readTextFile } from '@synseg/core/guards';
import { few, shortJson } from './data-error.ts';
import { isRecord, isRename } from './json-kinds.ts';
import { entriesOf } from './picture-folders.ts';
import { RowError, rowFields } from './row.ts';
import { readJson, readSets, setNames, type Refuse, type SetClasses } from './set-classes.ts';
import { openTable } from './table.ts';

const INDEX = 'index.jsonl';
const CLASSES = 'classes.json';

/** A photo of an index. */
export interface PhotoRow {
  /** Path of the picture, as written. */
  readonly key: string;
  /** Path of the picture. */
  readonly image: string;
  /** Path of the mask. */
  readonly mask: string;
  readonly set: SetClasses;
  /** Labels that are in the mask, each once. */
  readonly labels: readonly string[];
  readonly captions: readonly string[];
  readonly split: string | undefined;
}

/** The chosen part of an index. */
export interface PhotoIndex {
  /** Sets with a photo, in the order of `classes.json`. */
  readonly sets: readonly SetClasses[];
  /** In the order of the file. */
  readonly rows: readonly PhotoRow[];
  /** Split of the rows; undefined for all. */
  readonly split: string | undefined;
}

/** The part of an index to read. */
export interface IndexRequest {
  /** Completes "Cannot …". */
  readonly action: string;
  readonly split: string | undefined;
  /** Split when none is asked for, where the index has it. */
  readonly defaultSplit?: string;
  /** Names of the sets; undefined for all. */
  readonly sets: readonly string[] | undefined;
  /** Labels by class names, or the path of a JSON file of them. */
  readonly rename: string | Readonly<Record<string, string>> | undefined;
  /** Path of the classes; undefined for the folder's own. */
  readonly classes: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** True for a folder with an index and the classes of sets by name: of one set alone they are a list, `classes`. */
export async function isIndexFolder(folder: string): Promise<boolean> {
  const names = (await entriesOf(folder)) ?? [];
  if (!names.includes(INDEX) || !names.includes(CLASSES)) return false;
  try {
    const json: unknown = JSON.parse(await readTextFile(join(folder, CLASSES)));
    const isSet = (value: unknown): boolean => isRecord(value) && Array.isArray(value['classes']);
    return isRecord(json) && Object.values(json).some(isSet);
  } catch {
    return false;
  }
}

/**
 * Reads the rows of an index and the classes of its sets.
 *
 * @throws SynsegError `DATASET_FORMAT` naming file, line, rule and value
 */
export async function readIndex(root: string, request: IndexRequest): Promise<PhotoIndex> {
  const { action, signal } = request;
  const refuse: Refuse = (where, rule, got, cause) => {
    const message = `Cannot ${action}: ${where} must ${rule}, got ${got}`;
    throw new SynsegError('DATASET_FORMAT', message, cause === undefined ? undefined : { cause });
  };
  const rename = await readRename(request.rename, refuse);
  const sets = await readSets(request.classes ?? join(root, CLASSES), rename, refuse);
  const missing = request.sets?.find((name) => !sets.has(name));
  if (missing !== undefined) refuse('sets', `be among ${setNames(sets)}`, `"${missing}"`);
  const path = join(root, INDEX);
  const table = openTable({ path, action, what: 'index', signal }, 'jsonl', {
    fields: rowFields(),
    asked: [],
    header: undefined,
  });
  const found: (PhotoRow & { readonly line: number })[] = [];
  for await (const row of table.rows()) {
    try {
      found.push({ ...readPhoto(root, row.value(), sets), line: row.line });
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      throw new SynsegError('DATASET_FORMAT', `Cannot ${action}: "${path}" line ${row.line}: ${error.message}`);
    }
  }
  if (found.length === 0) refuse(`"${path}"`, 'have a row', 'an empty file');
  const splits = new Set(found.flatMap(({ split }) => split ?? []));
  const split = request.split ?? (splits.has(request.defaultSplit ?? '') ? request.defaultSplit : undefined);
  if (split !== undefined && !splits.has(split))
    refuse(`"${path}"`, `have rows of split "${split}"`, splits.size === 0 ? 'rows without split' : few(splits));
  const rows = found.filter(
    (row) => (split === undefined || row.split === split) && request.sets?.includes(row.set.name) !== false,
  );
  const [none] = (request.sets ?? []).filter((name) => !rows.some(({ set }) => set.name === name));
  if (none !== undefined) refuse('sets', `have rows${split === undefined ? '' : ` of split "${split}"`}`, `"${none}"`);
  await expectFiles(path, rows, refuse);
  return { sets: [...sets.values()].filter((set) => rows.some((row) => row.set === set)), rows, split };
}

async function readRename(rename: IndexRequest['rename'], refuse: Refuse): Promise<Readonly<Record<string, string>>> {
  if (typeof rename !== 'string') return rename ?? {};
  const where = `"${rename}"`;
  const json = await readJson(rename, where, refuse);
  if (!isRename(json)) return refuse(where, 'hold labels by class names', shortJson(json));
  return json;
}

/** A row, checked. @throws RowError with the rule that it breaks */
function readPhoto(root: string, value: unknown, sets: ReadonlyMap<string, SetClasses>): PhotoRow {
  if (!isRecord(value)) throw new RowError(`row must be an object, got ${shortJson(value)}`);
  const set = typeof value['set'] === 'string' ? sets.get(value['set']) : undefined;
  if (set === undefined) throw new RowError(`set must be among ${setNames(sets)}, got ${shortJson(value['set'])}`);
  const { split = undefined } = value;
  if (split !== undefined && (typeof split !== 'string' || split === ''))
    throw new RowError(`split must be a text, got ${shortJson(split)}`);
  const image = pathIn(root, 'image', value['image']);
  const classes = textsOf('labels', value['labels'] ?? undefined);
  const odd = classes.find((name) => !set.labelOf.has(name));
  if (odd !== undefined) throw new RowError(`labels must be classes of set "${set.name}", got ${shortJson(odd)}`);
  return {
    key: value['image'] as string,
    image,
    mask: pathIn(root, 'mask', value['mask']),
    set,
    labels: [...new Set(classes.map((name) => set.labelOf.get(name)!))],
    captions: value['captions'] === undefined ? [] : textsOf('captions', value['captions']),
    split,
  };
}

/** A path in the folder. */
function pathIn(root: string, name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new RowError(`${name} must be a path in the folder, got ${shortJson(value)}`);
  const path = resolve(root, value);
  const way = relative(root, path);
  if (isAbsolute(value) || isAbsolute(way) || way === '' || way.split(sep)[0] === '..')
    throw new RowError(`${name} must be a path in the folder, got ${shortJson(value)}`);
  return path;
}

function textsOf(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    throw new RowError(`${name} must be a list of texts, got ${shortJson(value)}`);
  return value;
}

/** Looks every file up, a folder at a time. */
async function expectFiles(
  index: string,
  rows: readonly (PhotoRow & { readonly line: number })[],
  refuse: Refuse,
): Promise<void> {
  const folders = new Map<string, ReadonlySet<string>>();
  for (const row of rows) {
    for (const kind of ['image', 'mask'] as const) {
      const path = row[kind];
      const folder = dirname(path);
      const there = folders.get(folder) ?? new Set(await entriesOf(folder));
      folders.set(folder, there);
      if (!there.has(basename(path)))
        refuse(`"${index}" line ${row.line}: ${kind}`, 'name a file that exists', shortJson(path, 200));
    }
  }
}
