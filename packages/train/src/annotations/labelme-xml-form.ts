/**
 * LabelMe's older XML, as its web tool and CVAT's "LabelMe 3.0" write it: one file for each picture, polygons, or masks
 * in files of their own.
 */
import { basename, dirname, extname } from 'node:path';
import { eventTurn } from '@synseg/core/runtime';
import { isPicture } from '../data/picture-folders.ts';
import { openPicture, limitsOf, type PictureLimits } from '../image/picture.ts';
import { namedClasses, type AnnotatedPicture, type AnnotatedSet } from './annotated-set.ts';
import type { ExportFiles } from './export-files.ts';
import { pictureFinder, type FindPicture } from './find-pictures.ts';
import type { Form } from './form.ts';
import { readLabelMeXml, type XmlObject } from './labelme-xml.ts';
import { addUnlabeled, LabelNames, makeSet, shapeName, splitOfFolder } from './make-set.ts';
import { NoClassError, paintMask, type MaskCanvas } from './mask-canvas.ts';
import { BOXES, DOUBLED, NO_PICTURE, PassedOver } from './passed-over.ts';
import { unknownMask } from './unknown-mask.ts';

const MOST_LOOKED_AT = 32;

export const LABELME_XML_FORM: Form = {
  form: 'labelme',
  known: 'LabelMe XML (an XML with polygons for each picture)',
  open: openLabelMeXml,
};

async function openLabelMeXml(
  files: ExportFiles,
  signal: AbortSignal | undefined,
): Promise<AnnotatedSet[] | undefined> {
  const paths = files.annotations('.xml');
  const known: string[] = [];
  for (const path of paths.slice(0, MOST_LOOKED_AT)) {
    const head = await files.head(path);
    if (!/<annotation[\s>]/.test(head) || /<bndbox[\s>]/.test(head)) continue;
    if (/<(?:polygon|segm|nrows|sourceImage)[\s>/]/.test(head)) known.push(path);
  }
  if (known.length === 0) return undefined;
  const labels = new LabelNames(files.root);
  const passed = new PassedOver();
  const find = pictureFinder(files);
  const byStem = new Map(files.paths.filter(isPicture).map((path) => [basename(path, extname(path)), path]));
  const found = new Map<string, { readonly path: string; readonly labeled: boolean }>();
  for (const path of paths) {
    signal?.throwIfAborted();
    const file = await readLabelMeXml(files.at(path), signal).catch((error: unknown) => error);
    await eventTurn();
    if (file === undefined) continue;
    const named = file instanceof Error ? undefined : (file as { readonly picture: string }).picture;
    const place = { folder: dirname(path) };
    const key = (named && find(named, place)) || byStem.get(basename(path, extname(path)));
    if (file instanceof Error) {
      if (key === undefined) throw file;
      if (!found.has(key)) found.set(key, { path, labeled: true });
      continue;
    }
    const { objects } = file as { readonly objects: readonly XmlObject[] };
    for (const object of objects) {
      if (object.box) passed.add(BOXES);
      else labels.add(object.label);
    }
    if (key === undefined) passed.add(NO_PICTURE);
    else if (found.has(key)) passed.add(DOUBLED);
    else found.set(key, { path, labeled: objects.length === 0 || objects.some(({ box }) => !box) });
  }
  const { classes, valueOf } = namedClasses([...labels.names].sort());
  const pictures = new Map<string, AnnotatedPicture>();
  for (const [key, { path, labeled }] of found) {
    const [image, source] = [files.at(key), files.at(path)];
    const readMask: AnnotatedPicture['readMask'] = async (limits, told) => {
      const file = labeled ? await readLabelMeXml(source, undefined) : undefined;
      if (file === undefined) return unknownMask(image, limits);
      return paintMask({ key, image, source, stated: file.stated }, limits, told, (canvas) =>
        paintObjects(canvas, file.objects, valueOf, maskFinder(files, find, path), limits),
      );
    };
    pictures.set(key, { key, image, source, split: splitOfFolder(key), labeled, readMask });
  }
  addUnlabeled(files, pictures);
  return [makeSet(files, { form: 'labelme', title: 'LabelMe XML', known, classes, pictures, notes: passed.notes() })];
}

/** Finds the files of masks, in folders of masks first. */
function maskFinder(files: ExportFiles, find: FindPicture, path: string): (name: string) => string | undefined {
  const folder = dirname(path).replace(/(^|\/)Annotations(?=\/|$)/, '$1Masks');
  return (name) => {
    const beside = folder === '.' ? name : `${folder}/${name}`;
    const found = files.has(beside) ? beside : find(name, { folder });
    return found === undefined ? undefined : files.at(found);
  };
}

/** @throws RangeError when an object breaks a rule */
async function paintObjects(
  canvas: MaskCanvas,
  objects: readonly XmlObject[],
  valueOf: ReadonlyMap<string, number>,
  maskOf: (name: string) => string | undefined,
  limits: PictureLimits,
): Promise<void> {
  for (const { label, points, mask, box } of objects) {
    if (box) continue;
    const value = valueOf.get(label);
    const what = shapeName(mask === undefined ? 'polygon' : 'mask', label);
    if (value === undefined) throw new NoClassError(`label of ${what} must be one of the set's, got another`);
    if (mask === undefined) {
      await canvas.polygon(points, value, what);
      continue;
    }
    const file = maskOf(mask);
    if (file === undefined) throw new RangeError(`the file of ${what} must be there, got no "${mask.slice(0, 200)}"`);
    const picture = await openPicture(file, limitsOf(limits));
    if (picture.width !== canvas.width || picture.height !== canvas.height)
      throw new RangeError(
        `size of "${file}" must be the picture's ${canvas.width}×${canvas.height}, got ` +
          `${picture.width}×${picture.height}`,
      );
    const pixels = await picture.pixels();
    const isInside = (at: number): boolean => pixels[3 * at]! + pixels[3 * at + 1]! + pixels[3 * at + 2]! > 0;
    await canvas.bitmap({ left: 0, top: 0, width: canvas.width, height: canvas.height }, isInside, value, what);
  }
}
