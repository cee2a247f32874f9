/** Binary cross-entropy of logits, in the form that neither overflows nor loses digits. */
import { ops, type Value } from '@synseg/core/graph';

const { abs, add, exp, log, multiply, relu, scalar, subtract } = ops;

/** `log(1 + e^z) − z y`, elementwise, with `log(1 + e^z) = max(z, 0) + log(1 + e^−|z|)`. */
export function binaryCrossEntropy(z: Value, target: Value): Value {
  const softplus = add(relu(z), log(add(scalar(z, 1), exp(multiply(abs(z), scalar(z, -1))))));
  return subtract(softplus, multiply(z, target));
}
