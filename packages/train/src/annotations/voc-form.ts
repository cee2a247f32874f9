/** Pascal VOC's folder of segmentation masks, of which CVAT's "Segmentation mask 1.1" is one. */
import { basename } from 'node:path';
import { VOC } from '../benchmarks/class-names.ts';
import { isPicture } from '../data/picture-folders.ts';
import type { AnnotatedSet } from './annotated-set.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import type { Form } from './form.ts';
import { classesOf, legendOf } from './mask-legend.ts';
import { readMaskNames, vocColor, type MaskNames } from './mask-names.ts';
import { inOrder, maskPicture, stemOf, type MaskPair } from './mask-pictures.ts';

const MASKS = 'SegmentationClass';
const PICTURES = 'JPEGImages';
const LISTS = 'ImageSets/Segmentation';
/** Lists that are made of others. */
const ALL = /^(?:trainval|all|default)$/;

export const VOC_FORM: Form = {
  form: 'voc',
  known: `Pascal VOC (${PICTURES}, ${MASKS}, labelmap.txt or VOC's own classes, ${LISTS})`,
  open,
};

async function open(files: ExportFiles): Promise<AnnotatedSet[] | undefined> {
  const masks = byStem(files, MASKS, (path) => path.toLowerCase().endsWith('.png'));
  if (masks.size === 0) return undefined;
  const pictures = byStem(files, PICTURES, isPicture);
  const own = await readMaskNames(files);
  const names = own ?? VOC_NAMES;
  const splits = await readSplits(files);
  const stems = splits.size > 0 ? [...splits.keys()] : [...pictures.keys()];
  const pairs = new Map<string, MaskPair>();
  for (const stem of new Set([...stems, ...masks.keys()])) {
    const picture = pictures.get(stem);
    if (picture !== undefined) pairs.set(stem, { picture, mask: masks.get(stem), split: splits.get(stem) });
  }
  if (pairs.size === 0)
    throw annotationError(`"${files.root}" must hold the pictures of ${MASKS} in ${PICTURES}`, files.summary());
  const missing = new Set([...stems, ...masks.keys()]).size - pairs.size;
  const classes = classesOf([names]);
  const legend = legendOf(names, classes);
  return [
    {
      name: basename(files.root),
      form: 'voc',
      description: `Pascal VOC (${PICTURES}, ${MASKS}, ${own?.path ?? "VOC's 20 classes"})`,
      classes: classes.classes,
      exhaustive: false,
      pictures: inOrder([...pairs.values()].map((pair) => maskPicture(files, pair, legend))),
      notes: missing > 0 ? [`${missing} masks or names of ${LISTS}, whose pictures are not there`] : [],
    },
  ];
}

const VOC_NAMES: MaskNames = {
  path: "VOC's classes",
  names: ['background', ...VOC.values()].map((name, index) => ({ name, index, color: vocColor(index) })),
  ...{ ignored: 255, background: 0, given: true },
};

function byStem(files: ExportFiles, folder: string, isOne: (path: string) => boolean): Map<string, string> {
  const found = files.below(folder).filter(isOne);
  return new Map(found.map((path) => [stemOf(path).slice(folder.length + 1), path]));
}

/** Split of each stem, from the lists: the first word of each line. */
async function readSplits(files: ExportFiles): Promise<Map<string, string | undefined>> {
  const lists = files.below(LISTS).filter((path) => path.endsWith('.txt'));
  const named = lists.filter((path) => !ALL.test(stemOf(basename(path))));
  const splits = new Map<string, string | undefined>();
  for (const path of [...named, ...lists.filter((list) => !named.includes(list))]) {
    const name = stemOf(basename(path));
    const split = name === 'default' || name === 'all' ? undefined : name;
    for (const line of (await files.text(path)).split(/\r?\n/)) {
      const stem = line.trim().replace(/\s+-?[01]$/, '');
      if (stem !== '' && !splits.has(stem)) splits.set(stem, split);
    }
  }
  return splits;
}
