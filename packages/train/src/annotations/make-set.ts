/** What readers of annotation tools have in common: the set that comes out, and limits of what goes in. */
import { basename, dirname } from 'node:path';
import { isPicture } from '../data/picture-folders.ts';
import type { AnnotatedPicture, AnnotatedSet, AnnotationForm } from './annotated-set.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { isSplit } from './find-pictures.ts';
import { unknownMask } from './unknown-mask.ts';

const MAX_LABELS = 10_000;
const MAX_LABEL_LENGTH = 4096;

/** Shapes of a picture. */
export const MAX_SHAPES = 100_000;

/** What a reader found. */
export interface SetParts {
  readonly form: AnnotationForm;
  /** The form, for people. */
  readonly title: string;
  /** Files that it was known by. */
  readonly known: readonly string[];
  readonly classes: readonly string[];
  /** By key. */
  readonly pictures: ReadonlyMap<string, AnnotatedPicture>;
  readonly notes: readonly string[];
}

/**
 * The set, with its pictures in the order of their keys.
 *
 * @throws SynsegError `DATASET_FORMAT` when it has no pictures
 */
export function makeSet(files: ExportFiles, { form, title, known, classes, pictures, notes }: SetParts): AnnotatedSet {
  if (pictures.size === 0)
    throw annotationError(
      `the pictures of "${files.at(known[0] ?? '')}" must lie below "${files.root}"`,
      files.summary(),
    );
  return {
    name: basename(files.root),
    form,
    description: `${title} (${known.slice(0, 4).join(', ')}${known.length > 4 ? ', …' : ''})`,
    classes,
    exhaustive: false,
    pictures: [...pictures.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
    notes,
  };
}

/** Adds the pictures that lie beside annotated ones and have no annotation. */
export function addUnlabeled(files: ExportFiles, pictures: Map<string, AnnotatedPicture>): void {
  if (files.only !== undefined) return;
  const folders = new Set([...pictures.keys()].map((key) => dirname(key)));
  for (const key of files.paths) {
    if (!isPicture(key) || pictures.has(key) || !folders.has(dirname(key))) continue;
    const image = files.at(key);
    const readMask: AnnotatedPicture['readMask'] = (limits) => unknownMask(image, limits);
    pictures.set(key, { key, image, source: image, split: splitOfFolder(key), labeled: false, readMask });
  }
}

/** The split that a folder of the path says. */
export function splitOfFolder(path: string): string | undefined {
  return dirname(path)
    .split('/')
    .find((part) => isSplit(part));
}

/** Labels that shapes have, bounded. */
export class LabelNames {
  readonly names = new Set<string>();
  readonly #source: string;

  /** @param source - the file, for messages */
  constructor(source: string) {
    this.#source = source;
  }

  /** @throws SynsegError `DATASET_FORMAT` for too many, or one that is too long */
  add(name: string): void {
    if (name.length > MAX_LABEL_LENGTH || (this.names.size >= MAX_LABELS && !this.names.has(name)))
      throw annotationError(
        `"${this.#source}" must have at most ${MAX_LABELS} labels of at most ${MAX_LABEL_LENGTH} characters`,
        'more',
      );
    this.names.add(name);
  }
}

/** What messages call a shape. */
export function shapeName(kind: string, label: string): string {
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind} of ${JSON.stringify(label.slice(0, 80))}`;
}
