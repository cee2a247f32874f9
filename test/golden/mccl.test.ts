/**
 * FSS, MCCL, their gradients and two AdamW steps: the cases of mccl.json, by NumPy (mccl.py), and every file under
 * `$SYNSEG_GOLDEN/mccl`, by PyTorch, all in float64.
 *
 * Losses and features within 1e-5 relative: float32 through a cosine, a clamp and a logarithm. A loss with a cosine
 * within 1e-3 of the clamp of eq. 4 gets 1e-3: there `1 − s` is the difference of two nearly equal float32 numbers.
 * Gradients within 1e-4 relative in norm, parameters after each AdamW step within 1e-6 relative. The nine digits of
 * mccl.json are more than float32 has. In its case "parallel" all of L_cont, L_back and L_sep is in the clamp.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, ops, type Value } from '@synseg/core/graph';
import type { TensorData } from '@synseg/core/runtime';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../packages/train/src/autodiff/gradients.ts';
import { mccl } from '../../packages/train/src/objective/paper/mccl.ts';
import { assignmentOf, rowInputs, rowWeights, sum } from '../../packages/train/src/objective/rows.ts';
import { patchMaps, synergyFeatures } from '../../packages/train/src/objective/paper/fss.ts';
import { adamw, biasCorrections } from '../../packages/train/src/optimizer/adamw.ts';
import { runOnce } from '../train/autodiff/numeric.ts';
import { GOLDEN, namesIn } from '../support/shared.ts';
import { uniform } from '../support/random.ts';
import { readTensors, type Reference } from '../support/tensors.ts';

const folder = join(GOLDEN, 'mccl');
const files = namesIn(folder).filter((name) => name.endsWith('.safetensors'));

test('the suite lists the files it found', ({ skip }) => {
  if (files.length === 0) skip(`no cases under ${folder}`);
  console.info(`mccl golden cases: ${files.join(', ')}`);
  expect(files.length).toBeGreaterThan(0);
});

interface Case {
  readonly tensors: ReadonlyMap<string, Reference>;
  readonly settings: Settings;
}

const figures = JSON.parse(readFileSync(join(import.meta.dirname, 'mccl.json'), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, readonly number[]>>>
>;
/** Inputs of the cases of mccl.json, in the order they are drawn in: shape, and largest value in either case. */
const DRAWN = {
  logits: [[6, 8, 8], { ordinary: 4, parallel: 8 }],
  post_decoder_features: [[6, 16, 5], { ordinary: 2, parallel: 0.2 }],
  projector_weight: [[7, 5], { ordinary: 1, parallel: 0.1 }],
  projector_bias: [[7], { ordinary: 0.1, parallel: 2 }],
  text_embeddings: [[6, 7], { ordinary: 1, parallel: 1 }],
} as const;

/** A case of mccl.json: inputs drawn here as there, and the figures. */
function drawnCase(name: 'ordinary' | 'parallel'): Case {
  const next = uniform(name === 'ordinary' ? 21 : 22);
  const tensors = new Map<string, Reference>();
  for (const [key, [shape, largest]] of Object.entries(DRAWN)) {
    const length = shape.reduce<number>((product, dimension) => product * dimension, 1);
    tensors.set(key, { shape, data: Float32Array.from({ length }, () => 2 * largest[name] * (next() - 0.5)) });
  }
  tensors.set('image_index', { shape: [6], data: Int32Array.of(0, 0, 0, 1, 2, 2) });
  for (const [key, values] of Object.entries(figures[name] ?? {})) {
    const shape = key === 'foreground' || key === 'background' ? [6, 7] : [values.length];
    tensors.set(key, { shape, data: Float32Array.from(values) });
  }
  return { tensors, settings: { patchGrid: 4, epsilon: 1e-4, gate: 0.1, lambda: [0.1, 1e-3, 1e-2, 1], images: 3 } };
}

async function readCase(name: string): Promise<Case> {
  const { tensors, metadata } = await readTensors(join(folder, name));
  return { tensors, settings: readMetadata(metadata) };
}

const cases: readonly (readonly [name: string, read: () => Case | Promise<Case>])[] = [
  ['mccl.json, ordinary', () => drawnCase('ordinary')],
  ['mccl.json, parallel', () => drawnCase('parallel')],
  ...files.map((name) => [name, () => readCase(name)] as const),
];

/** The paper's optimiser, as the reference ran it. */
const ADAMW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const LEARNING_RATE = 1e-5;
const WEIGHT_DECAY = 1e-2;

const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
const relativeError = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(actual.length).toBe(expected.length);
  return (
    norm(Array.from(actual, (value, index) => value - (expected[index] as number))) / Math.max(norm(expected), 1e-30)
  );
};

interface Settings {
  readonly patchGrid: number;
  readonly epsilon: number;
  readonly gate: number;
  readonly lambda: readonly number[];
  readonly images: number;
}

function readMetadata(metadata: Readonly<Record<string, string>>): Settings {
  return {
    patchGrid: Number(metadata['patchGrid']),
    epsilon: Number(metadata['epsilon']),
    gate: Number(metadata['contThreshold']),
    lambda: (metadata['lambda'] as string).split(',').map(Number),
    images: (JSON.parse(metadata['categoriesPerImage'] as string) as number[]).length,
  };
}

/** Names the reference gives to what is differentiated. */
const SOURCES = ['logits', 'post_decoder_features', 'projector_weight', 'projector_bias'] as const;

function buildCase(
  tensors: ReadonlyMap<string, Reference>,
  { patchGrid, epsilon, gate, lambda, images }: Settings,
): Graph {
  const graph = new Graph('mccl');
  const inputs = Object.fromEntries(
    [...SOURCES, 'text_embeddings'].map((name) => [
      name,
      graph.input(name, 'float32', (tensors.get(name) as Reference).shape),
    ]),
  ) as Record<(typeof SOURCES)[number] | 'text_embeddings', Value>;
  const rows = rowInputs(graph, inputs.logits.shape[0] as number);
  const weights = rowWeights(assignmentOf(rows.imageOfRow, images), rows, images);
  const maps = patchMaps(inputs.logits, [patchGrid, patchGrid]);
  const features = synergyFeatures(maps, inputs.post_decoder_features, inputs.projector_weight, inputs.projector_bias);
  const losses = mccl(features, inputs.text_embeddings, weights, { epsilon, contrastGate: gate });
  const terms = [losses.align, losses.contrast, losses.background, losses.separation];
  const loss = sum(terms.map((term, index) => ops.multiply(term, ops.scalar(term, lambda[index] as number))));
  graph.output('activation_patch', maps.foreground);
  graph.output('foreground', features.foreground);
  graph.output('background', features.background);
  terms.forEach((term, index) => graph.output(`loss${String(index)}`, term));
  graph.output('total', loss);
  gradients(
    loss,
    SOURCES.map((name) => inputs[name]),
  ).forEach((gradient, index) => graph.output(`grad_${SOURCES[index] as string}`, gradient));
  return graph;
}

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((total, value, index) => total + value * (b[index] as number), 0) / (norm(a) * norm(b));

/** For each of the four losses, whether one of its cosines lies within 1e-3 of the clamp. */
function nearClamp(tensors: ReadonlyMap<string, Reference>): boolean[] {
  const row = (name: string, index: number): ArrayLike<number> => {
    const { data, shape } = tensors.get(name) as Reference;
    const width = shape[1] as number;
    return Array.from(data as Float32Array).slice(index * width, (index + 1) * width);
  };
  const image = tensors.get('image_index') as Reference;
  const count = image.shape[0] as number;
  const near = (s: number): boolean => Math.abs(s) > 1 - 1e-4 - 1e-3;
  const any = (predicate: (j: number, k: number) => boolean): boolean =>
    Array.from({ length: count }, (_, j) =>
      Array.from({ length: count }, (_, k) => j !== k && image.data[j] === image.data[k] && predicate(j, k)).includes(
        true,
      ),
    ).includes(true);
  const rows = Array.from({ length: count }, (_, index) => index);
  return [
    rows.some((index) => near(cosine(row('foreground', index), row('text_embeddings', index)))),
    rows.some((index) => near(cosine(row('foreground', index), row('background', index)))),
    any((j, k) => near(cosine(row('background', j), row('background', k)))),
    any((j, k) => near(cosine(row('foreground', j), row('foreground', k)))),
  ];
}

describe.each(cases)('golden/mccl/%s', (_, read) => {
  test('features, losses and gradients', async () => {
    const { tensors, settings } = await read();
    const data = (key: string): Float32Array => (tensors.get(key) as Reference).data as Float32Array;
    const image = (tensors.get('image_index') as Reference).data as Int32Array;
    const rows = image.length;
    const feeds: Record<string, TensorData> = {
      ...Object.fromEntries([...SOURCES, 'text_embeddings'].map((key) => [key, tensors.get(key) as TensorData])),
      imageOfRow: { data: Int32Array.from(image), shape: [rows] },
      rowNumber: { data: Float32Array.from({ length: rows }, (_, row) => row), shape: [rows] },
      stated: { data: new Float32Array(rows).fill(1), shape: [rows] },
    };
    const results = await runOnce(buildCase(tensors, settings), feeds);
    const result = (key: string): Float32Array => results[key]?.data as Float32Array;
    for (const key of ['activation_patch', 'foreground', 'background'])
      expect(relativeError(result(key), data(key)), key).toBeLessThan(1e-5);
    const clamped = nearClamp(tensors);
    const tolerance = (near: boolean): number => (near ? 1e-3 : 1e-5);
    data('losses').forEach((expected, index) => {
      expect(
        Math.abs((result(`loss${String(index)}`)[0] as number) - expected),
        `loss ${String(index)}`,
      ).toBeLessThanOrEqual(tolerance(clamped[index] as boolean) * Math.abs(expected));
    });
    expect(relativeError(result('total'), data('total')), 'total').toBeLessThan(tolerance(clamped.includes(true)));
    for (const key of SOURCES) {
      const gradient = result(`grad_${key}`);
      expect(gradient.every(Number.isFinite), `grad_${key} is finite`).toBe(true);
      expect(relativeError(gradient, data(`grad_${key}`)), `grad_${key}`).toBeLessThan(1e-4);
    }
  });

  test('two AdamW steps with the reference gradients', async () => {
    const { tensors } = await read();
    for (const parameter of ['projector_weight', 'projector_bias']) {
      const data = (key: string): Float32Array => (tensors.get(key) as Reference).data as Float32Array;
      const { length } = data(parameter);
      const graph = new Graph('adamw');
      const vector = (key: string): Value => graph.input(key, 'float32', [length]);
      const number = (key: string): Value => graph.input(key, 'float32', []);
      const next = adamw(
        {
          parameters: vector('parameters'),
          mean: vector('mean'),
          variance: vector('variance'),
          gradient: vector('gradient'),
          learningRate: number('learningRate'),
          meanCorrection: number('meanCorrection'),
          varianceCorrection: number('varianceCorrection'),
          decay: graph.floats([WEIGHT_DECAY], []),
        },
        ADAMW,
      );
      for (const [key, value] of Object.entries(next)) graph.output(key, value as Value);
      let state: Record<string, TensorData> = {
        parameters: { data: Float32Array.from(data(parameter)), shape: [length] },
        mean: { data: new Float32Array(length), shape: [length] },
        variance: { data: new Float32Array(length), shape: [length] },
      };
      for (const step of [1, 2]) {
        const corrections = biasCorrections(step, ADAMW);
        const scalar = (value: number): TensorData => ({ data: Float32Array.of(value), shape: [] });
        state = await runOnce(graph, {
          ...state,
          gradient: { data: Float32Array.from(data(`grad_${parameter}`)), shape: [length] },
          learningRate: scalar(LEARNING_RATE),
          meanCorrection: scalar(corrections.meanCorrection),
          varianceCorrection: scalar(corrections.varianceCorrection),
        });
        const expected = data(`adamw${String(step)}_${parameter}`);
        expect(
          relativeError((state['parameters'] as TensorData).data as Float32Array, expected),
          `${parameter}, step ${String(step)}`,
        ).toBeLessThan(1e-6);
      }
    }
  });
});
