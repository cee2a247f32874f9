/** Roboflow's "Semantic Segmentation Masks": a folder a split, in it pictures, `X_mask.png` and `_classes.csv`. */
import { basename, dirname } from 'node:path';
import { isPicture } from '../data/picture-folders.ts';
import type { AnnotatedPicture, AnnotatedSet } from './annotated-set.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import type { Form } from './form.ts';
import { classesOf, legendOf } from './mask-legend.ts';
import { readMaskNames, type MaskNames } from './mask-names.ts';
import { inOrder, maskPicture, stemOf } from './mask-pictures.ts';

const LIST = '_classes.csv';
const MASK = /_mask\.png$/i;

export const ROBOFLOW_MASKS_FORM: Form = {
  form: 'roboflow-masks',
  known: `Roboflow's semantic masks (${LIST}, pictures and *_mask.png in each split's folder)`,
  open,
};

async function open(files: ExportFiles): Promise<AnnotatedSet[] | undefined> {
  const lists = files.annotations(LIST);
  const folders = lists.map((path) => dirname(path)).map((folder) => (folder === '.' ? '' : folder));
  if (folders.length === 0 || !files.paths.some((path) => MASK.test(path))) return undefined;
  const names = new Map<string, MaskNames>();
  for (const folder of folders) names.set(folder, (await readMaskNames(files, folder))!);
  const classes = classesOf([...names.values()]);
  const pictures: AnnotatedPicture[] = [];
  for (const [folder, list] of names) {
    const legend = legendOf(list, classes);
    const own = files.below(folder).filter((path) => isPicture(path) && dirname(path) === (folder || '.'));
    const split = folder === '' ? undefined : basename(folder);
    for (const picture of own.filter((path) => !MASK.test(path))) {
      const mask = `${stemOf(picture)}_mask.png`;
      pictures.push(maskPicture(files, { picture, mask: files.has(mask) ? mask : undefined, split }, legend));
    }
  }
  if (pictures.length === 0)
    throw annotationError(`"${files.root}" must hold the pictures beside ${LIST}`, files.summary());
  return [
    {
      name: basename(files.root),
      form: 'roboflow-masks',
      description: `Roboflow's semantic masks (${lists.join(', ')})`,
      classes: classes.classes,
      exhaustive: false,
      pictures: inOrder(pictures),
      notes: [],
    },
  ];
}
