/**
 * Turns a {@link Graph} into the bytes of an ONNX model.
 *
 * Large constants stay where they are: a constant with `kind: 'file'` becomes ONNX external data, named by the file's
 * base name, which the session resolves against one folder (`externalFolder`). Same graph, same bytes.
 */
import { basename, dirname } from 'node:path';
import type { Attribute, Graph, GraphNode } from './graph.ts';
import { inlineModel, opsetsOf } from './onnx-inline.ts';
import {
  ATTRIBUTE_TYPE,
  encodeModel,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './onnx-schema.ts';
import { ONNX_DTYPE, type DType, type Shape } from './tensor-type.ts';

/** A serialized graph and the folder its external data lies in. */
export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** Folder that `external data` locations are relative to; undefined when the model carries all its data. */
  readonly externalFolder: string | undefined;
}

const OPSET = 17;
const IR_VERSION = 8;

/** Serializes a graph. @throws RangeError when its external files lie in more than one folder. */
export function writeOnnx(graph: Graph): OnnxModel {
  const nodes: NodeProto[] = [];
  const initializers: TensorProto[] = [];
  const opsets = new Map<string, number>([['', OPSET]]);
  const folders = new Set<string>();
  for (const { value, data } of graph.constants) {
    const tensor = { name: value.name, dims: value.shape as readonly number[], dataType: ONNX_DTYPE[value.dtype] };
    if (data.kind === 'inline') initializers.push({ ...tensor, rawData: data.bytes });
    else {
      folders.add(dirname(data.path));
      initializers.push({ ...tensor, dataLocation: 1, externalData: externalData(data) });
    }
  }
  if (folders.size > 1) {
    throw new RangeError(
      `Cannot write graph "${graph.name}": its weight files must lie in one folder, got ${[...folders].join(', ')}`,
    );
  }
  graph.nodes.forEach((node, index) => {
    if (node.model === undefined) {
      nodes.push(nodeProto(node, index));
      if (node.domain !== '') opsets.set(node.domain, 1);
      return;
    }
    const inlined = inlineModel(node, `inline${index}`);
    nodes.push(...inlined.nodes);
    initializers.push(...inlined.initializers);
    for (const [domain, version] of opsetsOf(inlined.model))
      opsets.set(domain, Math.max(version, opsets.get(domain) ?? 0));
  });
  // A graph output has a name of its own: one value may be several outputs.
  for (const { name, value } of graph.outputs) {
    nodes.push({ input: [value.name], output: [runtimeName(name)], opType: 'Identity', attribute: [] });
  }
  const bytes = encodeModel({
    irVersion: IR_VERSION,
    producerName: 'synseg',
    opsetImport: [...opsets].map(([domain, version]) => ({ domain, version })),
    graph: {
      name: graph.name,
      node: nodes,
      initializer: initializers,
      input: graph.inputs.map((value) => valueInfo(value.name, value.dtype, value.shape)),
      output: graph.outputs.map(({ name, value }) => valueInfo(runtimeName(name), value.dtype, value.shape)),
    },
  });
  return { bytes, externalFolder: [...folders][0] };
}

/**
 * The name the session has for a graph output: outputs live apart from values, so that one may be called like an input.
 */
export function runtimeName(name: string): string {
  return `out.${name}`;
}

/** The caller's name of a graph output, from the name the session reports. */
export function callerName(name: string): string {
  return name.replace(/^out\./, '');
}

function externalData(data: { path: string; offset: number; length: number }): { key: string; value: string }[] {
  return [
    { key: 'location', value: basename(data.path) },
    { key: 'offset', value: String(data.offset) },
    { key: 'length', value: String(data.length) },
  ];
}

function nodeProto(node: GraphNode, index: number): NodeProto {
  return {
    name: `${node.operator}_${index}`,
    opType: node.operator,
    domain: node.domain,
    input: inputNames(node),
    output: node.outputs.map((output) => output.name),
    attribute: Object.entries(node.attributes).map(([name, attribute]) => attributeProto(name, attribute)),
  };
}

/**
 * An omitted input is an empty name, and nothing at all at the end of the list: WebGPU's Conv takes an empty bias for
 * one.
 */
function inputNames({ inputs }: GraphNode): string[] {
  const names = inputs.map((input) => input?.name ?? '');
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

function attributeProto(name: string, attribute: Attribute): AttributeProto {
  if ('int' in attribute) return { name, type: ATTRIBUTE_TYPE.int, i: attribute.int };
  if ('ints' in attribute) return { name, type: ATTRIBUTE_TYPE.ints, ints: attribute.ints };
  if ('float' in attribute) return { name, type: ATTRIBUTE_TYPE.float, f: attribute.float };
  return { name, type: ATTRIBUTE_TYPE.string, s: new TextEncoder().encode(attribute.string) };
}

function valueInfo(name: string, dtype: DType, shape: Shape): ValueInfoProto {
  const dim = shape.map((dimension) =>
    typeof dimension === 'number' ? { dimValue: dimension } : { dimParam: dimension },
  );
  return { name, type: { tensorType: { elemType: ONNX_DTYPE[dtype], shape: { dim } } } };
}
