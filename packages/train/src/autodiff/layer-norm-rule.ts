/** The gradients of layer normalization. */
import { ops, type GraphNode, type Value } from '@synseg/core/graph';
import { reduceToShape } from './broadcast.ts';

const { cast, multiply, reduceSum, scalar, subtract } = ops;

/**
 * `dx = (G' − mean G' − x̂ ⊙ mean(G' ⊙ x̂)) / σ` with `G' = G ⊙ scale`; `dscale = Σ G ⊙ x̂`, `dbias = Σ G`.
 * The normalized x̂ and 1/σ come from the operator once more, with scale 1 and bias 0.
 */
export function layerNormRule(
  node: GraphNode,
  gradient: Value,
  needed: readonly boolean[],
): readonly (Value | undefined)[] {
  const [x, scale] = node.inputs as readonly [Value, Value];
  const { graph } = x;
  const width = x.shape.at(-1) as number;
  const last = x.shape.length - 1;
  const ones = cast(graph.floats(new Float32Array(width).fill(1)), x.dtype);
  const zeros = cast(graph.floats(new Float32Array(width)), x.dtype);
  // The operator computes its statistics in float32 whatever its operands are.
  const perRow = { dtype: 'float32', shape: [...x.shape.slice(0, -1), 1] } as const;
  const [normalized, , deviation] = graph.operation('LayerNormalization', [x, ones, zeros], [x, perRow, perRow], {
    attributes: node.attributes,
  }) as [Value, Value, Value];
  const inverseDeviation = cast(deviation, x.dtype);
  const scaled = multiply(gradient, scale);
  const mean = (value: Value): Value => multiply(reduceSum(value, [last], true), scalar(value, 1 / width));
  const toX = (): Value =>
    multiply(
      subtract(subtract(scaled, mean(scaled)), multiply(normalized, mean(multiply(scaled, normalized)))),
      inverseDeviation,
    );
  return [
    needed[0] === true ? toX() : undefined,
    needed[1] === true ? reduceToShape(multiply(gradient, normalized), scale.shape) : undefined,
    needed[2] === true ? reduceToShape(gradient, scale.shape) : undefined,
  ];
}
