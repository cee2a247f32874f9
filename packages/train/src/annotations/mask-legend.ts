/** What the values and colors of a set's masks stand for, and masks read by it. */
import { readStoredMask, type IndexMask, type StoredMask } from '../image/index-mask.ts';
import { limitsOf, type PictureLimits } from '../image/picture.ts';
import { NONE, UNKNOWN, namedClasses, type NamedClasses } from './annotated-set.ts';
import { annotationError } from './export-files.ts';
import { expectSize, maskError } from './mask-fault.ts';
import type { MaskNames } from './mask-names.ts';

/** Meaning of the values and colors of masks: index of the class, {@link NONE} or {@link UNKNOWN}. */
export interface MaskLegend {
  readonly classes: readonly string[];
  readonly byIndex: ReadonlyMap<number, number>;
  readonly byColor: ReadonlyMap<number, number>;
  /** What the values are, for a message: "a color of labelmap.txt". */
  readonly source: string;
}

/** VOC's color of pixels that nobody had to label. */
const VOC_VOID = 0xe0e0c0;
const HIGHEST = 255;

/** The classes of several lists together. @throws SynsegError `DATASET_FORMAT` for too many */
export function classesOf(lists: readonly MaskNames[]): NamedClasses {
  const names = lists.flatMap((list) => list.names.map(({ name }) => name));
  try {
    return namedClasses(names);
  } catch (cause) {
    throw annotationError('classes must be at most 254', `${new Set(names).size}`, cause);
  }
}

/**
 * The legend of a list. What is not listed is unknown where it is 255 or VOC's color for it, and none of the classes
 * where it is 0 or black.
 *
 * @param shift - what is added to the places in the list, where 0 stands for none of them
 */
export function legendOf(list: MaskNames, { classes, valueOf }: NamedClasses, shift = 0): MaskLegend {
  const byIndex = new Map([
    [0, NONE],
    [HIGHEST, UNKNOWN],
  ]);
  const byColor = new Map([
    [0, NONE],
    [VOC_VOID, UNKNOWN],
  ]);
  for (const { name, index, color } of list.names) {
    const value = valueOf.get(name)!;
    if (index !== undefined) byIndex.set(index + shift, value);
    if (color !== undefined) byColor.set(color, value);
  }
  if (list.ignored !== undefined) byIndex.set(list.ignored, UNKNOWN);
  if (list.background !== undefined) byIndex.set(list.background, NONE);
  return { classes, byIndex, byColor, source: list.path };
}

/**
 * Reads a mask by its legend.
 *
 * @throws SynsegError `DATASET_FORMAT` for another size than the picture's, or a value that the legend has not
 */
export async function readLegendMask(
  key: string,
  image: string,
  mask: string,
  legend: MaskLegend,
  limits: PictureLimits,
): Promise<IndexMask> {
  const stored = await readStoredMask(mask, limitsOf(limits));
  await expectSize(key, image, stored, limits);
  return translated(key, stored, legend);
}

/** The class of every pixel. */
function translated(key: string, stored: StoredMask, legend: MaskLegend): IndexMask {
  const { width, height, data, kind } = stored;
  const valueOf = kind === 'color' ? legend.byColor : byPalette(stored, legend);
  const result = new Uint8Array(data.length);
  let [before, value] = [-1, 0];
  for (let at = 0; at < data.length; at++) {
    if (data[at] !== before) {
      before = data[at]!;
      const found = valueOf.get(before);
      if (found === undefined) {
        const shown = kind === 'color' ? `#${before.toString(16).padStart(6, '0')}` : `${before}`;
        const place = `${at % width}, ${Math.floor(at / width)}`;
        throw maskError(
          'mask-value',
          key,
          `its ${kind === 'color' ? 'colors' : 'values'} must be of ${legend.source}`,
          `${shown} at ${place}`,
        );
      }
      value = found;
    }
    result[at] = value;
  }
  return { width, height, data: result };
}

/** Meaning of the values of a mask: by their colors in its palette, where those are known, else by themselves. */
function byPalette({ data, palette }: StoredMask, { byIndex, byColor }: MaskLegend): ReadonlyMap<number, number> {
  if (palette === undefined || byColor.size <= 2) return byIndex;
  const used = new Set<number>();
  for (let at = 0; at < data.length; at++) used.add(data[at]!);
  const known = [...used].map((value) => [value, byColor.get(palette[value] ?? -1)] as const);
  return known.every((entry): entry is readonly [number, number] => entry[1] !== undefined) ? new Map(known) : byIndex;
}
