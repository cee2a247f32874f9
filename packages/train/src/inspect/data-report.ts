/** What an inspection of annotated pictures finds. */
import type { AnnotationForm } from '../annotations/annotated-set.ts';
import type { MaskFault, ShapeFault } from '../annotations/mask-fault.ts';

/** What is wrong with a picture. */
export interface DataFault {
  /**
   * A picture that cannot be decoded; one whose bytes another picture has too; one that is in two splits; a mask of
   * another size, with a value without a class, or that cannot be read; a polygon that lies outside of its picture; a
   * shape without enough corners or without a label, which is left out.
   */
  readonly fault: 'picture-unreadable' | 'picture-doubled' | 'picture-in-two-splits' | ShapeFault | MaskFault;
  /** Path of the picture in the export. */
  readonly key: string;
  /** For people. */
  readonly message: string;
}

/** A class, and how much of it there is. */
export interface ClassCount {
  readonly name: string;
  readonly pixels: number;
  /** Pictures that have a pixel of it. */
  readonly pictures: number;
}

/** A set of annotated pictures. */
export interface SetReport {
  readonly name: string;
  readonly form: AnnotationForm;
  /** The form and its files, for people. */
  readonly description: string;
  /** All that the export lists, those with faults included. */
  readonly pictures: number;
  /** Pictures by split; `""` are those of none. */
  readonly splits: Readonly<Record<string, number>>;
  /** Pictures that nobody has annotated. */
  readonly unlabeled: number;
  /** In the order of their indices. */
  readonly classes: readonly ClassCount[];
  /** Pixels that are none of the classes, of annotated pictures. */
  readonly nonePixels: number;
  /** Pixels of which nothing is known, of annotated pictures. */
  readonly unknownPixels: number;
  /** The smallest and the largest picture by their pixels, width × height; undefined without a readable one. */
  readonly sizes: { readonly least: readonly [number, number]; readonly most: readonly [number, number] } | undefined;
  /** The first ones of each kind. */
  readonly faults: readonly DataFault[];
  /** Number of faults by kind. */
  readonly faultCounts: Readonly<Record<string, number>>;
  /** What the export holds and is not read. */
  readonly notes: readonly string[];
}

/** The sets of an export; there is one, but of `index-jsonl` several. */
export interface DataReport {
  readonly sets: readonly SetReport[];
}

/** Progress of an inspection or a conversion. */
export interface DataProgress {
  /** Pictures done. */
  readonly done: number;
  readonly total: number;
}
