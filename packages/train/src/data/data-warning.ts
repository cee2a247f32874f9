/** Problems of the data that do not stop a run: what is broken is left out, counted and reported. */

/** Kind of data that was left out. */
export type DataWarningKind = 'missing-shard' | 'broken-shard' | 'broken-sample' | 'broken-row' | 'broken-image';

/** Something was left out of the data. */
export interface DataWarning {
  readonly kind: DataWarningKind;
  /** Number of this kind so far. */
  readonly count: number;
  /** The last one, in one sentence. */
  readonly message: string;
}

const ALL_UP_TO = 3;

/** Counts warnings by kind and reports the first three, then every tenfold: a bad disk must not flood the log. */
export class WarningCounter {
  readonly #onWarning: (warning: DataWarning) => void;
  readonly #counts = new Map<DataWarningKind, number>();

  constructor(onWarning: (warning: DataWarning) => void) {
    this.#onWarning = onWarning;
  }

  /** Counts `howMany` of a kind; `message` describes one, or all of them. */
  warn(kind: DataWarningKind, message: string, howMany = 1): void {
    const before = this.count(kind);
    const count = before + howMany;
    this.#counts.set(kind, count);
    const tenfold = 10 ** Math.floor(Math.log10(count));
    if (before < ALL_UP_TO || before < tenfold) this.#onWarning({ kind, count, message });
  }

  /** Number of a kind so far. */
  count(kind: DataWarningKind): number {
    return this.#counts.get(kind) ?? 0;
  }
}
