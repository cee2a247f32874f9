/**
 * Puts a foreign ONNX model (a ready-made trunk) inside a graph: its nodes and weights are taken over as they are,
 * under prefixed names, so that trunk, decoder and pre/postprocessing run as one session and train as one step.
 */
import type { Graph, GraphNode, Value } from './graph.ts';
import { decodeModel, type GraphProto, type ModelProto, type NodeProto, type TensorProto } from './onnx-schema.ts';
import { ONNX_DTYPE, describe, type DType, type Shape } from './tensor-type.ts';

const NEWEST_OPSET = 21;
const OLDEST_OPSET = 13;
const CONTROL_FLOW = new Set(['If', 'Loop', 'Scan', 'SequenceMap']);

/** Required inputs and outputs of a foreign model. */
export interface ForeignSignature {
  readonly input: { readonly name: string; readonly value: Value };
  readonly outputs: readonly { readonly name: string; readonly dtype: DType; readonly shape: Shape }[];
}

/**
 * Adds a foreign model as one node. Checks names, element types and known dimensions against `signature`.
 *
 * @throws RangeError naming the input or output that differs, with both sides.
 */
export function addForeignModel(graph: Graph, bytes: Uint8Array, signature: ForeignSignature): readonly Value[] {
  const model = parse(bytes);
  if ((model.functions?.length ?? 0) > 0 || (model.graph.sparseInitializer?.length ?? 0) > 0) {
    throw new RangeError('Cannot inline ONNX model: it must have no model-local functions or sparse weights, got some');
  }
  const constants = model.graph.node.flatMap(({ attribute }) =>
    attribute.flatMap(({ t, tensors }) => [...(t === undefined || t === null ? [] : [t]), ...(tensors ?? [])]),
  );
  for (const tensor of [...model.graph.initializer, ...constants]) {
    // Data outside the file has not been checked.
    if (tensor.dataLocation === 1)
      throw new RangeError(
        `Cannot inline ONNX model: weights must be inside the file, got external tensor "${tensor.name}"`,
      );
  }
  for (const node of model.graph.node) {
    // A loop may be endless, and a run cannot be interrupted.
    if (
      !node.attribute.some(({ g, graphs }) => (g !== undefined && g !== null) || (graphs?.length ?? 0) > 0) &&
      !CONTROL_FLOW.has(node.opType)
    )
      continue;
    throw new RangeError(
      `Cannot inline ONNX model: it must have no control flow (${[...CONTROL_FLOW].join(', ')}), got "${node.opType}"`,
    );
  }
  const opset = opsetsOf(model).get('') ?? 0;
  if (opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
    throw new RangeError(`Cannot inline ONNX model: opset must be in [${OLDEST_OPSET}, ${NEWEST_OPSET}], got ${opset}`);
  }
  const { input, outputs } = signature;
  checkSide('input', declaredInputs(model.graph), input.name, input.value);
  for (const output of outputs) checkSide('output', model.graph.output, output.name, output);
  const values = graph.operation('InlinedModel', [input.value], outputs, {
    model: bytes,
    attributes: { input: { string: input.name }, outputs: { string: outputs.map(({ name }) => name).join(' ') } },
  });
  return values;
}

function parse(bytes: Uint8Array): ModelProto {
  let model: ModelProto;
  try {
    model = decodeModel(bytes);
  } catch (cause) {
    throw new RangeError(
      `Cannot inline ONNX model: bytes must be a serialized ModelProto, got ${bytes.byteLength} bytes that ` +
        'do not parse',
      { cause },
    );
  }
  if (!Array.isArray((model.graph as GraphProto | null)?.node) || model.graph.node.length === 0) {
    throw new RangeError(`Cannot inline ONNX model: it must hold a graph, got none in ${bytes.byteLength} bytes`);
  }
  return model;
}

function declaredInputs(graph: GraphProto) {
  const weights = new Set(graph.initializer.map((tensor) => tensor.name));
  return graph.input.filter((input) => !weights.has(input.name));
}

function checkSide(
  side: string,
  declared: GraphProto['input'],
  name: string,
  expected: { dtype: DType; shape: Shape },
): void {
  const found = declared.find((info) => info.name === name);
  if (found === undefined) {
    const names = declared.map((info) => info.name).join(', ');
    throw new RangeError(
      `Cannot inline ONNX model: it must have an ${side} "${name}", got ${names === '' ? 'none' : names}`,
    );
  }
  const { elemType, shape } = found.type.tensorType;
  const dimensions = shape.dim.map((dim) =>
    dim.dimParam === undefined || dim.dimParam === '' ? Number(dim.dimValue ?? 0) : dim.dimParam,
  );
  const differs =
    elemType !== ONNX_DTYPE[expected.dtype] ||
    dimensions.length !== expected.shape.length ||
    dimensions.some(
      (d, axis) =>
        typeof d === 'number' && d !== 0 && typeof expected.shape[axis] === 'number' && d !== expected.shape[axis],
    );
  if (differs) {
    throw new RangeError(
      `Cannot inline ONNX model: ${side} "${name}" must be ${describe(expected)}, got type ${elemType} ` +
        `[${dimensions.join(', ')}]`,
    );
  }
}

/** Operator-set versions a model imports, by domain (`''` is ONNX's own). */
export function opsetsOf(model: ModelProto): Map<string, number> {
  return new Map(
    model.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : (domain ?? ''), Number(version)]),
  );
}

/** The nodes and weights of an inlined model, renamed to fit between the node's inputs and outputs. */
export function inlineModel(
  node: GraphNode,
  prefix: string,
): { nodes: NodeProto[]; initializers: TensorProto[]; model: ModelProto } {
  const model = decodeModel(node.model as Uint8Array);
  const names = new Map<string, string>([['', '']]);
  const attribute = (name: string): string => (node.attributes[name] as { string: string }).string;
  names.set(attribute('input'), (node.inputs[0] as Value).name);
  const outputs = attribute('outputs').split(' ');
  outputs.forEach((name, index) => names.set(name, (node.outputs[index] as Value).name));
  const rename = (name: string): string => names.get(name) ?? `${prefix}.${name}`;
  const renameNode = (inner: NodeProto): NodeProto => ({
    ...inner,
    // Names are optional, and unique where there are any.
    name: (inner.name ?? '') === '' ? '' : `${prefix}.${inner.name ?? ''}`,
    input: inner.input.map(rename),
    output: inner.output.map(rename),
    attribute: inner.attribute.map((entry) => ({
      ...entry,
      ...(entry.g === undefined || entry.g === null ? {} : { g: renameGraph(entry.g) }),
      ...(entry.graphs === undefined ? {} : { graphs: entry.graphs.map(renameGraph) }),
    })),
  });
  const renameGraph = (inner: GraphProto): GraphProto => ({
    ...inner,
    node: inner.node.map(renameNode),
    initializer: inner.initializer.map((tensor) => ({ ...tensor, name: rename(tensor.name) })),
    input: inner.input.map((info) => ({ ...info, name: rename(info.name) })),
    output: inner.output.map((info) => ({ ...info, name: rename(info.name) })),
  });
  const { node: nodes, initializer: initializers } = renameGraph(model.graph);
  return { nodes, initializers, model };
}
