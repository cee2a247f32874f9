/** LabelMe's JSON: one file for each picture, beside it or under its name. Read again when a mask is asked for. */
import { basename, dirname, extname } from 'node:path';
import { messageOf, readTextFile } from '@synseg/core/guards';
import { eventTurn } from '@synseg/core/runtime';
import { isRecord } from '../data/json-kinds.ts';
import { isPicture } from '../data/picture-folders.ts';
import { namedClasses, type AnnotatedPicture, type AnnotatedSet } from './annotated-set.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { pictureFinder } from './find-pictures.ts';
import type { Form } from './form.ts';
import { jsonHead } from './json-head.ts';
import { isArea, paintLabelMe, PASSED, shapesOf, type LabelMeShape } from './labelme-shapes.ts';
import { addUnlabeled, LabelNames, makeSet, splitOfFolder } from './make-set.ts';
import { paintMask } from './mask-canvas.ts';
import { DOUBLED, NO_PICTURE, PassedOver } from './passed-over.ts';
import { unknownMask } from './unknown-mask.ts';

const MOST_LOOKED_AT = 32;
/** Bytes of a file, the picture in it included. */
const MAX_BYTES = 128 * 2 ** 20;
/** Lists of labels, in the order of which classes are numbered. */
const LISTS = ['labels.txt', 'classes.txt'];

export const LABELME_FORM: Form = {
  form: 'labelme',
  known: 'LabelMe (a JSON with shapes beside each picture)',
  open: openLabelMe,
};

/** What a file says of its picture. */
interface LabelMeFile {
  readonly picture: string | undefined;
  /** True when the picture is in the JSON itself. */
  readonly embedded: boolean;
  readonly stated: { readonly width: number; readonly height: number } | undefined;
  readonly shapes: readonly LabelMeShape[];
}

async function openLabelMe(files: ExportFiles, signal: AbortSignal | undefined): Promise<AnnotatedSet[] | undefined> {
  const paths = files.annotations('.json');
  if (!(await isLabelMe(files, paths))) return undefined;
  const labels = new LabelNames(files.root);
  const passed = new PassedOver();
  const found = new Map<string, { readonly path: string; readonly labeled: boolean }>();
  const pictureOf = pictureBySource(files);
  const known: string[] = [];
  let embedded = false;
  for (const path of paths) {
    signal?.throwIfAborted();
    const file = await readFile(files, path).catch((error: unknown) => error);
    await eventTurn();
    if (file === undefined) continue;
    const key = pictureOf(path, file instanceof Error ? undefined : (file as LabelMeFile).picture);
    if (file instanceof Error) {
      // Its mask says what is wrong, when it is asked for; without a picture nobody asks.
      if (key === undefined) throw file;
      if (!found.has(key)) found.set(key, { path, labeled: true });
      continue;
    }
    const { shapes, embedded: inside } = file as LabelMeFile;
    known.push(path);
    embedded ||= inside;
    for (const { label, kind } of shapes) {
      if (isArea(kind)) labels.add(label);
      else passed.add(PASSED.get(kind) ?? 'shapes of other kinds');
    }
    if (key === undefined) passed.add(NO_PICTURE);
    else if (found.has(key)) passed.add(DOUBLED);
    else found.set(key, { path, labeled: shapes.length === 0 || shapes.some(({ kind }) => isArea(kind)) });
  }
  if (found.size === 0 && embedded)
    throw annotationError(
      `pictures must lie beside their JSON files in "${files.root}"`,
      'none (those inside of the JSON files, as imageData, are not read)',
    );
  const { classes, valueOf } = namedClasses([...(await listed(files)), ...[...labels.names].sort()]);
  const pictures = new Map<string, AnnotatedPicture>();
  for (const [key, { path, labeled }] of found) pictures.set(key, annotated(files, key, path, labeled, valueOf));
  addUnlabeled(files, pictures);
  return [makeSet(files, { form: 'labelme', title: 'LabelMe', known, classes, pictures, notes: passed.notes() })];
}

function annotated(
  files: ExportFiles,
  key: string,
  path: string,
  labeled: boolean,
  valueOf: ReadonlyMap<string, number>,
): AnnotatedPicture {
  const [image, source] = [files.at(key), files.at(path)];
  const readMask: AnnotatedPicture['readMask'] = async (limits, told) => {
    const file = labeled ? await readFile(files, path) : undefined;
    if (file === undefined) return unknownMask(image, limits);
    const { stated, shapes } = file;
    return paintMask({ key, image, source, stated }, limits, told, (canvas) =>
      paintLabelMe(canvas, shapes, valueOf, limits, source),
    );
  };
  return { key, image, source, split: splitOfFolder(key), labeled, readMask };
}

/** True when one of the first files is LabelMe's by its beginning. */
async function isLabelMe(files: ExportFiles, paths: readonly string[]): Promise<boolean> {
  for (const path of paths.slice(0, MOST_LOOKED_AT)) {
    const { kind, fields } = jsonHead(await files.head(path));
    const has = (...names: readonly string[]): boolean => names.every((name) => fields.includes(name));
    if (kind === 'object' && (has('shapes') || has('imagePath', 'imageData') || has('imagePath', 'version')))
      return true;
  }
  return false;
}

/** Finds the picture of a file: as the file names it, or by the file's own name. */
function pictureBySource(files: ExportFiles): (path: string, named: string | undefined) => string | undefined {
  const find = pictureFinder(files);
  const byStem = new Map(files.paths.filter(isPicture).map((path) => [path.slice(0, -extname(path).length), path]));
  return (path, named) => {
    const folder = dirname(path);
    const beside = byStem.get(path.slice(0, -extname(path).length));
    const inFolder = (name: string): string => (folder === '.' ? name : `${folder}/${name}`);
    if (named !== undefined && files.has(inFolder(named))) return inFolder(named);
    return beside ?? (named === undefined ? undefined : find(named, { folder }));
  };
}

/** Names of a list of labels, in its order. */
async function listed(files: ExportFiles): Promise<string[]> {
  const path = LISTS.find((name) => files.has(name));
  if (path === undefined) return [];
  return (await files.head(path)).split(/\r?\n/).flatMap((line) => line.trim() || []);
}

/** Reads a file; undefined when it is JSON of something else. */
async function readFile(files: ExportFiles, path: string): Promise<LabelMeFile | undefined> {
  const source = files.at(path);
  let json: unknown;
  const text = await readTextFile(source, MAX_BYTES).catch((cause: unknown) => {
    throw annotationError(`"${source}" must be a readable file`, messageOf(cause), cause);
  });
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw annotationError(`"${source}" must be JSON`, messageOf(cause).slice(0, 200), cause);
  }
  if (!isRecord(json) || !('shapes' in json)) return undefined;
  const { imagePath: named, imageData, imageWidth: width, imageHeight: height } = json;
  const stated =
    typeof width === 'number' && typeof height === 'number' && width > 0 && height > 0 ? { width, height } : undefined;
  return {
    picture: typeof named === 'string' && basename(named) !== '' ? named.replaceAll('\\', '/') : undefined,
    embedded: typeof imageData === 'string' && imageData !== '',
    stated,
    shapes: shapesOf(json['shapes'], source),
  };
}
