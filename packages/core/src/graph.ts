export { Graph, Value, type Attribute, type GraphNode } from './graph/graph.ts';
export { addForeignModel } from './graph/onnx-inline.ts';
export { writeOnnx, type OnnxModel } from './graph/onnx-writer.ts';
export * as ops from './graph/ops.ts';
export * as pictureOps from './graph/picture-ops.ts';
export * as shapeOps from './graph/shape-ops.ts';
export {
  BYTES_PER_ELEMENT,
  productOf,
  sameShape,
  type Dimension,
  type DType,
  type Shape,
} from './graph/tensor-type.ts';
export { decodeLabels, type DecodedLabels } from './model/label-decoder.ts';
export { trunkMaps } from './model/model-graphs.ts';
export { CheckpointParameters, type Parameters } from './model/parameters.ts';
export { textEmbeddings } from './model/text-encoder.ts';
export { imageEmbeddings, normalizePixels } from './model/vision-trunk.ts';
