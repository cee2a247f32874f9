/**
 * `synseg-train train`: reports as lines of JSON, or a bar; the last word is the last report with what came of the run.
 * Ctrl-C is no failure: `train()` finishes its step and saves.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { withoutSecrets } from '@synseg/core/guards';
import type { RetrievalScore, SegmentationScore, StepReport, TrainProgress, TrainWarning } from '../trainer/reports.ts';
import type { TrainEncodersOptions, TrainOptions } from '../trainer/train-options.ts';
import { planEncoders, planTraining } from '../trainer/train-plan.ts';
import { readConfigFile } from './config-file.ts';
import { nested } from './option-names.ts';
import { duration, figure, grouped, type CommandContext, type CommandResult } from './output.ts';
import { progressView, type ProgressState } from './progress.ts';
import { trainOptions, type TrainFlags } from './train-flags.ts';

/** `train()` and `trainEncoders()`, or what stands for them in a test. */
export interface Train {
  readonly train: (options: TrainOptions) => AsyncIterable<StepReport>;
  readonly trainEncoders: (options: TrainEncodersOptions) => AsyncIterable<StepReport>;
}

/** Last line of `--json`: the last report, if there was one, and what came of the run. */
export interface TrainSummary extends Partial<StepReport> {
  readonly interrupted: boolean;
  /** Loading included. */
  readonly seconds: number;
  readonly out: string;
  /** Folder of the state after the last step; null when it ended before there was one. */
  readonly checkpoint: string | null;
  /** Best score of this session, if one was taken. */
  readonly best: (BestScore & { readonly checkpoint: string }) | null;
}

/** A score, and the step it is of. */
type BestScore = { readonly step: number } & (Omit<SegmentationScore, 'best'> | Omit<RetrievalScore, 'best'>);

/** Runs `synseg-train train`. */
export async function trainCommand(work: Train, context: CommandContext, flags: TrainFlags): Promise<CommandResult> {
  const options = trainOptions(flags, flags.config === undefined ? {} : await readConfigFile(flags.config));
  const onEncoders = options.objective === 'contrastive';
  const given = nested(options);
  const { plan, surroundings } = onEncoders
    ? planEncoders(given as TrainEncodersOptions)
    : planTraining(given as TrainOptions);
  const { stdout, stderr, signal } = context;
  if (flags.quiet !== true) stderr.write(withoutSecrets(planText({ out: surroundings.out, ...plan })));
  const view = progressView(stderr, stdout, flags);
  const told = new Set<string>();
  const warn = (message: string): void => {
    if (told.has(message)) return;
    told.add(message);
    view.print(`warning: ${message}`);
  };
  const stopping = (): void => view.print('Stopping: the step is being finished and saved. Once more to end at once.');
  signal.addEventListener('abort', stopping, { once: true });
  const pace = new Pace();
  let last: StepReport | undefined;
  let best: BestScore | undefined;
  try {
    const called = {
      ...given,
      signal,
      onWarning: ({ message }: TrainWarning) => warn(message),
      onProgress: (progress: TrainProgress) => view.show(stateOf(progress)),
    };
    const reports = onEncoders
      ? work.trainEncoders(called as TrainEncodersOptions)
      : work.train(called as TrainOptions);
    for await (const report of reports) {
      last = report;
      if (flags.json === true) stdout.write(`${JSON.stringify(report)}\n`);
      view.show({ share: report.step / report.steps, text: stepText(report, pace.secondsLeft(report)) });
      if (report.score === undefined) continue;
      const { best: isBest, ...score } = report.score;
      if (isBest) best = { step: report.step, ...score };
      if (flags.quiet !== true)
        view.print(`step ${report.step}: ${scoreText(score)}${isBest ? ', the best so far' : ''}`);
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    signal.removeEventListener('abort', stopping);
    view.close();
  }
  const { out } = surroundings;
  const checkpoint = join(out, 'last');
  const summary: TrainSummary = {
    // A run that was complete before has no more to report.
    ...(last ?? (signal.aborted ? {} : { step: plan.steps, steps: plan.steps })),
    interrupted: signal.aborted && (last?.step ?? 0) < plan.steps,
    seconds: Math.round(pace.seconds * 10) / 10,
    out,
    checkpoint: signal.aborted && !(await exists(checkpoint)) ? null : checkpoint,
    best: best === undefined ? null : { ...best, checkpoint: join(out, 'best') },
  };
  return { json: summary, text: summaryText(summary) };
}

/** Time passed and time left, over steps done since the first report: the first one holds what loads late. */
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
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

function stateOf(progress: TrainProgress): ProgressState {
  if (progress.stage === 'load') return { share: 0, text: 'loading' };
  const { done, total } = progress;
  const amount = `${grouped(done)}/${grouped(total)} pictures`;
  const text =
    progress.stage === 'evaluate'
      ? `evaluating, ${amount}`
      : `caching features, ${amount}, ${grouped(Math.round(progress.bytes / 1e6))} MB in all`;
  return { share: total === 0 ? 0 : done / total, text };
}

function lossText({ losses = {}, total = NaN }: Partial<StepReport>): string {
  return `total ${figure(total)} (${Object.entries(losses)
    .map(([name, value]) => `${name} ${figure(value)}`)
    .join(', ')})`;
}

function scoreText(score: Omit<SegmentationScore, 'best'> | Omit<RetrievalScore, 'best'>): string {
  if ('mIoU' in score) return `mIoU ${score.mIoU.toFixed(2)} %`;
  const [pictures, captions, chance] = [score.imageToText, score.textToImage, score.chance].map(
    (share) => `${(100 * share).toFixed(1)} %`,
  );
  return (
    `retrieval of ${grouped(score.pairs)} pairs: pictures ${String(pictures)}, captions ${String(captions)} ` +
    `(chance ${String(chance)})`
  );
}

/** What is told of encoders in training. */
function pairText({ accuracy, logitScale }: Partial<StepReport>): string {
  return accuracy === undefined || logitScale === undefined
    ? ''
    : `, in batch ${(100 * accuracy).toFixed(1)} %, scale ${logitScale.toFixed(1)}`;
}

function stepText(report: StepReport, secondsLeft: number | undefined): string {
  const { step, steps, imagesPerSecond } = report;
  const left = secondsLeft === undefined ? '' : `, ${duration(secondsLeft)} left`;
  return (
    `step ${grouped(step)}/${grouped(steps)}, ${imagesPerSecond.toFixed(1)} images/s${left}, ` +
    `${lossText(report)}${pairText(report)}`
  );
}

function summaryText(summary: TrainSummary): string {
  const { step, interrupted, seconds, checkpoint, best } = summary;
  const first = interrupted
    ? step === undefined
      ? 'Interrupted before a step was done'
      : `Interrupted after step ${grouped(step)}`
    : `Done: ${grouped(step ?? 0)} steps`;
  return [
    `${first}, ${duration(seconds)}`,
    ...(summary.losses === undefined ? [] : [`  ${lossText(summary)}${pairText(summary)}`]),
    ...(best === null ? [] : [`  best ${scoreText(best)}, of step ${grouped(best.step)}: ${best.checkpoint}`]),
    ...(checkpoint === null ? [] : [`  wrote ${checkpoint}`]),
  ].join('\n');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
