/** Counts a set's pixels, sizes and faults, picture by picture. */
import { NONE, UNKNOWN, type AnnotatedPicture, type AnnotatedSet } from '../annotations/annotated-set.ts';
import type { IndexMask } from '../image/index-mask.ts';
import type { DataFault, SetReport } from './data-report.ts';

/** Faults of a kind that are listed; all are counted. */
const MOST_LISTED = 20;

/** What was found in a picture. */
export interface SeenPicture {
  readonly picture: AnnotatedPicture;
  readonly size?: { readonly width: number; readonly height: number };
  /** SHA-256 of its bytes. */
  readonly digest?: string;
  /** Undefined where nobody has annotated it, or it cannot be read. */
  readonly mask?: IndexMask;
  readonly faults: readonly Omit<DataFault, 'key'>[];
}

/** See the file's header. */
export class SetTally {
  readonly #set: AnnotatedSet;
  readonly #pixels = new Float64Array(256);
  readonly #pictures = new Uint32Array(256);
  readonly #splits = new Map<string, number>();
  readonly #faults: DataFault[] = [];
  readonly #faultCounts = new Map<string, number>();
  readonly #first = new Map<string, AnnotatedPicture>();
  #unlabeled = 0;
  #least: readonly [number, number] | undefined;
  #most: readonly [number, number] | undefined;

  constructor(set: AnnotatedSet) {
    this.#set = set;
  }

  /** Adds a picture; pictures come in the set's order. */
  add({ picture, size, digest, mask, faults }: SeenPicture): void {
    const { key, split = '', labeled } = picture;
    this.#splits.set(split, (this.#splits.get(split) ?? 0) + 1);
    if (!labeled) this.#unlabeled += 1;
    for (const { fault, message } of faults) this.#tell({ fault, key, message });
    if (digest !== undefined) this.#compare(picture, digest);
    if (size !== undefined) this.#measure([size.width, size.height]);
    if (mask === undefined || !labeled) return;
    const counts = countsOf(mask);
    for (const [value, count] of counts.entries()) {
      this.#pixels[value]! += count;
      if (count > 0) this.#pictures[value]! += 1;
    }
  }

  report(): SetReport {
    const { name, form, description, classes, pictures, notes } = this.#set;
    const [least, most] = [this.#least, this.#most];
    return {
      ...{ name, form, description, pictures: pictures.length },
      splits: Object.fromEntries([...this.#splits].sort(([a], [b]) => (a < b ? -1 : 1))),
      unlabeled: this.#unlabeled,
      classes: classes.map((label, index) => ({
        ...{ name: label, pixels: this.#pixels[index]!, pictures: this.#pictures[index]! },
      })),
      nonePixels: this.#pixels[NONE]!,
      unknownPixels: this.#pixels[UNKNOWN]!,
      sizes: least === undefined || most === undefined ? undefined : { least, most },
      faults: this.#faults,
      faultCounts: Object.fromEntries(this.#faultCounts),
      notes,
    };
  }

  #tell(fault: DataFault): void {
    const count = (this.#faultCounts.get(fault.fault) ?? 0) + 1;
    this.#faultCounts.set(fault.fault, count);
    if (count <= MOST_LISTED) this.#faults.push(fault);
  }

  #compare(picture: AnnotatedPicture, digest: string): void {
    const before = this.#first.get(digest);
    if (before === undefined) return void this.#first.set(digest, picture);
    const { key, split } = picture;
    if (before.split === split)
      this.#tell({ fault: 'picture-doubled', key, message: `it has the bytes of ${before.key}` });
    else {
      const message = `it is in "${split ?? ''}" and, as ${before.key}, in "${before.split ?? ''}"`;
      this.#tell({ fault: 'picture-in-two-splits', key, message });
    }
  }

  #measure(size: readonly [number, number]): void {
    const area = ([width, height]: readonly [number, number]): number => width * height;
    if (this.#least === undefined || area(size) < area(this.#least)) this.#least = size;
    if (this.#most === undefined || area(size) > area(this.#most)) this.#most = size;
  }
}

/** Pixels of each value of a mask. */
export function countsOf({ data }: Pick<IndexMask, 'data'>): Uint32Array {
  const counts = new Uint32Array(256);
  for (let at = 0; at < data.length; at++) counts[data[at]!]! += 1;
  return counts;
}
