/** `classes.json` of a data set with index masks: the class of each pixel value, and the values that do not count. */
import { SynsegError } from '@synseg/core';
import { messageOf, readTextFile } from '@synseg/core/guards';
import { shortJson } from './data-error.ts';

/** A class of a data set. */
export interface EvaluationClass {
  /** Value of its pixels in the masks, 0 … 255. */
  readonly index: number;
  readonly name: string;
  /** Texts to embed in place of the name; their embeddings are averaged. @default the name */
  readonly prompts?: readonly string[];
  /** Values of its pixels, where there are several. @default the index */
  readonly values?: readonly number[];
}

/** Mask values of a class's pixels. */
export function valuesOf({ index, values = [index] }: EvaluationClass): readonly number[] {
  return values;
}

/** The classes of a data set. */
export interface ClassList {
  /** In ascending order of index. */
  readonly classes: readonly EvaluationClass[];
  /** Mask values that never count. */
  readonly ignored: readonly number[];
  /** Mask value of the background; undefined when no class is the background. */
  readonly backgroundIndex: number | undefined;
}

const MASK_VALUES = 256;

/**
 * Reads a class list: `{ "classes": [{ "index", "name", "prompts"? }], "ignore_index"?, "background_index"? }`.
 *
 * @throws SynsegError `DATASET_FORMAT` when the file is missing or is no class list
 * @example
 * ```ts
 * // type-checked only: needs a data set
 * import { readClassList } from './class-list.ts';
 * const { classes } = await readClassList('camvid/classes.json');
 * console.assert(classes[0]?.name === 'sky');
 * ```
 */
export async function readClassList(path: string): Promise<ClassList> {
  const fail = (rule: string, got: string, cause?: unknown): SynsegError =>
    new SynsegError(
      'DATASET_FORMAT',
      `Cannot read class list: ${path} must ${rule}, got ${got}`,
      cause === undefined ? undefined : { cause },
    );
  const text = await readTextFile(path).catch((cause: unknown) => {
    throw fail('be a readable file', messageOf(cause), cause);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fail('be JSON', messageOf(cause), cause);
  }
  const { classes, ignore_index: ignore, background_index: background } = (json ?? {}) as Record<string, unknown>;
  if (!Array.isArray(classes) || classes.length === 0)
    throw fail('have a list "classes" that is not empty', classes === undefined ? 'none' : shortJson(classes));
  if (classes.length > MASK_VALUES)
    throw fail(`have at most ${MASK_VALUES} classes, a mask value each`, String(classes.length));
  const checked = (classes as unknown[]).map((entry) => {
    const { index, name, prompts } = (entry ?? {}) as Record<string, unknown>;
    if (!isMaskValue(index) || typeof name !== 'string' || name.trim() === '') {
      throw fail('give each class an index from 0 to 255 and a name', shortJson(entry));
    }
    if (prompts === undefined) return { index, name };
    if (!Array.isArray(prompts) || prompts.length === 0 || prompts.some((prompt) => typeof prompt !== 'string')) {
      throw fail(`give prompts of "${name}" as a list of strings`, shortJson(prompts));
    }
    return { index, name, prompts: prompts as string[] };
  });
  for (const key of ['index', 'name'] as const) {
    const values = checked.map((entry) => entry[key]);
    const twice = values.find((value, position) => values.indexOf(value) !== position);
    if (twice !== undefined) throw fail(`give each class its own ${key}`, `${JSON.stringify(twice)} twice`);
  }
  const optional = (key: string, value: unknown): number | undefined => {
    if (value === undefined || value === null) return undefined;
    if (!isMaskValue(value)) throw fail(`have an integer from 0 to 255 as ${key}`, shortJson(value));
    return value;
  };
  const ignoreIndex = optional('ignore_index', ignore);
  const backgroundIndex = optional('background_index', background);
  const known = (index: number | undefined): boolean => checked.some((entry) => entry.index === index);
  if (backgroundIndex !== undefined && !known(backgroundIndex))
    throw fail('have the index of a class as background_index', String(backgroundIndex));
  if (known(ignoreIndex)) throw fail('have an ignore_index that is no class', String(ignoreIndex));
  return {
    classes: checked.sort((a, b) => a.index - b.index),
    ignored: ignoreIndex === undefined ? [] : [ignoreIndex],
    backgroundIndex,
  };
}

function isMaskValue(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < MASK_VALUES;
}
