/**
 * A convolution trunk: inverted residual blocks (Sandler et al., "MobileNetV2", arXiv 1801.04381) with the pyramid of
 * DeepLabv3 for small devices (the same paper, section 6.3). Batch norms are folded into the weights.
 */
import type { Value } from '../graph/graph.ts';
import { add } from '../graph/ops.ts';
import { clip, conv, globalAverage } from '../graph/picture-ops.ts';
import { concat, reshape, slice, transpose } from '../graph/shape-ops.ts';
import { blocksOf, type ConvolutionBlock, type ConvolutionTrunkConfig } from '../checkpoint/convolution-config.ts';
import { productOf, type Dimension } from '../graph/tensor-type.ts';
import type { Parameters } from './parameters.ts';

const SIDE = 3;

const RELU6 = [0, 6] as const;

/** `min(max(x, 0), 6)`. */
const relu6 = (x: Value): Value => clip(x, ...RELU6);

/**
 * Taps and finer map of pictures.
 *
 * @param pixelValues - normalized `[n, 3, height, width]`, both a multiple of the patch size
 * @returns `[n, 1 + rows·columns, D_i]` per tap, shallow to deep, token 0 the mean of the others; then the finer map,
 *   `[n, C, 2·rows, 2·columns]`, and the finest, `[n, C, 4·rows, 4·columns]`, where the trunk has one
 */
export function convolutionMaps(parameters: Parameters, pixelValues: Value, config: ConvolutionTrunkConfig): Value[] {
  const { stem, tapBlocks, pyramid, fineBlock, finestBlock } = config;
  const pixels = stored(parameters, 'trunk.pixels', pixelValues, pixelBounds(config));
  let x = relu6Of(parameters, 'trunk.stem', pixels, stem, { side: SIDE, stride: 2 });
  const taps: Value[] = [];
  const finer = new Map<number, Value>();
  blocksOf(config).forEach((block, index) => {
    x = invertedResidual(parameters, `trunk.blocks.${index}`, x, block);
    if (tapBlocks.includes(index)) taps.push(x);
    if (index === fineBlock || index === finestBlock) finer.set(index, x);
  });
  if (pyramid !== undefined) taps.push(pyramidOf(parameters, x, pyramid));
  // Finer maps lie in earlier blocks.
  return [...taps.map(tokensOf), ...[...finer.values()].reverse()];
}

/** 1×1 expansion, 3×3 depthwise, 1×1 projection; beside them the input, where it has the output's shape. */
function invertedResidual(parameters: Parameters, name: string, x: Value, block: ConvolutionBlock): Value {
  const { inChannels, hidden, channels, stride, dilation } = block;
  const expanded = hidden === inChannels ? x : relu6Of(parameters, `${name}.expand`, x, hidden);
  const around = { side: SIDE, stride, dilation, groups: hidden };
  const depthwise = relu6Of(parameters, `${name}.depthwise`, expanded, hidden, around);
  const projected = stored(
    parameters,
    `${name}.project`,
    convolution(parameters, `${name}.project`, depthwise, channels),
  );
  return stride === 1 && inChannels === channels ? stored(parameters, `${name}.sum`, add(x, projected)) : projected;
}

/**
 * `relu6(W · [relu6(W_p · mean(x)), relu6(W_m · x)])`: the mean's part of the last product is computed once, not at
 * every place.
 */
function pyramidOf(parameters: Parameters, x: Value, width: number): Value {
  const pooled = relu6(convolution(parameters, 'trunk.pyramid.pool', globalAverage(x), width));
  const local = relu6Of(parameters, 'trunk.pyramid.map', x, width);
  const weight = parameters.get('trunk.pyramid.project.weight', [width, 2 * width, 1, 1]);
  const bias = parameters.get('trunk.pyramid.project.bias', [width]);
  const options = { stride: 1, padding: 0 };
  const everywhere = conv(pooled, slice(weight, 1, 0, width), bias, options);
  return relu6(add(conv(local, slice(weight, 1, width, 2 * width), undefined, options), everywhere));
}

/** Settings of {@link convolution}. */
interface ConvolutionShape {
  readonly side?: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

/** A convolution with bias that keeps the size, apart from its stride. */
export function convolution(
  parameters: Parameters,
  name: string,
  x: Value,
  channels: number,
  shape: ConvolutionShape = {},
): Value {
  const { side = 1, stride = 1, dilation = 1, groups = 1 } = shape;
  const sizes = [channels, (x.shape[1] as number) / groups, side, side];
  const { kernel, bias } = parameters.convolution?.(name, sizes, x) ?? {
    kernel: parameters.get(`${name}.weight`, sizes),
    bias: parameters.get(`${name}.bias`, [channels]),
  };
  const padding = dilation * Math.floor(side / 2);
  return conv(x, kernel, bias, { stride, padding, dilation, groups });
}

/** {@link convolution}, then ReLU6. */
function relu6Of(parameters: Parameters, name: string, x: Value, channels: number, shape?: ConvolutionShape): Value {
  return stored(parameters, name, relu6(convolution(parameters, name, x, channels, shape)), RELU6);
}

/** A map as the precision keeps it. */
function stored(parameters: Parameters, name: string, map: Value, bounds?: readonly [number, number]): Value {
  return parameters.stored?.(name, map, bounds) ?? map;
}

/** Between which numbers normalized pixels lie. */
function pixelBounds({ imageMean, imageStd }: ConvolutionTrunkConfig): readonly [number, number] {
  const at = (pixel: number): number[] => imageMean.map((mean, channel) => (pixel - mean) / imageStd[channel]!);
  return [Math.min(...at(0)), Math.max(...at(1))];
}

/** `[n, c, rows, columns]` → `[n, 1 + rows·columns, c]`, the mean first. */
function tokensOf(map: Value): Value {
  const [n, channels, rows, columns] = map.shape as readonly [Dimension, number, number, number];
  const cells = productOf([rows, columns]);
  const all = concat([reshape(globalAverage(map), [n, channels, 1]), reshape(map, [n, channels, cells])], 2);
  return transpose(all, [0, 2, 1]);
}
