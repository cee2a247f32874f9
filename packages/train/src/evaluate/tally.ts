/** The pictures of one set, summed: counts, and the score of pictures drawn from them at random. */
import type { Random } from '../data/random.ts';
import { ConfusionMatrix, UNCOUNTED } from './confusion-matrix.ts';
import { inThrees, type PictureRecord } from './picture-record.ts';
import { curveOf, type CurvePoint } from './threshold-curve.ts';

/** What competes in a set, as far as counts need it. */
export interface Field {
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** Places of those that are asked for as labels. */
  readonly competing: readonly number[];
  /** Place of the class of a pixel that no label won, {@link UNCOUNTED} for none. */
  readonly nothing: number;
  /** Classes that compete in a picture: all of them, or those in its ground truth. */
  readonly labels: 'all' | 'present';
}

/** Pixels near outlines, by class. */
export interface OutlinePixels {
  readonly both: Float64Array;
  readonly either: Float64Array;
}

/** Hits and pixels of truth and answer of the classes of one picture. */
interface Sums {
  readonly classes: Uint8Array;
  readonly hits: Float64Array;
  readonly sums: Float64Array;
}

/** Exact sums over pictures. */
export class Tally {
  readonly field: Field;
  /** Pictures that count, in the data set's order. */
  readonly counted: readonly PictureRecord[];
  readonly matrix: ConfusionMatrix;
  readonly outlines: OutlinePixels;
  readonly #pictures: readonly Sums[];

  constructor(field: Field, records: readonly PictureRecord[]) {
    const size = field.classes.length;
    this.field = field;
    this.counted = records
      .filter(({ confusion = [] }) => confusion.length > 0)
      .sort((one, other) => one.order - other.order);
    this.matrix = new ConfusionMatrix(size);
    this.outlines = { both: new Float64Array(size), either: new Float64Array(size) };
    for (const { confusion, outlines } of this.counted) {
      for (const [truth, taken, pixels] of inThrees(confusion)) this.matrix.addPixels(truth, taken, pixels);
      for (const [index, both, either] of inThrees(outlines)) {
        this.outlines.both[index]! += both;
        this.outlines.either[index]! += either;
      }
    }
    this.#pictures = this.counted.map(sumsOf);
  }

  /** Expected mIoU of picking one of the competing labels at random, and how many compete in a picture. */
  chance(): { readonly chanceMIoU: number; readonly labelsPerImage: number } {
    const { labels, competing, nothing, classes } = this.field;
    const chance = new ConfusionMatrix(classes.length);
    let all = 0;
    for (const { confusion } of this.counted) {
      const pixelsOf = classes.map(() => 0);
      for (const [truth, , pixels] of inThrees(confusion)) pixelsOf[truth]! += pixels;
      const asked = labels === 'all' ? competing : competing.filter((place) => pixelsOf[place]! > 0);
      const candidates = nothing === UNCOUNTED ? asked : [...asked, nothing];
      chance.countChance(pixelsOf, candidates);
      all += candidates.length;
    }
    return { chanceMIoU: chance.meanIoU() ?? 0, labelsPerImage: all / Math.max(1, this.counted.length) };
  }

  /** The score at each threshold. */
  curve(thresholds: readonly number[]): CurvePoint[] {
    const truth = this.field.classes.map((_, index) => this.matrix.truthPixels(index));
    return curveOf(
      this.counted.flatMap(({ curve = [] }) => curve),
      truth,
      thresholds,
    );
  }

  /** mIoU of as many pictures, drawn with replacement. */
  drawn(random: Random): number {
    const size = this.field.classes.length;
    const [hits, sums] = [new Float64Array(size), new Float64Array(size)];
    for (let draw = 0; draw < this.#pictures.length; draw++) {
      const picture = this.#pictures[random.integer(this.#pictures.length)]!;
      for (let place = 0; place < picture.classes.length; place++) {
        const index = picture.classes[place]!;
        hits[index]! += picture.hits[place]!;
        sums[index]! += picture.sums[place]!;
      }
    }
    let [total, found] = [0, 0];
    for (let index = 0; index < size; index++) {
      if (sums[index] === 0) continue;
      total += hits[index]! / (sums[index]! - hits[index]!);
      found++;
    }
    return found === 0 ? 0 : total / found;
  }
}

function sumsOf({ confusion }: PictureRecord): Sums {
  const found = new Map<number, { hits: number; sums: number }>();
  const of = (index: number): { hits: number; sums: number } => {
    const sums = found.get(index) ?? { hits: 0, sums: 0 };
    found.set(index, sums);
    return sums;
  };
  for (const [truth, taken, pixels] of inThrees(confusion)) {
    of(truth).sums += pixels;
    if (taken >= 0) of(taken).sums += pixels;
    if (taken === truth) of(truth).hits += pixels;
  }
  return {
    classes: Uint8Array.from(found.keys()),
    hits: Float64Array.from(found.values(), ({ hits }) => hits),
    sums: Float64Array.from(found.values(), ({ sums }) => sums),
  };
}
