/**
 * CLIPSeg as one ONNX file, for transformers.js: it loads `onnx/model.onnx` and cannot read safetensors.
 *
 * The graph computes what an export of `CLIPSegForImageSegmentation` computes: text encoder at the length of the padded
 * prompts, vision transformer, decoder, one map per prompt, with the weights inside the file. As in an export, blocks
 * behind the last tap are gone, because no output needs them, and the image batch is 1 (broadcast over the prompts, as
 * the peer's documentation calls it) or the number of prompts. It is built from the model code this project runs on,
 * with transposed convolutions in the head as PyTorch has them.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint, type Checkpoint } from '../../packages/core/src/checkpoint/checkpoint.ts';
import type {
  ClipTextConfig,
  ClipVisionConfig,
  TransformerDecoderConfig,
} from '../../packages/core/src/checkpoint/model-config.ts';
import { Graph, type Value } from '../../packages/core/src/graph/graph.ts';
import { decodeModel, encodeModel, type ModelProto } from '../../packages/core/src/graph/onnx-schema.ts';
import { writeOnnx } from '../../packages/core/src/graph/onnx-writer.ts';
import { add, argMax, multiply, relu } from '../../packages/core/src/graph/ops.ts';
import { conv } from '../../packages/core/src/graph/picture-ops.ts';
import { dimensionsOf, range, reshape, slice, transpose } from '../../packages/core/src/graph/shape-ops.ts';
import type { Dimension } from '../../packages/core/src/graph/tensor-type.ts';
import { postNormBlock } from '../../packages/core/src/model/attention.ts';
import { CheckpointParameters, linear, type Parameters } from '../../packages/core/src/model/parameters.ts';
import { textEmbeddings } from '../../packages/core/src/model/text-encoder.ts';
import { visionTaps } from '../../packages/core/src/model/vision-trunk.ts';

/** Files the peer reads besides the model. */
const COMPANIONS = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'];

/** A folder in the peer's layout with the same weights; written on the first call. */
export async function exportForPeer(checkpointFolder: string): Promise<string> {
  const folder = `${checkpointFolder}-onnx`;
  const target = join(folder, 'onnx/model.onnx');
  if (existsSync(target)) return folder;
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const name of COMPANIONS) copyFileSync(join(checkpointFolder, name), join(folder, name));
  const { bytes } = writeOnnx(buildPeerGraph(await openCheckpoint(checkpointFolder)));
  const temporary = `${target}.${process.pid}.tmp`;
  writeFileSync(
    temporary,
    encodeModel(selfContained(decodeModel(bytes), readFileSync(join(checkpointFolder, 'model.safetensors')))),
  );
  renameSync(temporary, target);
  return folder;
}

function buildPeerGraph({ config, weights }: Checkpoint): Graph {
  const graph = new Graph('clipseg');
  const parameters = new CheckpointParameters(graph, weights);
  const ids = graph.input('input_ids', 'int64', ['prompts', 'tokens']);
  // Prompts are padded behind their end token, where a causal transformer does not look.
  graph.input('attention_mask', 'int64', ['prompts', 'tokens']);
  const [height, width] = config.inputSize;
  const pixels = graph.input('pixel_values', 'float32', ['images', 3, height, width]);
  const taps = visionTaps(parameters, pixels, config.trunk as ClipVisionConfig, config.patchGrid);
  const text = embeddings(parameters, ids, config.text as ClipTextConfig, config.embeddingDim);
  const { patchGrid } = config;
  const decoder = config.decoder as TransformerDecoderConfig;
  const film = (which: string): Value =>
    reshape(linear(parameters, `decoder.${which}`, text, config.embeddingDim, decoder.reduceDim), [
      'prompts',
      1,
      decoder.reduceDim,
    ]);
  const shape: readonly Dimension[] = ['prompts', 1 + patchGrid[0] * patchGrid[1], decoder.reduceDim];
  // The image's axis is 1 or the number of prompts: broadcasting the typed operators would refuse.
  const broadcast = (operator: 'Add' | 'Mul', a: Value, b: Value): Value =>
    graph.node(operator, [a, b], { dtype: 'float32', shape });
  let state: Value | undefined;
  [...taps].reverse().forEach((tap, layer) => {
    const reduced = linear(parameters, `decoder.reduces.${layer}`, tap, tap.shape[2] as number, decoder.reduceDim);
    const input =
      state === undefined
        ? add(broadcast('Mul', reduced, film('film_mul')), film('film_add'))
        : broadcast('Add', reduced, state);
    state = postNormBlock(parameters, `decoder.layers.${layer}`, input, { ...decoder, width: decoder.reduceDim });
  });
  const features = slice(state as unknown as Value, 1, 1, shape[1] as number);
  graph.output('logits', head(parameters, features, patchGrid, decoder.reduceDim, decoder.patchSize));
  return graph;
}

/** Pooled at the end token: the largest id, as the exported model finds it. */
function embeddings(parameters: Parameters, ids: Value, config: ClipTextConfig, embeddingDim: number): Value {
  const { graph } = parameters;
  const size = (name: string): Value => reshape(dimensionsOf(graph, [name]), []);
  const zero = graph.integers([0], []);
  const positions = range(zero, size('tokens'), 'tokens');
  const ends = add(argMax(ids, 1), multiply(range(zero, size('prompts'), 'prompts'), size('tokens')));
  return textEmbeddings(parameters, ids, positions, ends, config, embeddingDim);
}

function head(
  parameters: Parameters,
  features: Value,
  [rows, columns]: readonly [number, number],
  width: number,
  patchSize: number,
): Value {
  const name = 'decoder.transposed_convolution';
  const kernel = Math.floor(patchSize / 4);
  const half = Math.floor(width / 2);
  const upsample = (x: Value, part: string, inputs: number, outputs: number): Value => {
    const [n, , height, across] = x.shape as readonly [Dimension, number, number, number];
    const weights = [
      parameters.get(`${name}.${part}.weight`, [inputs, outputs, kernel, kernel]),
      parameters.get(`${name}.${part}.bias`, [outputs]),
    ];
    return x.graph.node(
      'ConvTranspose',
      [x, ...weights],
      { dtype: 'float32', shape: [n, outputs, height * kernel, across * kernel] },
      { kernel_shape: { ints: [kernel, kernel] }, strides: { ints: [kernel, kernel] } },
    );
  };
  const grid = reshape(transpose(features, [0, 2, 1]), ['prompts', width, rows, columns]);
  const kernels = [
    parameters.get(`${name}.0.weight`, [width, width, 3, 3]),
    parameters.get(`${name}.0.bias`, [width]),
  ] as const;
  const smoothed = relu(conv(grid, ...kernels, { stride: 1, padding: 1 }));
  const picture = upsample(relu(upsample(smoothed, '2', width, half)), '4', half, 1);
  return reshape(picture, ['prompts', rows * kernel ** 2, columns * kernel ** 2]);
}

/** Puts the weights into the model and gives its outputs the names the peer expects. */
function selfContained(model: ModelProto, weights: Buffer): ModelProto {
  const { graph } = model;
  const plain = (name: string): string => name.replace(/^out\./, '');
  const initializer = graph.initializer.map((tensor) => {
    const place = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value]));
    if (place.size === 0) return tensor;
    const start = Number(place.get('offset'));
    const { name, dims, dataType } = tensor;
    return { name, dims, dataType, rawData: weights.subarray(start, start + Number(place.get('length'))) };
  });
  const node = graph.node.map((entry) => ({ ...entry, output: entry.output.map(plain) }));
  const output = graph.output.map((entry) => ({ ...entry, name: plain(entry.name) }));
  return { ...model, graph: { ...graph, node, output, initializer } };
}
