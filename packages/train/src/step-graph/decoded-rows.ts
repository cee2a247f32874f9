/** The decoder's output for each row, in several forms, each computed when a loss first reads it. */
import type { ModelConfig } from '@synseg/core/checkpoint';
import {
  decode,
  ops,
  shapeOps,
  upsampleToLogits,
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
  /** Post-decoder features, `[rows, patches, reduceDim]`. */
  readonly features: Value;
  readonly #parameters: Parameters;
  readonly #config: ModelConfig;
  #logits: Value | undefined;
  #maps: PatchMaps | undefined;
  #patchLogits: Value | undefined;

  constructor(parameters: Parameters, config: ModelConfig, taps: readonly Value[], text: Value, assignment: Value) {
    this.text = text;
    this.features = decode(parameters, taps, text, config.decoder, assignment).features;
    this.#parameters = parameters;
    this.#config = config;
  }

  /** `[rows, height, width]` */
  get logits(): Value {
    return (this.#logits ??= upsampleToLogits(
      this.#parameters,
      this.features,
      this.#config.patchGrid,
      this.#config.decoder,
    ));
  }

  /** Activation maps averaged over patches. */
  get maps(): PatchMaps {
    return (this.#maps ??= patchMaps(this.logits, this.#config.patchGrid));
  }

  /**
   * The mean logit of each patch, `[rows, patches]`. Of the simple head it is a product with the mean of its kernel,
   * so that losses which read nothing else do not compute the whole picture.
   */
  get patchLogits(): Value {
    return (this.#patchLogits ??=
      this.#config.decoder.head === 'simple'
        ? this.#simplePatchLogits()
        : patchMeans(this.logits, this.#config.patchGrid));
  }

  #simplePatchLogits(): Value {
    const { patchSize, reduceDim } = this.#config.decoder;
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
