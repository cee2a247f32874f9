/** Detects an epoch without a usable sample, which would otherwise go on forever, and says why. */
import { SynsegError } from '@synseg/core';
import type { DatasetPosition } from './dataset.ts';
import type { Prepared } from './sample-preparer.ts';

/** Shards may be endless for practical purposes: after this many samples without a usable one, reading fails. */
const ENOUGH = 100_000;

/** Watches samples go by, in order. */
export class EpochWatch {
  readonly #size: number | undefined;
  #epoch: number;
  /** True when the epoch was seen from its start. */
  #whole: boolean;
  #usable = false;
  #corrupt = 0;
  #withoutPhrases = 0;
  #withoutMask = 0;
  #problem = '';
  #unknown = '';

  constructor({ epoch, consumed }: DatasetPosition, size: number | undefined) {
    this.#size = size;
    this.#epoch = epoch;
    this.#whole = consumed === 0;
  }

  /** @throws SynsegError `DATASET_FORMAT` when the epoch before, or a great many samples, had none that is usable */
  see({ drawn, outcome, problem, unknown }: Prepared): void {
    const { epoch } = drawn.after;
    if (epoch !== this.#epoch) {
      if (this.#whole && !this.#usable) throw this.#error('an epoch');
      [this.#epoch, this.#whole, this.#usable] = [epoch, true, false];
      [this.#corrupt, this.#withoutPhrases, this.#withoutMask] = [0, 0, 0];
    }
    if (outcome === 'usable') this.#usable = true;
    if (outcome === 'corrupt') {
      this.#corrupt += 1;
      this.#problem = problem ?? '';
    }
    if (outcome === 'withoutMask') this.#withoutMask += 1;
    if (outcome === 'withoutPhrases') {
      this.#withoutPhrases += 1;
      this.#unknown = unknown[0] ?? this.#unknown;
    }
    const seen = this.#corrupt + this.#withoutPhrases + this.#withoutMask;
    if (!this.#usable && this.#size === undefined && seen >= ENOUGH) throw this.#error(`${ENOUGH} samples`);
  }

  #error(where: string): SynsegError {
    const reasons = [
      this.#corrupt > 0 ? `${this.#corrupt} that cannot be read (the last: ${this.#problem})` : '',
      this.#withoutPhrases > 0
        ? `${this.#withoutPhrases} without a known ` +
          `category${this.#unknown === '' ? '' : ` (such as "${this.#unknown}")`}`
        : '',
      this.#withoutMask > 0 ? `${this.#withoutMask} without a mask` : '',
    ].filter((reason) => reason !== '');
    return new SynsegError(
      'DATASET_FORMAT',
      `Cannot read a batch: dataset must have a usable sample, got none in ${where}: ${reasons.join(', ')}`,
    );
  }
}
