/**
 * The four graphs a segmenter runs: text → embeddings, pixels → taps, taps + embeddings → logits, logits → masks.
 *
 * They are separate sessions so that a picture is encoded once and prompted many times, and so that labels can change
 * between two frames: the number of pictures and labels is left open in every one of them.
 */
import { Graph, type Value } from '../graph/graph.ts';
import { addForeignModel } from '../graph/onnx-inline.ts';
import { cast, reshape } from '../graph/ops.ts';
import { productOf } from '../graph/tensor-type.ts';
import type { ModelConfig } from '../checkpoint/model-config.ts';
import { decode, upsampleToLogits } from './decoder.ts';
import type { Parameters } from './parameters.ts';
import { addPostprocess, type PostprocessOutputs } from './postprocess.ts';
import { textEmbeddings } from './text-encoder.ts';
import { mergeViews, pictureSize, splitViews, type MergeRule, type ViewCount } from './views.ts';
import { normalisePixels, visionTaps } from './vision-trunk.ts';

/** Makes the parameters of a graph, in the precision it computes in. */
export type ParameterSource = (graph: Graph) => Parameters;

/** Names of the tap tensors between the encode and decode graphs, shallow to deep. */
export function tapNames(config: ModelConfig): string[] {
  return config.tapDims.map((_, index) => `tap${String(index)}`);
}

/** `pixels` uint8 `[images, height, width, 3]` (see {@link pictureSize}) → `tap0…` float32 `[images, views, 1 + patches, D_i]`. */
export function buildEncodeGraph(config: ModelConfig, parameters: ParameterSource, views: ViewCount, trunkModel?: Uint8Array): Graph {
  const graph = new Graph('encode');
  const [height, width] = pictureSize(config.inputSize, views);
  const pixels = graph.input('pixels', 'uint8', ['images', height, width, 3]);
  const taps = trunkTaps(config, parameters(graph), splitViews(pixels, views), trunkModel);
  const tokens = tokensOf(config);
  taps.forEach((tap, index) => {
    const shape = ['images', views, tokens, config.tapDims[index] as number];
    graph.output(`tap${String(index)}`, cast(reshape(tap, shape), 'float32'));
  });
  return graph;
}

/** Taps of uint8 views `[n, height, width, 3]`, by CLIP's transformer or a ready-made trunk. */
export function trunkTaps(config: ModelConfig, parameters: Parameters, views: Value, trunkModel?: Uint8Array): readonly Value[] {
  const { trunk } = config;
  if (trunk.kind === 'clip') {
    const compute = parameters.get('clip.vision_model.pre_layrnorm.weight', [trunk.hiddenSize]).dtype;
    return visionTaps(parameters, cast(normalisePixels(views, trunk), compute), trunk, config.patchGrid);
  }
  const [n] = views.shape as readonly [Value['shape'][number]];
  return addForeignModel(parameters.graph, trunkModel as Uint8Array, {
    input: { name: 'pixels', value: views },
    outputs: config.tapDims.map((channels, index) => ({ name: `tap${String(index)}`, dtype: 'float32', shape: [n, tokensOf(config), channels] })),
  });
}

function tokensOf({ patchGrid: [rows, columns] }: ModelConfig): number {
  return 1 + rows * columns;
}

/** `tap0…` and `text` float32 `[labels, embeddingDim]` → `logits` float32 `[images, labels, height, width]`, views merged. */
export function buildDecodeGraph(config: ModelConfig, parameters: ParameterSource, views: ViewCount, merge: MergeRule): Graph {
  const graph = new Graph('decode');
  const tokens = tokensOf(config);
  const source = parameters(graph);
  const compute = source.get('decoder.film_mul.bias', [config.decoder.reduceDim]).dtype;
  const taps = config.tapDims.map((channels, index) => {
    const tap = graph.input(`tap${String(index)}`, 'float32', ['images', views, tokens, channels]);
    return cast(reshape(tap, [productOf(['images', views]), tokens, channels]), compute);
  });
  const text = cast(graph.input('text', 'float32', ['labels', config.embeddingDim]), compute);
  const { features } = decode(source, taps, text, config.decoder);
  const logits = cast(upsampleToLogits(source, features, config.patchGrid, config.decoder), 'float32');
  graph.output('logits', mergeViews(logits, 'images', 'labels', views, merge));
  return graph;
}

/** The postprocessing of one picture: see {@link addPostprocess}. */
export function buildPostprocessGraph(
  size: readonly [number, number],
  tiles: readonly [number, number],
  resample: boolean,
  outputs: PostprocessOutputs,
): Graph {
  const graph = new Graph('postprocess');
  addPostprocess(graph, size, tiles, resample, outputs);
  return graph;
}

/** `ids`, `positions`, `ends` (see {@link textEmbeddings}) → `embeddings` float32 `[prompts, embeddingDim]`. */
export function buildTextGraph(config: ModelConfig, parameters: ParameterSource): Graph {
  if (config.text.kind !== 'clip') throw new RangeError(`internal: text graph must be built for a CLIP text encoder, got ${config.text.kind}`);
  const graph = new Graph('text');
  const ids = graph.input('ids', 'int64', ['prompts', 'tokens']);
  const positions = graph.input('positions', 'int64', ['tokens']);
  const ends = graph.input('ends', 'int64', ['prompts']);
  graph.output('embeddings', cast(textEmbeddings(parameters(graph), ids, positions, ends, config.text, config.embeddingDim), 'float32'));
  return graph;
}
