/**
 * Multi-Category Contrastive Learning (SynSeg paper eq. 3–9): four losses on the synergy features of each image's
 * categories. `s` is the cosine; `sim(x, y) = (clamp(s, −1 + ε, 1 − ε) + 1) / 2`.
 */
import { ops, shapeOps, type Value } from '@synseg/core/graph';
import { total, type RowWeights } from './rows.ts';
import type { SynergyFeatures } from './synergy.ts';

const {
  add,
  cast,
  divide,
  greater,
  greaterOrEqual,
  log,
  matmul,
  maximum,
  minimum,
  multiply,
  reduceSum,
  scalar,
  sqrt,
  subtract,
} = ops;
const { transpose } = shapeOps;

/**
 * A vector shorter than this keeps its length over it, instead of being stretched to one (as PyTorch's `normalize`).
 */
const SHORTEST = 1e-12;

/** Settings of {@link contrastiveLosses}. */
export interface ContrastiveSettings {
  /** ε of eq. 4. */
  readonly epsilon: number;
  /** Cosine of foreground and background above which L_cont acts. */
  readonly contrastGate: number;
}

/** The four losses, each a scalar: a mean over the images of the batch. */
export interface ContrastiveLosses {
  /** `−1/N Σ_i log sim(f_i, t_i)` */
  readonly align: Value;
  /** `−1/N Σ_i log(1 − sim(f_i, f̄_i))` over rows with `s(f_i, f̄_i) > gate` */
  readonly contrast: Value;
  /** `−1/(N(N−1)) Σ_{j≠k} log sim(f̄_j, f̄_k)` */
  readonly background: Value;
  /** `−1/(N(N−1)) Σ_{j≠k} log(1 − sim(f_j, f_k))` */
  readonly separation: Value;
  /** Stated rows whose `s(f_i, f̄_i)` lies in the clamp of eq. 4, where its gradient is zero: a count. */
  readonly clampedRows: Value;
}

/**
 * Eq. 3–9 on one batch. An image with one category adds nothing to `background` and `separation`.
 *
 * @param text - text embeddings `[rows, D]`
 */
export function contrastiveLosses(
  { foreground, background }: SynergyFeatures,
  text: Value,
  weights: RowWeights,
  settings: ContrastiveSettings,
): ContrastiveLosses {
  const [f, b, t] = [unit(foreground), unit(background), unit(text)];
  const limit = scalar(f, 1 - settings.epsilon);
  const clamp = (s: Value): Value => maximum(minimum(s, limit), scalar(s, settings.epsilon - 1));
  const half = (x: Value): Value => multiply(x, scalar(x, 0.5));
  const one = scalar(f, 1);
  /** log sim = log((s + 1) / 2) */
  const logSame = (s: Value): Value => log(half(add(clamp(s), one)));
  /** log(1 − sim) = log((1 − s) / 2) */
  const logApart = (s: Value): Value => log(half(subtract(one, clamp(s))));
  const rowCosine = (x: Value, y: Value): Value => reduceSum(multiply(x, y), [1], true);
  const pairCosine = (x: Value): Value => matmul(x, transpose(x, [1, 0]));
  const negativeSum = (x: Value): Value => multiply(total(x), scalar(x, -1));
  const contrastCosine = rowCosine(f, b);
  const gate = cast(greater(contrastCosine, scalar(contrastCosine, settings.contrastGate)), f.dtype);
  const clamped = cast(greaterOrEqual(contrastCosine, limit), f.dtype);
  return {
    align: negativeSum(multiply(weights.row, logSame(rowCosine(f, t)))),
    contrast: negativeSum(multiply(multiply(weights.row, gate), logApart(contrastCosine))),
    background: negativeSum(multiply(weights.pair, logSame(pairCosine(b)))),
    separation: negativeSum(multiply(weights.pair, logApart(pairCosine(f)))),
    clampedRows: total(multiply(weights.isStated, clamped)),
  };
}

/** Rows of length one: `x / max(‖x‖, 1e-12)`. */
export function unit(x: Value): Value {
  return divide(x, sqrt(maximum(reduceSum(multiply(x, x), [1], true), scalar(x, SHORTEST ** 2))));
}
