/** Distillation of vectors: an embedding is to be a given vector, in direction and in length. */
import { ops, type Value } from '@synseg/core/graph';
import { total, unit } from './rows.ts';

const { divide, multiply, reduceSum, scalar, subtract } = ops;

/**
 * Means over rows: `cosine = 1 − cos(e, t)` for the direction, and `distance = ‖e − t‖² / ‖t‖²` for the vector itself,
 * which FiLM reads.
 *
 * @param embedding - e, `[rows, D]`
 * @param target - t, `[rows, D]`, none of them 0
 */
export function vectorLosses(embedding: Value, target: Value): { readonly cosine: Value; readonly distance: Value } {
  const [rows] = embedding.shape as readonly [number, number];
  const mean = (x: Value): Value => multiply(total(x), scalar(x, 1 / rows));
  const squared = (x: Value): Value => reduceSum(multiply(x, x), [1], true);
  const cosine = mean(multiply(unit(embedding), unit(target)));
  return {
    cosine: subtract(scalar(cosine, 1), cosine),
    distance: mean(divide(squared(subtract(embedding, target)), squared(target))),
  };
}
