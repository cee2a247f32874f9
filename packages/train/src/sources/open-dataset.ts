/**
 * Opens sets of pictures with captions, tags or masks, in the formats people have them in; they are drawn in an order
 * that follows from seed and position alone.
 *
 * Nothing is decoded here, and no picture is kept: a file is read when its sample is drawn.
 */
import type { AnnotatedSet } from '../annotations/annotated-set.ts';
import { openCoco } from '../data/coco.ts';
import { shortJson } from '../data/data-error.ts';
import { checkData, type DataFormat, type DataOptions, type ResolvedData } from '../data/data-options.ts';
import { WarningCounter } from '../data/data-warning.ts';
import type { DataContext, Dataset, Opening } from '../data/dataset.ts';
import { openFolder } from '../data/folder.ts';
import { openIndexFolder } from '../data/index-dataset.ts';
import { joinedDataset } from '../data/joined-dataset.ts';
import { loadPhrases } from '../data/known-phrases.ts';
import { openRows } from '../data/row-dataset.ts';
import type { Phrases } from '../data/row.ts';
import { expandSource, formatOf } from '../data/source.ts';
import { exportIn, openAnnotated } from './annotated-dataset.ts';
import { openWebdataset } from '../data/webdataset.ts';

/**
 * Opens a dataset: reads tables through once, and checks that shards exist.
 *
 * Missing paths, broken rows and missing shards are warnings as long as something is left.
 *
 * @throws TypeError when an option is of the wrong kind or unknown
 * @throws RangeError when an option does not go with the format
 * @throws SynsegError `DATASET_FORMAT` when nothing usable is left
 * @example
 * ```ts
 * // type-checked only: needs a dataset
 * import { START } from '../data/dataset.ts';
 * import { openDataset } from './open-dataset.ts';
 * const dataset = await openDataset('shop/tags.jsonl', { phrases: () => [], onWarning: console.warn });
 * for await (const { sample } of dataset.draw(START, 42)) {
 *   console.log(sample.key, sample.categories);
 *   break;
 * }
 * ```
 */
export async function openDataset(data: string | DataOptions, context: DataContext): Promise<Dataset> {
  const options = checkData('open dataset', data);
  const sources = expandSource(options.source);
  const { format, set } = await foundFormat(sources, options, context.signal);
  checkCombination(options, format, sources.length);
  const warnings = new WarningCounter(context.onWarning);
  const known =
    options.phrases === undefined ? undefined : await loadPhrases(options.phrases, warnings, context.signal);
  const phrases: Phrases = known === undefined ? context.phrases : (caption) => known.find(caption) ?? [];
  const opening: Opening = {
    sources,
    options,
    phrases,
    known,
    captionsOnly: context.captionsOnly ?? false,
    photosSay: context.photosSay ?? 'labels',
    warnings,
    limits: context.limits ?? {},
    signal: context.signal,
  };
  const dataset = await openFormat(opening, format, set);
  return known === undefined ? dataset : joinedDataset(dataset, known);
}

/** Options of a folder of pictures, which an export says by itself. */
const OF_FOLDERS = ['images', 'masks', 'classes', 'keys', 'header'] as const;

/** The format of the sources, and the export, where it is one. */
async function foundFormat(
  sources: readonly [string, ...string[]],
  options: ResolvedData,
  signal: AbortSignal | undefined,
): Promise<{ readonly format: DataFormat; readonly set?: AnnotatedSet | undefined }> {
  if (options.format !== undefined) return { format: options.format };
  const [first, ...others] = sources;
  if (others.length === 0 && /\.(?:zip|xml|ya?ml)$/i.test(first)) return { format: 'annotations' };
  const format = await formatOf(sources);
  const isGiven = OF_FOLDERS.some((name) => options[name] !== undefined);
  if (format !== 'folder' || others.length > 0 || isGiven) return { format };
  const set = await exportIn(first, options.split, signal);
  return set === undefined ? { format } : { format: 'annotations', set };
}

async function openFormat(opening: Opening, format: DataFormat, set: AnnotatedSet | undefined): Promise<Dataset> {
  switch (format) {
    case 'annotations':
      return openAnnotated(opening, set);
    case 'webdataset':
      return openWebdataset(opening);
    case 'coco':
      return openCoco(opening);
    case 'folder':
      return openFolder(opening);
    case 'index-jsonl':
      return openIndexFolder(opening);
    case 'jsonl':
    case 'csv':
    case 'tsv':
      return openRows(opening, format);
  }
}

/** Options of index-jsonl alone. */
const OF_SETS = ['sets', 'rename', 'draw'] as const;

/** An option that would be ignored is a misunderstanding, and an error. */
function checkCombination(options: ResolvedData, format: DataFormat, sources: number): void {
  const fail = (name: string, rule: string, got: unknown): RangeError =>
    new RangeError(`Cannot open dataset: ${name} must ${rule}, got ${shortJson(got)}`);
  if (sources > 1 && format !== 'webdataset' && format !== 'coco')
    throw fail('source', `be one path for format ${format}`, options.source);
  const refused: Readonly<Record<DataFormat, readonly (keyof DataOptions)[]>> = {
    'webdataset': ['images', 'masks', 'split', 'header', ...OF_SETS],
    'jsonl': ['shuffleBuffer', 'header', ...OF_SETS],
    'csv': ['shuffleBuffer', ...OF_SETS],
    'tsv': ['shuffleBuffer', ...OF_SETS],
    'coco': ['shuffleBuffer', 'header', 'split', 'keys', 'masks', 'classes', ...OF_SETS],
    'folder': ['shuffleBuffer', ...OF_SETS],
    'annotations': ['shuffleBuffer', ...OF_FOLDERS, ...OF_SETS],
    'index-jsonl': ['shuffleBuffer', 'header', 'keys', 'images', 'masks'],
  };
  const extra = refused[format].find((name) => options[name] !== undefined);
  if (extra !== undefined) throw fail(extra, `be left out for format ${format}`, options[extra]);
}
