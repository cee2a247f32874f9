/**
 * Makes pictures, clips and contact sheets of the street world.
 *
 *   npx tsx --tsconfig tsconfig.run.json worlds/street/make.ts --out FOLDER --count N
 *       [--first-seed 0] [--size 128] [--split train|pretrain|test|held-out] [--captions 5] [--scenery 0]
 *       [--views whole|varied] [--workers 2]
 *   … make.ts --video clip.mp4 [--seconds 6] [--seed 0] [--size 256] [--aspect 1.5] [--frame-rate 12]
 *   … make.ts --sheet sheet.png [--count 24] [--first-seed 0] [--size 256]
 */
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { writeClip } from './clip.ts';
import { SPLITS, beginDataset, finishDataset, nameOf, replace, type DatasetPlan, type Split } from './dataset.ts';
import { contactSheet, legend } from './sheet.ts';
import { Threads } from './threads.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    'out': text,
    'count': text,
    'first-seed': text,
    'size': text,
    'split': text,
    'captions': text,
    'scenery': text,
    'views': text,
    'workers': text,
    'video': text,
    'seconds': text,
    'seed': text,
    'aspect': text,
    'frame-rate': text,
    'sheet': text,
  },
});

function numberOf(name: keyof typeof values, standard: number, least: number, whole = true): number {
  const given = values[name];
  const value = given === undefined ? standard : Number(given);
  if (!(value >= least) || (whole && !Number.isSafeInteger(value)))
    throw new RangeError(
      `Cannot make: --${name} must be ${whole ? 'an integer' : 'a number'} from ${least}, got ${given}`,
    );
  return value;
}

function splitOf(given: string | undefined): Split {
  const split = SPLITS.find((name) => name === (given ?? 'train'));
  if (split === undefined)
    throw new RangeError(`Cannot make: --split must be one of ${SPLITS.join(', ')}, got ${given}`);
  return split;
}

function viewsOf(given = 'whole'): DatasetPlan['views'] {
  if (given !== 'whole' && given !== 'varied')
    throw new RangeError(`Cannot make: --views must be whole or varied, got ${given}`);
  return given;
}

/** Shows how far a run is: on one line of a terminal, else now and then. */
function progress(done: number, total: number, started: number, what: string): void {
  const every = Math.max(1, Math.floor(total / 20));
  if (!process.stderr.isTTY && done % every !== 0 && done !== total) return;
  const rate = (done * 1000) / Math.max(1, performance.now() - started);
  process.stderr.write(
    `${process.stderr.isTTY ? '\r' : ''}${done} of ${total} ${what}, ${rate.toFixed(1)} a ` +
      `second${process.stderr.isTTY && done < total ? ' ' : '\n'}`,
  );
}

async function makeDataset(folder: string): Promise<void> {
  const plan: DatasetPlan = {
    folder,
    count: numberOf('count', NaN, 1),
    firstSeed: numberOf('first-seed', 0, 0),
    size: numberOf('size', 128, 16),
    split: splitOf(values.split),
    captions: numberOf('captions', 5, 1),
    scenery: numberOf('scenery', 0, 0),
    views: viewsOf(values.views),
  };
  const workers = numberOf('workers', Math.max(1, availableParallelism() - 1), 1);
  await beginDataset(plan);
  await using threads = new Threads(Math.min(workers, plan.count));
  const started = performance.now();
  const found: number[] = [];
  let next = plan.firstSeed;
  // Seeds are tried until enough have been found: few show a held-out combination, a rare close-up shows nothing.
  const end = plan.firstSeed + plan.count * 40;
  const draw = async (): Promise<void> => {
    while (found.length < plan.count && next < end) {
      const seed = next++;
      if (!(await threads.run<boolean>({ job: 'write', plan, seed }))) continue;
      found.push(seed);
      if (found.length <= plan.count) progress(found.length, plan.count, started, 'pictures');
    }
  };
  await Promise.all(Array.from({ length: workers }, draw));
  // The first that qualify, however many threads looked for them.
  const names = found
    .sort((a, b) => a - b)
    .slice(0, plan.count)
    .map((seed) => nameOf(plan.split, seed));
  const rows = await finishDataset(folder, names);
  console.log(
    `${folder}/metadata.jsonl: ${rows} rows, ${plan.size} × ${plan.size} px, ` +
      `${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
}

async function makeClip(video: string): Promise<void> {
  const started = performance.now();
  await mkdir(dirname(video), { recursive: true });
  const options = {
    seconds: numberOf('seconds', 6, 0.1, false),
    frameRate: numberOf('frame-rate', 12, 1, false),
    aspect: numberOf('aspect', 1.5, 0.25, false),
    size: numberOf('size', 256, 16),
  };
  const clip = await writeClip(video, numberOf('seed', 0, 0), {
    ...options,
    onFrame: (done, total) => progress(done, total, started, 'frames'),
  });
  console.log(`${clip.video}: ${clip.frames} frames, ${clip.width} × ${clip.height} px; masks in ${clip.masks}`);
}

async function makeSheet(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replace(
    path,
    await contactSheet(numberOf('first-seed', 0, 0), numberOf('count', 24, 1), numberOf('size', 256, 16)),
  );
  console.log(`${path}; colors of the masks:\n${legend().join('\n')}\n#ff00ff ignored`);
}

if (values.out !== undefined) await makeDataset(values.out);
else if (values.video !== undefined) await makeClip(values.video);
else if (values.sheet !== undefined) await makeSheet(values.sheet);
else throw new RangeError('Cannot make: one of --out FOLDER, --video FILE and --sheet FILE must be given, got none');
