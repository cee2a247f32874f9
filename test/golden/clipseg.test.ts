/**
 * Parity with the reference: the cases of clipseg.json, by NumPy (clipseg.py), and every case under
 * `$SYNSEG_GOLDEN/clipseg`, by PyTorch; float64 reference values against our float32 graphs.
 *
 * Tolerance 2e-4 absolute + 1e-4 relative: float32 keeps 1e-7 per operation and the deepest path here adds up a few
 * thousand of them; half-precision weights are exact in both, so they add nothing. clipseg.json has five
 * decimals, which add 5e-6.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../packages/core/src/checkpoint/checkpoint.ts';
import { Graph } from '../../packages/core/src/graph/graph.ts';
import { reshape } from '../../packages/core/src/graph/shape-ops.ts';
import { decode, upsampleToLogits } from '../../packages/core/src/model/decoder.ts';
import { buildTextGraph } from '../../packages/core/src/model/model-graphs.ts';
import { CheckpointParameters } from '../../packages/core/src/model/parameters.ts';
import { normalizePixels, visionTaps } from '../../packages/core/src/model/vision-trunk.ts';
import type { ClipVisionConfig, TransformerDecoderConfig } from '../../packages/core/src/checkpoint/model-config.ts';
import { decodePixels } from '../support/pixels.ts';
import { GOLDEN, namesIn } from '../support/shared.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { readTensors, runGraph, worstExcess, type Reference } from '../support/tensors.ts';
import { ClipTokenizer } from '../../packages/core/src/text/tokenizer.ts';
import { promptBatch } from '../../packages/core/src/text/prompt-batch.ts';
import { writeCases } from './clipseg-cases.ts';

interface Case {
  readonly prompts: readonly string[];
  readonly inputSize: number;
  readonly imageMean: readonly number[];
  readonly imageStd: readonly number[];
}

const folder = join(GOLDEN, 'clipseg');
const folders = namesIn(folder);

test('the suite lists the folders it found', ({ skip }) => {
  if (folders.length === 0) skip(`no cases under ${folder}`);
  console.info(`clipseg golden cases: ${folders.join(', ')}`);
  expect(folders.length).toBeGreaterThan(0);
});

type Figures = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>> & {
  readonly input_ids: readonly (readonly number[])[];
};
type Tensors = ReadonlyMap<string, Reference>;

const figures = JSON.parse(readFileSync(join(import.meta.dirname, 'clipseg.json'), 'utf8')) as Record<string, Figures>;

/** The figures of a case of clipseg.json; rows of ids are filled up with their last, as PyTorch's are. */
function figuresOf(name: string): Tensors {
  const { input_ids: ids, ...values } = figures[name] as Figures;
  const width = Math.max(...ids.map((row) => row.length));
  const padded = ids.flatMap((row) => [...row, ...Array<number>(width - row.length).fill(row.at(-1) as number)]);
  const tensors = Object.entries(values as Omit<Figures, 'input_ids'>).map(
    ([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data) }] as const,
  );
  return new Map<string, Reference>([
    ['input_ids', { shape: [ids.length, width], data: BigInt64Array.from(padded, BigInt) }],
    ...tensors,
  ]);
}

const written = temporaryFolder();
const cases: readonly (readonly [name: string, root: string, expected: () => Promise<Tensors>])[] = [
  ...writeCases(written).map(
    (name) => [`clipseg.json, ${name}`, join(written, name), () => Promise.resolve(figuresOf(name))] as const,
  ),
  ...folders.map((name) => {
    const root = join(folder, name);
    return [name, root, async () => (await readTensors(join(root, 'expected.safetensors'))).tensors] as const;
  }),
];

describe.each(cases)('golden/clipseg/%s', (_, root, expected) => {
  const load = async () => {
    const spec = JSON.parse(await readFile(join(root, 'case.json'), 'utf8')) as Case;
    const tensors = await expected();
    const checkpoint = await openCheckpoint(root, { inputSize: spec.inputSize });
    const { text } = checkpoint.config;
    return {
      spec,
      tensors,
      checkpoint,
      tokenizer: await ClipTokenizer.load(root, text.kind === 'clip' ? text.maxTokens : 0),
    };
  };
  const expectClose = (actual: ArrayLike<number>, reference: Reference | undefined, what: string): void => {
    const worst = worstExcess(actual, reference?.data as Float32Array, 2e-4, 1e-4);
    expect(worst.excess, `${what}: error ${String(worst.error)} at ${String(worst.index)}`).toBeLessThanOrEqual(0);
  };

  test('token ids are exact', async () => {
    const { spec, tensors, tokenizer } = await load();
    const reference = tensors.get('input_ids') as Reference;
    const width = reference.shape[1] as number;
    spec.prompts.forEach((prompt, row) => {
      const ids = tokenizer.encode(prompt);
      const wanted = Array.from(reference.data as BigInt64Array, Number).slice(row * width, (row + 1) * width);
      expect(ids, prompt).toEqual(wanted.slice(0, ids.length));
      expect(new Set(wanted.slice(ids.length)), 'the rest is padding').toEqual(
        ids.length < width ? new Set([wanted.at(-1)]) : new Set(),
      );
    });
  });

  test('text embeddings, run at the prompts’ own length', async () => {
    const { spec, tensors, checkpoint, tokenizer } = await load();
    const graph = buildTextGraph(checkpoint.config, (g) => new CheckpointParameters(g, checkpoint.weights));
    const { embeddings } = await runGraph(graph, promptBatch(spec.prompts.map((prompt) => tokenizer.encode(prompt))));
    expectClose(embeddings?.data as Float32Array, tensors.get('text_embeddings'), 'text embeddings');
  });

  test('pixels, taps, decoder states and logits', async () => {
    const { spec, tensors, checkpoint } = await load();
    const { config, weights } = checkpoint;
    const { data, width, height } = await decodePixels(join(root, 'image.png'));
    expect([width, height]).toEqual([spec.inputSize, spec.inputSize]);
    const graph = new Graph('golden');
    const parameters = new CheckpointParameters(graph, weights);
    const trunk: ClipVisionConfig = {
      ...(config.trunk as ClipVisionConfig),
      imageMean: spec.imageMean,
      imageStd: spec.imageStd,
    };
    const values = normalizePixels(graph.input('pixels', 'uint8', [1, height, width, 3]), trunk);
    const taps = visionTaps(parameters, values, trunk, config.patchGrid);
    const text = graph.input('text', 'float32', ['labels', config.embeddingDim]);
    const decoder = config.decoder as TransformerDecoderConfig;
    const { hidden, features } = decode(parameters, taps, text, decoder);
    graph.output('pixel_values', values);
    taps.forEach((tap, index) => graph.output(`tap${String(index)}`, reshape(tap, tap.shape.slice(1))));
    hidden.forEach((state, index) => graph.output(`decoder_hidden${String(index)}`, state));
    graph.output('logits', upsampleToLogits(parameters, features, config.patchGrid, decoder));
    const embeddings = tensors.get('text_embeddings') as Reference;
    const results = await runGraph(graph, {
      pixels: { data, shape: [1, height, width, 3] },
      text: { data: embeddings.data, shape: embeddings.shape },
    });
    const compared = [...tensors.keys()].filter((key) => /^(pixel_values|tap\d+|decoder_hidden\d+|logits)$/.test(key));
    for (const key of compared) expectClose(results[key]?.data as Float32Array, tensors.get(key), key);
    expect(compared).toEqual(expect.arrayContaining(['tap0', 'decoder_hidden1', 'logits']));
    expect(results['logits']?.shape).toEqual(tensors.get('logits')?.shape);
  });
});
