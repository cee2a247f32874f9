/** The engine on its own, in this process: what it makes of pictures beside the steps. */
import { join } from 'node:path';
import { Weights, readJson, readModelConfig, type ModelConfig } from '@synseg/core/checkpoint';
import { CheckpointParameters, Graph, ops, trunkMaps } from '@synseg/core/graph';
import { RunGuard, type TensorData } from '@synseg/core/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOSSES, type LossWeights } from '../../../packages/train/src/objective/losses.ts';
import { flatten, initialValues } from '../../../packages/train/src/step-graph/initial-values.ts';
import { layoutOf, trainedTensors } from '../../../packages/train/src/step-graph/layout.ts';
import { windowEmbeddings } from '../../../packages/train/src/step-graph/window-embeddings.ts';
import { StepEngine } from '../../../packages/train/src/trainer/step-engine.ts';
import { picture } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { EMBEDDING_DIM, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { runOnce } from '../autodiff/numeric.ts';
import { failureOf } from '../data/fixtures.ts';

const [SIDE, HIDDEN, ZOOM, TOKENS] = [16, 16, 4, 1 + 2 * 2];
const root = temporaryFolder();
const engines: StepEngine[] = [];
afterAll(async () => void (await Promise.all(engines.map((engine) => engine.release()))));

interface Opened {
  readonly engine: StepEngine;
  readonly config: ModelConfig;
  readonly weights: Weights;
}

/** An engine that is to train a projector on windows. */
async function open(name: string, embedsPictures: boolean): Promise<Opened> {
  const folder = writeTinyClipseg(join(root, name), { size: SIDE, hidden: HIDDEN, embedsPictures });
  const [config, weights] = [
    readModelConfig(
      await readJson(join(folder, 'config.json')),
      await readJson(join(folder, 'preprocessor_config.json')),
      folder,
    ),
    await Weights.open(folder),
  ];
  const tensors = trainedTensors(config, HIDDEN + EMBEDDING_DIM);
  const layout = layoutOf(tensors, ['projector'], true);
  const values = (await initialValues(tensors, weights, 1)).tensors;
  const lambda = Object.fromEntries(LOSSES.map((loss) => [loss, loss === 'partial' ? 1 : 0])) as unknown as LossWeights;
  const guard = new RunGuard(new RunGuard().memory);
  const engine = await StepEngine.create(
    {
      spec: {
        ...{
          kind: 'rows',
          config,
          layout,
          lambda,
          features: 'windows',
          prior: 0,
          contrastive: { epsilon: 1e-4, contrastGate: 0.1 },
        },
        ...{
          optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: undefined },
          ema: undefined,
        },
        ...{ images: 2, batchImages: 2, input: 'taps', trunkPrecision: 'float32', patchesKept: undefined },
      },
      ...{ stage: 'projector', folder, device: 'cpu', threads: 1 },
      frozen: new Map([...values].filter(([tensor]) => !tensor.startsWith('projector.'))),
      state: {
        parameters: flatten(layout, values),
        mean: new Float32Array(layout.length),
        variance: new Float32Array(layout.length),
      },
    },
    guard,
  );
  engines.push(engine);
  return { engine, config, weights };
}

const picturesOf = (side: number, numbers: readonly number[]): Uint8Array[] =>
  numbers.map((number) => picture(side, side, number).data);
const joined = (pictures: readonly Uint8Array[]): Uint8Array => Uint8Array.from(pictures.flatMap((one) => [...one]));

describe('StepEngine', () => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open('whole', true);
  });

  it('embeds the windows of several pictures, one picture after the other, each as by itself', async () => {
    const { engine, config, weights } = opened;
    const side = ZOOM * SIDE;
    const pictures = picturesOf(side, [1, 2, 3]);
    const graph = new Graph('alone');
    graph.output(
      'found',
      windowEmbeddings(
        new CheckpointParameters(graph, weights),
        graph.input('pixels', 'uint8', [1, side, side, 3]),
        config,
      ),
    );
    const alone: number[] = [];
    for (const data of pictures)
      alone.push(
        ...((await runOnce(graph, { pixels: { data, shape: [1, side, side, 3] } }))['found']?.data as Float32Array),
      );
    const found = await engine.windows(joined(pictures));
    expect(found).toHaveLength(3 * TOKENS * EMBEDDING_DIM);
    expect([...found]).toEqual(alone);
    expect(await engine.windows(pictures[1] as Uint8Array)).toEqual(
      found.slice(TOKENS * EMBEDDING_DIM, 2 * TOKENS * EMBEDDING_DIM),
    );
    expect(await engine.windows(new Uint8Array())).toEqual(new Float32Array());
  });

  it('gives the taps of several pictures, shallow to deep', async () => {
    const { engine, config, weights } = opened;
    const pictures = picturesOf(SIDE, [4, 5]);
    const graph = new Graph('alone');
    trunkMaps(
      config,
      new CheckpointParameters(graph, weights),
      graph.input('pixels', 'uint8', [1, SIDE, SIDE, 3]),
      undefined,
    ).forEach((tap, index) => graph.output(`tap${String(index)}`, ops.cast(tap, 'float32')));
    const alone: Record<string, TensorData>[] = [];
    for (const data of pictures) alone.push(await runOnce(graph, { pixels: { data, shape: [1, SIDE, SIDE, 3] } }));
    const taps = await engine.taps(joined(pictures));
    expect(taps.map(({ length }) => length)).toEqual(new Array(3).fill(2 * TOKENS * HIDDEN));
    taps.forEach((tap, index) => {
      const expected = alone.flatMap((results) => [...(results[`tap${String(index)}`]?.data as Float32Array)]);
      tap.forEach((value, at) => expect(value).toBeCloseTo(expected[at] as number, 5));
    });
  });

  it('loads windows only when they are asked for, and then says what the checkpoint lacks', async () => {
    const { engine } = await open('cut off', false);
    expect(await engine.taps(joined(picturesOf(SIDE, [1])))).toHaveLength(3);
    expect(await failureOf(engine.windows(joined(picturesOf(ZOOM * SIDE, [1]))))).toMatch(
      /^CHECKPOINT_FORMAT: .*tensor "clip\.vision_model\.post_layernorm\.weight" \[16\] must be in model\.safetensors, got none /,
    );
  });
});
