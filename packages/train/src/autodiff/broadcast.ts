/** The one place that undoes broadcasting. */
import { ops, shapeOps, sameShape, type Dimension, type Shape, type Value } from '@synseg/core/graph';

/**
 * Sums a gradient over the axes along which an operand of `shape` was repeated.
 *
 * @param gradient - of the broadcast result
 * @param shape - of the operand
 */
export function reduceToShape(gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const leading = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((dimension: Dimension, axis: number) =>
    axis < leading || (shape[axis - leading] === 1 && dimension !== 1) ? [axis] : [],
  );
  const summed = axes.length === 0 ? gradient : ops.reduceSum(gradient, axes, true);
  return sameShape(summed.shape, shape) ? summed : shapeOps.reshape(summed, shape);
}
