/** Operands, results and attributes of a node, for the rules that read them. */
import type { Attribute, GraphNode, Value } from '@synseg/core/graph';

/** An operand that is there by the operator's definition. */
export function operand(node: GraphNode, index: number): Value {
  return node.inputs[index] as Value;
}

/** The first result of a node. */
export function result(node: GraphNode): Value {
  return node.outputs[0] as Value;
}

function attribute(node: GraphNode, name: string): Attribute {
  const entry = node.attributes[name];
  if (entry === undefined) throw new RangeError(`internal: ${node.operator} must have attribute "${name}", got none`);
  return entry;
}

/** An attribute that is one integer. */
export const integer = (node: GraphNode, name: string): number => (attribute(node, name) as { int: number }).int;

/** An attribute that is a list of integers. */
export const integers = (node: GraphNode, name: string): readonly number[] =>
  (attribute(node, name) as { ints: readonly number[] }).ints;

/** An attribute that is a string. */
export const text = (node: GraphNode, name: string): string => (attribute(node, name) as { string: string }).string;

/** The numbers of an operand that is an int64 constant. */
export function constantIntegers(node: GraphNode, index: number): number[] {
  const value = operand(node, index);
  const constant = value.graph.constants.find((entry) => entry.value === value);
  if (constant?.data.kind !== 'inline')
    throw new RangeError(`Cannot differentiate: ${value.toString()} must be a constant, got a computed value`);
  const { bytes } = constant.data;
  return [...new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)].map(Number);
}
