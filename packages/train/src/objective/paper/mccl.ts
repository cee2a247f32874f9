/**
 * Multi-Category Contrastive Learning (SynSeg paper, eq. 3–9) on the synergy features of each picture's categories:
 * foreground f, background f̄ and text embedding t of each of N categories.
 */
import { ops, shapeOps, type Value } from '@synseg/core/graph';
import type { Loss, LossWeights } from '../losses.ts';
import { sum, total, unit, type RowWeights } from '../rows.ts';
import type { SynergyFeatures } from './fss.ts';

const { add, cast, greater, greaterOrEqual, log, matmul, maximum, minimum, multiply, reduceSum, scalar } = ops;

/** Settings of {@link mccl}. */
export interface MCCLSettings {
  /** ε of eq. 4. */
  readonly epsilon: number;
  /** Cosine of foreground and background above which L_cont acts. */
  readonly contrastGate: number;
}

/** The four losses, each a scalar, a mean over the pictures of the batch; and a count for the report. */
export type MCCLLosses = Readonly<Record<'align' | 'contrast' | 'background' | 'separation' | 'clampedRows', Value>>;

/** Eq. 3: `s(x, y)`, the cosine of rows that have length one; of each row with its partner, or of all rows with all. */
function s(x: Value, y: Value, pairs: 'partners' | 'all' = 'partners'): Value {
  return pairs === 'all' ? matmul(x, shapeOps.transpose(y, [1, 0])) : reduceSum(multiply(x, y), [1], true);
}

/** Eq. 4: `sim = (clamp(s, −1 + ε, 1 − ε) + 1) / 2`. Exactly `1 − sim(s) = sim(−s)`, also in float32. */
function sim(cosine: Value, epsilon: number): Value {
  const limit = scalar(cosine, 1 - epsilon);
  const clamped = maximum(minimum(cosine, limit), scalar(cosine, epsilon - 1));
  return multiply(add(clamped, scalar(cosine, 1)), scalar(cosine, 0.5));
}

const negative = (x: Value): Value => multiply(x, scalar(x, -1));
const meanLog = (weight: Value, similarity: Value): Value => negative(total(multiply(weight, log(similarity))));

/** Eq. 5: `L_align = −1/N Σ_i log sim(f_i, t_i)`. */
function L_align(f: Value, t: Value, { row }: RowWeights, epsilon: number): Value {
  return meanLog(row, sim(s(f, t), epsilon));
}

/** Eq. 6: `L_cont = −1/N Σ_i log(1 − sim(f_i, f̄_i))`, over rows with `s(f_i, f̄_i)` above the gate. */
function L_cont(cosine: Value, { row }: RowWeights, { epsilon, contrastGate }: MCCLSettings): Value {
  const gate = cast(greater(cosine, scalar(cosine, contrastGate)), cosine.dtype);
  return meanLog(multiply(row, gate), sim(negative(cosine), epsilon));
}

/** Eq. 7: `L_back = −1/(N(N−1)) Σ_{j≠k} log sim(f̄_j, f̄_k)`. */
function L_back(b: Value, { pair }: RowWeights, epsilon: number): Value {
  return meanLog(pair, sim(s(b, b, 'all'), epsilon));
}

/** Eq. 8: `L_sep = −1/(N(N−1)) Σ_{j≠k} log(1 − sim(f_j, f_k))`. */
function L_sep(f: Value, { pair }: RowWeights, epsilon: number): Value {
  return meanLog(pair, sim(negative(s(f, f, 'all')), epsilon));
}

/** Eq. 9: `L_total = Σ λ_i L_i`, here over whatever losses count. */
export function L_total(losses: Readonly<Partial<Record<Loss, Value>>>, lambda: LossWeights): Value {
  const terms = Object.entries(losses) as [Loss, Value][];
  return sum(
    terms.filter(([name]) => lambda[name] !== 0).map(([name, loss]) => multiply(loss, scalar(loss, lambda[name]))),
  );
}

/**
 * The losses of one batch. A picture with one category adds nothing to L_back and L_sep.
 *
 * @param text - text embeddings `[rows, D]`
 */
export function mccl(
  { foreground, background }: SynergyFeatures,
  text: Value,
  weights: RowWeights,
  settings: MCCLSettings,
): MCCLLosses {
  const { epsilon } = settings;
  const [f, b, t] = [unit(foreground), unit(background), unit(text)];
  const contrast = s(f, b);
  // Above the clamp of eq. 4 L_cont has no gradient.
  const clamped = cast(greaterOrEqual(contrast, scalar(contrast, 1 - epsilon)), f.dtype);
  return {
    align: L_align(f, t, weights, epsilon),
    contrast: L_cont(contrast, weights, settings),
    background: L_back(b, weights, epsilon),
    separation: L_sep(f, weights, epsilon),
    clampedRows: total(multiply(weights.isStated, clamped)),
  };
}
