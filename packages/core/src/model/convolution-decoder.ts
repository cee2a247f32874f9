/**
 * The decoder of convolution trunks: what does not depend on a label is computed once per picture, and FiLM conditions
 * its result. A label then costs two products per place, so that many labels run in real time.
 *
 * `F = relu(up(Σ reduce_i(X_i)) + fine(X_fine))`, refined by depthwise blocks; `h = relu(γ(t) ⊙ F + β(t))`;
 * `logit = w · h + b`; where the trunk has a finest map, the logits take its outlines: see `outlines.ts`.
 */
import type { Value } from '../graph/graph.ts';
import { add, matmul, multiply, relu } from '../graph/ops.ts';
import { resize } from '../graph/picture-ops.ts';
import { reshape, slice, transpose } from '../graph/shape-ops.ts';
import type { Dimension } from '../graph/tensor-type.ts';
import type { ConvolutionDecoderConfig } from '../checkpoint/convolution-config.ts';
import { convolution } from './convolution-trunk.ts';
import { alongOutlines } from './outlines.ts';
import { pair } from './pairing.ts';
import { linear, type Parameters } from './parameters.ts';

/** Maps of pictures, by what they are for. */
interface DecoderMaps {
  /** The taps, shallow to deep, `[images, 1 + rows·columns, D_i]` each. */
  readonly taps: readonly Value[];
  /** `[images, C, 2·rows, 2·columns]` */
  readonly fine: Value;
  /** `[images, C, 4·rows, 4·columns]`, of a trunk that has one. */
  readonly finest: Value | undefined;
}

/** Tells the trunk's maps apart: taps have three axes. */
function decoderMaps(maps: readonly Value[]): DecoderMaps {
  const taps = maps.filter(({ shape }) => shape.length === 3);
  const [fine, finest] = maps.slice(taps.length);
  return { taps, fine: fine as Value, finest };
}

/** What all labels of a picture share: `[images, reduceDim, 2·rows, 2·columns]`. */
function sharedFeatures(
  parameters: Parameters,
  { taps, fine }: DecoderMaps,
  { reduceDim: width, refinements }: ConvolutionDecoderConfig,
): Value {
  const [images, , rows, columns] = fine.shape as readonly [Dimension, number, number, number];
  const reduced = [...taps].reverse().map((tap, layer) => {
    const [, tokens, channels] = tap.shape as readonly [Dimension, number, number];
    return linear(parameters, `decoder.reduces.${layer}`, slice(tap, 1, 1, tokens), channels, width);
  });
  const coarse = transpose(reduced.reduce(add), [0, 2, 1]);
  const grid = reshape(coarse, [images, width, rows / 2, columns / 2]);
  const up = resize(grid, [images, width, rows, columns], 'linear');
  let shared = relu(add(up, convolution(parameters, 'decoder.fine', fine, width)));
  for (let index = 0; index < refinements; index++) {
    const name = `decoder.refinements.${index}`;
    const around = relu(convolution(parameters, `${name}.depthwise`, shared, width, { side: 3, groups: width }));
    shared = relu(add(shared, convolution(parameters, `${name}.project`, around, width)));
  }
  return shared;
}

/**
 * Decodes labels: see `decodeLabels()`, whose features here lie on the finer map's grid.
 *
 * @param maps - the taps, shallow to deep, the finer map, and the finest where the trunk has one
 */
export function decodeMaps(
  parameters: Parameters,
  maps: readonly Value[],
  text: Value,
  config: ConvolutionDecoderConfig,
  assignment?: Value,
): { readonly features: Value; readonly logits: () => Value } {
  const { reduceDim: width } = config;
  const named = decoderMaps(maps);
  const shared = sharedFeatures(parameters, named, config);
  const [images, , height, columns] = shared.shape as readonly [Dimension, number, number, number];
  const cells = height * columns;
  const [labels, embeddingDim] = text.shape as readonly [Dimension, number];
  const { rows, perImage, perLabel } = pair(images, [width, cells], text, assignment);
  const film = (which: string): Value =>
    perLabel(reshape(linear(parameters, `decoder.${which}`, text, embeddingDim, width), [labels, width, 1]));
  const conditioned = relu(add(multiply(perImage(shared), film('film_mul')), film('film_add')));
  const perRow = reshape(conditioned, [rows, width, cells]);
  return {
    features: transpose(perRow, [0, 2, 1]),
    logits: () => {
      const weight = parameters.get('decoder.head.weight', [1, width]);
      const logits = add(matmul(weight, perRow), parameters.get('decoder.head.bias', [1]));
      const grid = reshape(logits, [rows, height, columns]);
      return named.finest === undefined
        ? grid
        : alongOutlines(parameters, grid, { shared, finest: named.finest, text, assignment });
    },
  };
}
