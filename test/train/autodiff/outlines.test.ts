/** The gradient of logits along outlines, in every operand. */
import { expect, it } from 'vitest';
import type { Value } from '@synseg/core/graph';
import { alongOutlines } from '../../../packages/core/src/model/outlines.ts';
import { gradientError } from './numeric.ts';

const PARAMETERS = {
  'decoder.outlines.finest.weight': [2, 3, 2, 2],
  'decoder.outlines.finest.bias': [2],
  'decoder.outlines.shared.weight': [2, 2, 1, 1],
  'decoder.outlines.shared.bias': [2],
  'decoder.outlines.depthwise.weight': [2, 1, 3, 3],
  'decoder.outlines.depthwise.bias': [2],
  'decoder.outlines.project.weight': [36, 2, 1, 1],
  'decoder.outlines.project.bias': [36],
};

it('is that of central differences', async () => {
  const shapes = [[4, 2, 3], [2, 2, 2, 3], [2, 3, 4, 6], ...Object.values(PARAMETERS)];
  const names = Object.keys(PARAMETERS);
  const build = (logits: Value, shared: Value, finest: Value, ...parameters: Value[]): Value => {
    const get = (name: string): Value => parameters[names.indexOf(name)] as Value;
    const { graph } = logits;
    const text = graph.floats(new Float32Array(2), [2, 1]);
    return alongOutlines({ graph, get }, logits, { shared, finest, text, assignment: undefined });
  };
  // In float32, for convolutions have no other kernels: rounding leaves 1e-4 of differences over 1e-2.
  expect(await gradientError({ shapes, build, dtype: 'float32', step: 1e-2, range: [-1, 1] })).toBeLessThan(1e-3);
});
