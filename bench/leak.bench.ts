/**
 * Memory over a long life: load/dispose cycles, segmentations on one segmenter, and steps of a training run. Prints
 * resident
 * memory; flat is good.
 *
 *   npm run bench -- leak [--cycles 20] [--segmentations 2000] [--steps 600] [--checkpoint FOLDER]
 *
 * The checkpoint is `../shared/checkpoints/street` where that folder exists, else a small random CLIPSeg; what is
 * trained is
 * the decoder of the latter.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Segmenter } from '@synseg/core';
import { train } from '@synseg/train';
import { benchCache, circumstances } from './support/machine.ts';
import { pictureFiles } from './support/pictures.ts';
import { seededPicture } from './support/random.ts';
import { randomClipseg } from './support/random-clipseg.ts';
import { mean, slope, table } from './support/statistics.ts';

const street = resolve(import.meta.dirname, '../../shared/checkpoints/street');
const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '20' },
    segmentations: { type: 'string', default: '2000' },
    steps: { type: 'string', default: '600' },
    checkpoint: { type: 'string', default: existsSync(street) ? street : randomClipseg('tiny') },
  },
});
const cycles = Number(values.cycles);
const segmentations = Number(values.segmentations);
const steps = Number(values.steps);
const cacheFolder = join(benchCache, 'synseg');
/**
 * The first cycles and segmentations fill pools and caches; the allocator keeps an arena for each thread it has seen.
 */
const WARM_CYCLES = 10;
const WARM_SEGMENTATIONS = 100;
const WARM_STEPS = 100;
/** Pictures a step; of 27 kB each when decoded. */
const BATCH = 32;
const SAMPLES = 100;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Memory {
  readonly resident: number;
  readonly heap: number;
  readonly buffers: number;
}

/** MB after a collection, so that garbage does not count as growth. */
function memory(): Memory {
  collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { resident: rss / 1e6, heap: heapUsed / 1e6, buffers: external / 1e6 };
}

function summary(title: string, samples: readonly Memory[], perSample: number, unit: string): string[] {
  const decile = Math.max(1, Math.floor(samples.length / 10));
  const cells = (['resident', 'heap', 'buffers'] as const).map((kind) => {
    const series = samples.map((sample) => sample[kind]);
    return `${mean(series.slice(0, decile)).toFixed(1)} → ${mean(series.slice(-decile)).toFixed(1)}`;
  });
  const growth = (slope(samples.map(({ resident }) => resident)) / perSample) * 1000;
  return [title, ...cells, `${growth.toFixed(1)} kB per ${unit}`];
}

async function cycleSamples(checkpoint: string, count: number): Promise<Memory[]> {
  const samples: Memory[] = [];
  const picture = { data: seededPicture(3, 320, 240), width: 320, height: 240 };
  for (let cycle = 0; cycle < count; cycle++) {
    {
      await using segmenter = await Segmenter.load(checkpoint, { device: 'cpu', cacheFolder });
      // Words no cache has seen start the text thread as well, where there is one.
      const labels = await segmenter.labels(
        segmenter.vocabulary === undefined ? ['road', `cycle ${process.pid} ${cycle}`] : ['road', 'car'],
      );
      await segmenter.segment(picture, labels);
    }
    samples.push(memory());
    process.stderr.write('.');
  }
  return samples;
}

async function segmentationSamples(checkpoint: string, count: number): Promise<{ samples: Memory[]; every: number }> {
  const samples: Memory[] = [];
  await using segmenter = await Segmenter.load(checkpoint, { device: 'cpu', cacheFolder });
  const labels = await segmenter.labels(['road', 'car', 'person', 'sky', 'tree', 'building']);
  const files = (await pictureFiles()).slice(0, 2);
  const encoded = await readFile(files[0] as string);
  const raw = { data: seededPicture(3, 960, 720), width: 960, height: 720 };
  const inputs = [raw, encoded, ...files];
  const every = Math.max(1, Math.floor(count / SAMPLES));
  let next = 0;
  const some = (calls: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: calls }, () =>
        segmenter.segment(
          inputs[next++ % inputs.length] as (typeof inputs)[number],
          labels,
          next % 16 === 0 ? { output: ['labels', 'activations'] } : {},
        ),
      ),
    );
  await some(WARM_SEGMENTATIONS);
  for (let done = 0; done < count; done += every) {
    await some(every);
    samples.push(memory());
    if (samples.length % 10 === 0) process.stderr.write('.');
  }
  return { samples, every };
}

async function trainingSamples(count: number): Promise<{ samples: Memory[]; every: number }> {
  const samples: Memory[] = [];
  const every = Math.max(1, Math.floor(count / SAMPLES));
  const folder = await mkdtemp(join(tmpdir(), 'synseg-leak-'));
  try {
    const files = (await pictureFiles()).slice(0, 1);
    const data = join(folder, 'tags.jsonl');
    const tags = ['road', 'car', 'person', 'sky', 'tree', 'building'];
    await writeFile(
      data,
      Array.from({ length: BATCH }, (_, index) =>
        JSON.stringify({ image: files[0], tags: [tags[index % tags.length], tags[(index + 1) % tags.length]] }),
      ).join('\n'),
    );
    for await (const { step } of train({
      data,
      init: randomClipseg('tiny'),
      out: join(folder, 'run'),
      steps: WARM_STEPS + count,
      batchSize: BATCH,
      device: 'cpu',
      cacheFolder,
    })) {
      if (step < WARM_STEPS || (step - WARM_STEPS) % every !== 0) continue;
      samples.push(memory());
      if (samples.length % 10 === 0) process.stderr.write('.');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return { samples, every };
}

const before = memory();
const kinds: [string, string][] = [
  [existsSync(street) && values.checkpoint === street ? 'street' : 'checkpoint', values.checkpoint],
];
if (kinds[0]?.[0] === 'street') kinds.push(['small random CLIPSeg, text encoder included', randomClipseg('tiny')]);
const rows: string[][] = [];
const series: string[] = [];
for (const [name, checkpoint] of kinds) {
  const samples = await cycleSamples(checkpoint, cycles + WARM_CYCLES);
  rows.push(
    summary(`${cycles} load/dispose cycles after ${WARM_CYCLES}, ${name}`, samples.slice(WARM_CYCLES), 1, 'cycle'),
  );
  series.push(`resident MB after each cycle, ${name}: ${samples.map(({ resident }) => resident.toFixed(0)).join(' ')}`);
}
const [[name, checkpoint] = ['', '']] = kinds;
const { samples, every } = await segmentationSamples(checkpoint, segmentations);
rows.push(
  summary(`${segmentations} segmentations after ${WARM_SEGMENTATIONS}, ${name}`, samples, every, 'segmentation'),
);
series.push(
  `resident MB, every ${5 * every} segmentations: ${samples
    .filter((_, index) => index % 5 === 4)
    .map(({ resident }) => resident.toFixed(0))
    .join(' ')}`,
);
const training = await trainingSamples(steps);
rows.push(
  summary(
    `${steps} training steps of ${BATCH} pictures after ${WARM_STEPS}, small random CLIPSeg`,
    training.samples,
    training.every,
    'step',
  ),
);
series.push(
  `resident MB, every ${5 * training.every} steps: ${training.samples
    .filter((_, index) => index % 5 === 4)
    .map(({ resident }) => resident.toFixed(0))
    .join(' ')}`,
);
console.log(
  `\n${circumstances(['@synseg/core', '@synseg/train', 'onnxruntime-node', 'sharp'])}; process before: ` +
    `${before.resident.toFixed(0)} MB resident`,
);
console.log('MB, mean of the first tenth → mean of the last tenth, after a garbage collection\n');
console.log(table(['what', 'resident', 'JavaScript heap', 'external buffers', 'slope of resident'], rows));
console.log(`\n${series.join('\n')}`);
