/**
 * The typed graph: values that know dtype and shape, nodes that made them, and where constants come from.
 *
 * It is a description, not an executor: `onnx-writer.ts` turns it into bytes, a session runs them. Nodes keep their
 * operands as values, so a later pass (differentiation, quantization) can walk from an output back to its inputs.
 */
import { BYTES_PER_ELEMENT, describe, sameShape, type DType, type Shape } from './tensor-type.ts';

/** An attribute of a node. Integers are plain numbers in `int`/`ints`, so that 1 and 1.0 stay apart. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly string: string };

/** A value of a graph: the output of a node, an input, or a constant. */
export class Value {
  readonly graph: Graph;
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** The node that computes this value; undefined for inputs and constants. */
  readonly producer: GraphNode | undefined;

  constructor(graph: Graph, name: string, dtype: DType, shape: Shape, producer?: GraphNode) {
    this.graph = graph;
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.producer = producer;
  }

  /** `name: float32 [2, 3]`, as error messages print it. */
  toString(): string {
    return `${this.name}: ${describe(this)}`;
  }
}

/** One operation: an ONNX operator, or (`model` set) a foreign ONNX model inlined as it is. */
export interface GraphNode {
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Serialized ONNX model of an inlined node; its inputs and outputs map to this node's by position. */
  readonly model?: Uint8Array;
}

/** Where the numbers of a constant are: in memory, or a byte range of a file beside other weights. */
export type ConstantData =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string; readonly offset: number; readonly length: number };

/** A constant tensor of a graph. */
export interface Constant {
  readonly value: Value;
  readonly data: ConstantData;
}

/** A computation under construction. */
export class Graph {
  readonly name: string;
  readonly inputs: Value[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  readonly nodes: GraphNode[] = [];
  readonly constants: Constant[] = [];
  #names = new Set<string>();

  constructor(name: string) {
    this.name = name;
  }

  /** Declares an input. Named dimensions may be used by every later shape. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = new Value(this, this.#claim(name), dtype, shape);
    this.inputs.push(value);
    return value;
  }

  /** Names a value as an output of the graph. */
  output(name: string, value: Value): void {
    this.#own(value);
    if (this.outputs.some((output) => output.name === name)) {
      throw new RangeError(`Cannot add graph output: name must be unique, got "${name}" twice`);
    }
    this.outputs.push({ name, value });
  }

  /** A constant tensor. @throws RangeError when its bytes do not fill its shape. */
  constant(name: string, dtype: DType, shape: readonly number[], data: ConstantData): Value {
    const expected = shape.reduce((product, dimension) => product * dimension, BYTES_PER_ELEMENT[dtype]);
    const actual = data.kind === 'inline' ? data.bytes.byteLength : data.length;
    if (actual !== expected) {
      throw new RangeError(
        `Cannot add constant "${name}": data must be ${expected} bytes for ${describe({ dtype, shape })}, ` +
          `got ${actual}`,
      );
    }
    const value = new Value(this, this.#unique(name), dtype, shape);
    this.constants.push({ value, data });
    return value;
  }

  /** A small float32 constant from numbers. */
  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    const data = Float32Array.from(values);
    return this.constant('constant', 'float32', shape, { kind: 'inline', bytes: new Uint8Array(data.buffer) });
  }

  /** A small int64 constant from integers. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    const data = BigInt64Array.from(values, (value) => BigInt(value));
    return this.constant('constant', 'int64', shape, { kind: 'inline', bytes: new Uint8Array(data.buffer) });
  }

  /** Adds an operator with one output. Shape rules live in `ops.ts`; call those. */
  node(
    operator: string,
    inputs: readonly (Value | undefined)[],
    result: { readonly dtype: DType; readonly shape: Shape },
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): Value {
    const [output] = this.operation(operator, inputs, [result], { attributes, domain });
    return output as Value;
  }

  /** Adds an operator, or an inlined model, with any number of outputs. */
  operation(
    operator: string,
    inputs: readonly (Value | undefined)[],
    results: readonly { readonly dtype: DType; readonly shape: Shape }[],
    rest: { attributes?: Readonly<Record<string, Attribute>>; domain?: string; model?: Uint8Array },
  ): readonly Value[] {
    for (const input of inputs) if (input !== undefined) this.#own(input);
    const outputs: Value[] = [];
    const node: GraphNode = {
      operator,
      domain: rest.domain ?? '',
      inputs,
      outputs,
      attributes: rest.attributes ?? {},
      ...(rest.model === undefined ? {} : { model: rest.model }),
    };
    for (const { dtype, shape } of results) {
      outputs.push(new Value(this, this.#unique(operator.toLowerCase()), dtype, shape, node));
    }
    this.nodes.push(node);
    return outputs;
  }

  #own(value: Value): void {
    if (value.graph !== this) {
      throw new RangeError(
        `Cannot use value ${value.toString()}: it must belong to graph "${this.name}", got graph "${value.graph.name}"`,
      );
    }
  }

  #claim(name: string): string {
    if (this.#names.has(name))
      throw new RangeError(`Cannot name a graph value: name must be unique, got "${name}" twice`);
    this.#names.add(name);
    return name;
  }

  #unique(stem: string): string {
    let name = stem;
    for (let suffix = this.#names.size; this.#names.has(name); suffix++) name = `${stem}_${suffix}`;
    return this.#claim(name);
  }
}

/** The dtype of both operands. @throws RangeError when they differ, naming both */
export function sameDType(action: string, a: Value, b: Value): DType {
  if (a.dtype !== b.dtype)
    throw new RangeError(`Cannot ${action}: dtypes must be equal, got ${a.toString()} and ${b.toString()}`);
  return a.dtype;
}

/** Throws unless an operand has exactly this dtype and shape; the message names both sides. */
export function expectOperand(action: string, name: string, value: Value, dtype: DType, shape: Shape): void {
  if (value.dtype !== dtype || !sameShape(value.shape, shape)) {
    throw new RangeError(`Cannot ${action}: ${name} must be ${describe({ dtype, shape })}, got ${value.toString()}`);
  }
}
