/**
 * Annotated pictures in one shape, whatever tool exported them: of each picture a mask of class indices, its split, and
 * what else the export says. Nothing is decoded before a mask is asked for.
 */
import type { IndexMask } from '../image/index-mask.ts';
import type { PictureLimits } from '../image/picture.ts';
import type { ShapeFault } from './mask-fault.ts';

/** Mask value of pixels that are none of the set's classes. */
export const NONE = 254;
/** Mask value of pixels of which nothing is known: they teach nothing and do not count. */
export const UNKNOWN = 255;
/** Most classes of a set: each has a mask value below {@link NONE}. */
const MAX_CLASSES = 254;

/** A form of export that is read. */
export type AnnotationForm =
  | 'index-jsonl'
  | 'coco'
  | 'coco-panoptic'
  | 'voc'
  | 'cvat'
  | 'labelme'
  | 'yolo'
  | 'roboflow-masks'
  | 'label-studio'
  | 'cityscapes'
  | 'masks'
  | 'captions';

/** A picture with its annotation. */
export interface AnnotatedPicture {
  /** Path in the export, with `/`; unique. */
  readonly key: string;
  /** Path of the picture. */
  readonly image: string;
  /** Path of the file that the annotation is read from. */
  readonly source: string;
  /** As the export names it, `train` for example; undefined where it has no splits. */
  readonly split: string | undefined;
  /** False for a picture that the export lists without any annotation: nobody has looked at it yet. */
  readonly labeled: boolean;
  /** @default [] */
  readonly captions?: readonly string[];
  /**
   * Indices of classes, {@link NONE} or {@link UNKNOWN}; as large as the upright picture.
   *
   * @param told - receives what is wrong with the annotation though it can be read: a polygon outside the picture
   * @throws SynsegError `IMAGE_DECODE` or `DATASET_FORMAT` when it cannot be read, has another size than the picture,
   *   or holds a value without a class
   */
  readonly readMask: (limits: PictureLimits, told?: (message: string, fault: ShapeFault) => void) => Promise<IndexMask>;
}

/** A set of annotated pictures; an export is one, an `index-jsonl` folder several. */
export interface AnnotatedSet {
  readonly name: string;
  readonly form: AnnotationForm;
  /** The form and the files it was known by, for people: "CVAT for images 1.1 (train.xml, val.xml)". */
  readonly description: string;
  /** By index; neither background nor ignored ones are among them. */
  readonly classes: readonly string[];
  /** True where what is labeled covers the pictures, so that no class is anywhere else. */
  readonly exhaustive: boolean;
  /** In a stable order. */
  readonly pictures: readonly AnnotatedPicture[];
  /** What the export holds and is not read, for people: "12 boxes, which are no outlines". */
  readonly notes: readonly string[];
}

/** What pixels of a class are: of the class, none of the classes, or unknown. */
export type ClassRole = 'class' | 'none' | 'unknown';

const NO_CLASSES = /^(?:_?_?background_?_?|bg|none|nothing)$/;
const NOT_KNOWN = /^(?:_?_?(?:ignored?|void|unlabell?ed|unknown|unannotated|out of roi)_?_?)$/;

/** The role of a class by its name: tools write "background" and "void" into their lists of classes. */
export function roleOf(name: string): ClassRole {
  const plain = name.trim().toLowerCase();
  if (NO_CLASSES.test(plain)) return 'none';
  return NOT_KNOWN.test(plain) ? 'unknown' : 'class';
}

/** The classes among the names of an export, and the mask value of each name. */
export interface NamedClasses {
  readonly classes: readonly string[];
  readonly valueOf: ReadonlyMap<string, number>;
}

/** Gives each name its mask value, classes in the order given. @throws RangeError for more than {@link MAX_CLASSES} */
export function namedClasses(names: Iterable<string>): NamedClasses {
  const valueOf = new Map<string, number>();
  const classes: string[] = [];
  for (const name of names) {
    if (valueOf.has(name)) continue;
    const role = roleOf(name);
    valueOf.set(name, role === 'none' ? NONE : role === 'unknown' ? UNKNOWN : classes.length);
    if (role === 'class') classes.push(name);
  }
  if (classes.length > MAX_CLASSES)
    throw new RangeError(`Cannot read annotations: classes must be at most ${MAX_CLASSES}, got ${classes.length}`);
  return { classes, valueOf };
}
