/** Cityscapes' folders, and those that other tools write like them with classes of their own. */
import { basename } from 'node:path';
import { CITYSCAPES } from '../benchmarks/class-names.ts';
import { UNKNOWN, type AnnotatedSet } from './annotated-set.ts';
import type { ExportFiles } from './export-files.ts';
import type { Form } from './form.ts';
import { classesOf, legendOf, type MaskLegend } from './mask-legend.ts';
import { readMaskNames } from './mask-names.ts';
import { inOrder, maskPicture } from './mask-pictures.ts';

const PICTURE = /^(?:imgsFine\/)?leftImg8bit\/(?:(.+?)\/)?((?:[^/]+\/)*[^/]+?)_leftImg8bit\.(?:png|jpe?g)$/i;
const MASK = /^gtFine\/(?:(.+?)\/)?((?:[^/]+\/)*[^/]+?)_gtFine_(color|labelTrainIds|labelIds)\.png$/;
/** The last label id. */
const LAST_ID = 33;

export const CITYSCAPES_FORM: Form = {
  form: 'cityscapes',
  known: 'Cityscapes (leftImg8bit, gtFine; label_colors.txt for classes of your own)',
  open,
};

type Kind = 'color' | 'labelTrainIds' | 'labelIds';

async function open(files: ExportFiles): Promise<AnnotatedSet[] | undefined> {
  const masks = new Map<string, Map<Kind, string>>();
  for (const path of files.paths) {
    const [, split = '', stem = '', kind] = MASK.exec(path) ?? [];
    if (kind === undefined) continue;
    const kinds = masks.get(`${split}/${stem}`) ?? new Map<Kind, string>();
    masks.set(`${split}/${stem}`, kinds.set(kind as Kind, path));
  }
  const pictures = files.paths.flatMap((picture) => {
    const [whole, split = '', stem = ''] = PICTURE.exec(picture) ?? [];
    return whole === undefined ? [] : [{ picture, split, kinds: masks.get(`${split}/${stem}`) }];
  });
  if (!pictures.some(({ kinds }) => kinds !== undefined)) return undefined;
  const own = await readMaskNames(files);
  const classes = own === undefined ? undefined : classesOf([own]);
  const legend = own === undefined || classes === undefined ? undefined : legendOf(own, classes);
  const order: readonly Kind[] =
    legend === undefined ? ['labelTrainIds', 'labelIds'] : ['color', 'labelIds', 'labelTrainIds'];
  return [
    {
      name: basename(files.root),
      form: 'cityscapes',
      description: `Cityscapes (leftImg8bit, gtFine, ${own?.path ?? 'its 19 classes'})`,
      classes: classes?.classes ?? NAMES,
      exhaustive: own === undefined,
      pictures: inOrder(
        pictures.map(({ picture, split, kinds }) => {
          const kind = order.find((one) => kinds?.has(one) === true);
          const mask = kind === undefined ? undefined : kinds?.get(kind);
          const pair = { picture, mask, split: split === '' || split === 'default' ? undefined : split };
          return maskPicture(files, pair, legend ?? (kind === 'labelIds' ? BY_ID : BY_TRAIN_ID));
        }),
      ),
      notes: [],
    },
  ];
}

const NAMES = [...CITYSCAPES.values()];
const IDS = [...CITYSCAPES.keys()];
const SHARED = { classes: NAMES, byColor: new Map<number, number>() };

const BY_TRAIN_ID: MaskLegend = {
  ...SHARED,
  byIndex: new Map([...NAMES.map((_, index) => [index, index] as const), [UNKNOWN, UNKNOWN]]),
  source: "Cityscapes' train ids",
};

const BY_ID: MaskLegend = {
  ...SHARED,
  byIndex: new Map(
    [...Array(LAST_ID + 1).keys(), UNKNOWN].map((id) => [id, IDS.includes(id) ? IDS.indexOf(id) : UNKNOWN]),
  ),
  source: "Cityscapes' ids",
};
