/**
 * YOLO segmentation, as Ultralytics reads it: a text file for each picture, a line for each polygon, and `data.yaml`
 * with the classes and splits (or `classes.txt` without splits).
 *
 * Only files of the export are read, wherever paths in it lead: those of another machine are found by their last parts.
 */
import { basename, dirname, extname } from 'node:path';
import { messageOf, readTextFile } from '@synseg/core/guards';
import { eventTurn } from '@synseg/core/runtime';
import { isPicture } from '../data/picture-folders.ts';
import { namedClasses, type AnnotatedPicture, type AnnotatedSet } from './annotated-set.ts';
import { readDataYaml, type DataYaml } from './data-yaml.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { pictureFinder } from './find-pictures.ts';
import type { Form } from './form.ts';
import { makeSet, splitOfFolder } from './make-set.ts';
import { paintMask } from './mask-canvas.ts';
import { BOXES, NO_PICTURE, PassedOver } from './passed-over.ts';
import { unknownMask } from './unknown-mask.ts';
import { countLines, linesIn, MAX_LABEL_BYTES, paintLines } from './yolo-lines.ts';

const MOST_LOOKED_AT = 16;
/** Label files that are read at the same time. */
const AT_ONCE = 8;
const MAX_LIST_BYTES = 16 * 2 ** 20;
/** A line of a label file. */
const LINE = /^[ \t]*\d+(?:[ \t]+-?[\d.][\d.eE+-]*){4,}[ \t]*\r?$/m;
const NAME_LISTS = /(?:^|\/)(?:classes\.txt|obj\.names|labels\.txt)$/;

export const YOLO_FORM: Form = {
  form: 'yolo',
  known: 'YOLO segmentation (data.yaml, or classes.txt, with images and labels/*.txt)',
  open: openYolo,
};

/** The file that names the classes, and what it says. */
interface Classes extends DataYaml {
  readonly file: string;
}

async function openYolo(files: ExportFiles, signal: AbortSignal | undefined): Promise<AnnotatedSet[] | undefined> {
  const found = (await yamlOf(files)) ?? (await listOf(files));
  if (found === undefined) return undefined;
  const passed = new PassedOver();
  const notes: string[] = [];
  const splits = await picturesOf(files, found, passed, notes);
  const labelOf = labelFinder(files);
  const { classes, valueOf } = namedClasses(found.names);
  const values = found.names.map((name) => valueOf.get(name)!);
  const pictures = new Map<string, AnnotatedPicture>();
  const keys = [...splits.keys()].sort();
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    signal?.throwIfAborted();
    const some = keys.slice(at, at + AT_ONCE).map(async (key): Promise<AnnotatedPicture> => {
      const [image, label] = [files.at(key), labelOf(key)];
      const text = label === undefined ? undefined : await labelText(files.at(label));
      const { areas, boxes } = text === undefined ? { areas: 0, boxes: 0 } : countLines(text);
      passed.add(BOXES, boxes);
      const labeled = text !== undefined && (areas > 0 || boxes === 0);
      const source = files.at(label ?? found.file);
      const readMask: AnnotatedPicture['readMask'] = async (limits, told) => {
        if (!labeled) return unknownMask(image, limits);
        const lines = await labelText(source);
        return paintMask({ key, image, source }, limits, told, (canvas) =>
          paintLines(canvas, lines, values, found.names),
        );
      };
      return { key, image, source, split: splits.get(key), labeled, readMask };
    });
    for (const picture of await Promise.all(some)) pictures.set(picture.key, picture);
    await eventTurn();
  }
  const parts = { form: 'yolo', title: 'YOLO segmentation', known: [found.file], classes, pictures } as const;
  return [makeSet(files, { ...parts, notes: [...notes, ...passed.notes()] })];
}

async function labelText(path: string): Promise<string> {
  return readTextFile(path, MAX_LABEL_BYTES).catch((cause: unknown) => {
    throw annotationError(`"${path}" must be a readable file`, messageOf(cause), cause);
  });
}

/** The `data.yaml`: the one nearest to the top. */
async function yamlOf(files: ExportFiles): Promise<Classes | undefined> {
  const rank = (path: string): number =>
    2 * path.split('/').length + (/(?:^|\/)data(?:set)?\.ya?ml$/.test(path) ? 0 : 1);
  const found = [...files.annotations('.yaml', '.yml')].sort((a, b) => rank(a) - rank(b));
  for (const file of found.slice(0, MOST_LOOKED_AT)) {
    if (!/^[ \t]*["']?(?:names|nc)["']?[ \t]*:/m.test(await files.head(file))) continue;
    const yaml = await readDataYaml(files.at(file));
    if (yaml !== undefined) return { ...yaml, file };
  }
  return undefined;
}

/** A list of names beside label files. */
async function listOf(files: ExportFiles): Promise<Classes | undefined> {
  const file = files.annotations('.txt', '.names').find((path) => NAME_LISTS.test(path));
  if (file === undefined) return undefined;
  const isLabel = (path: string): boolean =>
    path !== file && path.endsWith('.txt') && dirname(path).split('/').includes('labels');
  let isKnown = false;
  for (const label of files.paths.filter(isLabel).slice(0, MOST_LOOKED_AT))
    isKnown ||= LINE.test(await files.head(label));
  if (!isKnown) return undefined;
  const names = (await files.head(file)).split(/\r?\n/).map((line) => line.trim());
  while (names.at(-1) === '') names.pop();
  return { file, names: names.map((name, index) => name || `class ${index}`), path: '', splits: [] };
}

/** The pictures and the split of each, undefined where there are none. */
async function picturesOf(
  files: ExportFiles,
  { file, path, splits }: Classes,
  passed: PassedOver,
  notes: string[],
): Promise<ReadonlyMap<string, string | undefined>> {
  const find = pictureFinder(files);
  const foldersOf = folderFinder(files, dirname(file));
  const found = new Map<string, string | undefined>();
  const twice = new Map<string, number>();
  const add = (key: string, split: string): void => {
    const before = found.get(key);
    if (before === undefined) found.set(key, split);
    else if (before !== split) twice.set(`${before} and ${split}`, (twice.get(`${before} and ${split}`) ?? 0) + 1);
  };
  for (const { split, places } of splits) {
    for (const place of places) {
      if (/\.txt$/i.test(place)) {
        for (const { line } of linesIn(await listIn(files, place))) {
          const key = find(line, { split, folder: dirname(file) });
          if (key === undefined) passed.add(NO_PICTURE);
          else add(key, split);
        }
        continue;
      }
      const folder = foldersOf(`${path}/${place}`);
      if (folder === undefined) notes.push(`the split ${split} ("${place.slice(0, 80)}"), which is not there`);
      else files.below(folder).forEach((key) => isPicture(key) && add(key, split));
    }
  }
  for (const [which, count] of twice) notes.push(`${count} pictures in ${which}, of which the first counts`);
  if (found.size > 0) return found;
  const all = files.paths.filter((key) => isPicture(key));
  const inImages = all.filter((key) => dirname(key).split('/').includes('images'));
  for (const key of inImages.length > 0 ? inImages : all) found.set(key, splitOfFolder(key));
  return found;
}

/** A text file of the export, found by the last parts of its path. */
async function listIn(files: ExportFiles, place: string): Promise<string> {
  const parts = place.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  const [found] = parts.map((_, at) => parts.slice(at).join('/')).filter((path) => files.has(path));
  if (found === undefined) return '';
  return readTextFile(files.at(found), MAX_LIST_BYTES).catch((cause: unknown) => {
    throw annotationError(`"${files.at(found)}" must be a readable file`, messageOf(cause), cause);
  });
}

/** Finds folders of the export by the last parts of their paths, below a folder first. */
function folderFinder(files: ExportFiles, from: string): (place: string) => string | undefined {
  const folders = new Set(['']);
  for (const path of files.paths)
    for (let folder = dirname(path); folder !== '.' && !folders.has(folder); folder = dirname(folder))
      folders.add(folder);
  return (place) => {
    const parts = place.split(/[/\\]/).filter((part) => part !== '' && part !== '.' && part !== '..');
    if (parts.length === 0) return from === '.' ? '' : from;
    for (let at = 0; at < parts.length; at++) {
      const end = parts.slice(at).join('/');
      if (from !== '.' && folders.has(`${from}/${end}`)) return `${from}/${end}`;
      if (folders.has(end)) return end;
    }
    return undefined;
  };
}

/** Finds the label file of a picture: parallel to it, beside it, or the only one of its name. */
function labelFinder(files: ExportFiles): (picture: string) => string | undefined {
  const byStem = new Map<string, string | undefined>();
  for (const path of files.paths) {
    if (extname(path) !== '.txt' || !dirname(path).split('/').includes('labels')) continue;
    const stem = basename(path, '.txt');
    byStem.set(stem, byStem.has(stem) ? undefined : path);
  }
  return (picture) => {
    const beside = `${picture.slice(0, -extname(picture).length)}.txt`;
    const parts = beside.split('/');
    const at = parts.lastIndexOf('images', parts.length - 2);
    const parallel = at < 0 ? beside : parts.with(at, 'labels').join('/');
    return [parallel, beside].find((path) => files.has(path)) ?? byStem.get(basename(beside, '.txt'));
  };
}
