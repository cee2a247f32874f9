/** From the logits of one window to its scores at the window's own size. */
import type { Value } from '../graph/graph.ts';
import { Graph } from '../graph/graph.ts';
import { multiply, sigmoid, softmax } from '../graph/ops.ts';
import { resize } from '../graph/picture-ops.ts';
import { reshape } from '../graph/shape-ops.ts';
import { refineScores, type Refinement } from './pamr.ts';

type Size = readonly [height: number, width: number];

/** Shapes and steps that a graph of window scores is built for. */
export interface WindowShape {
  readonly logits: Size;
  /** Logits become activations; @default they stay what they are */
  readonly sigmoid: boolean;
  /** Refinement by the window's pixels, at a size of its own. */
  readonly refine: (Refinement & { readonly size: Size; readonly pixels: Size }) | undefined;
  /** The window's, and the result's. */
  readonly size: Size;
}

/**
 * `logits` float32 `[labels, height, width]` and, to refine, `pixels` uint8 `[height, width, 3]` → `scores` float32
 * `[labels, rows, columns]`. Labels do not see each other, so that they may come in parts.
 */
export function buildWindowGraph({ logits: [height, width], sigmoid: squash, refine, size }: WindowShape): Graph {
  const graph = new Graph('window');
  const planes = reshape(graph.input('logits', 'float32', ['labels', height, width]), ['labels', 1, height, width]);
  let scores = squash ? sigmoid(planes) : planes;
  if (refine !== undefined) {
    const pixels = graph.input('pixels', 'uint8', [...refine.pixels, 3]);
    scores = refineScores(pixels, resized(scores, refine.size), refine);
  }
  graph.output('scores', reshape(resized(scores, size), ['labels', ...size]));
  return graph;
}

/** `logits` float32 `[labels, height, width]`, `scale` float32 → `scores`: of all labels 1 in sum at each place. */
export function buildSoftmaxGraph([height, width]: Size): Graph {
  const graph = new Graph('softmax');
  const logits = graph.input('logits', 'float32', ['labels', height, width]);
  graph.output('scores', softmax(multiply(logits, graph.input('scale', 'float32', [])), 0));
  return graph;
}

function resized(planes: Value, [height, width]: Size): Value {
  const [labels, , rows, columns] = planes.shape;
  return rows === height && columns === width ? planes : resize(planes, [labels!, 1, height, width], 'linear');
}
