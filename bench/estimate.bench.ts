/**
 * What a training run says of its memory and time before the first step, beside what it then takes: `recipe: paper` on
 * frozen encoders, 224 px, the projector's first step included. Every case is a process of its own; its memory is the
 * most that was resident. Random weights take the memory and time of trained ones. A step is of two micro-batches; its
 * processor time, divided by the threads, is the time on a machine with nothing else to do.
 *
 *   npm run bench -- estimate [--networks embedded,small,full] [--micro 1,4,8] [--labels 8] [--steps 4] [--threads 2]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { train, type TrainEstimate } from '@synseg/train';
import { countOf, someOf } from './support/arguments.ts';
import { benchCache, circumstances, load } from './support/machine.ts';
import { seededPicture } from './support/random.ts';
import { NOUNS, randomClipseg } from './support/random-clipseg.ts';
import { median, table } from './support/statistics.ts';

const NETWORKS = {
  embedded: { title: 'embedded, convolution trunk', init: () => 'embedded' },
  small: { title: 'CLIPSeg, ViT of 6 blocks of 64', init: () => randomClipseg('tiny') },
  full: { title: 'CLIPSeg, ViT-B/16', init: () => randomClipseg('full') },
} as const;
type Network = keyof typeof NETWORKS;

const PICTURES = 48;
const SIDE = 224;

/** A case, as its process gets it. */
interface Task {
  readonly network: Network;
  readonly micro: number;
  readonly steps: number;
  readonly threads: number;
  readonly data: string;
  readonly out: string;
}

/** What a case's process sends back. */
interface Outcome {
  readonly estimate: TrainEstimate;
  /** Processor seconds by threads, of each step that trains everything. */
  readonly seconds: readonly number[];
  readonly residentBytes: number;
}

/** Seconds that this process has taken of all processors. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function measured({ network, micro, steps, threads, data, out }: Task): Promise<Outcome> {
  let estimate: TrainEstimate | undefined;
  const seconds: number[] = [];
  let before = 0;
  for await (const { step } of train({
    data,
    out,
    init: NETWORKS[network].init(),
    recipe: 'paper',
    steps,
    batchSize: 2 * micro,
    microBatchSize: micro,
    device: 'cpu',
    threads,
    cacheFolder: join(benchCache, 'synseg'),
    onProgress: (progress) => {
      if (progress.stage === 'estimate') estimate = progress;
    },
    advanced: { inputSize: SIDE, projectorSteps: 1 },
  })) {
    const now = processorSeconds();
    // The first step is the projector's alone, the second loads the sessions of the others.
    if (step > 2) seconds.push((now - before) / threads);
    before = now;
  }
  if (estimate === undefined) throw new Error('internal: train() gave no estimate');
  return { estimate, seconds, residentBytes: process.resourceUsage().maxRSS * 1024 };
}

function inProcess(task: Task): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, ['--task', JSON.stringify(task)], { execArgv: ['--import', 'tsx'] });
    let outcome: Outcome | undefined;
    child.on('message', (message) => (outcome = message as Outcome));
    child.on('error', reject);
    child.on('exit', (code) => {
      if (outcome === undefined) reject(new Error(`Cannot run bench: a case must end well, got exit code ${code}`));
      else resolve(outcome);
    });
  });
}

/** Pictures with so many tags each, and the table that names them. */
async function pictures(folder: string, labels: number): Promise<string> {
  const rows = Array.from({ length: PICTURES }, async (_, index) => {
    const [width, height, image] = [320, 240, `${index}.jpg`];
    const pixels = seededPicture(index, width, height);
    await sharp(pixels, { raw: { width, height, channels: 3 } }).toFile(join(folder, image));
    const tags = Array.from({ length: labels }, (_, at) => NOUNS[(index + 3 * at) % NOUNS.length]);
    return JSON.stringify({ image, tags });
  });
  const data = join(folder, 'tags.jsonl');
  writeFileSync(data, (await Promise.all(rows)).join('\n'));
  return data;
}

const { values } = parseArgs({
  options: {
    networks: { type: 'string' },
    micro: { type: 'string', default: '1,4,8' },
    labels: { type: 'string', default: '8' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
    task: { type: 'string' },
  },
});

if (values.task !== undefined) process.send?.(await measured(JSON.parse(values.task) as Task));
else {
  const networks = someOf('networks', values.networks, Object.keys(NETWORKS) as Network[]);
  const [threads, steps] = [countOf('threads', values.threads), countOf('steps', values.steps, 3)];
  const labels = countOf('labels', values.labels);
  const folder = mkdtempSync(join(tmpdir(), 'synseg-estimate-'));
  try {
    const data = await pictures(folder, labels);
    const rows: string[][] = [];
    const before = load();
    for (const network of networks)
      for (const micro of values.micro.split(',').map((size) => countOf('micro', size))) {
        const out = join(folder, `${network}-${micro}`);
        const { estimate, seconds, residentBytes } = await inProcess({ network, micro, steps, threads, data, out });
        const [said, took] = [estimate.seconds / steps, median(seconds)];
        rows.push([
          NETWORKS[network].title,
          String(micro),
          (estimate.memoryBytes / 1e9).toFixed(2),
          (residentBytes / 1e9).toFixed(2),
          (estimate.memoryBytes / residentBytes).toFixed(2),
          said.toFixed(2),
          took.toFixed(2),
          (said / took).toFixed(2),
        ]);
        process.stderr.write(`${rows.at(-1)?.join(' | ')}\n`);
      }
    console.log(`\n${circumstances(['@synseg/train', 'onnxruntime-node'])}; load before ${before}\n`);
    console.log(`${SIDE} px, ${labels} labels a picture, ${steps} steps, ${threads} threads.\n`);
    const figures = ['estimated', 'taken', 'ratio'];
    const head = ['memory, GB:', 'seconds a step:'].flatMap((what) => figures.map((figure) => `${what} ${figure}`));
    console.log(table(['network', 'micro-batch', ...head], rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
