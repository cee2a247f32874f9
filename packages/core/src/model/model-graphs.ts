/**
 * The graphs a segmenter runs: text → embeddings, picture → views, views → maps, maps + embeddings → logits, logits →
 * masks.
 *
 * They are separate sessions so that a picture is encoded once and prompted many times, and so that labels can change
 * between two frames: the number of pictures and labels is left open in every one of them.
 */
import { Graph, type Value } from '../graph/graph.ts';
import { addForeignModel } from '../graph/onnx-inline.ts';
import { cast } from '../graph/ops.ts';
import { reshape } from '../graph/shape-ops.ts';
import { productOf } from '../graph/tensor-type.ts';
import type { ModelConfig } from '../checkpoint/model-config.ts';
import { pictureMaps } from '../checkpoint/picture-maps.ts';
import { convolutionMaps } from './convolution-trunk.ts';
import { decodeLabels } from './label-decoder.ts';
import type { Parameters } from './parameters.ts';
import { RangeRecorder } from './quantized-convolutions.ts';
import { addPostprocess, type PostprocessShape } from './postprocess.ts';
import { textEmbeddings } from './text-encoder.ts';
import { mergeViews, pictureSize, splitViews, type MergeRule, type ViewCount } from './views.ts';
import { normalizePixels, visionTaps } from './vision-trunk.ts';

/** Makes the parameters of a graph, in the precision it computes in. */
export type ParameterSource = (graph: Graph) => Parameters;

/**
 * `pixels` uint8 `[images, 2·height, 2·width, 3]` → `views` uint8 `[5·images, height, width, 3]`, see {@link
 * splitViews}.
 */
export function buildSplitGraph(config: ModelConfig): Graph {
  const graph = new Graph('split');
  const [height, width] = pictureSize(config.inputSize, 5);
  graph.output('views', splitViews(graph.input('pixels', 'uint8', ['images', height, width, 3])));
  return graph;
}

/** `views` uint8 `[n, height, width, 3]` → what `pictureMaps()` names, float32. */
export function buildTrunkGraph(config: ModelConfig, parameters: ParameterSource, trunkModel?: Uint8Array): Graph {
  const graph = new Graph('trunk');
  const views = graph.input('views', 'uint8', ['n', ...config.inputSize, 3]);
  const maps = trunkMaps(config, parameters(graph), views, trunkModel);
  pictureMaps(config).forEach(({ name }, index) => graph.output(name, cast(maps[index] as Value, 'float32')));
  return graph;
}

/** `views` uint8 `[1, height, width, 3]` → the magnitudes that `QuantizedConvolutions` needs, float32, by name. */
export function buildRangeGraph(config: ModelConfig, parameters: ParameterSource): Graph {
  const graph = new Graph('ranges');
  trunkMaps(config, new RangeRecorder(parameters(graph)), graph.input('views', 'uint8', [1, ...config.inputSize, 3]));
  return graph;
}

/**
 * Maps of uint8 views `[n, height, width, 3]`, see `pictureMaps()`: by CLIP's transformer, by convolutions, or by a
 * ready-made trunk.
 */
export function trunkMaps(
  config: ModelConfig,
  parameters: Parameters,
  views: Value,
  trunkModel?: Uint8Array,
): readonly Value[] {
  const { trunk } = config;
  if (trunk.kind === 'clip') {
    const compute = parameters.get('clip.vision_model.pre_layrnorm.weight', [trunk.hiddenSize]).dtype;
    return visionTaps(parameters, cast(normalizePixels(views, trunk), compute), trunk, config.patchGrid);
  }
  if (trunk.kind === 'convolution') {
    const compute = parameters.get('trunk.stem.bias', [trunk.stem]).dtype;
    return convolutionMaps(parameters, cast(normalizePixels(views, trunk), compute), trunk);
  }
  const [n] = views.shape as readonly [Value['shape'][number]];
  return addForeignModel(parameters.graph, trunkModel as Uint8Array, {
    input: { name: 'pixels', value: views },
    outputs: pictureMaps(config).map(({ name, shape }) => ({ name, dtype: 'float32', shape: [n, ...shape] })),
  });
}

/**
 * The maps of pictures, each `[images, views, …]`, and `text` float32 `[labels, embeddingDim]` → `logits` float32
 * `[images, labels, height, width]`, views merged.
 */
export function buildDecodeGraph(
  config: ModelConfig,
  parameters: ParameterSource,
  views: ViewCount,
  merge: MergeRule,
): Graph {
  const graph = new Graph('decode');
  const source = parameters(graph);
  const compute = source.get('decoder.film_mul.bias', [config.decoder.reduceDim]).dtype;
  const maps = pictureMaps(config).map(({ name, shape }) => {
    const map = graph.input(name, 'float32', ['images', views, ...shape]);
    return cast(reshape(map, [productOf(['images', views]), ...shape]), compute);
  });
  const text = cast(graph.input('text', 'float32', ['labels', config.embeddingDim]), compute);
  const logits = cast(decodeLabels(source, maps, text, config).logits(), 'float32');
  graph.output('logits', mergeViews(logits, 'images', 'labels', views, merge));
  return graph;
}

/** The postprocessing of one picture: see {@link addPostprocess}. */
export function buildPostprocessGraph(shape: PostprocessShape): Graph {
  const graph = new Graph('postprocess');
  addPostprocess(graph, shape);
  return graph;
}

/** `ids`, `positions`, `ends` (see {@link textEmbeddings}) → `embeddings` float32 `[prompts, embeddingDim]`. */
export function buildTextGraph(config: ModelConfig, parameters: ParameterSource): Graph {
  if (config.text.kind !== 'clip')
    throw new RangeError(`internal: text graph must be built for a CLIP text encoder, got ${config.text.kind}`);
  const graph = new Graph('text');
  const ids = graph.input('ids', 'int64', ['prompts', 'tokens']);
  const positions = graph.input('positions', 'int64', ['tokens']);
  const ends = graph.input('ends', 'int64', ['prompts']);
  graph.output(
    'embeddings',
    cast(textEmbeddings(parameters(graph), ids, positions, ends, config.text, config.embeddingDim), 'float32'),
  );
  return graph;
}
