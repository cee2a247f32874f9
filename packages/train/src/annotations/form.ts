/** A form of export: how it is known, and its reader. Each has a file of its own, named in `open-annotations.ts`. */
import type { AnnotatedSet, AnnotationForm } from './annotated-set.ts';
import type { ExportFiles } from './export-files.ts';

/** A form of export. */
export interface Form {
  readonly form: AnnotationForm;
  /** Name and the files it is known by, for the list of an error: "CVAT for images 1.1 (an XML of annotations)". */
  readonly known: string;
  /**
   * Reads an export; undefined when these are not the files of one. Reads no picture and no mask.
   *
   * @throws SynsegError `DATASET_FORMAT` when it is of this form but cannot be understood
   */
  readonly open: (files: ExportFiles, signal: AbortSignal | undefined) => Promise<readonly AnnotatedSet[] | undefined>;
}
