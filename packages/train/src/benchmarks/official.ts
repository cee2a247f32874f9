/** Benchmarks as their authors publish them: folders, values of masks, class lists, splits. */
import { readClassList } from '../data/class-list.ts';
import { readIndexMask, type IndexMask } from '../image/index-mask.ts';
import { readMatMatrix } from '../image/mat-matrix.ts';
import type { PictureLimits } from '../image/picture.ts';
import { ADE, CITYSCAPES, COCO_STUFF, COCO_THINGS, CONTEXT, VOC, type ClassIds } from './class-names.ts';
import type { DatasetRequest, EvaluationSet } from './evaluation-set.ts';
import { findFiles, type FileKind, type FolderLayout } from './folder-layout.ts';
import { IGNORED, maskValues, plainValues, reducedValues, toClasses, type MaskValues } from './mask-values.ts';

/** Masks of one kind, and what their values mean. */
interface MaskKind extends FileKind {
  readonly values: MaskValues;
  /** Name of the matrix, where files are MAT-files. @default index PNGs */
  readonly matrix?: string;
}

/** A benchmark. */
interface Benchmark {
  readonly layout: FolderLayout<MaskKind>;
  readonly defaultSplit: string;
  /** In the order of their indices. */
  readonly classes: readonly string[];
}

/** Name of the first class, where it is what no other class covers. */
const BACKGROUND = 'background';
/** The last id of Pascal Context's label maps. */
const LAST_CONTEXT = 459;
/** Last ids of COCO-Stuff's things and of all; its masks hold one less. */
const [LAST_THING, LAST_COCO] = [91, 182];
/** The last label id of Cityscapes. */
const LAST_CITYSCAPES = 33;

const COCO_IDS = [...COCO_THINGS.keys(), ...COCO_STUFF.keys()];
const CITYSCAPES_IDS = [...CITYSCAPES.keys()];
const CONTEXT_IDS = [...CONTEXT.keys()];

const BENCHMARKS = {
  'voc21': voc([BACKGROUND, ...names(VOC)], plainValues(VOC.size + 1)),
  'voc20': voc(names(VOC), reducedValues(VOC.size)),
  'context60': context([BACKGROUND, ...names(CONTEXT)], plainValues(CONTEXT.size + 1), 0),
  'context59': context(names(CONTEXT), reducedValues(CONTEXT.size), IGNORED),
  'coco-object': coco([BACKGROUND, ...names(COCO_THINGS)], '_instanceTrainIds.png', objectValue),
  'coco-stuff': coco(names(COCO_THINGS, COCO_STUFF), '_labelTrainIds.png', stuffValue),
  'cityscapes': {
    layout: {
      within: ['cityscapes'],
      pictures: { folders: ['leftImg8bit/{}'], suffix: '_leftImg8bit.png' },
      masks: [
        { folders: ['gtFine/{}'], suffix: '_gtFine_labelTrainIds.png', values: plainValues(CITYSCAPES.size) },
        { folders: ['gtFine/{}'], suffix: '_gtFine_labelIds.png', values: maskValues(256, cityscapesValue) },
      ],
      towns: true,
    },
    defaultSplit: 'val',
    classes: names(CITYSCAPES),
  },
  'ade20k': {
    layout: {
      within: ['ADEChallengeData2016'],
      pictures: { folders: ['images/{}'], suffix: '.jpg' },
      masks: [{ folders: ['annotations/{}'], suffix: '.png', values: reducedValues(ADE.size) }],
    },
    defaultSplit: 'validation',
    classes: names(ADE),
  },
} satisfies Record<string, Benchmark>;

/** Name of a benchmark. */
export type BenchmarkName = keyof typeof BENCHMARKS;

/** Names of the benchmarks. */
export const BENCHMARK_NAMES = Object.keys(BENCHMARKS) as BenchmarkName[];

/** Reads a benchmark. A class list of one's own gives other names and prompts to the same indices. */
export async function readBenchmark(
  name: BenchmarkName,
  root: string,
  { split, classes: path }: DatasetRequest,
): Promise<EvaluationSet> {
  const { layout, defaultSplit, classes }: Benchmark = BENCHMARKS[name];
  const files = await findFiles(name, root, split ?? defaultSplit, layout);
  const own = path === undefined ? undefined : await readClassList(path);
  const hasBackground = classes[0] === BACKGROUND;
  return {
    classes: own?.classes ?? classes.map((entry, index) => ({ index, name: entry })),
    ignored: [IGNORED],
    backgroundIndex: hasBackground ? 0 : undefined,
    backgroundRule: hasBackground ? 'class' : 'ignore',
    split: split ?? defaultSplit,
    samples: files.map(({ stem, image, mask, kind }) => ({
      key: stem,
      image,
      mask,
      readMask: (limits) => readMask(mask, kind, limits),
    })),
  };
}

async function readMask(path: string, { values, matrix }: MaskKind, limits: PictureLimits): Promise<IndexMask> {
  const mask = matrix === undefined ? readIndexMask(path, path, limits) : readMatMatrix(path, matrix, limits);
  return toClasses(path, await mask, values);
}

function voc(classes: readonly string[], values: MaskValues): Benchmark {
  return {
    layout: {
      within: ['VOC2012', 'VOCdevkit/VOC2012'],
      pictures: { folders: ['JPEGImages'], suffix: '.jpg' },
      masks: [{ folders: ['SegmentationClass'], suffix: '.png', values }],
      lists: ['ImageSets/Segmentation/{}.txt'],
    },
    defaultSplit: 'val',
    classes,
  };
}

/** @param others - index of the ids that are not among the 59, which index PNGs do not have */
function context(classes: readonly string[], png: MaskValues, others: number): Benchmark {
  const first = classes.length - CONTEXT_IDS.length;
  const mat = maskValues(LAST_CONTEXT + 1, (id) => {
    const place = placeOf(CONTEXT_IDS, id);
    return place === undefined ? others : first + place;
  });
  return {
    layout: {
      within: ['VOC2010', 'VOCdevkit/VOC2010'],
      pictures: { folders: ['JPEGImages'], suffix: '.jpg' },
      masks: [
        { folders: ['SegmentationClassContext'], suffix: '.png', values: png },
        { folders: ['trainval'], suffix: '.mat', values: mat, matrix: 'LabelMap' },
      ],
      lists: ['ImageSets/SegmentationContext/{}.txt', 'ImageSets/Main/{}.txt'],
    },
    defaultSplit: 'val',
    classes,
  };
}

/** @param made - suffix of masks that hold class indices already, made from COCO-Stuff's */
function coco(classes: readonly string[], made: string, indexOf: (value: number) => number | undefined): Benchmark {
  const folders = ['annotations/{}', 'stuffthingmaps/{}'];
  return {
    layout: {
      within: ['coco_stuff164k'],
      pictures: { folders: ['images/{}', '{}'], suffix: '.jpg' },
      masks: [
        { folders, suffix: '.png', values: maskValues(256, indexOf) },
        { folders, suffix: made, values: plainValues(classes.length) },
      ],
    },
    defaultSplit: 'val2017',
    classes,
  };
}

/** Stuff is background, and so is what is not labeled. */
function objectValue(value: number): number | undefined {
  if (value === IGNORED || (value >= LAST_THING && value < LAST_COCO)) return 0;
  const place = placeOf(COCO_IDS, value + 1);
  return place === undefined ? undefined : place + 1;
}

function stuffValue(value: number): number | undefined {
  return value === IGNORED ? IGNORED : placeOf(COCO_IDS, value + 1);
}

function cityscapesValue(id: number): number | undefined {
  return id <= LAST_CITYSCAPES || id === IGNORED ? (placeOf(CITYSCAPES_IDS, id) ?? IGNORED) : undefined;
}

function placeOf(ids: readonly number[], id: number): number | undefined {
  return ids.includes(id) ? ids.indexOf(id) : undefined;
}

function names(...ids: readonly ClassIds[]): string[] {
  return ids.flatMap((some) => [...some.values()]);
}
