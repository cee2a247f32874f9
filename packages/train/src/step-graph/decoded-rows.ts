/** The decoder's output for each row, in several forms, each computed when a loss first reads it. */
import type { ModelConfig, TransformerDecoderConfig } from '@synseg/core/checkpoint';
import {
  decodeLabels,
  ops,
  shapeOps,
  type DecodedLabels,
  type Dimension,
  type Parameters,
  type Value,
} from '@synseg/core/graph';
import { patchMaps, patchMeans, type PatchMaps } from '../objective/paper/fss.ts';

const { add, matmul, multiply, reduceSum, scalar } = ops;
const { reshape } = shapeOps;

/** The rows of a batch after the decoder. */
export class DecodedRows {
  /** Text embedding of each row's label, float32 `[rows, embeddingDim]`. */
  readonly text: Value;
  readonly #decoded: DecodedLabels;
  readonly #parameters: Parameters;
  readonly #config: ModelConfig;
  #logits: Value | undefined;
  #maps: PatchMaps | undefined;
  #featureMaps: PatchMaps | undefined;
  #patchLogits: Value | undefined;

  constructor(parameters: Parameters, config: ModelConfig, maps: readonly Value[], text: Value, assignment: Value) {
    this.text = text;
    this.#decoded = decodeLabels(parameters, maps, text, config, assignment);
    this.#parameters = parameters;
    this.#config = config;
  }

  /**
   * Post-decoder features, `[rows, cells, reduceDim]`: a cell is a patch, or with a convolution decoder one of
   * the finer map.
   */
  get features(): Value {
    return this.#decoded.features;
  }

  /** `[rows, height, width]` */
  get logits(): Value {
    return (this.#logits ??= this.#decoded.logits());
  }

  /** Activation maps averaged over patches. */
  get maps(): PatchMaps {
    return (this.#maps ??= patchMaps(this.logits, this.#config.patchGrid));
  }

  /** Activation maps averaged over the cells of {@link features}. */
  get featureMaps(): PatchMaps {
    if (this.#config.decoder.kind === 'transformer') return this.maps;
    const [rows, columns] = this.#config.patchGrid;
    return (this.#featureMaps ??= patchMaps(this.logits, [2 * rows, 2 * columns]));
  }

  /**
   * The mean logit of each patch, `[rows, patches]`. Of the simple head it is a product with the mean of its kernel,
   * so that losses which read nothing else do not compute the whole picture.
   */
  get patchLogits(): Value {
    const { decoder, patchGrid } = this.#config;
    return (this.#patchLogits ??=
      decoder.kind === 'transformer' && decoder.head === 'simple'
        ? this.#simplePatchLogits(decoder)
        : patchMeans(this.logits, patchGrid));
  }

  #simplePatchLogits({ patchSize, reduceDim }: TransformerDecoderConfig): Value {
    const [rows, patches] = this.features.shape as readonly [Dimension, number, number];
    const name = 'decoder.transposed_convolution';
    const kernel = reshape(this.#parameters.get(`${name}.weight`, [reduceDim, 1, patchSize, patchSize]), [
      reduceDim,
      patchSize * patchSize,
    ]);
    const mean = multiply(reduceSum(kernel, [1], true), scalar(kernel, 1 / patchSize ** 2));
    return add(reshape(matmul(this.features, mean), [rows, patches]), this.#parameters.get(`${name}.bias`, [1]));
  }
}
