/** COCO's JSON files in an export: which they are, and what their names say. */
import { basename, dirname } from 'node:path';
import type { ExportFiles } from './export-files.ts';
import { isSplit } from './find-pictures.ts';
import { jsonHead } from './json-head.ts';

/** JSON files whose beginnings are looked at: other tools write one for each picture. */
const MOST_LOOKED_AT = 64;

/** The files that are COCO's by their beginning. */
export async function cocoFiles(files: ExportFiles): Promise<string[]> {
  const isLikely = (path: string): boolean => /(?:^|\/)annotations\/|coco|instances/i.test(path);
  const json = files.annotations('.json');
  const likely = [...json.filter(isLikely), ...json.filter((path) => !isLikely(path))].slice(0, MOST_LOOKED_AT);
  const found: string[] = [];
  for (const path of likely) {
    const { kind, fields } = jsonHead(await files.head(path));
    if (kind !== 'object' || fields.includes('items') || fields.includes('shapes')) continue;
    if (fields.includes('images') || fields.includes('annotations')) found.push(path);
  }
  return found.sort();
}

/** The split that a file's name or folder says: `instances_train.json`, `valid/_annotations.coco.json`. */
export function splitOf(path: string, files: number): string | undefined {
  const stem = basename(path).replace(/(?:\.coco)?\.json$/i, '');
  const [, named] = /^(?:instances|captions|panoptic|person_keypoints|image_info|labels|stuff)_(.+)$/.exec(stem) ?? [];
  if (named !== undefined) return named === 'default' ? undefined : named;
  const word = stem.split(/[^A-Za-z0-9]+/).find(isSplit) ?? dirname(path).split('/').find(isSplit);
  return word ?? (files > 1 && stem !== '_annotations' ? stem : undefined);
}

/** True for a file of panoptic segments. */
export async function isPanoptic(files: ExportFiles, path: string): Promise<boolean> {
  return /panoptic/i.test(basename(path)) || (await files.head(path)).includes('"segments_info"');
}
