/**
 * What the encoders know without a decoder: each patch token goes through the rest of the vision encoder, as the class
 * token
 * does, and is compared with the labels' embeddings.
 */
import {
  Segmenter,
  type ImageInput,
  type LabelInput,
  type LabelSet,
  type LabelsOptions,
  type SegmentOptions,
  type SegmenterOptions,
} from '@synseg/core';
import { openCheckpoint, type ClipVisionConfig, type ModelConfig, type Weights } from '@synseg/core/checkpoint';
import {
  CheckpointParameters,
  Graph,
  ops,
  pictureOps,
  shapeOps,
  trunkMaps,
  writeOnnx,
  type Value,
} from '@synseg/core/graph';
import { createSession, type GraphSession, openImage } from '@synseg/core/runtime';
import type { EvaluatedModel } from '@synseg/train';

/** Added to a standard deviation before it divides: a label that is equally near everywhere stays at 0. */
export const DEVIATION_EPSILON = 1e-6;

/** Options of {@link PatchSimilarity.load}. */
export interface SimilarityOptions extends Pick<SegmenterOptions, 'threads' | 'cacheFolder'> {
  /**
   * Shifts and scales each label's similarities to mean 0 and deviation 1 over the picture's patches. @default false
   */
  readonly standardise?: boolean;
}

/** Which label is nearest at each pixel. */
export interface SimilarityMap {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Uint8Array, [height, width]: index into the labels. */
  readonly labelMap: Uint8Array;
  /** Float32Array, [labels, rows, columns]: cosines, −1 … 1, or what standardising made of them. */
  readonly similarities: Float32Array;
}

/** Raw patch–text similarity of a checkpoint's encoders, in the place of its decoder. One view, fp32, on the CPU. */
export class PatchSimilarity implements EvaluatedModel {
  readonly device = 'cpu';
  readonly precision = 'fp32';
  readonly vocabulary = undefined;
  readonly inputSize: readonly [height: number, width: number];
  readonly #segmenter: Segmenter;
  readonly #session: GraphSession;

  private constructor(segmenter: Segmenter, session: GraphSession) {
    this.#segmenter = segmenter;
    this.#session = session;
    this.inputSize = segmenter.inputSize;
  }

  /**
   * Loads the encoders of a folder.
   *
   * @throws RangeError for a checkpoint without both encoders
   */
  static async load(
    folder: string,
    { standardise = false, threads = 1, cacheFolder }: SimilarityOptions = {},
  ): Promise<PatchSimilarity> {
    const { config, weights } = await openCheckpoint(folder);
    const graph = buildSimilarityGraph(config, weights, standardise);
    const segmenter = await Segmenter.load(folder, {
      device: 'cpu',
      threads,
      ...(cacheFolder === undefined ? {} : { cacheFolder }),
    });
    try {
      return new PatchSimilarity(segmenter, await createSession(writeOnnx(graph), { provider: 'cpu', threads }));
    } catch (error) {
      await segmenter[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The embeddings a decoder would be conditioned on. */
  labels(labels: readonly LabelInput[], options?: LabelsOptions): Promise<LabelSet> {
    return this.#segmenter.labels(labels, options);
  }

  /** The label with the highest similarity at every pixel. @throws RangeError for five views */
  async segment(
    image: ImageInput,
    labels: LabelSet,
    { views = 1 }: Pick<SegmentOptions, 'views'> = {},
  ): Promise<SimilarityMap> {
    if (views !== 1) throw new RangeError(`Cannot compare patches: views must be 1, got ${views}`);
    const opened = await openImage(image);
    const [rows, columns] = this.inputSize;
    const { width, height } = opened;
    const results = await this.#session.run({
      pixels: { data: await opened.resized(columns, rows), shape: [1, rows, columns, 3] },
      text: { data: labels.embeddings, shape: [labels.names.length, labels.embeddingDim] },
      size: { data: BigInt64Array.of(BigInt(height), BigInt(width)), shape: [2] },
    });
    return {
      width,
      height,
      labelMap: results['labels']!.data as Uint8Array,
      similarities: results['similarities']!.data as Float32Array,
    };
  }

  /** Frees everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
    await this.#segmenter[Symbol.asyncDispose]();
  }
}

/**
 * `pixels` uint8 `[1, height, width, 3]`, `text` float32 `[labels, D]`, `size` int64 `[2]` (height and width of the
 * result) →
 * `similarities` float32 `[labels, rows, columns]`, `labels` uint8 `[height, width]`: argmax after bilinear
 * enlargement.
 */
function buildSimilarityGraph(config: ModelConfig, weights: Weights, standardise: boolean): Graph {
  const { trunk, embeddingDim, patchGrid } = config;
  if (trunk.kind !== 'clip' || config.text.kind !== 'clip')
    throw new RangeError(
      'Cannot compare patches: the checkpoint must have both encoders, got a ready-made trunk or a vocabulary',
    );
  const graph = new Graph('patch similarity');
  const pixels = graph.input('pixels', 'uint8', [1, ...config.inputSize, 3]);
  const patches = unit(patchEmbeddings(config, trunk, new CheckpointParameters(graph, weights), pixels));
  const text = unit(graph.input('text', 'float32', ['labels', embeddingDim]));
  const cosines = ops.matmul(text, shapeOps.transpose(patches, [1, 0]));
  const grid = shapeOps.reshape(standardise ? standardized(cosines) : cosines, ['labels', ...patchGrid]);
  graph.output('similarities', grid);
  const sizes = shapeOps.concat([shapeOps.dimensionsOf(graph, [1, 'labels']), graph.input('size', 'int64', [2])], 0);
  const enlarged = pictureOps.resizeTo(
    shapeOps.reshape(grid, [1, 'labels', ...patchGrid]),
    sizes,
    [1, 'labels', 'height', 'width'],
    'linear',
  );
  graph.output('labels', ops.cast(ops.argMax(shapeOps.squeeze(enlarged, [0]), 0), 'uint8'));
  return graph;
}

/** Every patch as the class token is embedded: all blocks, post_layernorm, visual_projection. `[patches, D]` */
function patchEmbeddings(
  config: ModelConfig,
  trunk: ClipVisionConfig,
  parameters: CheckpointParameters,
  pixels: Value,
): Value {
  const { hiddenSize, layers, layerNormEpsilon } = trunk;
  const patches = config.patchGrid[0] * config.patchGrid[1];
  const [last] = trunkMaps(
    { ...config, trunk: { ...trunk, tapLayers: [layers - 1] } },
    parameters,
    pixels,
  ) as readonly [Value];
  const tokens = shapeOps.reshape(shapeOps.slice(last, 1, 1, 1 + patches), [patches, hiddenSize]);
  const norm = (which: string): Value => parameters.get(`clip.vision_model.post_layernorm.${which}`, [hiddenSize]);
  const normed = ops.layerNorm(tokens, norm('weight'), norm('bias'), layerNormEpsilon);
  return ops.affine(
    normed,
    parameters.get('clip.visual_projection.weight', [config.embeddingDim, hiddenSize]),
    undefined,
  );
}

/** Rows of length one. */
function unit(rows: Value): Value {
  return ops.divide(rows, ops.sqrt(ops.reduceSum(ops.multiply(rows, rows), [1], true)));
}

/** Each row with mean 0 and deviation 1. */
function standardized(rows: Value): Value {
  const columns = rows.shape[1] as number;
  const mean = (values: Value): Value => ops.divide(ops.reduceSum(values, [1], true), ops.scalar(values, columns));
  const centered = ops.subtract(rows, mean(rows));
  const deviation = ops.sqrt(mean(ops.multiply(centered, centered)));
  return ops.divide(centered, ops.add(deviation, ops.scalar(rows, DEVIATION_EPSILON)));
}
