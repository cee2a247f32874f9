/**
 * CLIP's vision encoder in plain TypeScript, float64, to the embedding of every patch: what a graph is held against.
 */
import type { FloatTensor } from '../../packages/core/src/checkpoint/safetensors.ts';

/** Rows of numbers. */
export type Matrix = readonly (readonly number[])[];

/** Sizes of the encoder. */
export interface PlainVision {
  readonly hidden: number;
  readonly blocks: number;
  readonly heads: number;
  readonly patch: number;
  /** Side of the square picture, pixels. */
  readonly size: number;
  readonly embeddingDim: number;
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

const PREFIX = 'clip.vision_model';
const EPSILON = 1e-5;

/**
 * Embeddings of the patches, row by row: all blocks, the last norm, the projection.
 *
 * @param pixels - RGB bytes `[size, size, 3]`
 */
export function patchEmbeddings(
  tensors: ReadonlyMap<string, FloatTensor>,
  pixels: Uint8Array,
  sizes: PlainVision,
): Matrix {
  const { hidden, patch, size, blocks, embeddingDim } = sizes;
  const get = (name: string): ArrayLike<number> => tensors.get(name)!.data;
  const grid = size / patch;
  const kernel = get(`${PREFIX}.embeddings.patch_embedding.weight`);
  const channel = (x: number, y: number, c: number): number =>
    (pixels[(y * size + x) * 3 + c]! / 255 - sizes.mean[c]!) / sizes.deviation[c]!;
  const patches = Array.from({ length: grid * grid }, (_, index) =>
    Array.from({ length: hidden }, (_none, out) => {
      let sum = 0;
      for (let c = 0; c < 3; c++) {
        for (let y = 0; y < patch; y++) {
          for (let x = 0; x < patch; x++)
            sum +=
              kernel[((out * 3 + c) * patch + y) * patch + x]! *
              channel((index % grid) * patch + x, Math.floor(index / grid) * patch + y, c);
        }
      }
      return sum;
    }),
  );
  const positions = get(`${PREFIX}.embeddings.position_embedding.weight`);
  const tokens = [Array.from(get(`${PREFIX}.embeddings.class_embedding`)), ...patches].map((row, token) =>
    row.map((value, at) => value + positions[token * hidden + at]!),
  );
  let x = norm(tokens, `${PREFIX}.pre_layrnorm`);
  for (let layer = 0; layer < blocks; layer++) {
    const name = `${PREFIX}.encoder.layers.${layer}`;
    x = added(x, attention(norm(x, `${name}.layer_norm1`), `${name}.self_attn`));
    const inner = linear(norm(x, `${name}.layer_norm2`), `${name}.mlp.fc1`).map((row) =>
      row.map((value) => value / (1 + Math.exp(-1.702 * value))),
    );
    x = added(x, linear(inner, `${name}.mlp.fc2`));
  }
  return linear(norm(x.slice(1), `${PREFIX}.post_layernorm`), 'clip.visual_projection', embeddingDim, false);

  function linear(rows: Matrix, name: string, out = tensors.get(`${name}.weight`)!.shape[0]!, hasBias = true): Matrix {
    const weight = get(`${name}.weight`);
    const bias = hasBias ? get(`${name}.bias`) : undefined;
    return rows.map((row) =>
      Array.from({ length: out }, (_, at) =>
        row.reduce((sum, value, index) => sum + value * weight[at * row.length + index]!, bias?.[at] ?? 0),
      ),
    );
  }

  function norm(rows: Matrix, name: string): Matrix {
    const [scale, shift] = [get(`${name}.weight`), get(`${name}.bias`)];
    return rows.map((row) => {
      const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
      return row.map((value, at) => ((value - mean) / Math.sqrt(variance + EPSILON)) * scale[at]! + shift[at]!);
    });
  }

  function attention(rows: Matrix, name: string): Matrix {
    const width = hidden / sizes.heads;
    const [query, key, value] = ['q_proj', 'k_proj', 'v_proj'].map((which) => linear(rows, `${name}.${which}`)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const merged = rows.map((_, token) =>
      Array.from({ length: sizes.heads }, (_none, head) => {
        const part = (row: readonly number[]): readonly number[] => row.slice(head * width, (head + 1) * width);
        const scores = key.map(
          (row) => part(row).reduce((sum, number, at) => sum + number * part(query[token]!)[at]!, 0) / Math.sqrt(width),
        );
        const largest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - largest));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return Array.from({ length: width }, (_nothing, at) =>
          value.reduce((sum, row, other) => sum + (weights[other]! / total) * part(row)[at]!, 0),
        );
      }).flat(),
    );
    return linear(merged, `${name}.out_proj`);
  }
}

/** Cosine of every row of `a` with every row of `b`. */
export function cosines(a: Matrix, b: Matrix): Matrix {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, at) => sum + value * y[at]!, 0);
  return a.map((x) => b.map((y) => dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))));
}

/** A map `[side, side]` at a point of a picture, half-pixel bilinear. */
export function sampleBilinear(
  map: readonly number[],
  side: number,
  x: number,
  y: number,
  width: number,
  height: number,
): number {
  const along = (place: number, length: number): readonly [number, number, number] => {
    const position = Math.min(Math.max(((place + 0.5) * side) / length - 0.5, 0), side - 1);
    return [Math.floor(position), Math.min(Math.floor(position) + 1, side - 1), position % 1];
  };
  const [left, right, across] = along(x, width);
  const [top, bottom, down] = along(y, height);
  const row = (line: number): number => map[line * side + left]! * (1 - across) + map[line * side + right]! * across;
  return row(top) * (1 - down) + row(bottom) * down;
}

function added(a: Matrix, b: Matrix): Matrix {
  return a.map((row, token) => row.map((value, at) => value + b[token]![at]!));
}
