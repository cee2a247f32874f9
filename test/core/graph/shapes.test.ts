/** Wrong shapes fail while the graph is being built, and the message names both sides. */
import { describe, expect, it } from 'vitest';
import { Graph, type Value } from '../../../packages/core/src/graph/graph.ts';
import * as arithmetic from '../../../packages/core/src/graph/ops.ts';
import * as pictures from '../../../packages/core/src/graph/picture-ops.ts';
import * as shaping from '../../../packages/core/src/graph/shape-ops.ts';
import {
  broadcastShapes,
  normalizeAxis,
  productOf,
  type DType,
  type Shape,
} from '../../../packages/core/src/graph/tensor-type.ts';

const ops = { ...arithmetic, ...pictures, ...shaping };

/** A graph and a way to declare its inputs: `x('a', [2, 3])`. */
function declaring(): (name: string, shape: Shape, dtype?: DType) => Value {
  const graph = new Graph('test');
  return (name, shape, dtype = 'float32') => graph.input(name, dtype, shape);
}

const x = declaring();
const matrix = x('matrix', [2, 3]);
const other = x('other', [4, 3]);
const vector = x('vector', [3]);
const long = x('long', [5]);
const bytes = x('bytes', [2, 3], 'uint8');
const picture = x('picture', [1, 3, 8, 8]);
const kernel = x('kernel', [4, 2, 3, 3]);
const threeChannels = x('threeChannels', [4, 3, 3, 3]);
const patches = x('patches', [3, 3, 2, 2]);
const depthwise = x('depthwise', [4, 1, 3, 3]);
const int8 = x('int8', [3, 4], 'int8');
const open = x('open', ['batch', 3, 'rows', 8]);

const mistakes: readonly (readonly [string, () => unknown, string])[] = [
  ['add', () => ops.add(matrix, other), 'Cannot add: shapes must broadcast, got [2, 3] and [4, 3]'],
  ['subtract', () => ops.subtract(matrix, long), 'Cannot sub: shapes must broadcast, got [2, 3] and [5]'],
  [
    'multiply',
    () => ops.multiply(matrix, bytes),
    'Cannot mul: dtypes must be equal, got matrix: float32 [2, 3] and bytes: uint8 [2, 3]',
  ],
  ['divide', () => ops.divide(long, vector), 'Cannot div: shapes must broadcast, got [5] and [3]'],
  [
    'maximum',
    () => ops.maximum(open, picture),
    'Cannot max: shapes must broadcast, got [batch, 3, rows, 8] and [1, 3, 8, 8]',
  ],
  [
    'greaterOrEqual',
    () => ops.greaterOrEqual(matrix, other),
    'Cannot greaterorequal: shapes must broadcast, got [2, 3] and [4, 3]',
  ],
  [
    'equal',
    () => ops.equal(matrix, bytes),
    'Cannot equal: dtypes must be equal, got matrix: float32 [2, 3] and bytes: uint8 [2, 3]',
  ],
  [
    'where without a condition',
    () => ops.where(matrix, matrix, matrix),
    'Cannot choose: condition must be bool, got matrix: float32 [2, 3]',
  ],
  [
    'where',
    () => ops.where(ops.equal(matrix, matrix), matrix, other),
    'Cannot choose: shapes must broadcast, got [2, 3] and [4, 3]',
  ],
  ['and', () => ops.and(ops.equal(matrix, matrix), matrix), 'Cannot and: both values must be bool, got'],
  [
    'matmul',
    () => ops.matmul(matrix, other),
    'Cannot multiply matrices: inner dimensions must agree, got matrix: float32 [2, 3] and other: float32 [4, 3]',
  ],
  [
    'matmul of a vector',
    () => ops.matmul(matrix, vector),
    'Cannot multiply matrices: inner dimensions must agree, got matrix: float32 [2, 3] and vector: float32 [3]',
  ],
  [
    'affine',
    () => ops.affine(matrix, other, long),
    'Cannot apply linear layer: it must take [n, in], [out, in], [out], got matrix: float32 [2, 3], other: float32 ' +
      '[4, 3], long: float32 [5]',
  ],
  [
    'affine without bias',
    () => ops.affine(vector, other, undefined),
    'Cannot apply linear layer: it must take [n, in], [out, in], [out], got vector: float32 [3], other: float32 ' +
      '[4, 3], no bias',
  ],
  [
    'layerNorm',
    () => ops.layerNorm(matrix, long, vector, 1e-5),
    'Cannot normalize: scale must be float32 [3], got long: float32 [5]',
  ],
  [
    'layerNorm bias',
    () => ops.layerNorm(matrix, vector, matrix, 1e-5),
    'Cannot normalize: bias must be float32 [3], got matrix: float32 [2, 3]',
  ],
  ['softmax', () => ops.softmax(matrix, 2), 'Cannot apply softmax: axis must be an integer in [-2, 2), got 2'],
  ['reduceSum', () => ops.reduceSum(matrix, [0, 5]), 'Cannot sum: axis must be an integer in [-2, 2), got 5'],
  ['argMax', () => ops.argMax(matrix, -3), 'Cannot take argmax: axis must be an integer in [-2, 2), got -3'],
  [
    'transpose',
    () => ops.transpose(matrix, [0, 0]),
    'Cannot transpose: order must be a permutation of 2 axes, got [0, 0] for matrix: float32 [2, 3]',
  ],
  [
    'reshape',
    () => ops.reshape(matrix, [4, 2]),
    'Cannot reshape: element counts must agree, got matrix: float32 [2, 3] and target [4, 2]',
  ],
  [
    'reshape of named dimensions',
    () => ops.reshape(open, ['batch', 24]),
    'Cannot reshape: element counts must agree, got open: float32 [batch, 3, rows, 8] and target [batch, 24]',
  ],
  ['expand', () => ops.expand(matrix, [2, 4]), 'Cannot expand: shapes must broadcast, got [2, 3] and [2, 4]'],
  [
    'concat',
    () => ops.concat([matrix, long], 0),
    'Cannot concatenate along axis 0: parts must agree elsewhere, got matrix: float32 [2, 3] and long: float32 [5]',
  ],
  [
    'concat of dtypes',
    () => ops.concat([matrix, bytes], 0),
    'Cannot concatenate along axis 0: parts must agree elsewhere, got matrix: float32 [2, 3] and bytes: uint8 [2, 3]',
  ],
  ['concat of nothing', () => ops.concat([], 0), 'Cannot concatenate: parts must not be empty, got 0'],
  [
    'slice',
    () => ops.slice(matrix, 1, 2, 4),
    'Cannot slice axis 1 of matrix: float32 [2, 3]: range must lie within it, got [2, 4)',
  ],
  [
    'slice of an open axis',
    () => ops.slice(open, 0, 0, 1),
    'Cannot slice axis 0 of open: float32 [batch, 3, rows, 8]: range must lie within it, got [0, 1)',
  ],
  ['gather', () => ops.gather(matrix, long, 2), 'Cannot gather: axis must be an integer in [-2, 2), got 2'],
  [
    'resize',
    () => ops.resize(picture, [1, 4, 16, 16], 'linear'),
    'Cannot resize: only the last two of four axes may change, got picture: float32 [1, 3, 8, 8] and target [1, 4, ' +
      '16, 16]',
  ],
  [
    'pad',
    () => ops.pad(matrix, 0, 1, ops.scalar(bytes, 0)),
    'Cannot pad: dtypes must be equal, got matrix: float32 [2, 3] and',
  ],
  ['squeeze', () => ops.squeeze(matrix, [0]), 'Cannot squeeze: axis 0 must have size 1, got matrix: float32 [2, 3]'],
  [
    'conv',
    () => ops.conv(picture, kernel, undefined, { stride: 1, padding: 0 }),
    "Cannot convolve: kernel must be square over the value's channels, got picture: float32 [1, 3, 8, 8] and " +
      'kernel: float32 [4, 2, 3, 3]',
  ],
  [
    'conv bias',
    () => ops.conv(picture, threeChannels, vector, { stride: 1, padding: 0 }),
    'Cannot convolve: bias must be float32 [4], got vector: float32 [3]',
  ],
  [
    'quantizedMatmul',
    () => ops.quantizedMatmul(matrix, int8, vector, vector, vector),
    'Cannot multiply matrices: scale must be float32 [4], got vector: float32 [3]',
  ],
  [
    'conv in groups',
    () => ops.conv(picture, kernel, undefined, { stride: 1, padding: 0, groups: 2 }),
    "Cannot convolve: kernel must be square over the value's channels in 2 groups, got picture: float32 [1, 3, 8, 8] " +
      'and kernel: float32 [4, 2, 3, 3]',
  ],
  [
    'conv to channels that groups do not divide',
    () => ops.conv(picture, depthwise, undefined, { stride: 1, padding: 0, groups: 3 }),
    'Cannot convolve: groups must divide the 4 channels of the result, got 3',
  ],
  [
    'conv with a stride of 0',
    () => ops.conv(picture, threeChannels, undefined, { stride: 0, padding: 0 }),
    'Cannot convolve: stride must be an integer of at least 1, got 0',
  ],
  [
    'conv with half a cell of padding',
    () => ops.conv(picture, threeChannels, undefined, { stride: 1, padding: 0.5 }),
    'Cannot convolve: padding must be an integer of at least 0, got 0.5',
  ],
  [
    'conv with a kernel that does not fit',
    () => ops.conv(picture, threeChannels, undefined, { stride: 1, padding: 0, dilation: 4 }),
    'Cannot convolve: kernel must fit into the padded picture, got a reach of 9 cells and picture: float32 ' +
      '[1, 3, 8, 8] with padding 0',
  ],
  [
    'convTranspose to a size that the convolution makes otherwise',
    () => ops.convTranspose(picture, patches, [16, 18], { stride: 2, padding: 0 }),
    'Cannot spread: value must be what the convolution makes of 16 × 18 cells ([n, 3, 8, 9]), got picture: float32 ' +
      '[1, 3, 8, 8]',
  ],
  ['clip', () => ops.clip(matrix, 6, 0), 'Cannot clip: least must not exceed most, got 6 and 0'],
  [
    'globalAverage',
    () => ops.globalAverage(matrix),
    'Cannot average: value must have four axes, got matrix: float32 [2, 3]',
  ],
  [
    'conv of an open size',
    () => ops.conv(open, threeChannels, undefined, { stride: 1, padding: 0 }),
    'Cannot convolve: height and width must be known, got open: float32 [batch, 3, rows, 8]',
  ],
];

describe('an operator refuses operands that do not fit', () => {
  it.each(mistakes)('%s', (_, build, message) => {
    expect(build).toThrow(RangeError);
    expect(build).toThrow(message);
  });
});

describe('Graph', () => {
  it('refuses a value of another graph', () => {
    const foreign = new Graph('foreign').input('y', 'float32', [2, 3]);
    expect(() => ops.add(matrix, foreign)).toThrow(
      new RangeError('Cannot use value y: float32 [2, 3]: it must belong to graph "test", got graph "foreign"'),
    );
  });

  it('refuses names used twice', () => {
    const graph = new Graph('names');
    const value = graph.input('a', 'float32', [1]);
    graph.output('a', value);
    expect(() => graph.input('a', 'float32', [1])).toThrow(
      new RangeError('Cannot name a graph value: name must be unique, got "a" twice'),
    );
    expect(() => graph.output('a', value)).toThrow(
      new RangeError('Cannot add graph output: name must be unique, got "a" twice'),
    );
  });

  it('refuses a constant whose bytes do not fill its shape', () => {
    const add = (): unknown =>
      new Graph('g').constant('weight', 'float16', [2, 3], { kind: 'inline', bytes: new Uint8Array(11) });
    expect(add).toThrow(
      new RangeError('Cannot add constant "weight": data must be 12 bytes for float16 [2, 3], got 11'),
    );
  });

  it('names an unknown dimension that no input has', () => {
    const graph = new Graph('g');
    const value = graph.input('a', 'float32', ['batch', 1]);
    expect(() => ops.expand(value, ['batch', 'labels'])).toThrow(
      new RangeError('Cannot read dimension: "labels" must be a dimension of an input of graph "g"'),
    );
  });
});

describe('shapes', () => {
  it.each([
    [[2, 3], [3], [2, 3]],
    [
      [2, 1, 4],
      [3, 1],
      [2, 3, 4],
    ],
    [[], [5], [5]],
    [
      ['batch', 1],
      [1, 'labels'],
      ['batch', 'labels'],
    ],
    [
      ['batch', 4],
      ['batch', 4],
      ['batch', 4],
    ],
    [
      [0, 2],
      [1, 2],
      [0, 2],
    ],
  ] as [Shape, Shape, Shape][])('%j and %j broadcast to %j', (a, b, expected) => {
    expect(broadcastShapes('add', a, b)).toEqual(expected);
    expect(broadcastShapes('add', b, a)).toEqual(expected);
  });

  it('two names never broadcast: they may stand for different numbers', () => {
    expect(() => broadcastShapes('add', ['a'], ['b'])).toThrow('Cannot add: shapes must broadcast, got [a] and [b]');
  });

  it.each([
    [[2, 3], 6],
    [[], 1],
    [['labels', 2, 'batch'], '2*batch*labels'],
    [['2*batch', 3], '6*batch'],
    [['batch', 0], 0],
  ] as [Shape, number | string][])('the product of %j is %j, in whatever order it was merged', (shape, expected) => {
    expect(productOf(shape)).toBe(expected);
    expect(productOf([...shape].reverse())).toBe(expected);
  });

  it('a negative axis counts from the end', () => {
    expect(normalizeAxis('sum', -1, 3)).toBe(2);
    expect(() => normalizeAxis('sum', 0.5, 3)).toThrow('Cannot sum: axis must be an integer in [-3, 3), got 0.5');
  });
});
