/** Tasks of Label Studio: their picture's names, and the annotation that counts. */
import { basename, dirname, extname } from 'node:path';
import { isRecord } from '../data/json-kinds.ts';
import { isPicture } from '../data/picture-folders.ts';

/** Fields that usually hold the picture. */
const USUAL = ['image', 'img', 'picture', 'photo', 'url', 'file_upload', 'ocr', 'captioning'];
const MAX_NAME = 4096;
const MAX_FIELDS = 1000;

/** The annotation of a task that counts. */
export interface Task {
  /** Regions as they are written. */
  readonly results: readonly unknown[];
  /** Milliseconds; 0 where it is not said. */
  readonly time: number;
}

/**
 * The newest annotation that was not cancelled; undefined where there is none. A task of JSON-MIN is an annotation, and
 * its regions are its fields that are lists.
 */
export function taskOf(value: unknown): Task | undefined {
  if (!isRecord(value)) return undefined;
  const all = value['annotations'] ?? value['completions'];
  if (Array.isArray(all)) {
    const kept = all.filter(
      (one: unknown): one is Record<string, unknown> =>
        isRecord(one) && one['was_cancelled'] !== true && one['skipped'] !== true && Array.isArray(one['result']),
    );
    const [first, ...others] = kept;
    if (first === undefined) return undefined;
    const newest = others.reduce<Readonly<Record<string, unknown>>>(
      (best, one) => (timeOf(one) >= timeOf(best) ? one : best),
      first,
    );
    return { results: newest['result'] as unknown[], time: timeOf(newest) };
  }
  if (isRecord(value['data']) || value['was_cancelled'] === true) return undefined;
  const lists = Object.values(value).filter((list): list is unknown[] => Array.isArray(list));
  const results = lists.flat().filter(isRecord);
  const isAnnotated = results.length > 0 || 'annotation_id' in value || 'annotator' in value;
  return isAnnotated ? { results, time: timeOf(value) } : undefined;
}

function timeOf({ updated_at: updated, created_at: created }: Readonly<Record<string, unknown>>): number {
  const text = typeof updated === 'string' ? updated : typeof created === 'string' ? created : '';
  const time = typeof created === 'number' ? created : Date.parse(text);
  return Number.isFinite(time) ? time : 0;
}

/** Names that the picture of a task may have in the export, the likeliest first. */
export function pictureNames(task: Readonly<Record<string, unknown>>): string[] {
  const data = isRecord(task['data']) ? task['data'] : {};
  const fields = { ...Object.fromEntries(Object.entries(task).slice(0, MAX_FIELDS)), ...data };
  const names = [...USUAL, ...Object.keys(fields).slice(0, MAX_FIELDS)].flatMap((field) => {
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    return typeof value === 'string' && value.length <= MAX_NAME ? namesIn(value) : [];
  });
  return [...new Set(names)].filter((name) => isPicture(name));
}

/** A path, an address, or a query `?d=path` of local files; uploads have eight digits before their names. */
function namesIn(text: string): string[] {
  const [, local] = /[?&]d=([^&#]+)/.exec(text) ?? [];
  const path = local ?? text.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
  const plain = [decoded(path), path, text];
  const uploads = plain.flatMap((name) => {
    const end = basename(name).replace(/^[0-9a-f]{8}-/i, '');
    return end === basename(name) || extname(end) === '' ? [] : [`${dirname(name)}/${end}`];
  });
  return [...plain, ...uploads];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
