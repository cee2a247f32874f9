/** Looks at annotated pictures before anything is trained on them. */
import { writeFileAtomic } from '@synseg/core/checkpoint';
import { abortSignal, callback, checkOutputs, list, readOptions, text, type OptionsOf } from '@synseg/core/guards';
import type { AnnotatedSet } from '../annotations/annotated-set.ts';
import { openAnnotations } from '../annotations/open-annotations.ts';
import { PICTURE_LIMITS } from '../image/picture.ts';
import type { DataProgress, DataReport } from './data-report.ts';
import { lookThrough } from './look-through.ts';
import { chosenForSheet, drawMaskSheet, sheetPicture, type SheetPicture } from './mask-sheet.ts';
import { SetTally, type SeenPicture } from './set-tally.ts';

/** Options of `inspectData()`. */
export const INSPECT_OPTIONS = {
  ...PICTURE_LIMITS,
  /**
   * Sets of index-jsonl to look at.
   * @default all
   */
  sets: list(text()),
  /**
   * PNG to write: sixteen of the pictures with their masks drawn.
   * @default none
   */
  sheet: text(),
  /** Receives the progress after each picture. */
  onProgress: callback<(progress: DataProgress) => void>(),
  /** Ends the call; it rejects with the signal's reason. */
  signal: abortSignal(),
};
export type InspectOptions = OptionsOf<typeof INSPECT_OPTIONS>;

/**
 * Finds out what annotated pictures there are: form, pictures by split, pixels by class, sizes and faults. Every
 * picture is decoded, and every mask read.
 *
 * @param source - a folder, a zip or a file that an annotation tool exported, or masks with a list of classes
 * @throws TypeError or RangeError for invalid options
 * @throws SynsegError `DATASET_FORMAT` saying what was found and which forms are known; `FILE_WRITE` for the sheet
 * @throws the signal's reason when aborted
 * @example
 * ```ts
 * // type-checked only: needs annotated pictures
 * import { inspectData } from '@synseg/train';
 * const { sets } = await inspectData('exports/animals.zip', { sheet: 'animals.png' });
 * console.assert(sets[0]?.faults.length === 0);
 * ```
 */
export async function inspectData(source: string, options: InspectOptions = {}): Promise<DataReport> {
  const { source: path } = readOptions('inspect data', { source: text() }, { source }, ['source']);
  const { sheet, signal, ...request } = readOptions('inspect data', INSPECT_OPTIONS, options);
  if (sheet !== undefined) await checkOutputs('inspect data', [{ name: 'sheet', path: sheet }], [path]);
  const sets = chooseSets('inspect data', await openAnnotations(path, { signal }), request.sets);
  const drawn: SheetPicture[] = [];
  const chosen = chosenForSheet(sets[0].pictures);
  const draw = async (set: AnnotatedSet, { picture, mask }: SeenPicture): Promise<void> => {
    if (sheet === undefined || mask === undefined || set !== sets[0] || !chosen.has(picture)) return;
    drawn.push(await sheetPicture(picture, mask));
  };
  const report = await lookAtSets(sets, { ...request, signal }, draw);
  if (sheet !== undefined) await writeFileAtomic(sheet, await drawMaskSheet(drawn, sets[0].classes));
  return report;
}

/** The sets of these names. @throws RangeError for one that there is not */
export function chooseSets(
  action: string,
  sets: readonly AnnotatedSet[],
  names: readonly string[] | undefined,
): readonly [AnnotatedSet, ...AnnotatedSet[]] {
  const known = sets.map(({ name }) => name);
  const missing = names?.find((name) => !known.includes(name));
  if (missing !== undefined)
    throw new RangeError(`Cannot ${action}: sets must be among ${known.join(', ')}, got "${missing}"`);
  return sets.filter(({ name }) => names?.includes(name) !== false) as [AnnotatedSet, ...AnnotatedSet[]];
}

/** Looks through all sets, and counts. @param also - receives each picture besides */
export async function lookAtSets(
  sets: readonly AnnotatedSet[],
  { signal, onProgress, ...limits }: Pick<InspectOptions, 'signal' | 'onProgress' | keyof typeof PICTURE_LIMITS>,
  also: (set: AnnotatedSet, seen: SeenPicture) => Promise<void>,
): Promise<DataReport> {
  const total = sets.reduce((sum, { pictures }) => sum + pictures.length, 0);
  const reports = [];
  let done = 0;
  for (const set of sets) {
    const tally = new SetTally(set);
    for await (const seen of lookThrough(set, limits, signal)) {
      tally.add(seen);
      await also(set, seen);
      onProgress?.({ done: ++done, total });
    }
    reports.push(tally.report());
  }
  return { sets: reports };
}
