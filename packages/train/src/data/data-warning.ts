/** What is wrong with the data and does not stop a run: left out, counted and told. */

/** What was left out. */
export type DataWarningKind = 'missing-shard' | 'broken-shard' | 'broken-sample' | 'broken-row' | 'broken-image';

/** Something was left out of the data. */
export interface DataWarning {
  readonly kind: DataWarningKind;
  /** How many of this kind there were so far. */
  readonly count: number;
  /** What the last one was, one sentence. */
  readonly message: string;
}

const ALL_UP_TO = 3;

/** Counts warnings by kind and tells the first three, then every tenfold: a bad disk must not flood the log. */
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

  /** How many there were of a kind. */
  count(kind: DataWarningKind): number {
    return this.#counts.get(kind) ?? 0;
  }
}
