/**
 * CLIP's vision transformer. Segmentation reads its taps, so blocks after the last tap are not built. Training of
 * encoders uses the whole transformer, up to the embedding of a picture.
 */
import type { Value } from '../graph/graph.ts';
import { add, cast, divide, matmul, scalar, subtract } from '../graph/ops.ts';
import { conv, resize } from '../graph/picture-ops.ts';
import { concat, expand, reshape, slice, transpose } from '../graph/shape-ops.ts';
import type { ClipVisionConfig } from '../checkpoint/model-config.ts';
import { preNormBlock } from './attention.ts';
import { linear, norm, type Parameters } from './parameters.ts';

const PREFIX = 'clip.vision_model';

/**
 * Normalizes RGB bytes as CLIP expects: `(pixels / 255 − mean) / std`, channels first.
 *
 * @param pixels - uint8 `[n, height, width, 3]`
 * @returns float32 `[n, 3, height, width]`
 */
export function normalizePixels(pixels: Value, config: Pick<ClipVisionConfig, 'imageMean' | 'imageStd'>): Value {
  const { graph } = pixels;
  // Channels first from here on: per-channel numbers then meet whole planes, not three values at a time, which is 3 ms
  // slower.
  const planes = transpose(cast(pixels, 'float32'), [0, 3, 1, 2]);
  const scaled = divide(planes, scalar(planes, 255));
  const perChannel = (numbers: readonly number[]): Value => graph.floats(numbers, [numbers.length, 1, 1]);
  return divide(subtract(scaled, perChannel(config.imageMean)), perChannel(config.imageStd));
}

/**
 * The hidden states after each tap block.
 *
 * @param pixelValues - normalized `[n, 3, height, width]`
 * @param patchGrid - rows and columns of patches; position embeddings are interpolated when training used another grid
 * @returns one `[n, 1 + rows·columns, hiddenSize]` per tap, shallow to deep; token 0 is the class token
 */
export function visionTaps(
  parameters: Parameters,
  pixelValues: Value,
  config: ClipVisionConfig,
  patchGrid: readonly [number, number],
): Value[] {
  const states = hiddenStates(parameters, pixelValues, config, patchGrid, (config.tapLayers.at(-1) ?? -1) + 1);
  return config.tapLayers.map((layer) => states[layer + 1] as Value);
}

/**
 * Embeddings of whole pictures: the class token after the last block, normalized, then projected. Not of length one.
 *
 * @param pixelValues - normalized `[n, 3, height, width]`
 * @param kept - float32 `[tokens, 1 + rows·columns]`, one-hot: the tokens that the blocks see, the class token first;
 * all when left out
 * @returns `[n, embeddingDim]`
 */
export function imageEmbeddings(
  parameters: Parameters,
  pixelValues: Value,
  config: ClipVisionConfig,
  patchGrid: readonly [number, number],
  embeddingDim: number,
  kept?: Value,
): Value {
  const { hiddenSize: width, layers, layerNormEpsilon } = config;
  const before = hiddenStates(parameters, pixelValues, config, patchGrid, layers - 1, kept).at(-1) as Value;
  // Of the last block only the class token is read: its patches ask for nothing.
  const last = preNormBlock(
    parameters,
    `${PREFIX}.encoder.layers.${layers - 1}`,
    before,
    { ...config, width },
    undefined,
    1,
  );
  const classToken = reshape(last, [last.shape[0] as Value['shape'][number], width]);
  return linear(
    parameters,
    'clip.visual_projection',
    norm(parameters, `${PREFIX}.post_layernorm`, classToken, width, layerNormEpsilon),
    width,
    embeddingDim,
    false,
  );
}

/**
 * The input of the first block, and the outputs of the first `layers` blocks: `[n, 1 + rows·columns, hiddenSize]` each,
 * or the tokens kept.
 */
function hiddenStates(
  parameters: Parameters,
  pixelValues: Value,
  config: ClipVisionConfig,
  patchGrid: readonly [number, number],
  layers: number,
  kept?: Value,
): Value[] {
  const { hiddenSize: width, patchSize } = config;
  const [rows, columns] = patchGrid;
  const [n] = pixelValues.shape as readonly [Value['shape'][number]];
  const kernel = parameters.get(`${PREFIX}.embeddings.patch_embedding.weight`, [width, 3, patchSize, patchSize]);
  const patches = conv(pixelValues, kernel, undefined, { stride: patchSize, padding: 0 });
  const tokens = transpose(reshape(patches, [n, width, rows * columns]), [0, 2, 1]);
  const classToken = expand(reshape(parameters.get(`${PREFIX}.embeddings.class_embedding`, [width]), [1, 1, width]), [
    n,
    1,
    width,
  ]);
  const positions = positionEmbeddings(parameters, config, patchGrid);
  const placed = add(concat([classToken, tokens], 1), positions);
  let x = norm(
    parameters,
    `${PREFIX}.pre_layrnorm`,
    kept === undefined ? placed : matmul(kept, placed),
    width,
    config.layerNormEpsilon,
  );
  const states: Value[] = [x];
  for (let layer = 0; layer < layers; layer++) {
    x = preNormBlock(parameters, `${PREFIX}.encoder.layers.${layer}`, x, { ...config, width });
    states.push(x);
  }
  return states;
}

/**
 * Position embeddings `[1, 1 + rows·columns, width]`, bicubic (a = −0.75, half-pixel) when the grid is not the trained
 * one.
 */
function positionEmbeddings(
  parameters: Parameters,
  config: ClipVisionConfig,
  [rows, columns]: readonly [number, number],
): Value {
  const width = config.hiddenSize;
  const side = Math.floor(config.trainedSize / config.patchSize);
  const table = parameters.get(`${PREFIX}.embeddings.position_embedding.weight`, [1 + side * side, width]);
  if (rows === side && columns === side) return reshape(table, [1, 1 + side * side, width]);
  const classPosition = slice(table, 0, 0, 1);
  const grid = slice(table, 0, 1, 1 + side * side);
  const picture = transpose(reshape(cast(grid, 'float32'), [1, side, side, width]), [0, 3, 1, 2]);
  const resized = resize(picture, [1, width, rows, columns], 'cubic');
  const interpolated = cast(reshape(transpose(resized, [0, 2, 3, 1]), [rows * columns, width]), table.dtype);
  return reshape(concat([classPosition, interpolated], 0), [1, 1 + rows * columns, width]);
}
