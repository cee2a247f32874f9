/**
 * The gradient of `O = softmax(S) V` in one piece, as FlashAttention has it (Dao et al. 2022, appendix B.4): with
 * `P = softmax(S)` and `D = Σ_d dO ⊙ O` per token, `dS = P ⊙ (dO Vᵀ − D)`, `dV = Pᵀ dO`. The rules of MatMul and
 * Softmax would make three more passes over the largest tensors of the network to find the same D.
 */
import { ops, shapeOps, type GraphNode, type Value } from '@synseg/core/graph';

const { matmul, multiply, reduceSum, scalar } = ops;
const { concat, expand, transpose } = shapeOps;

/** Operands of an attention product. */
export interface Attention {
  readonly scores: Value;
  readonly weights: Value;
  readonly value: Value;
}

/**
 * The parts of a node that is `softmax(scores) · value` over the last axis, and whose weights no other node reads;
 * undefined for any other node.
 *
 * @param readers - how many nodes read each value
 */
export function attentionOf(node: GraphNode, readers: ReadonlyMap<Value, number>): Attention | undefined {
  const [weights, value] = node.inputs;
  const softmax = weights?.producer;
  if (
    node.operator !== 'MatMul' ||
    weights === undefined ||
    value === undefined ||
    softmax?.operator !== 'Softmax' ||
    readers.get(weights) !== 1
  )
    return undefined;
  const [scores] = softmax.inputs as readonly [Value];
  const axis = (softmax.attributes['axis'] as { int: number }).int;
  const sameStack = weights.shape.slice(0, -2).join() === value.shape.slice(0, -2).join();
  return axis === scores.shape.length - 1 && sameStack ? { scores, weights, value } : undefined;
}

/** Gradients of scores and value. */
export function attentionGradients(
  { weights, value }: Attention,
  output: Value,
  gradient: Value,
): readonly [scores: Value, value: Value] {
  const rank = value.shape.length;
  const swapped = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2];
  const rowSums = reduceSum(multiply(gradient, output), [rank - 1], true);
  // dO Vᵀ − D is one product when V has a column of ones more and dO a column of −D.
  const widened = concat([gradient, multiply(rowSums, scalar(rowSums, -1))], rank - 1);
  const ones = expand(scalar(value, 1), [...value.shape.slice(0, -1), 1]);
  const slope = matmul(widened, transpose(concat([value, ones], rank - 1), swapped));
  return [multiply(weights, slope), matmul(transpose(weights, swapped), gradient)];
}
