/**
 * What a training step costs, and where: the frozen trunk, the decoder with losses and gradients, AdamW; and what the
 * data loader would add. Two models: the small one of `train-ccp` on real photos, and CLIPSeg at full size with
 * ViT-B/16 (seeded random weights). Peak memory is the process's.
 *
 *   npm run bench -- train-speed [--model small|full] [--batch 32] [--micro 8] [--labels 5] [--rounds 3]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Graph, writeOnnx, type Value } from '@synseg/core/graph';
import { RunGuard, createSession } from '@synseg/core/runtime';
import { adamw } from '../packages/train/src/optimizer/adamw.ts';
import { Random } from '../packages/train/src/data/random.ts';
import { layoutOf } from '../packages/train/src/step-graph/layout.ts';
import { openBaseModel } from '../packages/train/src/trainer/base-model.ts';
import type { MicroBatch } from '../packages/train/src/trainer/protocol.ts';
import { rowsSpec } from '../packages/train/src/trainer/decoder-subject.ts';
import { StepEngine } from '../packages/train/src/trainer/step-engine.ts';
import { planTraining } from '../packages/train/src/trainer/train-plan.ts';
import { sharedSpec, stateOf } from '../packages/train/src/trainer/training.ts';
import { circumstances, load } from './support/machine.ts';
import { randomClipseg } from './support/random-clipseg.ts';
import { spread, table } from './support/statistics.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'full' },
    batch: { type: 'string', default: '32' },
    micro: { type: 'string', default: '8' },
    labels: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
  },
});
const images = Number(values.batch);
const micro = Number(values.micro);
const labels = Number(values.labels);
const rounds = Number(values.rounds);
const folder = mkdtempSync(join(tmpdir(), 'synseg-train-speed-'));
const full = values.model === 'full';

const { plan } = planTraining({
  recipe: 'paper',
  data: 'unused.jsonl',
  out: folder,
  batchSize: images,
  microBatchSize: micro,
  device: 'cpu',
  ...(full
    ? { init: randomClipseg('full'), advanced: { inputSize: 224 } }
    : {
        init: 'random',
        trunk: join(import.meta.dirname, '../../shared/data/backbone'),
        advanced: { decoder: { intermediateSize: 256 } },
      }),
});
const base = await openBaseModel(plan, folder, undefined);
const layout = layoutOf(base.specs, plan.trainable, plan.decayVectors);
const [height, width] = base.config.inputSize;
const tokens = 1 + base.config.patchGrid[0] * base.config.patchGrid[1];
const random = new Random(1);
const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => random.next() - 0.5);

async function engineFor(input: 'pixels' | 'taps'): Promise<StepEngine> {
  const guard = new RunGuard();
  return StepEngine.create(
    {
      spec: { ...sharedSpec(plan, base, layout), ...rowsSpec(plan), input },
      stage: 'all',
      folder: base.folder,
      frozen: new Map(),
      state: stateOf(plan, layout, base),
      device: 'cpu',
      threads: plan.threads,
    },
    guard,
  );
}

function batch(pictures: () => MicroBatch['pictures']): MicroBatch[] {
  return Array.from({ length: images / micro }, () => ({
    pictures: pictures(),
    rows: micro * labels,
    text: numbers(micro * labels * base.config.embeddingDim),
    imageOfRow: Int32Array.from({ length: micro * labels }, (_, row) => Math.floor(row / labels)),
    stated: new Float32Array(micro * labels).fill(1),
  }));
}

/** Milliseconds of each round, the first left out. */
async function time(work: () => Promise<unknown>): Promise<number[]> {
  await work();
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    await work();
    samples.push(performance.now() - begin);
  }
  return samples;
}

async function optimizerTime(): Promise<number[]> {
  const graph = new Graph('adamw');
  const vector = (name: string): Value => graph.input(name, 'float32', [layout.length]);
  const number = (name: string): Value => graph.input(name, 'float32', []);
  const inputs = {
    parameters: vector('parameters'),
    mean: vector('mean'),
    variance: vector('variance'),
    gradient: vector('gradient'),
    learningRate: number('learningRate'),
    meanCorrection: number('meanCorrection'),
    varianceCorrection: number('varianceCorrection'),
  };
  for (const [name, value] of Object.entries(
    adamw({ ...inputs, decay: graph.floats([0.01], []) }, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
  ))
    graph.output(name, value as Value);
  const session = await createSession(writeOnnx(graph), { provider: 'cpu', threads: plan.threads });
  const feeds = Object.fromEntries(
    Object.values(inputs).map((value) => [
      value.name,
      value.shape.length === 0
        ? { data: Float32Array.of(1), shape: [] }
        : { data: new Float32Array(layout.length).fill(0.5), shape: [layout.length] },
    ]),
  );
  const samples = await time(() => session.run(feeds));
  await session.release();
  return samples;
}

try {
  const loadBefore = load();
  const optimizer = await optimizerTime();
  const withTaps = await engineFor('taps');
  let step = 0;
  const tapBatch = batch(() => ({ taps: base.config.tapDims.map((channels) => numbers(micro * tokens * channels)) }));
  const head = await time(() => withTaps.step({ micro: tapBatch, step: ++step, stage: 'all', learningRate: 1e-5 }));
  await withTaps.release();
  const withPixels = await engineFor('pixels');
  const pixelBatch = batch(() => ({
    pixels: Uint8Array.from({ length: micro * height * width * 3 }, () => 256 * random.next()),
  }));
  const whole = await time(() =>
    withPixels.step({ micro: pixelBatch, step: ++step, stage: 'all', learningRate: 1e-5 }),
  );
  await withPixels.release();
  const middle = (samples: readonly number[]): number =>
    [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)] as number;
  const share = (ms: number): string => `${((100 * ms) / middle(whole)).toFixed(1)} %`;
  console.log(
    `\n${circumstances(['@synseg/train', 'onnxruntime-node'])}; ${plan.threads} threads, load before ${loadBefore}\n`,
  );
  console.log(
    `${full ? 'CLIPSeg, ViT-B/16' : 'MobileNetV2 trunk, decoder of train-ccp'}, ${String(height)} px, batch ` +
      `${String(images)} in micro-batches of ${String(micro)}, ${String(labels)} labels a picture, ` +
      `${String(layout.length)} trained parameters, \`recipe: paper\`; peak memory ` +
      `${(process.resourceUsage().maxRSS / 1e6).toFixed(2)} GB.\n`,
  );
  console.log(
    table(
      ['part', 'ms a step', 'share', 'images/s'],
      [
        ['whole step', spread(whole), '100 %', ((1000 * images) / middle(whole)).toFixed(2)],
        [
          'frozen trunk (whole less the next)',
          (middle(whole) - middle(head)).toFixed(0),
          share(middle(whole) - middle(head)),
          '',
        ],
        [
          'decoder, losses, gradients, AdamW (taps given)',
          spread(head),
          share(middle(head)),
          ((1000 * images) / middle(head)).toFixed(2),
        ],
        ['of which AdamW', spread(optimizer, 1), share(middle(optimizer)), ''],
      ],
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
