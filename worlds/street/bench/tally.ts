/** Intersections and unions, summed over pictures. */

/** Pixels of one thing. */
interface Counts {
  hit: number;
  truth: number;
  found: number;
}

/** Pooled IoU of any number of things, by name. Integers are added: the order of the pictures does not matter. */
export class IoUTally {
  readonly #counts = new Map<string, Counts>();

  /**
   * Adds a picture's pixels.
   *
   * @param hit - pixels that are the thing and were taken for it
   * @param truth - pixels that are the thing
   * @param found - pixels that were taken for it
   */
  add(name: string, hit: number, truth: number, found: number): void {
    const counts = this.#counts.get(name) ?? { hit: 0, truth: 0, found: 0 };
    this.#counts.set(name, counts);
    counts.hit += hit;
    counts.truth += truth;
    counts.found += found;
  }

  /** Intersection ÷ union; null for what neither occurs nor was found. */
  iou(name: string): number | null {
    const { hit, truth, found } = this.#counts.get(name) ?? { hit: 0, truth: 0, found: 0 };
    return truth + found === 0 ? null : hit / (truth + found - hit);
  }

  /** Mean {@link iou} of those that have one; null when none has. */
  mean(names: readonly string[]): number | null {
    return meanOf(names.map((name) => this.iou(name)));
  }
}

/** Mean of the numbers among them; null without any. */
function meanOf(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
