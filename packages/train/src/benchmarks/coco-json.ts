/**
 * Instances in COCO's JSON as ground truth: COCO's own folder, or a file such as `synseg video --coco` writes, beside
 * its pictures. What no instance covers is background.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { readClassList } from '../data/class-list.ts';
import { COCO_BACKGROUND, COCO_IGNORE } from '../data/coco-mask.ts';
import { categoryClasses, paintPicture, readPictures, type CocoPicture } from '../data/coco-pictures.ts';
import { few } from '../data/data-error.ts';
import { entriesOf } from '../data/picture-folders.ts';
import { exists } from '../data/source.ts';
import type { IndexMask } from '../image/index-mask.ts';
import { limitsOf, type PictureLimits } from '../image/picture.ts';
import type { DatasetRequest, EvaluationSet } from './evaluation-set.ts';
import { refusing, type Refuse } from './folder-layout.ts';

/** Name of this layout. */
export const COCO_JSON = 'coco-json';

const DEFAULT_SPLIT = 'val2017';
const BACKGROUND = 'background';
/** Folders of COCO's pictures, `{}` for the split. */
const PICTURES = ['{}', 'images/{}'];

/** A JSON file, and the folder that the paths of its pictures start from. */
interface Source {
  readonly file: string;
  /** @default found by the pictures */
  readonly images?: string;
  readonly split?: string;
}

/** Reads instances. A mask's values are the categories' ids, where those fit. */
export async function readCocoJson(root: string, request: DatasetRequest): Promise<EvaluationSet> {
  const refuse = refusing(COCO_JSON);
  const { file, images, split } = await findSource(root, request.split, refuse);
  const leftOut = (_: string, problem: string): never => refuse('every image and annotation must be whole', problem);
  const { pictures, names, masks } = await readPictures([file], images, leftOut, undefined);
  if (!masks) refuse(`"${file}" must hold outlines of instances`, 'none');
  const there = await Promise.all(pictures.map(({ image }) => exists(image)));
  const missing = pictures.filter((_, at) => !there[at]);
  if (missing.length > 0)
    refuse(
      `every picture of "${file}" must be there`,
      `${pictures.length - missing.length} of ${pictures.length}, and no ${missing[0]!.image}`,
    );
  const categories = categoryClasses(names);
  if (categories.some(({ name }) => name === BACKGROUND))
    refuse(`"${file}" must not have a category "${BACKGROUND}", which is what no instance covers`, 'it');
  const own = request.classes === undefined ? undefined : await readClassList(request.classes);
  return {
    classes: own?.classes ?? [{ index: COCO_BACKGROUND, name: BACKGROUND }, ...categories],
    ignored: [COCO_IGNORE],
    backgroundIndex: COCO_BACKGROUND,
    backgroundRule: 'class',
    split,
    samples: pictures.map((picture) => ({
      key: picture.file,
      image: picture.image,
      mask: file,
      readMask: (limits) => paint(picture, limits),
    })),
  };
}

/** The file itself, that of a split in COCO's folder, or the only one in a folder. */
async function findSource(root: string, split: string | undefined, refuse: Refuse): Promise<Source> {
  const status = await stat(root).catch(() => undefined);
  if (status?.isFile() === true) {
    if (split === undefined) return { file: root };
    throw new RangeError(`Cannot evaluate ${COCO_JSON}: split must not be given for a file, got "${split}"`);
  }
  const asked = split ?? DEFAULT_SPLIT;
  const file = join(root, `annotations/instances_${asked}.json`);
  if (await exists(file)) {
    const folders = PICTURES.map((path) => path.replace('{}', asked));
    for (const folder of folders)
      if (await exists(join(root, folder))) return { file, images: join(root, folder), split: asked };
    refuse(`"${root}" must hold ${folders.join(' or ')} beside annotations`, few((await entriesOf(root)) ?? []));
  }
  const entries = (await entriesOf(root)) ?? [];
  const [only, ...others] = entries.filter((entry) => entry.endsWith('.json') && !entry.startsWith('.'));
  if (split === undefined && only !== undefined && others.length === 0) return { file: join(root, only) };
  const one = split === undefined ? ' or one JSON file' : '';
  return refuse(
    `"${root}" must be a JSON file, or hold annotations/instances_${asked}.json${one}`,
    status === undefined ? 'no folder' : few(entries),
  );
}

async function paint(picture: CocoPicture, limits: PictureLimits): Promise<IndexMask> {
  try {
    return await paintPicture(picture, limitsOf(limits));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SynsegError('DATASET_FORMAT', cause.message, { cause });
  }
}
