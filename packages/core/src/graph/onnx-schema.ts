/**
 * The part of ONNX's protobuf schema this project reads and writes, with ONNX's public field numbers. The only file
 * that imports protobufjs.
 */
import protobuf from 'protobufjs/light.js';

type Field = readonly [id: number, type: string, repeated?: 'repeated'];

function message(fields: Readonly<Record<string, Field>>) {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [id, type, rule]]) => [
        name,
        { id, type, ...(rule === undefined ? {} : { rule }) },
      ]),
    ),
  };
}

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: message({
      irVersion: [1, 'int64'],
      producerName: [2, 'string'],
      graph: [7, 'GraphProto'],
      opsetImport: [8, 'OperatorSetIdProto', 'repeated'],
      functions: [25, 'bytes', 'repeated'],
    }),
    OperatorSetIdProto: message({ domain: [1, 'string'], version: [2, 'int64'] }),
    GraphProto: message({
      node: [1, 'NodeProto', 'repeated'],
      name: [2, 'string'],
      initializer: [5, 'TensorProto', 'repeated'],
      input: [11, 'ValueInfoProto', 'repeated'],
      output: [12, 'ValueInfoProto', 'repeated'],
      sparseInitializer: [15, 'bytes', 'repeated'],
    }),
    NodeProto: message({
      input: [1, 'string', 'repeated'],
      output: [2, 'string', 'repeated'],
      name: [3, 'string'],
      opType: [4, 'string'],
      attribute: [5, 'AttributeProto', 'repeated'],
      domain: [7, 'string'],
    }),
    AttributeProto: message({
      name: [1, 'string'],
      f: [2, 'float'],
      i: [3, 'int64'],
      s: [4, 'bytes'],
      t: [5, 'TensorProto'],
      g: [6, 'GraphProto'],
      floats: [7, 'float', 'repeated'],
      ints: [8, 'int64', 'repeated'],
      strings: [9, 'bytes', 'repeated'],
      tensors: [10, 'TensorProto', 'repeated'],
      graphs: [11, 'GraphProto', 'repeated'],
      type: [20, 'int32'],
    }),
    TensorProto: message({
      dims: [1, 'int64', 'repeated'],
      dataType: [2, 'int32'],
      floatData: [4, 'float', 'repeated'],
      int32Data: [5, 'int32', 'repeated'],
      stringData: [6, 'bytes', 'repeated'],
      int64Data: [7, 'int64', 'repeated'],
      name: [8, 'string'],
      rawData: [9, 'bytes'],
      doubleData: [10, 'double', 'repeated'],
      uint64Data: [11, 'uint64', 'repeated'],
      externalData: [13, 'StringStringEntryProto', 'repeated'],
      dataLocation: [14, 'int32'],
    }),
    StringStringEntryProto: message({ key: [1, 'string'], value: [2, 'string'] }),
    ValueInfoProto: message({ name: [1, 'string'], type: [2, 'TypeProto'] }),
    TypeProto: message({ tensorType: [1, 'TensorTypeProto'] }),
    TensorTypeProto: message({ elemType: [1, 'int32'], shape: [2, 'TensorShapeProto'] }),
    TensorShapeProto: message({ dim: [1, 'DimensionProto', 'repeated'] }),
    DimensionProto: message({ dimValue: [1, 'int64'], dimParam: [2, 'string'] }),
  },
});

const modelType = root.lookupType('ModelProto');

/** AttributeProto.AttributeType numbers. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

export interface TensorProto {
  name: string;
  dims: readonly number[];
  dataType: number;
  rawData?: Uint8Array;
  externalData?: readonly { key: string; value: string }[];
  dataLocation?: number;
}

export interface NodeProto {
  input: string[];
  output: string[];
  name?: string;
  opType: string;
  domain?: string;
  attribute: AttributeProto[];
}

export interface AttributeProto {
  name: string;
  type: number;
  f?: number;
  i?: number;
  s?: Uint8Array;
  ints?: readonly number[];
  t?: TensorProto | null;
  tensors?: readonly TensorProto[];
  g?: GraphProto | null;
  graphs?: GraphProto[];
}

export interface ValueInfoProto {
  name: string;
  type: { tensorType: { elemType: number; shape: { dim: readonly { dimValue?: number; dimParam?: string }[] } } };
}

export interface GraphProto {
  node: NodeProto[];
  name: string;
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  sparseInitializer?: Uint8Array[];
}

export interface ModelProto {
  irVersion: number;
  producerName?: string;
  graph: GraphProto;
  opsetImport: { domain?: string; version: number }[];
  functions?: Uint8Array[];
}

/** Serializes a model. */
export function encodeModel(model: ModelProto): Uint8Array {
  return modelType.encode(modelType.create(model)).finish();
}

/** Parses a model. @throws Error when the bytes are not a protobuf message. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  return modelType.decode(bytes) as unknown as ModelProto;
}
