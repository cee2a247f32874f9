/**
 * AdamW on one flat vector of parameters (Loshchilov & Hutter 2019, "Decoupled weight decay regularization"), as graph
 * nodes. All parameters lie in one vector, so a step is a dozen operators whatever the network.
 */
import { ops, type Value } from '@synseg/core/graph';
import { total } from '../objective/rows.ts';

const { add, divide, minimum, multiply, scalar, sqrt, subtract } = ops;

/** Constants of the optimizer. */
export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Inputs that change from step to step. All float32: vectors `[P]`, scalars `[]`. */
export interface AdamWInputs {
  readonly parameters: Value;
  /** Running mean of gradients. */
  readonly mean: Value;
  /** Running mean of squared gradients. */
  readonly variance: Value;
  readonly gradient: Value;
  readonly learningRate: Value;
  /** `1 / (1 − β1^t)`, t counted from 1; see {@link biasCorrections}. */
  readonly meanCorrection: Value;
  /** `1 / (1 − β2^t)` */
  readonly varianceCorrection: Value;
  /** Weight decay of each parameter, `[P]` or `[]`. */
  readonly decay: Value;
}

/** State after a step. */
export interface AdamWState {
  readonly parameters: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * `m' = β1 m + (1 − β1) g`, `v' = β2 v + (1 − β2) g²`, `p' = p − η λ p − η m̂ / (√v̂ + ε)` with `m̂ = m' / (1 − β1^t)`,
 * `v̂ = v' / (1 − β2^t)`.
 */
export function adamw(inputs: AdamWInputs, { beta1, beta2, epsilon }: AdamWSettings): AdamWState {
  const { parameters, gradient, learningRate } = inputs;
  const of = (value: number): Value => scalar(parameters, value);
  const mean = add(multiply(inputs.mean, of(beta1)), multiply(gradient, of(1 - beta1)));
  const variance = add(multiply(inputs.variance, of(beta2)), multiply(multiply(gradient, gradient), of(1 - beta2)));
  const direction = divide(
    multiply(mean, inputs.meanCorrection),
    add(sqrt(multiply(variance, inputs.varianceCorrection)), of(epsilon)),
  );
  const kept = subtract(parameters, multiply(multiply(learningRate, inputs.decay), parameters));
  return { parameters: subtract(kept, multiply(learningRate, direction)), mean, variance };
}

/** The corrections of step t ≥ 1, in float64: in float32, `1 − 0.999` has only four digits. */
export function biasCorrections(
  step: number,
  { beta1, beta2 }: AdamWSettings,
): { meanCorrection: number; varianceCorrection: number } {
  return { meanCorrection: 1 / (1 - beta1 ** step), varianceCorrection: 1 / (1 - beta2 ** step) };
}

/** `‖g‖₂`, a scalar. */
export function globalNorm(gradient: Value): Value {
  return sqrt(total(multiply(gradient, gradient)));
}

/** Scales a gradient down to a norm of at most `maximum`. */
export function clipToNorm(gradient: Value, norm: Value, maximum: number): Value {
  return multiply(gradient, minimum(scalar(norm, 1), divide(scalar(norm, maximum), add(norm, scalar(norm, 1e-6)))));
}
