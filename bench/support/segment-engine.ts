/**
 * One engine in a process of its own: loads it, runs the cases, prints their times as one JSON line. Engines share no
 * process, because threads and memory pools of the one would slow the other.
 */
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Segmenter, clearCache, type LabelSet, type Precision } from '@synseg/core';
import { benchCache } from './machine.ts';
import { loadPeer, type PeerImage } from './peer.ts';
import { exportForPeer } from './peer-onnx.ts';
import { ADJECTIVES, NOUNS, SIZES, randomClipseg, type SizeName } from './random-clipseg.ts';
import { seededPicture } from './random.ts';

/** What to run. */
export interface EngineTask {
  readonly engine: 'ours' | 'peer';
  readonly precision: Precision;
  readonly size: SizeName;
  readonly threads: number;
  /** Write the activation maps of a fixed picture here, and measure nothing. */
  readonly check?: string;
}

/** Times of one process, ms per call, by case. */
export type EngineTimes = Readonly<Record<string, readonly number[]>>;

/** Sizes of the label sets. */
export const LABEL_COUNTS = [1, 5, 20] as const;

/** Size of the picture, pixels. */
export const PICTURE = { width: 640, height: 480 } as const;

/** A way of running one case once. */
interface Runner {
  readonly name: string;
  readonly run: () => Promise<unknown>;
  /** Slow cases are called this often at most, and without a call to warm up. */
  readonly calls?: number;
}

const WARM_UP_MS = 1_000;
const MEASURE_MS = 2_500;
const MIN_CALLS = 3;
/** New labels are used up call by call, so the number of calls is bounded. */
const MAX_CALLS = 8;
const CHECK_LABELS = 5;

/** Two-word labels, each handed out once. */
function* freshLabels(): Generator<string, never> {
  for (const noun of NOUNS) for (const adjective of ADJECTIVES) yield `${adjective} ${noun}`;
  for (const first of NOUNS) for (const second of NOUNS) yield `${first} ${second}`;
  throw new Error('Cannot name new labels: a process must use at most 720, got more');
}

function take(source: Iterator<string>, count: number): string[] {
  return Array.from({ length: count }, () => source.next().value as string);
}

async function ours(task: EngineTask): Promise<EngineTimes> {
  const cacheFolder = join(benchCache, 'synseg');
  await clearCache(cacheFolder, ['embeddings']);
  const { precision, threads } = task;
  await using segmenter = await Segmenter.load(randomClipseg(task.size), { device: 'cpu', precision, threads, cacheFolder });
  const source = freshLabels();
  const fresh = (count: number): Promise<LabelSet> => segmenter.labels(take(source, count));
  if (task.check !== undefined) {
    const { inputSize: side } = SIZES[task.size];
    const { activations } = await segmenter.segment({ data: seededPicture(1, side, side), width: side, height: side }, await fresh(CHECK_LABELS), { output: ['activations'], size: 'model' });
    writeFileSync(task.check, activations);
    return {};
  }
  const image = { data: seededPicture(2, PICTURE.width, PICTURE.height), ...PICTURE };
  const encoded = await segmenter.encode(image);
  const runners: Runner[] = [];
  for (const count of LABEL_COUNTS) {
    const known = await fresh(count);
    runners.push(
      { name: `1 view, ${count}`, run: () => segmenter.segment(image, known) },
      { name: `1 view, ${count} new`, run: async () => segmenter.segment(image, await fresh(count)) },
      { name: `encoded, ${count} new`, run: async () => segmenter.segment(encoded, await fresh(count)) },
      { name: `encoded, ${count}`, run: () => segmenter.segment(encoded, known) },
      { name: `5 views, ${count}`, run: () => segmenter.segment(image, known, { views: 5 }) },
    );
  }
  return await measure(runners);
}

async function peer(task: EngineTask): Promise<EngineTimes> {
  const folder = await exportForPeer(randomClipseg(task.size));
  const { env, RawImage, Tensor, AutoTokenizer, AutoProcessor, CLIPSegForImageSegmentation } = await loadPeer();
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const name = basename(folder);
  const [tokenizer, processor] = await Promise.all([AutoTokenizer.from_pretrained(name), AutoProcessor.from_pretrained(name)]);
  const model = await CLIPSegForImageSegmentation.from_pretrained(name, { dtype: 'fp32', device: 'cpu', session_options: { intraOpNumThreads: task.threads } });
  const source = freshLabels();
  const prompts = (count: number): string[] => take(source, count).map((label) => `a photo of a ${label}.`);
  // As its documentation calls it: prompts padded to the longest, one picture for all of them.
  const call = async (texts: readonly string[], picture: PeerImage): Promise<Float32Array> => {
    const { logits } = await model({ ...tokenizer(texts, { padding: true, truncation: true }), ...(await processor(picture)) });
    return logits.data;
  };
  if (task.check !== undefined) {
    const { inputSize: side } = SIZES[task.size];
    const logits = await call(prompts(CHECK_LABELS), new RawImage(seededPicture(1, side, side), side, side, 3));
    writeFileSync(task.check, logits.map((logit) => 1 / (1 + Math.exp(-logit))));
    return {};
  }
  const { width, height } = PICTURE;
  const image = new RawImage(seededPicture(2, width, height), width, height, 3);
  const repeated = async (texts: readonly string[]): Promise<void> => {
    const { pixel_values: one } = await processor(image);
    const all = new Float32Array(one.data.length * texts.length);
    texts.forEach((_, index) => all.set(one.data, index * one.data.length));
    const pixels = new Tensor('float32', all, [texts.length, ...one.dims.slice(1)]);
    await model({ ...tokenizer(texts, { padding: true, truncation: true }), pixel_values: pixels });
  };
  const fiveViews = async (texts: readonly string[]): Promise<void> => {
    const [x, y] = [width / 2, height / 2];
    const quadrants = [[0, 0], [x, 0], [0, y], [x, y]].map(([left = 0, top = 0]) => image.crop([left, top, left + x - 1, top + y - 1]));
    for (const view of [image, ...(await Promise.all(quadrants))]) await call(texts, view);
  };
  const runners: Runner[] = [];
  for (const count of LABEL_COUNTS) {
    const texts = prompts(count);
    runners.push({ name: `1 view, ${count}`, run: () => call(texts, image) });
    runners.push({ name: `5 views, ${count}`, run: () => fiveViews(texts) });
    if (count > 1) runners.push({ name: `1 view, ${count}, image repeated`, run: () => repeated(texts), calls: count > 5 ? 1 : 2 });
  }
  return measure(runners);
}

async function measure(runners: readonly Runner[]): Promise<EngineTimes> {
  const times: Record<string, number[]> = {};
  for (const { name, run, calls } of runners) {
    const samples: number[] = [];
    const once = async (): Promise<number> => {
      const start = performance.now();
      await run();
      return performance.now() - start;
    };
    for (let spent = 0, done = 0; calls === undefined && (done === 0 || spent < WARM_UP_MS) && done < MIN_CALLS; done++) spent += await once();
    const limit = calls ?? MAX_CALLS;
    for (let spent = 0; samples.length < limit && (spent < MEASURE_MS || samples.length < Math.min(MIN_CALLS, limit)); spent += samples.at(-1) as number) samples.push(await once());
    times[name] = samples;
    process.stderr.write('.');
  }
  return times;
}

const task = JSON.parse(process.argv[2] ?? '{}') as EngineTask;
process.stdout.write(`${JSON.stringify(await (task.engine === 'ours' ? ours(task) : peer(task)))}\n`);
