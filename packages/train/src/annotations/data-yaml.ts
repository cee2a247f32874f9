/** `data.yaml` of YOLO: names of classes, and where the pictures of each split lie. The only file that imports yaml. */
import { messageOf, readTextFile } from '@synseg/core/guards';
import { parse } from 'yaml';
import { isRecord } from '../data/json-kinds.ts';
import { shortJson } from '../data/data-error.ts';
import { annotationError } from './export-files.ts';

const MAX_BYTES = 2 ** 18;
/** Lists and maps within each other. */
const MAX_DEPTH = 64;
const MAX_NAMES = 10_000;
const MAX_PLACES = 1000;
/** Splits in the order in which they are told. */
const SPLITS = ['train', 'val', 'valid', 'test'] as const;

/** What a `data.yaml` says. */
export interface DataYaml {
  /** By class index; holes are named after their index. */
  readonly names: readonly string[];
  /** Folder that the places of splits start from. */
  readonly path: string;
  /** Folders of pictures or files that list them. */
  readonly splits: readonly { readonly split: string; readonly places: readonly string[] }[];
}

/**
 * Reads the file; undefined when it is YAML of something else.
 *
 * @throws SynsegError `DATASET_FORMAT` when it is no YAML, or its names and splits are not of a kind known
 */
export async function readDataYaml(file: string): Promise<DataYaml | undefined> {
  const fail = (rule: string, got: string, cause?: unknown): never => {
    throw annotationError(`"${file}" must ${rule}`, got, cause);
  };
  const text = await readTextFile(file, MAX_BYTES).catch((cause: unknown) =>
    fail('be a readable file', messageOf(cause), cause),
  );
  if (isDeep(text)) return fail(`have at most ${MAX_DEPTH} lists and maps within each other`, 'more');
  let value: unknown;
  try {
    // Looking for names given twice takes time that grows with the square of their number.
    const options = { maxAliasCount: 100, uniqueKeys: false, prettyErrors: false, logLevel: 'error' } as const;
    value = parse(text, options);
  } catch (cause) {
    return fail('be YAML', messageOf(cause).slice(0, 200), cause);
  }
  if (!isRecord(value)) return undefined;
  const { names, nc, path } = value;
  if (names === undefined && nc === undefined) return undefined;
  const splits = SPLITS.flatMap((split) => {
    const given = value[split];
    const places: unknown[] = given === undefined || given === null ? [] : [given].flat();
    if (!places.every((place) => typeof place === 'string') || places.length > MAX_PLACES)
      return fail(`give ${split} as a folder, a list of folders or a text file`, shortJson(given));
    return places.length === 0 ? [] : [{ split, places }];
  });
  const list = namesOf(names, nc);
  if (list === undefined)
    return fail(`give names as a list or by number, at most ${MAX_NAMES}`, shortJson(names ?? nc));
  return { names: list, path: typeof path === 'string' ? path : '', splits };
}

/**
 * True for a text that nests deeply: the parser calls itself for each level, and not only fails when the stack is full
 * but may end the process.
 */
function isDeep(text: string): boolean {
  let [depth, markers, indent, isStart] = [0, 0, 0, true];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '\n' || letter === '\r') [markers, indent, isStart] = [0, 0, true];
    else if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth -= 1;
    else if ((letter === '-' || letter === '?') && /\s/.test(text[at + 1] ?? ' ')) markers += 1;
    isStart &&= letter === ' ' || letter === '\n' || letter === '\r';
    if (isStart) indent += 1;
    if (depth > MAX_DEPTH || markers > MAX_DEPTH || indent > 4 * MAX_DEPTH) return true;
  }
  return false;
}

function namesOf(names: unknown, count: unknown): string[] | undefined {
  if (names === undefined || names === null) {
    const isCount = Number.isInteger(count) && (count as number) > 0 && (count as number) <= MAX_NAMES;
    return isCount ? Array.from({ length: count as number }, (_, index) => `class ${index}`) : undefined;
  }
  const entries = Array.isArray(names) ? [...names.entries()] : isRecord(names) ? Object.entries(names) : [];
  const numbered = entries.map(([index, name]) => [Number(index), name] as const);
  const fits = ([index, name]: readonly [number, unknown]): boolean =>
    Number.isInteger(index) &&
    index >= 0 &&
    index < MAX_NAMES &&
    (typeof name === 'string' || typeof name === 'number') &&
    String(name).trim() !== '';
  if (numbered.length === 0 || !numbered.every(fits)) return undefined;
  const byIndex = new Map(numbered);
  const most = numbered.reduce((largest, [index]) => Math.max(largest, index), 0);
  return Array.from({ length: most + 1 }, (_, index) => String(byIndex.get(index) ?? `class ${index}`).trim());
}
