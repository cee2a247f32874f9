/**
 * One engine in a process of its own, driven over stdin and stdout: it loads, says which cases it has, and times the
 * case
 * it is told to run. Engines share no process, because threads and memory pools of the one would slow the other.
 */
import { writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Segmenter, type LabelSet, type Precision } from '@synseg/core';
import { clearCache } from '@synseg/core/checkpoint';
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

/** One line on stdin: run a case this often. Answered by one line, {@link EngineTimes}. */
export interface EngineCommand {
  readonly run: string;
  readonly calls: number;
}

/** Sizes of the label sets. */
const LABEL_COUNTS = [1, 5, 20] as const;

/** Size of the picture, pixels. */
const PICTURE = { width: 640, height: 480 } as const;

/** Ways of running each case once. */
type Cases = Map<string, () => Promise<unknown>>;

const CHECK_LABELS = 5;

/** Labels of a few words, each handed out once. */
function* freshLabels(): Generator<string, never> {
  for (const noun of NOUNS) for (const adjective of ADJECTIVES) yield `${adjective} ${noun}`;
  for (const first of NOUNS) for (const second of NOUNS) yield `${first} ${second}`;
  for (const adjective of ADJECTIVES)
    for (const first of NOUNS) for (const second of NOUNS) yield `${adjective} ${first} ${second}`;
  throw new Error('Cannot name new labels: a process must not use more than there are words for, got one more');
}

function take(source: Iterator<string>, count: number): string[] {
  return Array.from({ length: count }, () => source.next().value as string);
}

async function ours(task: EngineTask): Promise<void> {
  const cacheFolder = join(benchCache, 'synseg');
  await clearCache(cacheFolder, ['embeddings']);
  const { precision, threads } = task;
  await using segmenter = await Segmenter.load(randomClipseg(task.size), {
    device: 'cpu',
    precision,
    threads,
    cacheFolder,
  });
  const source = freshLabels();
  const fresh = (count: number): Promise<LabelSet> => segmenter.labels(take(source, count), { background: 'none' });
  if (task.check !== undefined) {
    const { inputSize: side } = SIZES[task.size];
    const { activations } = await segmenter.segment(
      { data: seededPicture(1, side, side), width: side, height: side },
      await fresh(CHECK_LABELS),
      { output: ['activations'], size: 'model' },
    );
    writeFileSync(task.check, activations);
    return;
  }
  const image = { data: seededPicture(2, PICTURE.width, PICTURE.height), ...PICTURE };
  const encoded = await segmenter.encode(image);
  const cases: Cases = new Map();
  for (const count of LABEL_COUNTS) {
    const known = await fresh(count);
    cases.set(`1 view, ${count}`, () => segmenter.segment(image, known));
    cases.set(`1 view, ${count} new`, async () => segmenter.segment(image, await fresh(count)));
    cases.set(`encoded, ${count} new`, async () => segmenter.segment(encoded, await fresh(count)));
    cases.set(`encoded, ${count}`, () => segmenter.segment(encoded, known));
    cases.set(`5 views, ${count}`, () => segmenter.segment(image, known, { views: 5 }));
  }
  await serve(cases);
}

async function peer(task: EngineTask): Promise<void> {
  const folder = await exportForPeer(randomClipseg(task.size));
  const { env, RawImage, Tensor, AutoTokenizer, AutoProcessor, CLIPSegForImageSegmentation } = await loadPeer();
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const name = basename(folder);
  const [tokenizer, processor] = await Promise.all([
    AutoTokenizer.from_pretrained(name),
    AutoProcessor.from_pretrained(name),
  ]);
  const model = await CLIPSegForImageSegmentation.from_pretrained(name, {
    dtype: 'fp32',
    device: 'cpu',
    session_options: { intraOpNumThreads: task.threads },
  });
  const source = freshLabels();
  const prompts = (count: number): string[] => take(source, count).map((label) => `a photo of a ${label}.`);
  // As its documentation calls it: prompts padded to the longest, one picture for all of them.
  const call = async (texts: readonly string[], picture: PeerImage): Promise<Float32Array> => {
    const { logits } = await model({
      ...tokenizer(texts, { padding: true, truncation: true }),
      ...(await processor(picture)),
    });
    return logits.data;
  };
  if (task.check !== undefined) {
    const { inputSize: side } = SIZES[task.size];
    const logits = await call(prompts(CHECK_LABELS), new RawImage(seededPicture(1, side, side), side, side, 3));
    writeFileSync(
      task.check,
      logits.map((logit) => 1 / (1 + Math.exp(-logit))),
    );
    return;
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
    const quadrants = [
      [0, 0],
      [x, 0],
      [0, y],
      [x, y],
    ].map(([left = 0, top = 0]) => image.crop([left, top, left + x - 1, top + y - 1]));
    for (const view of [image, ...(await Promise.all(quadrants))]) await call(texts, view);
  };
  const cases: Cases = new Map();
  for (const count of LABEL_COUNTS) {
    const texts = prompts(count);
    cases.set(`1 view, ${count}`, () => call(texts, image));
    cases.set(`5 views, ${count}`, () => fiveViews(texts));
    if (count > 1) cases.set(`1 view, ${count}, image repeated`, () => repeated(texts));
  }
  await serve(cases);
}

/** Runs what stdin says until it ends. */
async function serve(cases: Cases): Promise<void> {
  const say = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
  say('ready');
  for await (const line of createInterface({ input: process.stdin })) {
    const { run: name, calls } = JSON.parse(line) as EngineCommand;
    const run = cases.get(name);
    const times: number[] = [];
    while (run !== undefined && times.length < calls) {
      const start = performance.now();
      await run();
      times.push(performance.now() - start);
    }
    say(times);
  }
}

const task = JSON.parse(process.argv[2] ?? '{}') as EngineTask;
await (task.engine === 'ours' ? ours(task) : peer(task));
