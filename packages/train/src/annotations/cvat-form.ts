/**
 * CVAT for images 1.1: one XML for all pictures, or one for each split.
 *
 * The file is read twice and never kept: once for its pictures, labels and what it counts, and of each picture the part
 * that says its shapes when its mask is asked for.
 */
import { basename, dirname } from 'node:path';
import type { IndexMask } from '../image/index-mask.ts';
import { namedClasses, type AnnotatedPicture, type AnnotatedSet } from './annotated-set.ts';
import { AREAS, paintCvat, PASSED } from './cvat-shapes.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { pictureFinder } from './find-pictures.ts';
import type { Form } from './form.ts';
import { LabelNames, makeSet } from './make-set.ts';
import { paintMask } from './mask-canvas.ts';
import { DOUBLED, NO_PICTURE, PassedOver } from './passed-over.ts';
import { unknownMask } from './unknown-mask.ts';
import { readXml, type XmlPart } from './xml-file.ts';

const MOST_LOOKED_AT = 64;
const MAX_PICTURES = 1_000_000;
const MAX_NAME = 4096;
/** Subset of tasks that have none. */
const NO_SUBSET = /^(?:default)?$/i;

export const CVAT_FORM: Form = {
  form: 'cvat',
  known: 'CVAT for images 1.1 (annotations.xml, or an XML for each split, with images)',
  open: openCvat,
};

/** A picture as a file lists it. */
interface CvatImage {
  readonly name: string;
  readonly width: string | undefined;
  readonly height: string | undefined;
  readonly subset: string;
  readonly start: number;
  end: number;
  /** Number of shapes that are areas. */
  areas: number;
}

interface CvatFile {
  readonly path: string;
  readonly images: readonly CvatImage[];
  /** Labels of the task, then those that only shapes have. */
  readonly labels: ReadonlySet<string>;
}

async function openCvat(files: ExportFiles, signal: AbortSignal | undefined): Promise<AnnotatedSet[] | undefined> {
  const paths: string[] = [];
  for (const path of files.annotations('.xml').slice(0, MOST_LOOKED_AT))
    if (/<annotations[\s>]/.test(await files.head(path))) paths.push(path);
  if (paths.length === 0) return undefined;
  const passed = new PassedOver();
  const read: CvatFile[] = [];
  for (const path of paths) read.push(await readIndex(files, path, passed, signal));
  const { classes, valueOf } = namedClasses(read.flatMap(({ labels }) => [...labels]));
  const find = pictureFinder(files);
  const pictures = new Map<string, AnnotatedPicture>();
  for (const { path, images } of read) {
    const stem = basename(path).slice(0, -4);
    for (const image of images) {
      const own = NO_SUBSET.test(image.subset) ? undefined : image.subset;
      const split = own ?? (paths.length > 1 && !NO_SUBSET.test(stem) ? stem : undefined);
      const key = find(image.name, { folder: dirname(path), ...(split !== undefined && { split }) });
      if (key === undefined) passed.add(NO_PICTURE);
      else if (pictures.has(key)) passed.add(DOUBLED);
      else pictures.set(key, annotated(files, key, path, image, split, valueOf));
    }
  }
  const title = 'CVAT for images 1.1';
  return [makeSet(files, { form: 'cvat', title, known: paths, classes, pictures, notes: passed.notes() })];
}

function annotated(
  files: ExportFiles,
  key: string,
  path: string,
  { width, height, areas, ...place }: CvatImage,
  split: string | undefined,
  valueOf: ReadonlyMap<string, number>,
): AnnotatedPicture {
  const [image, source] = [files.at(key), files.at(path)];
  const stated =
    width === undefined || height === undefined ? undefined : { width: Number(width), height: Number(height) };
  const part: XmlPart = { name: 'image', start: place.start, end: place.end };
  const readMask: AnnotatedPicture['readMask'] = async (limits, told): Promise<IndexMask> =>
    areas === 0
      ? unknownMask(image, limits)
      : paintMask({ key, image, source, stated }, limits, told, (canvas) => paintCvat(canvas, source, part, valueOf));
  return { key, image, source, split, labeled: areas > 0, readMask };
}

/** Lists the pictures of a file and where each one's shapes lie in it. */
async function readIndex(
  files: ExportFiles,
  path: string,
  passed: PassedOver,
  signal: AbortSignal | undefined,
): Promise<CvatFile> {
  const source = files.at(path);
  const images: CvatImage[] = [];
  const [ofTask, ofShapes] = [new LabelNames(source), new LabelNames(source)];
  const within: string[] = [];
  const label = { name: '', parent: '' };
  let image: CvatImage | undefined;
  const fail = (rule: string, got: string): never => {
    throw annotationError(`"${source}" must ${rule}`, got);
  };
  const addImage = ({ name, width, height, subset = '' }: Readonly<Record<string, string>>, at: number): void => {
    if (name === undefined || name === '' || name.length > MAX_NAME)
      return fail(`give each image a name of at most ${MAX_NAME} characters`, `none for image ${images.length + 1}`);
    if (images.length === MAX_PICTURES) return fail(`list at most ${MAX_PICTURES} images`, 'more');
    image = { name, width, height, subset: subset.slice(0, MAX_NAME), start: at, end: at, areas: 0 };
    images.push(image);
  };
  const addShape = (kind: string, { label: name }: Readonly<Record<string, string>>): void => {
    if (!AREAS.has(kind)) return passed.add(PASSED.get(kind) ?? 'shapes of other kinds');
    image!.areas += 1;
    if (name !== undefined) ofShapes.add(name);
  };
  await readXml(
    source,
    {
      open: (name, attributes, at) => {
        if (within.length === 0 && name !== 'annotations') fail('begin with <annotations>, as CVAT’s do', `<${name}>`);
        if (within.length === 1 && name === 'track')
          fail('be CVAT for images', 'tracks of CVAT for video (export it as "CVAT for images 1.1")');
        if (within.length === 1 && name === 'image') addImage(attributes, at);
        if (within.length === 2 && image !== undefined) addShape(name, attributes);
        if (name === 'label') [label.name, label.parent] = ['', ''];
        within.push(name);
      },
      close: (name, at) => {
        within.pop();
        if (within.length === 1 && image !== undefined) {
          image.end = at;
          image = undefined;
        }
        if (name === 'label' && within.at(-1) === 'labels' && label.name.trim() !== '' && label.parent === '')
          ofTask.add(label.name.trim());
      },
      text: (text) => {
        if (image !== undefined || within.at(-2) !== 'label') return;
        if (within.at(-1) === 'name') label.name = (label.name + text).slice(0, 2 * MAX_NAME);
        if (within.at(-1) === 'parent') label.parent += text.trim().slice(0, 1);
      },
    },
    { signal },
  );
  return { path, images, labels: new Set([...ofTask.names, ...ofShapes.names]) };
}
