/**
 * What a picture costs, as in the paper's Table I: parameters, and the time of a picture of 224 × 224 pixels, from its
 * pixels to its label map, with one view and with five; of the paper's network (ViT-B/16, random weights, which take
 * the time of trained ones) and of the checkpoint that ships.
 *
 *   npm run bench -- cost [--labels 5] [--rounds 5] [--device cpu] [--threads N]
 */
import { Segmenter } from '@synseg/core';
import { Weights, embeddedFolder } from '@synseg/core/checkpoint';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { circumstances, load } from './support/machine.ts';
import { randomClipseg } from './support/random-clipseg.ts';
import { seededPicture } from './support/random.ts';
import { spread, table } from './support/statistics.ts';

const SIDE = 224;
const NAMES = ['person', 'car', 'road', 'sky', 'tree', 'building', 'dog', 'cat', 'chair', 'table', 'grass', 'water'];
const CALLS = 5;

const { values } = parseArgs({
  options: {
    labels: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    device: { type: 'string', default: 'cpu' },
    threads: { type: 'string', default: String(Math.min(8, availableParallelism())) },
  },
});
const [count, rounds, threads] = [Number(values.labels), Number(values.rounds), Number(values.threads)];
if (!(count >= 1 && count <= NAMES.length) || !(rounds >= 1) || !(threads >= 1))
  throw new RangeError(
    `Cannot run bench: labels must be 1 to ${NAMES.length}, rounds and threads positive, got ${JSON.stringify(values)}`,
  );

const NETWORKS = [
  { name: "ViT-B/16, the paper's", folder: randomClipseg('full') },
  { name: 'embedded', folder: embeddedFolder() },
];
const PRECISIONS = ['fp32', 'int8'] as const;
const VIEWS = [1, 5] as const;

/** Numbers of a checkpoint by part, in millions. */
async function parametersOf(folder: string): Promise<string[]> {
  const weights = await Weights.open(folder);
  const millions = (pattern: RegExp): string => {
    const own = weights.entries().filter(({ name }) => pattern.test(name));
    return (own.reduce((sum, { shape }) => sum + shape.reduce((of, side) => of * side, 1), 0) / 1e6).toFixed(2);
  };
  return [/^trunk\.|^clip\.vis/, /^decoder\./, /^clip\.text_/].map(millions);
}

const pixels = { data: seededPicture(1, SIDE, SIDE), width: SIDE, height: SIDE };

interface Case {
  readonly row: readonly string[];
  readonly run: () => Promise<unknown>;
  readonly times: number[];
}
const cases: Case[] = [];
const segmenters: Segmenter[] = [];
for (const { name, folder } of NETWORKS) {
  const parameters = await parametersOf(folder);
  for (const precision of PRECISIONS) {
    const segmenter = await Segmenter.load(folder, {
      device: values.device as 'cpu',
      precision,
      threads,
      inputSize: SIDE,
    });
    segmenters.push(segmenter);
    const labels = await segmenter.labels(NAMES.slice(0, count));
    for (const views of VIEWS)
      cases.push({
        row: [name, ...parameters, precision, String(views)],
        run: () => segmenter.segment(pixels, labels, { views }),
        times: [],
      });
  }
}
console.log(circumstances(['@synseg/core', 'onnxruntime-node']));
console.log(`device ${segmenters[0]!.device}, ${threads} threads, ${count} labels, load ${load()}`);
// Networks take turns, so that what else the machine does hits all alike.
for (let round = 0; round < rounds; round++)
  for (const { run, times } of cases) {
    await run();
    for (let call = 0; call < CALLS; call++) {
      const start = performance.now();
      await run();
      times.push(performance.now() - start);
    }
  }
for (const segmenter of segmenters) await segmenter.dispose();
console.log(
  table(
    ['network', 'pictures, M', 'decoder, M', 'text, M', 'precision', 'views', 'ms a picture'],
    cases.map(({ row, times }) => [...row, spread(times, 1)]),
  ),
);
