import { describe, expect, it } from 'vitest';
import { Curve } from '../../../packages/train/src/live/curve.ts';

describe('Curve', () => {
  it('keeps each value while there is room, and then joins neighbors', () => {
    const curve = new Curve(4);
    for (const [at, value] of [5, 1, 9, 3].entries()) curve.add(at + 1, value);
    expect(curve.stretches).toEqual([
      [1, 5, 5, 5],
      [2, 1, 1, 1],
      [3, 9, 9, 9],
      [4, 3, 3, 3],
    ]);
    curve.add(5, 7);
    expect(curve.stretches).toEqual([
      [2, 3, 1, 5],
      [4, 6, 3, 9],
      [5, 7, 7, 7],
    ]);
    curve.add(6, 8);
    expect(curve.stretches.at(-1)).toEqual([6, 7.5, 7, 8]);
  });

  it('takes a million steps in bounded memory, its means those of all values', () => {
    const curve = new Curve(400);
    const steps = 1_000_000;
    for (let step = 1; step <= steps; step++) curve.add(step, step % 2 === 0 ? 1 : 3);
    const { stretches } = curve;
    expect(stretches.length).toBeGreaterThan(200);
    expect(stretches.length).toBeLessThanOrEqual(400);
    expect(stretches.at(-1)?.[0]).toBe(steps);
    expect(stretches.every(([, mean, least, most]) => Math.abs(mean - 2) < 1e-9 && least === 1 && most === 3)).toBe(
      true,
    );
  });

  it('passes over what is no number', () => {
    const curve = new Curve(4);
    for (const value of [NaN, Infinity, 2]) curve.add(1, value);
    expect(curve.stretches).toEqual([[1, 2, 2, 2]]);
  });
});
