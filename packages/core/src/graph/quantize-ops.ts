/**
 * Operators between floats and bytes: `x ≈ (q − zeroPoint) · scale`. The runtime makes one operator on integers
 * of a convolution whose operands come from {@link dequantize} and whose result goes to {@link quantize}.
 */
import { expectOperand, type Value } from './graph.ts';

/** uint8 of a float32 value, with one scale and zero point; what does not fit becomes the nearest that does. */
export function quantize(x: Value, scale: Value, zeroPoint: Value): Value {
  expectOperand('quantize', 'scale', scale, 'float32', []);
  expectOperand('quantize', 'zeroPoint', zeroPoint, 'uint8', []);
  return x.graph.node('QuantizeLinear', [x, scale, zeroPoint], { dtype: 'uint8', shape: x.shape });
}

/**
 * float32 of uint8, int8 or int32, with one scale and zero point of `x`'s type, or one of each per row of the first
 * axis.
 */
export function dequantize(x: Value, scale: Value, zeroPoint: Value): Value {
  const perRow = scale.shape.length === 1;
  const shape = perRow ? x.shape.slice(0, 1) : [];
  expectOperand('dequantize', 'scale', scale, 'float32', shape);
  expectOperand('dequantize', 'zeroPoint', zeroPoint, x.dtype, shape);
  const result = { dtype: 'float32', shape: x.shape } as const;
  return x.graph.node('DequantizeLinear', [x, scale, zeroPoint], result, perRow ? { axis: { int: 0 } } : {});
}
