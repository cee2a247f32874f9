/** `synseg train`: progress during the run, its result at the end; the log in the run folder has every step. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { withoutSecrets } from '@synseg/core/guards';
import * as library from '@synseg/train';
import type { LeftOut, StepReport, TrainProgress, TrainWarning } from '@synseg/train';
import type { TrainEncodersOptions, TrainOptions, TrainTextEncoderOptions } from '@synseg/train';
import { TRAIN_ADVANCED_OPTIONS, TRAIN_OPTIONS } from '@synseg/train/options';
import { TRAIN_ENCODERS_ADVANCED_OPTIONS, TRAIN_ENCODERS_OPTIONS } from '@synseg/train/options';
import { command, type Command, type Context, type Result } from '../context.ts';
import { TRAIN_ENCODERS_FLAGS, TRAIN_FLAGS, TRAIN_TEXT_ENCODER_FLAGS } from '../train-flags.ts';
import { textEncoderOptions, trainOptions } from '../train-flags.ts';
import { duration, figure, grouped, percent } from '../text.ts';

const train = command({
  name: 'TRAIN_FLAGS',
  flags: TRAIN_FLAGS,
  help: `
Examples:
  $ synseg train --data "shards/{00000..00099}.tar" --phrases phrases.jsonl \\
      --init CIDAS/clipseg-rd64-refined --recipe paper --out runs/a
  $ synseg train --data tags.jsonl --init random --trunk ./backbone --recipe tags \\
      --steps 200 --out runs/b --json
  $ synseg train --config run.json --steps 20000 --resume
  $ synseg train --data photos --objective masks --init ./checkpoint --out runs/c \\
      --augmentation flip,crop=0.5:1 --evaluation dataset=camvid,root=data/camvid,split=val
  $ synseg train --encoders --data captions.jsonl --init nano --out runs/encoders \\
      --evaluation data=held-out.jsonl

The configuration file takes every option of train(); a flag overrides it. A .ts file
needs Deno or Node 22.18, 23.6 or later. The complete configuration, defaults
included, goes to stderr and to config.json in the run folder.

--json prints the report of the last step with interrupted, seconds, out, checkpoint
and best. Every step is a line of log.jsonl in the run folder.

Ctrl-C finishes the step, saves, and exits with 130. --resume continues from the last
save, bit for bit.
`,
  async run(context, flags) {
    const options = (await trainOptions(flags, TRAIN_OPTIONS, TRAIN_ADVANCED_OPTIONS)) as unknown as TrainOptions;
    const { train: start = library.train } = context.work;
    return follow(context, library.planTraining(options), (callbacks) => start({ ...options, ...callbacks }));
  },
});

const trainEncoders = command({
  name: 'TRAIN_ENCODERS_FLAGS',
  flags: TRAIN_ENCODERS_FLAGS,
  help: `
Trains both encoders on whole captions (InfoNCE): each caption is a negative for every
other picture of the batch. See also "synseg train --help".

Examples:
  $ synseg create captions.jsonl --out nano
  $ synseg train --encoders --data captions.jsonl --init nano --out runs/encoders --evaluation data=held-out.jsonl
  $ synseg train --data captions.jsonl --init runs/encoders/best --out runs/head
`,
  async run(context, flags) {
    const values = await trainOptions(flags, TRAIN_ENCODERS_OPTIONS, TRAIN_ENCODERS_ADVANCED_OPTIONS);
    const options = values as unknown as TrainEncodersOptions;
    const { trainEncoders: start = library.trainEncoders } = context.work;
    return follow(context, library.planEncoders(options), (callbacks) => start({ ...options, ...callbacks }));
  },
});

const trainTextEncoder = command({
  name: 'TRAIN_TEXT_ENCODER_FLAGS',
  flags: TRAIN_TEXT_ENCODER_FLAGS,
  help: `
Trains the text encoder until its vector of each text is that of the text's name: free
labels for a checkpoint that was trained with a table of vectors.

Examples:
  $ echo '{"text": "poodles", "name": "dog"}' > texts.jsonl
  $ synseg create texts.jsonl --out small --trunk ./photos
  $ synseg train --text-encoder --data texts.jsonl --vectors ./words --init small --out runs/text
`,
  async run(context, flags) {
    const options = (await textEncoderOptions(flags)) as unknown as TrainTextEncoderOptions;
    const { trainTextEncoder: start = library.trainTextEncoder } = context.work;
    return follow(context, library.planTextEncoder(options), (callbacks) => start({ ...options, ...callbacks }));
  },
});

/** Flags of `train()` alone: without them, the data is the operand and the rest is decided by itself. */
const OPENS_ALL = /^--(?:data|config|recipe|objective|resume)(?:=|$)/;

/** The command that these words are for. */
export async function trainingOf(words: readonly string[]): Promise<Command> {
  if (words.includes('--text-encoder')) return trainTextEncoder;
  if (words.includes('--encoders')) return trainEncoders;
  if (words.some((word) => OPENS_ALL.test(word))) return train;
  return (await import('./fine-tune.ts')).fineTuning;
}

interface Callbacks {
  readonly signal: AbortSignal;
  readonly onWarning: (warning: TrainWarning) => void;
  readonly onProgress: (progress: TrainProgress) => void;
}

type Planned = ReturnType<typeof library.planTraining | typeof library.planEncoders | typeof library.planTextEncoder>;

/** A score and its step. */
type BestScore = { readonly step: number } & MeasuredScore;
type MeasuredScore = WithoutBest<NonNullable<StepReport['score']>>;
type WithoutBest<Score> = Score extends unknown ? Omit<Score, 'best'> : never;

/** Result of a run: the last report, if there was one, and the places of its files. */
interface Summary extends Partial<StepReport> {
  readonly interrupted: boolean;
  /** Loading included. */
  readonly seconds: number;
  readonly out: string;
  /** Folder of the state after the last step; null when it ended before there was one. */
  readonly checkpoint: string | null;
  /** Of all steps of this session; of pictures alone. */
  readonly leftOut?: LeftOut;
  /** Best score of this session, if one was taken. */
  readonly best: (BestScore & { readonly checkpoint: string }) | null;
}

async function follow(
  { signal, progress, note, warn }: Context,
  { plan, surroundings: { out } }: Planned,
  start: (callbacks: Callbacks) => AsyncIterable<StepReport>,
): Promise<Result> {
  note(withoutSecrets(planText({ out, ...plan })));
  const unit = plan.trains === 'text' ? 'texts' : 'pictures';
  const told = new Set<string>();
  const onWarning = ({ message }: TrainWarning): void => {
    if (!told.has(message)) warn(`warning: ${message}`);
    told.add(message);
  };
  const onProgress = (at: TrainProgress): void => {
    if (at.stage === 'start') note(`start: ${scoreText(at.score)}`);
    else if (at.stage === 'estimate') note(estimateText(at, plan));
    else progress.show(...stateOf(at, unit));
  };
  const pace = new Pace();
  let last: StepReport | undefined;
  let best: BestScore | undefined;
  let leftOut: LeftOut | undefined;
  try {
    for await (const report of start({ signal, onWarning, onProgress })) {
      last = report;
      leftOut = sumOf(leftOut, report.leftOut);
      progress.show(report.step / report.steps, stepText(report, pace.secondsLeft(report)));
      if (report.score === undefined) continue;
      const { best: isBest, ...score } = report.score;
      if (isBest) best = { step: report.step, ...score };
      note(`step ${report.step}: ${scoreText(score)}${isBest ? ', the best so far' : ''}`);
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
  progress.close();
  const checkpoint = join(out, 'last');
  const interrupted = signal.aborted && (last?.step ?? 0) < plan.steps;
  const summary: Summary = {
    // A run that was complete before has no more to report.
    ...(last ?? (signal.aborted ? {} : { step: plan.steps, steps: plan.steps })),
    ...(leftOut === undefined ? {} : { leftOut }),
    ...{ interrupted, seconds: Math.round(pace.seconds * 10) / 10, out },
    checkpoint: signal.aborted && !(await exists(checkpoint)) ? null : checkpoint,
    best: best === undefined ? null : { ...best, checkpoint: join(out, 'best') },
  };
  return { json: summary, text: summaryText(summary), interrupted };
}

/** Time passed and time left. The first report is left out of the pace, since its step includes loading. */
class Pace {
  readonly #started = performance.now();
  #first: { readonly step: number; readonly at: number } | undefined;

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  secondsLeft({ step, steps }: StepReport): number | undefined {
    const at = performance.now();
    this.#first ??= { step, at };
    const done = step - this.#first.step;
    return done === 0 ? undefined : (((at - this.#first.at) / done) * (steps - step)) / 1000;
  }
}

/** The resolved configuration, a line a value. */
function planText(plan: object): string {
  const given = Object.entries(plan).filter(([, value]) => value !== undefined);
  const rows = given.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function stateOf(
  progress: Exclude<TrainProgress, { stage: 'start' | 'estimate' }>,
  unit: string,
): readonly [share: number, text: string] {
  if (progress.stage === 'load') return [0, 'loading'];
  const { done, total } = progress;
  const amount = `${grouped(done)}/${grouped(total)} ${unit}`;
  const text =
    progress.stage === 'evaluate'
      ? `evaluating, ${amount}`
      : `caching features, ${amount}, ${grouped(Math.round(progress.bytes / 1e6))} MB in all`;
  return [total === 0 ? 0 : done / total, text];
}

function estimateText(
  { memoryBytes, seconds, microBatchSize, inputSize, device }: Extract<TrainProgress, { stage: 'estimate' }>,
  { steps, batchSize }: Planned['plan'],
): string {
  const pictures = `${microBatchSize} of ${batchSize} pictures at once`;
  const memory = `${(memoryBytes / 1e9).toFixed(1)} GB of memory for ${pictures}`;
  const time = `${duration(seconds)} for ${grouped(steps)} steps on ${device}, pictures being read meanwhile`;
  return `estimate: ${inputSize.join(' × ')} pixels, about ${memory}, about ${time}`;
}

function lossText({ losses = {}, total = NaN }: Partial<StepReport>): string {
  const parts = Object.entries(losses).map(([name, value]) => `${name} ${figure(value)}`);
  return `total ${figure(total)} (${parts.join(', ')})`;
}

function scoreText(score: MeasuredScore): string {
  if ('mIoU' in score) return `mIoU ${(100 * score.mIoU).toFixed(2)} %`;
  if ('cosine' in score) {
    const of = `${grouped(score.texts)} texts among ${grouped(score.names)} names`;
    return `${of}: nearest to their own ${percent(score.nearest)}, mean cosine ${score.cosine.toFixed(4)}`;
  }
  const [pictures, captions] = [percent(score.imageToText), percent(score.textToImage)];
  const of = `retrieval of ${grouped(score.pairs)} pairs`;
  return `${of}: pictures ${pictures}, captions ${captions} (chance ${percent(score.chance)})`;
}

/** Measures of encoders in training. */
function pairText({ accuracy, logitScale }: Partial<StepReport>): string {
  return accuracy === undefined || logitScale === undefined
    ? ''
    : `, in batch ${(100 * accuracy).toFixed(1)} %, scale ${logitScale.toFixed(1)}`;
}

function stepText(report: StepReport, secondsLeft: number | undefined): string {
  const { step, steps, imagesPerSecond, losses } = report;
  const unit = 'cosine' in losses ? 'texts' : 'images';
  const left = secondsLeft === undefined ? '' : `, ${duration(secondsLeft)} left`;
  const pace = `step ${grouped(step)}/${grouped(steps)}, ${imagesPerSecond.toFixed(1)} ${unit}/s${left}`;
  return `${pace}, ${lossText(report)}${pairText(report)}`;
}

function summaryText(summary: Summary): string {
  const { step, interrupted, seconds, checkpoint, best } = summary;
  const first = interrupted
    ? step === undefined
      ? 'Interrupted before a step was done'
      : `Interrupted after step ${grouped(step)}`
    : `Done: ${grouped(step ?? 0)} steps`;
  return [
    `${first}, ${duration(seconds)}`,
    ...(summary.losses === undefined ? [] : [`  ${lossText(summary)}${pairText(summary)}`]),
    ...leftOutText(summary.leftOut),
    ...(best === null ? [] : [`  best ${scoreText(best)}, of step ${grouped(best.step)}: ${best.checkpoint}`]),
    ...(checkpoint === null ? [] : [`  wrote ${checkpoint}`]),
  ].join('\n');
}

function sumOf(before: LeftOut | undefined, more: LeftOut | undefined): LeftOut | undefined {
  if (before === undefined || more === undefined) return more ?? before;
  const entries = Object.entries(more) as [keyof LeftOut, number][];
  return Object.fromEntries(entries.map(([name, count]) => [name, before[name] + count])) as unknown as LeftOut;
}

/** The counts that are not zero, in a line. */
function leftOutText(leftOut: LeftOut | undefined): string[] {
  if (leftOut === undefined) return [];
  const { corrupt, withoutPhrases, withoutMask, unknown, truncated } = leftOut;
  const counts = [
    [corrupt, 'corrupt pictures'],
    [withoutPhrases, 'without phrases'],
    [withoutMask, 'without a mask'],
    [unknown, 'unknown phrases'],
    [truncated, 'phrases truncated (maxCategories)'],
  ] as const;
  const shown = counts.filter(([count]) => count > 0).map(([count, what]) => `${grouped(count)} ${what}`);
  return shown.length === 0 ? [] : [`  left out: ${shown.join(', ')}`];
}

function exists(path: string): Promise<boolean> {
  return access(path)
    .then(() => true)
    .catch(() => false);
}
