/** Finds out which form of export a folder, a zip or a file is, and opens it. */
import type { AnnotatedSet } from './annotated-set.ts';
import { COCO_FORM } from './coco-form.ts';
import { CITYSCAPES_FORM } from './cityscapes-form.ts';
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
];

/** Folders within folders that archives make around an export. */
const MOST_AROUND = 4;

/** Options of {@link openAnnotations}. */
export interface OpenAnnotationsOptions {
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
  { signal }: OpenAnnotationsOptions = {},
): Promise<readonly AnnotatedSet[]> {
  const files = await listFiles(source, signal);
  for (
    let [inner, around]: [ExportFiles | undefined, number] = [files, 0];
    inner !== undefined;
    inner = inner.inner()
  ) {
    for (const form of FORMS) {
      signal?.throwIfAborted();
      const sets = await form.open(inner, signal);
      if (sets !== undefined) return sets;
    }
    if (around++ === MOST_AROUND) break;
  }
  const known = FORMS.map((form) => form.known).join('; ');
  throw annotationError(`"${source}" must hold annotations of a known form (${known})`, files.summary());
}
