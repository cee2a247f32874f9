/** A curve of any length in bounded memory. */

/** A stretch of a curve: where it ends, and the values in it. */
export type Stretch = readonly [step: number, mean: number, least: number, most: number];

/**
 * Values by step. When there are too many, neighbors become one, so that each stands for twice as many steps as before:
 * a run of a million steps takes no more room than one of a thousand.
 *
 * @example
 * ```ts
 * import { Curve } from './curve.ts';
 * const curve = new Curve(4);
 * for (let step = 1; step <= 8; step++) curve.add(step, 10 * step);
 * console.assert(JSON.stringify(curve.stretches) === '[[2,15,10,20],[4,35,30,40],[6,55,50,60],[8,75,70,80]]');
 * ```
 */
export class Curve {
  readonly #most: number;
  #stretches: Stretch[] = [];
  /** Values of a whole stretch. */
  #size = 1;
  /** Values in the last one. */
  #filled = 0;

  /** @param most - stretches kept; an even number */
  constructor(most = 400) {
    this.#most = most;
  }

  /** Adds a value; one that is not finite has no place on a curve and is passed over. */
  add(step: number, value: number): void {
    if (!Number.isFinite(value)) return;
    if (this.#stretches.length === 0 || this.#filled === this.#size) {
      if (this.#stretches.length === this.#most) this.#halve();
      this.#stretches.push([step, value, value, value]);
      this.#filled = 1;
      return;
    }
    const last = this.#stretches.pop() as Stretch;
    this.#stretches.push(joined(last, this.#filled, [step, value, value, value], 1));
    this.#filled += 1;
  }

  /** Oldest first. */
  get stretches(): readonly Stretch[] {
    return this.#stretches;
  }

  #halve(): void {
    const pairs = Array.from({ length: this.#most / 2 }, (_, at) => this.#stretches.slice(2 * at, 2 * at + 2));
    this.#stretches = pairs.map(([first, second]) => joined(first as Stretch, 1, second as Stretch, 1));
    this.#size *= 2;
  }
}

/** Two stretches as one; each mean counts as often as it has values. */
function joined(first: Stretch, count: number, second: Stretch, more: number): Stretch {
  const mean = (first[1] * count + second[1] * more) / (count + more);
  return [second[0], mean, Math.min(first[2], second[2]), Math.max(first[3], second[3])];
}
