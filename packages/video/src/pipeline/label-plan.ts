/** The labels that each frame is segmented with, when they change while the video runs. */
import type { LabelSet } from '@synseg/core';
import { describeValue } from '@synseg/core/guards';

/** Label sets, each from a frame on. */
export class LabelPlan {
  #steps: { readonly fromIndex: number; readonly labels: LabelSet }[];

  constructor(labels: LabelSet) {
    this.#steps = [{ fromIndex: 0, labels }];
  }

  /**
   * Takes `labels` from frame `fromIndex` on; what was planned for later frames is forgotten.
   *
   * @throws {RangeError} when `fromIndex` is not a whole number of at least 0
   */
  set(labels: LabelSet, fromIndex = 0): void {
    const rule = 'fromIndex must be a whole number of at least 0';
    if (!Number.isInteger(fromIndex) || fromIndex < 0)
      throw new RangeError(`Cannot change labels: ${rule}, got ${describeValue(fromIndex)}`);
    this.#steps = [...this.#steps.filter((step) => step.fromIndex < fromIndex), { fromIndex, labels }];
  }

  /** The labels of a frame. Frames are asked for in their order. */
  at(index: number): LabelSet {
    const [first, second] = this.#steps;
    if (second !== undefined && second.fromIndex <= index) {
      this.#steps.shift();
      return this.at(index);
    }
    if (first === undefined) throw new Error('internal: a label plan is never empty');
    return first.labels;
  }
}
