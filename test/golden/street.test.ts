/**
 * Exact pixels → logits of a real checkpoint with its own trunk: every file under `$SYNSEG_GOLDEN/street`.
 *
 * Tolerance 5e-4 absolute: float32 against float32 of another runtime through a MobileNetV2 and three transformer
 * layers; logits span about ±20.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../packages/core/src/checkpoint/checkpoint.ts';
import { CheckpointParameters } from '../../packages/core/src/model/parameters.ts';
import { buildDecodeGraph, buildTrunkGraph } from '../../packages/core/src/model/model-graphs.ts';
import { Vocabulary } from '../../packages/core/src/text/vocabulary.ts';
import { GOLDEN, STREET, namesIn } from '../support/shared.ts';
import { readTensors, runGraph, worstExcess, type Reference } from '../support/tensors.ts';

const folder = join(GOLDEN, 'street');
const cases = existsSync(STREET) ? namesIn(folder) : [];

test('the suite lists the cases it found', ({ skip }) => {
  if (cases.length === 0) skip(`no cases under ${folder}, or no checkpoint at ${STREET}`);
  console.info(`street golden cases: ${cases.join(', ')}`);
  expect(cases.length).toBeGreaterThan(0);
});

describe.each(cases)('golden/street/%s', (name) => {
  test('taps and logits', async () => {
    const { tensors, metadata } = await readTensors(join(folder, name));
    const { config, weights } = await openCheckpoint(STREET);
    const vocabulary = await Vocabulary.load(STREET, config);
    const trunk = await readFile(join(STREET, 'vision.onnx'));
    const source = (graph: ConstructorParameters<typeof CheckpointParameters>[0]) =>
      new CheckpointParameters(graph, weights);
    const pixels = tensors.get('pixels') as Reference;
    const taps = await runGraph(buildTrunkGraph(config, source, trunk), {
      views: { data: pixels.data, shape: [1, ...pixels.shape] },
    });
    const labels = JSON.parse(metadata['labels'] as string) as string[];
    const text = new Float32Array(labels.flatMap((label) => [...vocabulary.embedding(label)]));
    const byPicture = Object.fromEntries(
      Object.entries(taps).map(([tap, { data, shape }]) => [tap, { data, shape: [1, ...shape] }]),
    );
    const { logits } = await runGraph(buildDecodeGraph(config, source, 1, 'mean'), {
      ...byPicture,
      text: { data: text, shape: [labels.length, config.embeddingDim] },
    });
    for (const tap of ['tap0', 'tap2']) {
      const worst = worstExcess(taps[tap]?.data as Float32Array, tensors.get(tap)?.data as Float32Array, 5e-4, 1e-4);
      expect(worst.excess, `${tap}: error ${String(worst.error)}`).toBeLessThanOrEqual(0);
    }
    const worst = worstExcess(logits?.data as Float32Array, tensors.get('logits')?.data as Float32Array, 5e-4, 0);
    expect(worst.excess, `logits: error ${String(worst.error)}`).toBeLessThanOrEqual(0);
  });
});
