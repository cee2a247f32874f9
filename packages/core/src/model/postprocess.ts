/**
 * From logits at the trunk's resolution to results at any resolution: label map, masks, activation maps.
 *
 * Everything happens in logit space, where the sigmoid's order is the same and nothing saturates. A picture may be
 * produced in strips of rows, so that memory stays bounded whatever its size.
 */
import { DEFAULT_THRESHOLD } from '../checkpoint/model-config.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { add, argMax, cast, equal, greaterOrEqual, multiply, scalar, sigmoid, softmax } from '../graph/ops.ts';
import { subtract, where } from '../graph/ops.ts';
import { resizeTo } from '../graph/picture-ops.ts';
import { concat, dimensionsOf, gather, pad, reshape, squeeze, transpose } from '../graph/shape-ops.ts';
import type { Dimension } from '../graph/tensor-type.ts';
import { BACKGROUND } from './background.ts';

/** Logit of a label that is below its threshold: it can only lose. */
const EXCLUDED = -3e38;

/** Below every logit: a threshold that every label reaches. */
const LOWEST = -3.4e38;

/** Background plane above only the excluded labels: background is where every label is below its threshold. */
const WEAKEST_PLANE = -2e38;

/** Part of the logit of a label's usual threshold that its logits are lowered by where labels compete. */
const HANDICAP = 0.5;
/** Largest handicap, either way: the logit of a threshold of 0.993. */
const MOST_HANDICAP = 5;

/** The logit of an activation in [0, 1], finite at both ends. */
export function logitOf(activation: number): number {
  if (activation <= 0) return LOWEST;
  if (activation >= 1) return 3e38;
  return Math.log(activation / (1 - activation));
}

/** True for a number in [0, 1]. */
export function isActivation(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 1;
}

/** Rule for background pixels: a plane that competes with the labels, their thresholds, or none at all. */
export type Background = number | 'threshold' | 'none';

/**
 * Scores that thresholds are compared with: activations, as logits; each label's share in the softmax of the logits; or
 * what comes in is the scores already.
 */
export type ScoreKind = 'sigmoid' | 'softmax' | 'given';

/** Per-label thresholds as the postprocessing graph takes them: logits, or scores. */
export interface Decision {
  /** Logits below which a label cannot win a pixel, one per label. */
  readonly winThresholds: Float32Array;
  /** Logits from which a label's mask is set, one per label. */
  readonly maskThresholds: Float32Array;
  /** What each label's logits are lowered by where labels compete; undefined where that changes nothing. */
  readonly handicaps: Float32Array | undefined;
  /** False when no pixel can become background: thresholds then need not be compared. */
  readonly background: boolean;
}

/**
 * Turns activations in [0, 1] into a {@link Decision}.
 *
 * A checkpoint's threshold of a label says how sure its maps of that label are where they are right: those of a rare
 * class are lower than those of a frequent one. Labels therefore compete by their logits less half the logit of that
 * threshold (docs/decisions/0032-labels-compete-with-handicaps.md). Where all labels have the same, as those of
 * CLIPSeg, nothing changes.
 *
 * @param thresholds - per label, undefined where none was given
 * @param background - a number: constant plane of that activation; `'threshold'`: where no label reaches its threshold;
 *   `'none'`: never, thresholds then apply to masks only
 * @param defaults - thresholds of labels that were given none: the checkpoint's
 * @param scores - what they are compared with
 */
export function decisionOf(
  thresholds: readonly (number | undefined)[],
  background: Background,
  defaults: readonly number[] = thresholds.map(() => DEFAULT_THRESHOLD),
  scores: ScoreKind = 'sigmoid',
): Decision {
  const level = scores === 'sigmoid' ? logitOf : (score: number): number => score;
  const maskThresholds = Float32Array.from(thresholds, (threshold, label) => level(threshold ?? defaults[label]!));
  const plane = typeof background === 'number' ? level(background) : LOWEST;
  const mustReach = (threshold: number | undefined): boolean =>
    background === 'threshold' || (background !== 'none' && threshold !== undefined);
  const differ = scores === 'sigmoid' && defaults.some((threshold) => threshold !== defaults[0]);
  return {
    winThresholds: maskThresholds.map((logit, label) =>
      mustReach(thresholds[label]) ? Math.max(logit, plane) : plane,
    ),
    maskThresholds,
    handicaps: differ ? Float32Array.from(defaults, handicapOf) : undefined,
    background: background !== 'none',
  };
}

function handicapOf(threshold: number): number {
  return Math.min(Math.max(HANDICAP * logitOf(threshold), -MOST_HANDICAP), MOST_HANDICAP);
}

/** Results that a postprocessing graph computes. */
export interface PostprocessOutputs {
  readonly labels: boolean;
  readonly masks: boolean;
  readonly activations: boolean;
}

/** Shapes and results that a postprocessing graph is built for. */
export interface PostprocessShape {
  /** Height and width of one tile's logits. */
  readonly size: readonly [height: number, width: number];
  readonly tiles: readonly [rows: number, columns: number];
  /** The results have another size than the logits. */
  readonly resample: boolean;
  /**
   * Columns are resampled as rows are: after them, so that a run may be part of a row, or before them, where few are
   * left.
   */
  readonly columns?: 'after' | 'before';
  /** Pixels may become background: {@link Decision.background}. */
  readonly background: boolean;
  /** Labels compete with {@link Decision.handicaps}. @default false */
  readonly handicaps?: boolean;
  /** @default 'sigmoid' */
  readonly scores?: ScoreKind;
  /** Background competes with the scores by a plane of its own, in place of thresholds. */
  readonly votes?: boolean;
  readonly outputs: PostprocessOutputs;
}

/** Source rows (or columns) and weights of the output rows (columns) `[start, end)`, half-pixel bilinear. */
export interface RowSampling {
  readonly upper: BigInt64Array;
  readonly lower: BigInt64Array;
  readonly fraction: Float32Array;
}

/** Where each output row lies between two source rows, or each column between two columns. */
export function sampleRows(sourceRows: number, outputRows: number, start: number, end: number): RowSampling {
  const count = end - start;
  const upper = new BigInt64Array(count);
  const lower = new BigInt64Array(count);
  const fraction = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    const position = Math.min(Math.max(((start + row + 0.5) * sourceRows) / outputRows - 0.5, 0), sourceRows - 1);
    const above = Math.floor(position);
    upper[row] = BigInt(above);
    lower[row] = BigInt(Math.min(above + 1, sourceRows - 1));
    fraction[row] = position - above;
  }
  return { upper, lower, fraction };
}

/**
 * Adds the postprocessing of one picture to a graph with inputs `logits` float32 `[tiles, labels, height, width]`,
 * `columns` int64 `[1]` (output width), the {@link RowSampling} vectors (where columns are resampled likewise `left`,
 * `right` and `across`, instead of `columns`), and the {@link Decision}; for a softmax `scale` float32; for votes
 * `votes` float32 `[1, 1, height, width]`, instead of the decision's thresholds. Outputs `labels` uint8
 * `[strip, width]`, `masks` uint8 and `activations` float32 `[labels, strip, width]` as asked.
 */
export function addPostprocess(graph: Graph, shape: PostprocessShape): void {
  const {
    size,
    tiles,
    resample,
    columns: order,
    background,
    handicaps,
    outputs,
    scores: kind = 'sigmoid',
    votes,
  } = shape;
  const [height, width] = size;
  const [tileRows, tileColumns] = tiles;
  const logits = graph.input('logits', 'float32', [tileRows * tileColumns, 'labels', height, width]);
  const [rows, columns] = [tileRows * height, tileColumns * width];
  const toSize = resample ? sampler(graph, order) : (x: Value): Value => squeeze(x, [1]);
  const sampled = toSize(reshape(stitchTiles(logits, tiles, height, width), ['labels', 1, rows, columns]));
  const scores = kind === 'softmax' ? softmax(multiply(sampled, graph.input('scale', 'float32', [])), 0) : sampled;
  const perLabel = (name: string): Value => reshape(graph.input(name, 'float32', ['labels']), ['labels', 1, 1]);
  if (outputs.labels && votes === true)
    graph.output('labels', winners(scores, toSize(graph.input('votes', 'float32', [1, 1, rows, columns]))));
  else if (outputs.labels) {
    const competing = handicaps === true ? subtract(scores, perLabel('handicaps')) : scores;
    const winner = background
      ? labelMap(competing, greaterOrEqual(scores, perLabel('winThresholds')))
      : cast(argMax(competing, 0), 'uint8');
    graph.output('labels', winner);
  }
  if (outputs.masks) graph.output('masks', cast(greaterOrEqual(scores, perLabel('maskThresholds')), 'uint8'));
  if (outputs.activations) graph.output('activations', kind === 'sigmoid' ? sigmoid(scores) : scores);
}

/** Tiles of one picture, row by row, side by side: `[tiles, labels, h, w]` → `[labels, rows·h, columns·w]`. */
function stitchTiles(
  logits: Value,
  [tileRows, tileColumns]: readonly [number, number],
  height: number,
  width: number,
): Value {
  if (tileRows * tileColumns === 1) return logits;
  const grid = reshape(logits, [tileRows, tileColumns, 'labels', height, width]);
  return transpose(grid, [2, 0, 3, 1, 4]);
}

/**
 * Bilinear resampling of `[n, 1, rows, columns]` to `[n, strip, width]` with half-pixel centers: rows by two gathers,
 * then columns by the runtime's Resize. Rows go first because they are still short: only one pass runs over the
 * result's full width, and a strip costs no more than its share.
 */
function sampler(graph: Graph, order: PostprocessShape['columns']): (x: Value) => Value {
  const [upper, lower] = [graph.input('upper', 'int64', ['strip']), graph.input('lower', 'int64', ['strip'])];
  const fraction = reshape(graph.input('fraction', 'float32', ['strip']), ['strip', 1]);
  const tall = (value: Value): Value => between(value, 2, upper, lower, fraction);
  if (order !== undefined) {
    const [left, right, across] = [
      graph.input('left', 'int64', ['width']),
      graph.input('right', 'int64', ['width']),
      graph.input('across', 'float32', ['width']),
    ];
    const broad = (value: Value): Value => between(value, 3, left, right, across);
    return (x) => squeeze(order === 'after' ? broad(tall(x)) : tall(broad(x)), [1]);
  }
  const columns = graph.input('columns', 'int64', [1]);
  return (x) => {
    const planes = x.shape[0] as Dimension;
    const sizes = concat([dimensionsOf(graph, [planes, 1, 'strip']), columns], 0);
    return squeeze(resizeTo(tall(x), sizes, [planes, 1, 'strip', 'width'], 'linear'), [1]);
  };
}

/** Linear interpolation along an axis. */
function between(x: Value, axis: number, before: Value, after: Value, fraction: Value): Value {
  const first = gather(x, before, axis);
  return add(first, multiply(fraction, subtract(gather(x, after, axis), first)));
}

function labelMap(x: Value, mayWin: Value): Value {
  const eligible = where(mayWin, x, scalar(x, EXCLUDED));
  return numbered(x, argMax(pad(eligible, 0, 1, scalar(x, WEAKEST_PLANE)), 0));
}

/** The label with the highest score, or background where its plane is higher. */
function winners(x: Value, background: Value): Value {
  return numbered(x, argMax(concat([x, background], 0), 0));
}

/** Places among the labels as uint8; the place behind the last is background. */
function numbered(x: Value, places: Value): Value {
  const count = reshape(dimensionsOf(x.graph, [x.shape[0] as Dimension]), []);
  return where(equal(places, count), cast(scalar(places, BACKGROUND), 'uint8'), cast(places, 'uint8'));
}
