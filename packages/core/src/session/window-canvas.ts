/** The scores of overlapping windows, put together: at each pixel the mean over the windows that it lies in. */
import type { Windows } from '../image/windows.ts';
import { allocated } from './tensors.ts';
import type { TensorData } from './graph-session.ts';

/** Place of a window's top left corner. */
type Corner = Windows['corners'][number];

/** Sums of scores `[labels, height, width]`, of votes for background, and how many windows each pixel lies in. */
export class WindowCanvas {
  readonly #windows: Windows;
  readonly #sums: Float32Array;
  readonly #votes: Float32Array | undefined;

  /** @throws SynsegError `INFERENCE` when there is no memory for it */
  constructor(labels: number, windows: Windows, voted: boolean) {
    const [height, width] = windows.picture;
    const pixels = height * width;
    this.#windows = windows;
    this.#sums = allocated(`scores of ${labels} labels and ${pixels} pixels`, () => new Float32Array(labels * pixels));
    this.#votes = voted ? new Float32Array(pixels) : undefined;
  }

  /** Adds scores `[some, rows, columns]` of one window; `first` is the place of the first among all labels. */
  add(corner: Corner, first: number, { data, shape }: TensorData): void {
    const [labels = 0, rows = 0, columns = 0] = shape;
    for (let label = 0; label < labels; label++) {
      const scores = (data as Float32Array).subarray(label * rows * columns, (label + 1) * rows * columns);
      this.#add(this.#sums, first + label, corner, scores);
    }
  }

  /** Adds a window's votes for background, `[rows, columns]`, 1 each. */
  vote(corner: Corner, votes: Float32Array): void {
    this.#add(this.#votes!, 0, corner, votes);
  }

  /** The means: `scores [1, labels, height, width]`, and of the votes `[1, 1, height, width]`. To be called once. */
  means(): { readonly scores: TensorData; readonly votes: TensorData | undefined } {
    const { picture, size, corners } = this.#windows;
    const [height, width] = picture;
    const counts = new Float32Array(height * width);
    const ones = new Float32Array(size[0] * size[1]).fill(1);
    for (const corner of corners) this.#add(counts, 0, corner, ones);
    const meanOf = (sums: Float32Array): TensorData => {
      for (let plane = 0; plane < sums.length; plane += counts.length)
        for (let pixel = 0; pixel < counts.length; pixel++) sums[plane + pixel]! /= counts[pixel]!;
      return { data: sums, shape: [1, sums.length / counts.length, height, width] };
    };
    return { scores: meanOf(this.#sums), votes: this.#votes && meanOf(this.#votes) };
  }

  /** Adds a window's pixels to a plane, but for those in a margin. */
  #add(planes: Float32Array, plane: number, [top, left]: Corner, values: Float32Array): void {
    const { picture, size } = this.#windows;
    const [[height, width], [rows, columns]] = [picture, size];
    const [first, last] = [Math.max(left, 0), Math.min(left + columns, width)];
    for (let row = Math.max(top, 0); row < Math.min(top + rows, height); row++) {
      const [to, from] = [(plane * height + row) * width, (row - top) * columns - left];
      for (let column = first; column < last; column++) planes[to + column]! += values[from + column]!;
    }
  }
}
