/**
 * `classes.json` of a folder with several sets of masks: of each set the class of every mask value, and what its labels
 * are called here.
 */
import { messageOf, readTextFile } from '@synseg/core/guards';
import { few, shortJson } from './data-error.ts';
import { isRecord } from './json-kinds.ts';

/** Mask value of pixels of which nothing is known. */
const UNKNOWN = 255;
/** Translation of a mask value that a set does not have. */
const NO_CLASS = -1;

/** A label of a set. */
interface SetLabel {
  readonly name: string;
  /** Values of its pixels in the masks, in ascending order. */
  readonly values: readonly [number, ...number[]];
}

/** The classes of one set. */
export interface SetClasses {
  readonly name: string;
  /** In ascending order of their first value. */
  readonly labels: readonly SetLabel[];
  /** Label of each class, by the class's name in the file. */
  readonly labelOf: ReadonlyMap<string, string>;
  /** Mask value of pixels that are none of the set's classes; undefined where no value says so. */
  readonly background: number | undefined;
  /** True when what is labeled covers the pictures. */
  readonly exhaustive: boolean;
}

/** Throws an error: the file's path or a place in it, what it must be, what it is. */
export type Refuse = (where: string, rule: string, got: string, cause?: unknown) => never;

/**
 * Reads the classes of every set: `{ SET: { "classes": [names], "background"?: value, "exhaustive"?: flag } }`. The
 * index of a name is the mask value; 255 is unknown.
 *
 * @param rename - class names as they stand in the file, alone or as `set/class`, and the labels they are called here;
 *   classes of a set that share a label are one
 */
export async function readSets(
  path: string,
  rename: Readonly<Record<string, string>>,
  refuse: Refuse,
): Promise<ReadonlyMap<string, SetClasses>> {
  const where = `"${path}"`;
  const json = await readJson(path, where, refuse);
  if (!isRecord(json) || Object.keys(json).length === 0)
    return refuse(where, 'hold an object of sets by name', shortJson(json));
  const used = new Set<string>();
  const sets = new Map(
    Object.entries(json).map(([name, set]) => [
      name,
      readSet(name, set, rename, used, `${where} set "${name}"`, refuse),
    ]),
  );
  const unused = Object.keys(rename).find((name) => !used.has(name));
  if (unused !== undefined) return refuse('rename', `name classes of ${where} (class or set/class)`, `"${unused}"`);
  return sets;
}

/** A JSON file. */
export async function readJson(path: string, where: string, refuse: Refuse): Promise<unknown> {
  const text = await readTextFile(path).catch((cause: unknown) =>
    refuse(where, 'be a readable file', messageOf(cause), cause),
  );
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    return refuse(where, 'be JSON', messageOf(cause), cause);
  }
}

/**
 * What each mask value is taken for: the first value of its label, 255 where it is unknown, {@link NO_CLASS} where the
 * set does not have it.
 */
export function maskValues({ labels, background }: SetClasses): Int16Array {
  const values = new Int16Array(UNKNOWN + 1).fill(NO_CLASS);
  values[UNKNOWN] = UNKNOWN;
  if (background !== undefined) values[background] = background;
  for (const label of labels) for (const value of label.values) values[value] = label.values[0];
  return values;
}

function readSet(
  name: string,
  set: unknown,
  rename: Readonly<Record<string, string>>,
  used: Set<string>,
  where: string,
  refuse: Refuse,
): SetClasses {
  if (!isRecord(set)) return refuse(where, 'be an object with "classes"', shortJson(set));
  const { classes, background, exhaustive = false } = set;
  const isName = (entry: unknown): entry is string => typeof entry === 'string' && entry.trim() !== '';
  if (!Array.isArray(classes) || classes.length === 0 || classes.length > UNKNOWN || !classes.every(isName))
    return refuse(where, `have a list "classes" of 1 to ${UNKNOWN} names`, shortJson(classes));
  const twice = classes.find((entry, index) => classes.indexOf(entry) !== index);
  if (twice !== undefined) return refuse(where, 'name each class once', `"${twice}" twice`);
  if (typeof exhaustive !== 'boolean') return refuse(where, 'have true or false as exhaustive', shortJson(exhaustive));
  if (background !== undefined && !isBackground(background, classes.length))
    return refuse(
      where,
      `have a mask value that is no class, ${classes.length} to ${UNKNOWN - 1}, as background`,
      shortJson(background),
    );
  const labelOf = new Map(
    classes.map((entry) => {
      const key = [`${name}/${entry}`, entry].find((candidate) => Object.hasOwn(rename, candidate));
      for (const candidate of [`${name}/${entry}`, entry]) used.add(candidate);
      return [entry, key === undefined ? entry : rename[key]!] as const;
    }),
  );
  const values = new Map<string, [number, ...number[]]>();
  for (const [index, entry] of classes.entries()) {
    const label = labelOf.get(entry)!;
    const found = values.get(label);
    if (found === undefined) values.set(label, [index]);
    else found.push(index);
  }
  const labels = [...values].map(([label, own]) => ({ name: label, values: own }));
  return { name, labels, labelOf, background: background as number | undefined, exhaustive };
}

function isBackground(value: unknown, classes: number): boolean {
  return Number.isInteger(value) && (value as number) >= classes && (value as number) < UNKNOWN;
}

/** Names of sets for a message. */
export function setNames(sets: ReadonlyMap<string, unknown>): string {
  return few(sets.keys());
}
