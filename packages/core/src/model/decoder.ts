/**
 * FiLM + transformer decoder + upsampling head (SynSeg method, "Model" 3–5; CLIPSeg's decoder).
 *
 * Written for inference and training alike: one row per (image, label), only differentiable operators, no shortcuts.
 */
import type { Value } from '../graph/graph.ts';
import { add, matmul, multiply, relu } from '../graph/ops.ts';
import { conv } from '../graph/picture-ops.ts';
import { expand, reshape, slice, transpose } from '../graph/shape-ops.ts';
import type { Dimension } from '../graph/tensor-type.ts';
import type { TransformerDecoderConfig } from '../checkpoint/model-config.ts';
import { postNormBlock } from './attention.ts';
import { pair } from './pairing.ts';
import { linear, type Parameters } from './parameters.ts';

/** Intermediate values of the decoder, one row per (image, label). */
export interface DecoderStates {
  /** Input of the first layer and output of each: `[rows, 1 + patches, reduceDim]`. */
  readonly hidden: readonly Value[];
  /** Post-decoder features without the class token: `[rows, patches, reduceDim]`. */
  readonly features: Value;
}

/**
 * Conditions the deepest tap on each label's text embedding and lets the shallower taps in, layer by layer:
 * `a = γ(t_c) ⊙ reduce_0(X_deep) + β(t_c)`, `a = L_0(a)`, `a = L_i(reduce_i(X_i) + a)`.
 *
 * @param taps - shallow to deep, `[images, 1 + patches, D_i]` each
 * @param text - text embeddings `[labels, embeddingDim]`
 * @param assignment - `[rows, images]`, one-hot: row r is text r on that picture; without it every label meets every
 *   picture, labels within pictures. A row of zeros belongs to no picture.
 */
export function decode(
  parameters: Parameters,
  taps: readonly Value[],
  text: Value,
  config: TransformerDecoderConfig,
  assignment?: Value,
): DecoderStates {
  const { reduceDim: width } = config;
  const [images, tokens] = (taps[0] as Value).shape as readonly [Dimension, number];
  const [labels, embeddingDim] = text.shape as readonly [Dimension, number];
  const { rows, ...pairing } = pair(images, [tokens, width], text, assignment);
  const film = (which: string): Value =>
    pairing.perLabel(reshape(linear(parameters, `decoder.${which}`, text, embeddingDim, width), [labels, 1, width]));
  const perRow = (x: Value): Value => reshape(x, [rows, tokens, width]);
  const hidden: Value[] = [];
  let state: Value | undefined;
  // Until the conditional layer all labels share one row per picture; from there on each has its own.
  [...taps].reverse().forEach((tap, layer) => {
    const reduced = linear(parameters, `decoder.reduces.${layer}`, tap, tap.shape[2] as number, width);
    const conditioned = layer > config.conditionalLayer;
    let input: Value;
    if (state === undefined) input = reduced;
    else if (conditioned) input = perRow(add(reshape(state, pairing.state), pairing.perImage(reduced)));
    else input = add(state, reduced);
    if (layer === config.conditionalLayer)
      input = perRow(add(multiply(pairing.perImage(input), film('film_mul')), film('film_add')));
    if (hidden.length === 0) hidden.push(input);
    state = postNormBlock(parameters, `decoder.layers.${layer}`, input, { ...config, width });
    hidden.push(state);
  });
  const last = state as unknown as Value;
  // Rows of layers before the conditional one are the same for every label.
  const allRows = (value: Value): Value =>
    value.shape[0] === rows ? value : perRow(expand(pairing.perImage(value), pairing.state));
  return { hidden: hidden.map(allRows), features: slice(last, 1, 1, tokens) };
}

/**
 * Post-decoder features to logits at the trunk's resolution.
 *
 * A transposed convolution whose stride equals its kernel is a product per patch and a rearrangement of pixels.
 *
 * @param features - `[rows, patches, reduceDim]`
 * @returns `[rows, height, width]`
 */
export function upsampleToLogits(
  parameters: Parameters,
  features: Value,
  [gridRows, gridColumns]: readonly [number, number],
  config: TransformerDecoderConfig,
): Value {
  const { reduceDim: width, patchSize, head } = config;
  const [rows] = features.shape as readonly [Dimension];
  const name = 'decoder.transposed_convolution';
  if (head === 'simple') {
    const picture = spread(parameters, name, features, gridRows, gridColumns, {
      channels: width,
      outChannels: 1,
      kernel: patchSize,
    });
    return reshape(picture, [rows, gridRows * patchSize, gridColumns * patchSize]);
  }
  const kernel = Math.floor(patchSize / 4);
  const half = Math.floor(width / 2);
  const grid = transpose(reshape(features, [rows, gridRows, gridColumns, width]), [0, 3, 1, 2]);
  const smoothed = relu(
    conv(grid, parameters.get(`${name}.0.weight`, [width, width, 3, 3]), parameters.get(`${name}.0.bias`, [width]), {
      stride: 1,
      padding: 1,
    }),
  );
  const flat = reshape(transpose(smoothed, [0, 2, 3, 1]), [rows, gridRows * gridColumns, width]);
  const middle = relu(
    spread(parameters, `${name}.2`, flat, gridRows, gridColumns, { channels: width, outChannels: half, kernel }),
  );
  const [middleRows, middleColumns] = [gridRows * kernel, gridColumns * kernel];
  const middleFlat = reshape(middle, [rows, middleRows * middleColumns, half]);
  const picture = spread(parameters, `${name}.4`, middleFlat, middleRows, middleColumns, {
    channels: half,
    outChannels: 1,
    kernel,
  });
  return reshape(picture, [rows, middleRows * kernel, middleColumns * kernel]);
}

/** Transposed convolution with stride = kernel, channels last: `[n, r·c, channels]` → `[n, r·k, c·k, outChannels]`. */
function spread(
  parameters: Parameters,
  name: string,
  x: Value,
  gridRows: number,
  gridColumns: number,
  sizes: { readonly channels: number; readonly outChannels: number; readonly kernel: number },
): Value {
  const { channels, outChannels, kernel } = sizes;
  const [n] = x.shape as readonly [Dimension];
  // [in, out, k, k] → [in, k·k·out]
  const weight = reshape(
    transpose(parameters.get(`${name}.weight`, [channels, outChannels, kernel, kernel]), [0, 2, 3, 1]),
    [channels, kernel * kernel * outChannels],
  );
  const cells = reshape(matmul(x, weight), [n, gridRows, gridColumns, kernel, kernel, outChannels]);
  const picture = reshape(transpose(cells, [0, 1, 3, 2, 4, 5]), [
    n,
    gridRows * kernel,
    gridColumns * kernel,
    outChannels,
  ]);
  const bias = parameters.get(`${name}.bias`, [outChannels]);
  // The runtime adds a single number to everything at once, but a vector of one element by element: 2.7 ms for
  // 352×352×2.
  return add(picture, outChannels === 1 ? reshape(bias, []) : bias);
}
