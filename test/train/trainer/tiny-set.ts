/** A dozen small pictures with tags and masks, and a trunk with a vocabulary, written by a test for itself. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { Graph } from '../../../packages/core/src/graph/graph.ts';
import { decodeModel, encodeModel } from '../../../packages/core/src/graph/onnx-schema.ts';
import { writeOnnx } from '../../../packages/core/src/graph/onnx-writer.ts';
import { add, cast, matmul, multiply, reduceSum, scalar } from '../../../packages/core/src/graph/ops.ts';
import { concat, reshape, transpose } from '../../../packages/core/src/graph/shape-ops.ts';
import { encodeSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { gaussians, uniform } from '../../support/random.ts';

/** What is in the pictures: a color each; its place is its class in the masks. */
const THINGS = [
  ['road', [90, 90, 100]],
  ['car', [220, 40, 40]],
  ['tree', [30, 160, 60]],
  ['sky', [120, 180, 250]],
] as const;
/** Mask value of pixels that are not labeled. */
const UNLABELLED = 255;
const [WIDTH, HEIGHT] = [48, 36];

export interface TinySet {
  readonly folder: string;
  /** JSONL of {image, tags}. */
  readonly tags: string;
  /** JSONL of {image, tags, mask}. */
  readonly masked: string;
  readonly pictures: readonly string[];
}

/**
 * Writes pictures of two or three things side by side, `images/`, `labels/`, `classes.json`, `tags.jsonl`,
 * `masked.jsonl`.
 */
export function writeTinySet(folder: string, count = 12): TinySet {
  for (const name of ['images', 'labels']) mkdirSync(join(folder, name), { recursive: true });
  const [tags, masked]: [string[], string[]] = [[], []];
  const pictures = Array.from({ length: count }, (_, index) => {
    const next = uniform(900 + index);
    const first = Math.floor(next() * THINGS.length);
    const things = Array.from({ length: 2 + (index % 2) }, (__, place) => (first + place) % THINGS.length);
    const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
    const mask = new Uint8Array(WIDTH * HEIGHT);
    for (let at = 0; at < WIDTH * HEIGHT; at++) {
      const thing = things[Math.floor(((at % WIDTH) / WIDTH) * things.length)] as number;
      pixels.set(
        (THINGS[thing] as (typeof THINGS)[number])[1].map((value) =>
          Math.max(0, Math.min(255, Math.round(value + 30 * (next() - 0.5)))),
        ),
        3 * at,
      );
      mask[at] = at < 2 * WIDTH ? UNLABELLED : thing;
    }
    const name = `${String(index).padStart(2, '0')}.png`;
    const path = join(folder, 'images', name);
    writeFileSync(path, encode({ width: WIDTH, height: HEIGHT, data: pixels, channels: 3, depth: 8 }));
    writeFileSync(
      join(folder, 'labels', name),
      encode({ width: WIDTH, height: HEIGHT, data: mask, channels: 1, depth: 8 }),
    );
    const row = { image: `images/${name}`, tags: things.map((thing) => (THINGS[thing] as (typeof THINGS)[number])[0]) };
    tags.push(JSON.stringify(row));
    masked.push(JSON.stringify({ ...row, mask: `labels/${name}` }));
    return path;
  });
  writeFileSync(
    join(folder, 'classes.json'),
    JSON.stringify({ classes: THINGS.map(([name], index) => ({ index, name })), ignore_index: UNLABELLED }),
  );
  writeFileSync(join(folder, 'tags.jsonl'), `${tags.join('\n')}\n`);
  writeFileSync(join(folder, 'masked.jsonl'), `${masked.join('\n')}\n`);
  return { folder, tags: join(folder, 'tags.jsonl'), masked: join(folder, 'masked.jsonl'), pictures };
}

/** Names of the vocabulary that {@link writeTinyTrunk} writes: neither "cars" nor "tree" is one of them. */
export const VOCABULARY = ['road', 'car', 'pine tree', 'apple tree', 'sky'];
export const TRUNK_DIM = 12;

/**
 * Writes frozen encoders without a decoder: an ONNX trunk of 16 × 24 pixels in patches of 8 – a token is a patch's mean
 * color, mapped at random – and a vocabulary.
 */
export function writeTinyTrunk(
  folder: string,
  { embeddings: change = () => undefined }: { embeddings?: (data: Float32Array) => unknown } = {},
): string {
  mkdirSync(folder, { recursive: true });
  const [rows, columns, patch] = [2, 3, 8];
  const tapDims = [4, 5, 6];
  const graph = new Graph('trunk');
  const pixels = cast(graph.input('pixels', 'uint8', ['n', rows * patch, columns * patch, 3]), 'float32');
  const patches = reshape(transpose(reshape(pixels, ['n', rows, patch, columns, patch, 3]), [0, 1, 3, 2, 4, 5]), [
    'n',
    rows * columns,
    patch * patch,
    3,
  ]);
  const colors = multiply(reduceSum(patches, [2]), scalar(pixels, 1 / (patch * patch * 128)));
  const mean = multiply(reduceSum(colors, [1], true), scalar(colors, 1 / (rows * columns)));
  const tokens = concat([mean, colors], 1);
  tapDims.forEach((channels, index) => {
    graph.output(
      `tap${String(index)}`,
      add(
        matmul(tokens, graph.floats(gaussians(3 * channels, index), [3, channels])),
        graph.floats(gaussians(channels, 10 + index)),
      ),
    );
  });
  const model = decodeModel(writeOnnx(graph).bytes);
  // Our writer's output names carry a prefix; a foreign model's do not.
  const plain = (name: string): string => name.replace(/^out\./, '');
  for (const output of model.graph.output) output.name = plain(output.name);
  for (const node of model.graph.node) node.output = node.output.map(plain);
  writeFileSync(join(folder, 'vision.onnx'), encodeModel(model));
  writeFileSync(join(folder, 'vocab.json'), JSON.stringify({ names: VOCABULARY }));
  const embeddings = gaussians(VOCABULARY.length * TRUNK_DIM, 77);
  change(embeddings);
  writeFileSync(
    join(folder, 'vocab.safetensors'),
    encodeSafetensors(new Map([['embeddings', { shape: [VOCABULARY.length, TRUNK_DIM], data: embeddings }]])),
  );
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      model_type: 'synseg',
      trunk: {
        file: 'vision.onnx',
        inputSize: [rows * patch, columns * patch],
        patchSize: patch,
        patchGrid: [rows, columns],
        tapDims,
      },
      text: { vocabulary: 'vocab.json', embeddings: 'vocab.safetensors', dim: TRUNK_DIM },
    }),
  );
  return folder;
}
