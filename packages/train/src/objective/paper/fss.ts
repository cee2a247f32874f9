/** Feature Synergy Structure (SynSeg, "FSS"): one activation map splits an image into foreground and background. */
import { ops, shapeOps, type Dimension, type Value } from '@synseg/core/graph';
import { withGradient } from '../../autodiff/gradients.ts';

const { add, affine, divide, exp, matmul, multiply, reduceSum, scalar } = ops;
const { reshape } = shapeOps;

/** Foreground and background synergy features of each row. */
export interface SynergyFeatures {
  /** `f_c = Σ_p M_c[p] · U_c[p]`, `[rows, D]` */
  readonly foreground: Value;
  /** `f̄_c = Σ_p (1 − M_c[p]) · U_c[p]`, `[rows, D]` */
  readonly background: Value;
}

/** Activation maps averaged over each patch, both `[rows, patches]`. */
export interface PatchMaps {
  /** `M_c` */
  readonly foreground: Value;
  /** `1 − M_c`, exact where a map is saturated and the difference would be zero in float32. */
  readonly background: Value;
}

/**
 * `M_c ∈ [0, 1]^P` and its complement.
 *
 * The runtime's Sigmoid is flat beyond ±18 and autodiff would store every step between: here `σ(z) = 1 / (1 + e^−z)`
 * and `dσ/dz = σ(z) σ(−z)`.
 *
 * @param logits - `[rows, height, width]`
 */
export function patchMaps(logits: Value, [gridRows, gridColumns]: readonly [number, number]): PatchMaps {
  const [rows, height, width] = logits.shape as readonly [Dimension, number, number];
  const blocks = [rows, gridRows, height / gridRows, gridColumns, width / gridColumns] as const;
  const cells = [rows, gridRows, 1, gridColumns, 1] as const;
  const share = scalar(logits, (gridRows * gridColumns) / (height * width));
  const one = scalar(logits, 1);
  const negative = multiply(logits, scalar(logits, -1));
  const [on, off] = [divide(one, add(one, exp(negative))), divide(one, add(one, exp(logits)))];
  const slope = multiply(multiply(on, off), share);
  const average = (activation: Value, slopeSign: number): Value =>
    withGradient(patchMeans(activation, [gridRows, gridColumns]), [logits], (gradient) => {
      const perPixel = multiply(
        reshape(slope, blocks),
        reshape(multiply(gradient, scalar(gradient, slopeSign)), cells),
      );
      return [reshape(perPixel, logits.shape)];
    });
  return { foreground: average(on, 1), background: average(off, -1) };
}

/** The mean over each patch: `[rows, height, width]` → `[rows, patches]`. */
export function patchMeans(x: Value, [gridRows, gridColumns]: readonly [number, number]): Value {
  const [rows, height, width] = x.shape as readonly [Dimension, number, number];
  const blocks = reshape(x, [rows, gridRows, height / gridRows, gridColumns, width / gridColumns]);
  return reshape(multiply(reduceSum(blocks, [2, 4]), scalar(x, (gridRows * gridColumns) / (height * width))), [
    rows,
    gridRows * gridColumns,
  ]);
}

/**
 * Both synergy features. The projector is linear, so features are pooled before they are projected:
 * `Σ M (W v + b) = W (Σ M v) + (Σ M) b`, which never makes the `[rows, patches, D]` tensor.
 *
 * @param features - what the projector reads, `[rows, patches, channels]`
 * @param weight - projector, `[D, channels]`
 * @param bias - projector, `[D]`
 */
export function synergyFeatures(maps: PatchMaps, features: Value, weight: Value, bias: Value): SynergyFeatures {
  const [rows, patches, channels] = features.shape as readonly [Dimension, number, number];
  const pool = (map: Value): Value => {
    const pooled = reshape(matmul(reshape(map, [rows, 1, patches]), features), [rows, channels]);
    return add(affine(pooled, weight, undefined), multiply(reduceSum(map, [1], true), bias));
  };
  return { foreground: pool(maps.foreground), background: pool(maps.background) };
}
