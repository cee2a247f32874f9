/** Folders of pictures and of masks of the same names, with a list of what the values or colors of the masks mean. */
import { basename } from 'node:path';
import { isPicture } from '../data/picture-folders.ts';
import { readStoredMask } from '../image/index-mask.ts';
import { NONE, roleOf, type AnnotatedSet } from './annotated-set.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { isSplit } from './find-pictures.ts';
import type { Form } from './form.ts';
import { classesOf, legendOf, type MaskLegend } from './mask-legend.ts';
import { NAME_FILES, readMaskNames, type MaskNames } from './mask-names.ts';
import { inOrder, maskPicture, type MaskPair } from './mask-pictures.ts';

/** Masks that are looked at to find out how their values count. */
const SAMPLED = 16;
const HIGHEST = 255;
/** Folder of masks, and what stands before: `masks`, `trainannot`, `val_labels`. */
const MASK_FOLDER = /^(.*?)[_-]?(?:annot(?:ation)?s?|labels?|masks?|segmentations?|gt|ground_?truth)$/i;
const PICTURE_FOLDER = /^(.*?)[_-]?(?:images?|imgs?|pictures?|photos?|jpegimages|frames|rgb)$/i;
/** Ends of the names of masks that lie beside their pictures, and ends that masks of a folder of masks may have. */
const MASK_END = /(?:_masks?|_labels?|_seg|_segmentation|\.mask)$/i;
const OWN_END = /(?:_masks?|_labels?|_seg|_segmentation|\.mask|_L|_gt)$/i;

export const MASKS_FORM: Form = {
  form: 'masks',
  known: `masks (images/ and masks/ or labels/, PNG of the same names; ${NAME_FILES.join(', ')})`,
  open,
};

async function open(files: ExportFiles): Promise<AnnotatedSet[] | undefined> {
  const asked = files.only === undefined || NAME_FILES.includes(basename(files.only).toLowerCase());
  const pairs = asked ? pairsOf(files) : [];
  const masks = pairs.flatMap(({ mask }) => mask ?? []);
  if (masks.length === 0) return undefined;
  const names = await readMaskNames(files);
  if (names === undefined) {
    const rule = `"${files.root}" must say what the values of its masks mean, in ${NAME_FILES.join(', ')}`;
    throw annotationError(rule, files.summary());
  }
  const classes = classesOf([names]);
  const legend = await counted(files, masks, names, legendOf(names, classes));
  return [
    {
      name: basename(files.root),
      form: 'masks',
      description: `masks (${pairs.length} pictures, ${masks.length} masks, ${names.path})`,
      classes: classes.classes,
      exhaustive: legend.byIndex.get(0) !== NONE && !names.names.some(({ name }) => roleOf(name) === 'none'),
      pictures: inOrder(pairs.map((pair) => maskPicture(files, pair, legend))),
      notes: [],
    },
  ];
}

/** Where a file lies apart from the folders of its kind, and its name apart from their ends. */
interface Place {
  readonly isMask: boolean;
  readonly folders: readonly string[];
  readonly stem: string;
}

function placeOf(path: string): Place {
  const parts = path.split('/');
  const file = parts.pop()!;
  const stem = file.replace(/\.[^.]+$/, '');
  const isPNG = /\.png$/i.test(file);
  const ofMasks = isPNG && parts.some((part) => MASK_FOLDER.test(part));
  const isMask = ofMasks || (isPNG && MASK_END.test(stem));
  const folders = parts.flatMap((part) => {
    const [, before = part] = (ofMasks ? MASK_FOLDER : PICTURE_FOLDER).exec(part) ?? PICTURE_FOLDER.exec(part) ?? [];
    return before === '' ? [] : [before];
  });
  return { isMask, folders, stem: isMask ? stem.replace(ofMasks ? OWN_END : MASK_END, '') : stem };
}

/** The pictures with the masks whose places differ in the kind alone. */
function pairsOf(files: ExportFiles): readonly MaskPair[] {
  const masks = new Map<string, string>();
  const pictures: { readonly path: string; readonly key: string; readonly folders: readonly string[] }[] = [];
  for (const path of files.paths) {
    if (!isPicture(path)) continue;
    const { isMask, folders, stem } = placeOf(path);
    const key = [...folders, stem].join('/');
    if (!isMask) pictures.push({ path, key, folders });
    // A mask named just as its picture is the one that is meant; others are drawn from it.
    else if (!masks.has(key) || path.endsWith(`/${stem}.png`)) masks.set(key, path);
  }
  return pictures.map(({ path, key, folders }) => ({
    picture: path,
    mask: masks.get(key),
    split: folders.find(isSplit),
  }));
}

/**
 * The legend, with what the first masks show of how their values count: from 1, where 0 is none of a plain list of
 * names; or 255 for the only class there is.
 */
async function counted(
  files: ExportFiles,
  masks: readonly string[],
  names: MaskNames,
  legend: MaskLegend,
): Promise<MaskLegend> {
  const plain = !names.given && !names.names.some(({ name }) => roleOf(name) === 'none');
  if (!plain && legend.classes.length > 1) return legend;
  const values = new Set<number>();
  const count = Math.min(SAMPLED, masks.length);
  for (let at = 0; at < count; at++) {
    const mask = masks[Math.floor((at * masks.length) / count)]!;
    const stored = await readStoredMask(files.at(mask)).catch(() => undefined);
    if (stored === undefined) continue;
    if (stored.kind === 'color') return legend;
    for (let pixel = 0; pixel < stored.data.length; pixel++) values.add(stored.data[pixel]!);
  }
  const isTwofold = values.has(HIGHEST) && [...values].every((value) => value === 0 || value === HIGHEST);
  if (isTwofold && legend.classes.length === 1)
    return { ...legend, byIndex: new Map([[0, NONE], [HIGHEST, 0]]) }; // prettier-ignore
  const isShifted = plain && values.has(names.names.length) && names.names.length !== HIGHEST;
  return isShifted ? legendOf(names, classesOf([names]), 1) : legend;
}
