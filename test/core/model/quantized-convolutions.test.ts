/** Kernels in 8 bits: what each processor's integer products can hold, and what their sums keep. */
import { describe, expect, it } from 'vitest';
import { quantizeKernel } from '../../../packages/core/src/model/quantized-convolutions.ts';
import { gaussians } from '../../support/random.ts';

/** Largest sum of one sign of neighbours `(0, 1)`, `(2, 3)`, … in the order of cells, then channels. */
function largestPair(levels: readonly number[], inner: number, cells: number): number {
  const ordered = levels.map((_, place) => levels[(place % inner) * cells + Math.floor(place / inner)]!);
  const sums = ordered.map((level, place) => (place % 2 === 0 ? [level, ordered[place + 1] ?? 0] : [0, 0]));
  return Math.max(...sums.flatMap(([a, b]) => [Math.max(a!, 0) + Math.max(b!, 0), -Math.min(a!, 0) - Math.min(b!, 0)]));
}

describe('quantizeKernel()', () => {
  it.each([
    [[6, 8, 1, 1], 8, 1],
    [[5, 3, 3, 3], 3, 9],
  ])('keeps neighbours of %j within 16 bits of uint8 products', (shape, inner, cells) => {
    const kernel = gaussians(
      shape.reduce((a, b) => a * b),
      1,
    );
    // Both largest of a channel are neighbours: their sum, not either, sets the step.
    kernel[0] = kernel[inner === 8 ? 1 : 9] = 5;
    const { levels, steps } = quantizeKernel(kernel, shape);
    const size = kernel.length / steps.length;
    steps.forEach((step, channel) => {
      const own = [...levels.subarray(channel * size, (channel + 1) * size)];
      expect(255 * largestPair(own, inner, cells)).toBeLessThanOrEqual(32767);
      own.forEach((level, place) =>
        expect(Math.abs(level * step - kernel[channel * size + place]!)).toBeLessThanOrEqual(0.5001 * step),
      );
    });
    expect(steps[0]).toBeCloseTo(10 / 127.4, 6);
  });

  it('keeps the sum of a depthwise kernel', () => {
    const kernel = gaussians(40 * 9, 2);
    // A kernel that takes differences: rounded one by one, its sum would be 2.7 steps off.
    kernel.set([1, ...Array.from({ length: 8 }, (_, place) => (0.3 + place) / 127 / 8)]);
    const { levels, steps } = quantizeKernel(kernel, [40, 1, 3, 3]);
    steps.forEach((step, channel) => {
      const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
      const range = [channel * 9, channel * 9 + 9] as const;
      expect(Math.abs(step * sum(levels.subarray(...range)) - sum(kernel.subarray(...range)))).toBeLessThan(
        0.51 * step,
      );
      for (let place = range[0]; place < range[1]; place++)
        expect(Math.abs(levels[place]! * step - kernel[place]!)).toBeLessThan(1.01 * step);
    });
  });

  it('takes a channel of zeros', () => {
    const { levels, steps } = quantizeKernel(new Float32Array(4), [2, 2, 1, 1]);
    expect([[...levels], [...steps]]).toEqual([
      [0, 0, 0, 0],
      [1, 1],
    ]);
  });
});
