/**
 * Training data of the format `index-jsonl`: several sets of masks at once, each with classes of its own.
 *
 * A photo is drawn in proportion to its set's weight and, within its set, to how rare its labels are, so that a large
 * set and a frequent label do not take all steps. A photo may be drawn more than once in an epoch.
 */
import { basename } from 'node:path';
import { dataError } from './data-error.ts';
import type { Dataset, DatasetPosition, Drawn, MaskClass, Opening } from './dataset.ts';
import { IndexedDataset } from './indexed-dataset.ts';
import { readIndex, type PhotoRow } from './photo-index.ts';
import { Random } from './random.ts';
import { isRecord } from './json-kinds.ts';
import { categoriesOf } from './row.ts';
import type { Sample } from './sample.ts';
import { maskValues, type SetClasses } from './set-classes.ts';

/** Opens a folder with an index of photos; the options have been checked. */
export async function openIndexFolder({
  sources: [root],
  options,
  phrases,
  known,
  captionsOnly,
  photosSay,
  signal,
}: Opening): Promise<Dataset> {
  const { sets, split, rename, classes, draw = 'by-labels' } = options;
  const weights = isRecord(sets) ? sets : undefined;
  const names = isRecord(sets) ? Object.keys(sets) : sets;
  const index = await readIndex(root, {
    action: 'open dataset',
    split,
    defaultSplit: 'train',
    sets: names,
    rename,
    classes,
    signal,
  });
  const { rows } = index;
  const places = new Map(index.sets.map((set, place) => [set, place]));
  const values = index.sets.map(maskValues);
  const says = captionsOnly ? 'captions' : photosSay;
  const captionsCount = ({ captions }: PhotoRow): boolean => says !== 'labels' && captions.length > 0;
  const read = (at: number): Sample => {
    const row = rows[at]!;
    const { key, image, mask, set, labels, captions } = row;
    const before = known?.find(key);
    const words = says === 'captions' || captionsCount(row) ? { captions } : { categories: labels };
    const place = places.get(set)!;
    return {
      key,
      image,
      mask,
      set: place,
      maskValues: values[place]!,
      categories: categoriesOf(before === undefined ? words : { categories: before }, phrases),
    };
  };
  const each = new IndexedDataset({
    of: [basename(root), index.split ?? ''].join(' ').trim(),
    size: rows.length,
    classes: index.sets.flatMap(({ labels }, set) =>
      labels.map(({ name, values: [first] }) => ({ index: first, name, set })),
    ),
    open: () => ({ read }),
  });
  const drawn = rows.map((row) =>
    row.labels.length === 0 && captionsCount(row) ? { set: row.set, labels: [CAPTIONS_ALONE] } : row,
  );
  return new WeightedDataset(each, read, photoWeights(drawn, index.sets, weights, draw === 'by-labels'));
}

/** Stands for the captions of a photo without labels when photos are drawn by labels; no class has this name. */
const CAPTIONS_ALONE = '';

/**
 * Relative frequency of each photo: `w_set · s / Σ_set s`, where s is the sum of 1 / √(photos of the set with the
 * label) over the photo's labels; 1 for each photo where labels do not count.
 *
 * @param weights - of the sets by name; undefined: of each its number of photos
 */
export function photoWeights(
  rows: readonly Pick<PhotoRow, 'set' | 'labels'>[],
  sets: readonly SetClasses[],
  weights: Readonly<Record<string, number>> | undefined,
  byLabels: boolean,
): Float64Array {
  const result = new Float64Array(rows.length);
  for (const set of sets) {
    const own = [...rows.keys()].filter((at) => rows[at]!.set === set);
    const counts = new Map<string, number>();
    for (const at of own) for (const label of rows[at]!.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const shareOf = (at: number): number =>
      byLabels && counts.size > 0
        ? rows[at]!.labels.reduce((sum, label) => sum + 1 / Math.sqrt(counts.get(label)!), 0)
        : 1;
    const total = own.reduce((sum, at) => sum + shareOf(at), 0);
    const weight = weights === undefined ? own.length : weights[set.name]!;
    for (const at of own) result[at] = (weight * shareOf(at)) / total;
  }
  return result;
}

/** Samples drawn with replacement; each draw follows from seed, epoch and its number alone. */
class WeightedDataset implements Dataset {
  readonly description: string;
  readonly size: number;
  readonly classes: readonly MaskClass[];
  readonly each: Dataset;
  readonly #read: (index: number) => Sample;
  /** Sums of the weights up to each sample, that of the sample included. */
  readonly #sums: Float64Array;

  constructor(each: Dataset & { readonly size: number }, read: (index: number) => Sample, weights: Float64Array) {
    this.each = each;
    this.#read = read;
    this.description = each.description;
    this.size = each.size;
    this.classes = each.classes ?? [];
    let sum = 0;
    this.#sums = weights.map((weight) => (sum += weight));
  }

  async *draw(from: DatasetPosition, seed: number, signal?: AbortSignal): AsyncGenerator<Drawn> {
    if (from.consumed > this.size)
      throw dataError(
        'position must lie in the dataset (it may have changed since)',
        `${from.consumed} of ${this.size} samples`,
      );
    for (let { epoch, consumed } = from; ; epoch++, consumed = 0) {
      while (consumed < this.size) {
        signal?.throwIfAborted();
        const index = this.#at(new Random(seed, epoch, consumed, 'draw').next());
        consumed += 1;
        yield { sample: this.#read(index), index, turn: consumed, after: { epoch, consumed } };
      }
    }
  }

  /** The sample at this share of the sum of the weights. */
  #at(share: number): number {
    const sums = this.#sums;
    const wanted = share * sums.at(-1)!;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
