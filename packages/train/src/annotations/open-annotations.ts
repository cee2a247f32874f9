/** Finds out which form of export a folder, a zip or a file is, and opens it. */
import { open, stat } from 'node:fs/promises';
import { parse } from 'node:path';
import type { AnnotatedSet } from './annotated-set.ts';
import { COCO_FORM } from './coco-form.ts';
import { CITYSCAPES_FORM } from './cityscapes-form.ts';
import { CAPTIONS_FORM } from './captions-form.ts';
import { CVAT_FORM } from './cvat-form.ts';
import { annotationError, listFiles, type ExportFiles } from './export-files.ts';
import type { Form } from './form.ts';
import { INDEX_FORM } from './index-form.ts';
import { LABEL_STUDIO_FORM } from './label-studio-form.ts';
import { LABELME_FORM } from './labelme-form.ts';
import { LABELME_XML_FORM } from './labelme-xml-form.ts';
import { MASKS_FORM } from './masks-form.ts';
import { PANOPTIC_FORM } from './panoptic-form.ts';
import { ROBOFLOW_MASKS_FORM } from './roboflow-masks-form.ts';
import { saidClasses } from './said-classes.ts';
import { unpackZip } from './unpack-zip.ts';
import { VOC_FORM } from './voc-form.ts';
import { YOLO_FORM } from './yolo-form.ts';

/** In the order they are asked: a form that is known by less stands behind. */
const FORMS: readonly Form[] = [
  INDEX_FORM,
  COCO_FORM,
  PANOPTIC_FORM,
  CVAT_FORM,
  YOLO_FORM,
  LABEL_STUDIO_FORM,
  LABELME_FORM,
  LABELME_XML_FORM,
  VOC_FORM,
  CITYSCAPES_FORM,
  ROBOFLOW_MASKS_FORM,
  MASKS_FORM,
  CAPTIONS_FORM,
];

/** Folders within folders that archives make around an export. */
const MOST_AROUND = 4;

/** Options of {@link openAnnotations}. */
export interface OpenAnnotationsOptions {
  /** Folder that a zip is unpacked in. @default core's cache */
  readonly cacheFolder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an export: lists its files, and asks each form whether they are its own. No picture and no mask is read.
 *
 * @param source - a folder, a zip, or the file of the annotations
 * @throws SynsegError `DATASET_FORMAT` saying what was found and which forms are known, or what is wrong with an export
 *   of a known form
 * @throws the signal's reason when aborted
 * @example
 * ```ts
 * // type-checked only: needs an export
 * import { openAnnotations } from './open-annotations.ts';
 * const [set] = await openAnnotations('exports/animals');
 * console.assert(set?.classes.includes('emu'));
 * ```
 */
export async function openAnnotations(
  source: string,
  options: OpenAnnotationsOptions = {},
): Promise<readonly AnnotatedSet[]> {
  const { sets, files } = await find(source, options);
  if (sets !== undefined) return sets;
  const known = FORMS.map((form) => form.known).join('; ');
  throw annotationError(`"${source}" must hold annotations of a known form (${known})`, files.summary());
}

/** As {@link openAnnotations}; undefined where no form is known. */
export async function findAnnotations(
  source: string,
  options: OpenAnnotationsOptions = {},
): Promise<readonly AnnotatedSet[] | undefined> {
  return (await find(source, options)).sets;
}

async function find(
  source: string,
  { cacheFolder, signal }: OpenAnnotationsOptions,
): Promise<{ readonly sets: readonly AnnotatedSet[] | undefined; readonly files: ExportFiles }> {
  const isZip = await startsAsZip(source);
  const files = await listFiles(isZip ? await unpackZip(source, { cacheFolder, signal }) : source, signal);
  let inner: ExportFiles | undefined = files;
  for (let around = 0; inner !== undefined && around <= MOST_AROUND; around++, inner = inner.inner()) {
    for (const form of FORMS) {
      signal?.throwIfAborted();
      const sets = (await form.open(inner, signal))?.map(withClasses);
      if (sets === undefined) continue;
      return { sets: isZip && sets.length === 1 ? [{ ...sets[0]!, name: parse(source).name }] : sets, files };
    }
  }
  return { sets: undefined, files };
}

/** Of a set that has captions alone, their words are its classes. */
function withClasses(set: AnnotatedSet): AnnotatedSet {
  const isSaid = set.classes.length === 0 && set.pictures.some(({ captions = [] }) => captions.length > 0);
  return isSaid ? { ...set, classes: saidClasses(set.pictures) } : set;
}

/** True for a file that begins as zips do, whatever it is called. */
async function startsAsZip(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isFile() !== true) return false;
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === 'PK\x03\x04' || buffer.toString('latin1') === 'PK\x05\x06';
  } finally {
    await file.close();
  }
}
