/**
 * Embeddings by the picture encoder of windows of the picture. It was trained to say what is in a whole picture; of a
 * window it says the same, and nothing of the rest of the picture can lead it astray (compare ViLD, Gu et al. 2022,
 * which embeds crops around proposals).
 *
 * 7 × 7 windows, a quarter of the picture each way, each of them read at the encoder's full size; neighbors share
 * half.
 */
import { SynsegError } from '@synseg/core';
import type { ClipVisionConfig, ModelConfig } from '@synseg/core/checkpoint';
import { imageEmbeddings, normalizePixels, ops, shapeOps, type Parameters, type Value } from '@synseg/core/graph';
import { unit } from '../objective/rows.ts';

const { cast, matmul } = ops;
const { concat, reshape, slice } = shapeOps;

/** All that embeddings of windows depend on, but for the encoder. */
export const WINDOWS = {
  /** Size of the picture, in sizes of the encoder's input. */
  zoom: 4,
  /** Windows each way. */
  across: 7,
  /** Deviation of the weight by which a window counts at a patch, in halves of a window between their centers. */
  reach: 0.7,
} as const;
const { zoom: ZOOM, across: ACROSS, reach: REACH } = WINDOWS;

/**
 * At each patch the mean of the unit embeddings of the windows that cover it, the nearer ones more; before the patches,
 * as a class token, the mean of all windows.
 *
 * @param pixels - one picture at four times the input size: uint8 `[1, 4·height, 4·width, 3]`
 * @returns float32 `[1, 1 + patches, embeddingDim]`
 */
export function windowEmbeddings(parameters: Parameters, pixels: Value, config: ModelConfig): Value {
  const vision = pictureEncoderOf(config);
  const { patchGrid, embeddingDim } = config;
  const [height, width] = config.inputSize;
  const places = Array.from({ length: ACROSS }, (_, place) => place);
  const bands = places.map((row) => startOf(row, height)).map((top) => slice(pixels, 1, top, top + height));
  const windows = concat(
    bands.flatMap((band) =>
      places.map((column) => startOf(column, width)).map((left) => slice(band, 2, left, left + width)),
    ),
    0,
  );
  const compute = parameters.get('clip.vision_model.pre_layrnorm.weight', [vision.hiddenSize]).dtype;
  const embeddings = unit(
    cast(
      imageEmbeddings(parameters, cast(normalizePixels(windows, vision), compute), vision, patchGrid, embeddingDim),
      'float32',
    ),
  );
  const weights = parameters.graph.floats(windowWeights(patchGrid), [1 + patchGrid[0] * patchGrid[1], ACROSS ** 2]);
  return reshape(matmul(weights, embeddings), [1, 1 + patchGrid[0] * patchGrid[1], embeddingDim]);
}

/** The picture encoder's sizes. @throws SynsegError `CHECKPOINT_FORMAT` for another trunk, which embeds no pictures */
export function pictureEncoderOf({ trunk }: ModelConfig): ClipVisionConfig {
  if (trunk.kind === 'clip') return trunk;
  const got = trunk.kind === 'onnx' ? 'a ready-made trunk' : 'a convolution trunk';
  const rule = 'have CLIP\'s picture encoder for recipe "dense-captions" (recipe "tags" needs none)';
  throw new SynsegError('CHECKPOINT_FORMAT', `Cannot train: checkpoint must ${rule}, got ${got}`);
}

/** Weight of each window in each token, row-major `[1 + patches, windows]`; each row sums to 1. */
export function windowWeights([rows, columns]: readonly [number, number]): Float32Array {
  const [vertical, horizontal] = [alongOneSide(rows), alongOneSide(columns)];
  const tokens = [
    new Array<number>(ACROSS ** 2).fill(ACROSS ** -2),
    ...vertical.flatMap((down) =>
      horizontal.map((across) => down.flatMap((share) => across.map((other) => share * other))),
    ),
  ];
  return Float32Array.from(tokens.flat());
}

/** Shares of the windows at each of `patches` along a side; 0 for those that do not hold the patch's center. */
function alongOneSide(patches: number): readonly (readonly number[])[] {
  return Array.from({ length: patches }, (_, patch) => {
    const weights = Array.from({ length: ACROSS }, (_, window) => {
      const center = 1 / (2 * ZOOM) + (window * (1 - 1 / ZOOM)) / (ACROSS - 1);
      const halves = Math.abs((patch + 0.5) / patches - center) * 2 * ZOOM;
      return halves < 1 ? Math.exp(-((halves / REACH) ** 2) / 2) : 0;
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  });
}

/** First pixel of a window along a side. */
function startOf(window: number, size: number): number {
  return Math.floor((window * (ZOOM - 1) * size) / (ACROSS - 1));
}
