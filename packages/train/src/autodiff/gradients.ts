/**
 * Reverse-mode differentiation on graph values: walks from a scalar back to the values asked for and adds, to the same
 * graph, the nodes that compute the derivative. It knows no operator; `rules.ts` does.
 */
import { ops, sameShape, type DType, type GraphNode, type Value } from '@synseg/core/graph';
import { attentionGradients, attentionOf } from './attention-rule.ts';
import { ruleOf } from './rules.ts';

/** A derivative written by hand: from the gradient of a value to the gradients of what it was computed from. */
interface HandWritten {
  readonly sources: readonly Value[];
  readonly rule: (gradient: Value) => readonly Value[];
}

const handWritten = new WeakMap<Value, HandWritten>();

/**
 * Gives a value a derivative of its own, used instead of its operators' rules: where the formula is cheaper, or more
 * exact, than what the rules would compose.
 *
 * @param value - computed from `sources` by any operators
 * @param rule - gradient of `value` → gradient of each source
 * @returns the value
 */
export function withGradient(
  value: Value,
  sources: readonly Value[],
  rule: (gradient: Value) => readonly Value[],
): Value {
  handWritten.set(value, { sources, rule });
  return value;
}

/** The same value, through which no gradient passes: what is computed from it takes it as given. */
export function stopGradient(value: Value): Value {
  return withGradient(value.graph.node('Identity', [value], value), [], () => []);
}

/**
 * The derivative of a scalar with respect to each of `sources`, in the shape of each.
 *
 * @param loss - float scalar `[]`
 * @param sources - values of the same graph, usually its inputs
 * @throws RangeError when the loss is not a scalar, does not depend on a source, or an operator between them has no
 * rule
 */
export function gradients(loss: Value, sources: readonly Value[]): Value[] {
  if (loss.shape.length !== 0)
    throw new RangeError(`Cannot differentiate: loss must be a scalar, got ${loss.toString()}`);
  const dependent = dependents(loss.graph.nodes, sources);
  const readers = countReaders(loss.graph.nodes);
  const gradient = new Map<Value, Value>([[loss, ops.scalar(loss, 1)]]);
  const accumulate = (value: Value, contribution: Value): void => {
    if (!sameShape(value.shape, contribution.shape)) {
      throw new RangeError(
        `internal: gradient of ${value.toString()} must have its shape, got ${contribution.toString()}`,
      );
    }
    const sum = gradient.get(value);
    gradient.set(value, sum === undefined ? contribution : ops.add(sum, contribution));
  };
  // Nodes are stored in the order they were made, operands first: backwards, each sees its outputs' whole gradient.
  for (const node of [...loss.graph.nodes].reverse()) {
    const [result] = node.outputs;
    const upstream = result === undefined ? undefined : gradient.get(result);
    if (result === undefined || upstream === undefined) continue;
    const own = handWritten.get(result);
    if (own !== undefined) {
      own.rule(upstream).forEach((contribution, index) => {
        const source = own.sources[index] as Value;
        if (dependent.has(source)) accumulate(source, contribution);
      });
      continue;
    }
    const attention = attentionOf(node, readers);
    if (attention !== undefined) {
      const [toScores, toValue] = attentionGradients(attention, result, upstream);
      if (dependent.has(attention.scores)) accumulate(attention.scores, toScores);
      if (dependent.has(attention.value)) accumulate(attention.value, toValue);
      continue;
    }
    const needed = node.inputs.map((input) => input !== undefined && dependent.has(input));
    if (!needed.includes(true)) continue;
    const contributions = ruleOf(node)(node, upstream, needed);
    node.inputs.forEach((input, index) => {
      const contribution = contributions[index];
      if (input !== undefined && needed[index] === true && contribution !== undefined) accumulate(input, contribution);
    });
  }
  return sources.map((source) => {
    const result = gradient.get(source);
    if (result === undefined)
      throw new RangeError(
        `Cannot differentiate: loss must depend on ${source.toString()}, got a graph in which it does not`,
      );
    return result;
  });
}

/** Number of nodes that read each value. */
function countReaders(nodes: readonly GraphNode[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const input of nodes.flatMap(({ inputs }) => inputs))
    if (input !== undefined) counts.set(input, (counts.get(input) ?? 0) + 1);
  return counts;
}

/**
 * Values that change smoothly when a source does, the sources included. A comparison, an index or a rounding to
 * integers is a step function: no gradient passes it.
 */
function dependents(nodes: readonly GraphNode[], sources: readonly Value[]): Set<Value> {
  const found = new Set<Value>(sources);
  for (const node of nodes) {
    if (!node.inputs.some((input) => input !== undefined && found.has(input))) continue;
    for (const output of node.outputs) if (SMOOTH.has(output.dtype)) found.add(output);
  }
  return found;
}

const SMOOTH: ReadonlySet<DType> = new Set<DType>(['float16', 'bfloat16', 'float32', 'float64']);
