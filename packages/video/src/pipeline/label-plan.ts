/** The labels that each frame is segmented with, when they change while the video runs. */
import type { LabelSet } from '@synseg/core';

/** Label sets, each from a frame on. */
export class LabelPlan {
  #steps: { readonly fromIndex: number; readonly labels: LabelSet }[];

  constructor(labels: LabelSet) {
    this.#steps = [{ fromIndex: 0, labels }];
  }

  /** Takes `labels` from frame `fromIndex` on; what was planned for later frames is forgotten. */
  set(labels: LabelSet, fromIndex = 0): void {
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
