/** Initial values of encoders that train from scratch: seeded random numbers with the deviations of CLIP's. */
import type { ClipTextConfig, ClipVisionConfig, FloatTensor, ModelConfig } from '@synseg/core/checkpoint';
import { Random } from '../data/random.ts';
import { INITIAL_LOG_SCALE } from '../objective/info-nce.ts';
import { LOGIT_SCALE } from '../step-graph/encode-pairs.ts';
import type { ParameterSpec } from '../step-graph/layout.ts';

/**
 * Initial values of both encoders, or of one, by name. Normal numbers with mean 0 and, for a transformer of width w and
 * L blocks, the deviations of CLIP's `initialize_parameters` (github.com/openai/CLIP, `clip/model.py`), there for the
 * text and here for both:
 *
 *     queries, keys, values   w^−½              attention's output, second layer of the MLP   w^−½ (2L)^−½
 *     first layer of the MLP  (2w)^−½           projections w^−½
 *     tokens                  0.02              positions of words 0.01; of patches, and the class token, w^−½
 *
 * The patch kernel is uniform within `1 / √fan_in`, PyTorch's default, as there. Norms start as the identity, biases at
 * 0, the scale at `1 / 0.07`. Each tensor has a generator of its own, seeded by its name.
 */
export function initialEncoders(
  specs: readonly ParameterSpec[],
  config: ModelConfig,
  seed: number,
): Map<string, FloatTensor> {
  return new Map(specs.map(({ name, shape }) => [name, { shape, data: valuesOf(name, shape, config, seed) }]));
}

function valuesOf(name: string, shape: readonly number[], config: ModelConfig, seed: number): Float32Array {
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  if (name === LOGIT_SCALE) return Float32Array.of(INITIAL_LOG_SCALE);
  if (/norm/.test(name)) return new Float32Array(length).fill(name.endsWith('.weight') ? 1 : 0);
  if (name.endsWith('.bias')) return new Float32Array(length);
  const random = new Random(seed, name);
  if (name.endsWith('patch_embedding.weight')) {
    const bound = Math.sqrt((shape[0] as number) / length);
    return Float32Array.from({ length }, () => bound * (2 * random.next() - 1));
  }
  return normal(length, deviationOf(name, config), random);
}

function deviationOf(name: string, config: ModelConfig): number {
  const { trunk, text } = config;
  const { hiddenSize, layers } = (name.startsWith('clip.text_') ? text : trunk) as ClipTextConfig | ClipVisionConfig;
  if (/token_embedding/.test(name)) return 0.02;
  if (name.startsWith('clip.text_model.embeddings.position')) return 0.01;
  if (name.endsWith('fc1.weight')) return (2 * hiddenSize) ** -0.5;
  if (/(?:out_proj|fc2)\.weight$/.test(name)) return (2 * layers * hiddenSize) ** -0.5;
  return hiddenSize ** -0.5;
}

/**
 * Marsaglia's polar method: of a random point in the unit circle, both coordinates times `√(−2 ln s / s)`, s the square
 * of its distance. No sine or cosine, whose last digit differs between versions of V8: the same seed gives the same
 * bytes.
 */
function normal(length: number, deviation: number, random: Random): Float32Array {
  const numbers = new Float32Array(length);
  let index = 0;
  while (index < length) {
    const [x, y] = [2 * random.next() - 1, 2 * random.next() - 1];
    const square = x * x + y * y;
    if (square === 0 || square >= 1) continue;
    const factor = deviation * Math.sqrt((-2 * Math.log(square)) / square);
    numbers[index++] = x * factor;
    if (index < length) numbers[index++] = y * factor;
  }
  return numbers;
}
