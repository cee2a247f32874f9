/**
 * The training loop: batches in, steps on the training thread, reports out, checkpoints on disk.
 *
 * While the thread computes step n, this side prepares batch n + 1. A step is sent ahead unless its predecessor is to
 * be saved: a checkpoint holds the state after exactly the step it names.
 */
import { withDispose, type DisposableGenerator } from '@synseg/core/guards';
import type { FloatTensor } from '@synseg/core/checkpoint';
import { START, type DatasetPosition } from '../data/dataset.ts';
import { learningRateAt } from '../optimizer/schedule.ts';
import { unflatten } from '../step-graph/initial-values.ts';
import type { PreparedBatch } from './batch-source.ts';
import { HealthWatch } from './health.ts';
import type { StepReply } from './protocol.ts';
import type { StepReport } from './reports.ts';
import { divergence, valueOf } from './outcome.ts';
import { reportedFigures } from './step-figures.ts';
import type { Callbacks } from './subject.ts';
import type { TrainTextEncoderOptions } from './text-encoder-options.ts';
import type { TrainEncodersOptions, TrainOptions } from './train-options.ts';
import { planEncoders, planTextEncoder, planTraining, type Plan, type Surroundings } from './train-plan.ts';
import { openTraining, stageOf, type Training } from './training.ts';

/**
 * Trains a checkpoint and reports each step. Leaving the loop, `dispose()` of what is not read to its end, or
 * aborting saves `last/` first.
 *
 * @throws TypeError or RangeError for invalid options
 * @throws SynsegError `TRAINING_DIVERGED` when a loss is no longer a number, naming the batch; checkpoints stay as they
 *   were. `RUN_FOLDER`, `DATASET_FORMAT`, `MODEL_LOAD`, `CHECKPOINT_FORMAT`, `DEVICE_UNAVAILABLE`
 * @throws the signal's reason when aborted, after the step was finished and saved
 *
 * @example
 * ```ts
 * // type-checked only: needs images and a checkpoint
 * import { train } from '@synseg/train';
 * const data = 'shards/{00000..00099}.tar';
 * for await (const report of train({ data, init: 'CIDAS/clipseg-rd64-refined', out: 'runs/a', steps: 10_000 }))
 *   console.log(report.step, report.losses);
 * ```
 */
export function train(options: TrainOptions): DisposableGenerator<StepReport> {
  return withDispose(steps(() => planTraining(options), options));
}

/**
 * Trains both encoders of a checkpoint on pictures and their whole captions, by InfoNCE (Radford et al. 2021), and
 * reports each step. Leaving the loop and errors are those of {@link train}.
 *
 * @example
 * ```ts
 * // type-checked only: needs images and captions
 * import { createCheckpoint, trainEncoders } from '@synseg/train';
 * await createCheckpoint('nano', ['a red car', 'a blue bus']);
 * for await (const { step, accuracy } of trainEncoders({ data: 'captions.jsonl', init: 'nano', out: 'runs/encoders' }))
 *   console.log(step, accuracy);
 * ```
 */
export function trainEncoders(options: TrainEncodersOptions): DisposableGenerator<StepReport> {
  return withDispose(steps(() => planEncoders(options), options));
}

/**
 * Trains the text encoder of a checkpoint until its embedding of each text is the vector of the text's name, and
 * reports each step. Every epoch draws each line of the table once. Leaving the loop is that of {@link train}.
 *
 * @throws as {@link train}; SynsegError `DATASET_FORMAT` for a line that is no text with a known name
 * @example
 * ```ts
 * // type-checked only: needs vectors and a checkpoint
 * import { createCheckpoint, trainTextEncoder } from '@synseg/train';
 * await createCheckpoint('small', ['a red car', 'buses'], { trunk: 'photos', text: { width: 128 } });
 * const options = { data: 'texts.jsonl', vectors: 'words', init: 'small', out: 'runs/text' };
 * for await (const { step, losses } of trainTextEncoder(options)) console.log(step, losses);
 * ```
 */
export function trainTextEncoder(options: TrainTextEncoderOptions): DisposableGenerator<StepReport> {
  return withDispose(steps(() => planTextEncoder(options), options));
}

async function* steps(
  resolve: () => { readonly plan: Plan; readonly surroundings: Surroundings },
  options: Callbacks,
): AsyncGenerator<StepReport, void, undefined> {
  const { plan, surroundings } = resolve();
  const training = await openTraining(plan, surroundings, options);
  const loop = new TrainingLoop(training, options);
  try {
    if (loop.step === 0) await loop.begin();
    while (loop.step < training.plan.steps) {
      if (options.signal?.aborted === true) break;
      yield await loop.next();
    }
    const last = await loop.finish();
    if (last !== undefined) yield last;
    options.signal?.throwIfAborted();
  } catch (error) {
    // An abort is not a failure: what was done is saved.
    if (options.signal?.aborted !== true || error !== options.signal.reason) loop.failed();
    throw error;
  } finally {
    try {
      await loop.finish();
    } finally {
      await training.close();
    }
  }
}

/** A step that was sent to the thread. */
interface SentStep {
  readonly batch: PreparedBatch;
  readonly learningRate: number;
  readonly waitedMs: number;
  readonly reply: Promise<StepReply>;
}

/** The state of the loop. */
class TrainingLoop {
  /** Steps done. */
  step: number;
  readonly #training: Training;
  readonly #options: Callbacks;
  readonly #watch: HealthWatch;
  #position: DatasetPosition;
  #savedStep: number;
  #best: number | undefined;
  #sent: SentStep | undefined;
  #lastReportAt = performance.now();
  #failed = false;

  constructor(training: Training, options: Callbacks) {
    const { plan, resumed } = training;
    this.#training = training;
    this.#options = options;
    this.step = resumed?.step ?? 0;
    this.#savedStep = resumed?.step ?? -1;
    this.#position = resumed?.position ?? START;
    this.#best = resumed?.notes?.['best'] as number | undefined;
    this.#watch = new HealthWatch(plan.trains === 'decoder' ? plan : {});
  }

  /** Saves the start, and scores it where there is a set to score on: what training makes worse is not the best. */
  async begin(): Promise<void> {
    const { run, evaluate } = this.#training;
    await this.save();
    if (evaluate === undefined || this.#options.signal?.aborted === true) return;
    const score = await this.#evaluate();
    await run.log({ step: 0, score });
    this.#options.onProgress?.({ stage: 'start', score });
  }

  /** Finishes one step, with all that is due after it. */
  async next(): Promise<StepReport> {
    const { plan, run } = this.#training;
    const { signal } = this.#options;
    const sent = this.#sent ?? (await this.#send());
    this.#sent = undefined;
    if (sent === undefined) throw signal?.reason;
    const { figures } = await sent.reply;
    this.step += 1;
    this.#position = sent.batch.after;
    const report = this.#report(sent, figures);
    const problem = divergence(report, sent.batch.keys);
    if (problem !== undefined) throw problem;
    const evaluating =
      plan.evaluation !== undefined && (this.step % plan.evaluation.every === 0 || this.step === plan.steps);
    const due =
      this.step % plan.saveEvery === 0 ||
      this.step === plan.steps ||
      evaluating ||
      (plan.keepEvery !== undefined && this.step % plan.keepEvery === 0);
    // The thread should be busy while this side may wait for the caller.
    if (!due && this.#options.signal?.aborted !== true) this.#sent = await this.#send();
    for (const message of this.#watch.check(report)) this.#options.onWarning?.({ kind: 'health', message });
    await run.log(report);
    if (!due) return report;
    await this.save();
    if (!evaluating) return report;
    const score = await this.#evaluate();
    const scored = { ...report, score };
    await run.log({ step: report.step, score });
    return scored;
  }

  /** Writes `last/`, and `step-N/` when it is one to keep. */
  async save(): Promise<void> {
    const { plan, run, engine, layout, statistics } = this.#training;
    const state = await engine.state();
    const tensors = new Map(
      Object.entries({ ...state, ...statistics }).map(([name, data]) => [name, { shape: [data.length], data }]),
    );
    const contents = this.#contents(state);
    const notes = this.#best === undefined ? {} : { best: this.#best };
    // The one to keep first: a resume starts from `last/` and would not make it again.
    if (plan.keepEvery !== undefined && this.step > 0 && this.step % plan.keepEvery === 0)
      await run.save(`step-${this.step}`, contents);
    const { key: layoutKey } = layout;
    await run.save('last', contents, { step: this.step, position: this.#position, tensors, layoutKey, notes });
    this.#savedStep = this.step;
  }

  /** Waits for a step that was sent, and saves what is not saved; the report of that step, if there was one. */
  async finish(): Promise<StepReport | undefined> {
    if (this.#failed) return undefined;
    let late: StepReport | undefined;
    if (this.#sent !== undefined) {
      const sent = this.#sent;
      this.#sent = undefined;
      const { figures } = await sent.reply;
      const report = this.#report(sent, figures, this.step + 1);
      const problem = divergence(report, sent.batch.keys);
      if (problem !== undefined) {
        // The thread's state is that after this step: it must not be saved as that of the one before.
        this.failed();
        throw problem;
      }
      this.step += 1;
      this.#position = sent.batch.after;
      await this.#training.run.log(report);
      late = report;
    }
    if (this.step !== this.#savedStep) await this.save();
    return late;
  }

  /** After an error nothing more is written. */
  failed(): void {
    this.#failed = true;
  }

  /** Sends the next step; undefined when the wait for its data was aborted. */
  async #send(): Promise<SentStep | undefined> {
    const { engine, batches, plan } = this.#training;
    const { signal } = this.#options;
    const asked = performance.now();
    const batch = await batches.next().catch((error: unknown) => {
      if (signal?.aborted === true && error === signal.reason) return undefined;
      throw error;
    });
    if (batch === undefined) return undefined;
    const waitedMs = performance.now() - asked;
    const step = this.step + 1;
    const stage = stageOf(step, plan);
    const learningRate =
      'projectorSchedule' in plan && stage === 'projector'
        ? learningRateAt(step, plan.projectorSchedule)
        : learningRateAt(step - plan.projectorSteps, plan.schedule);
    const reply = engine.step({ step, stage, learningRate, micro: batch.micro });
    reply.catch(() => undefined);
    return { batch, learningRate, waitedMs, reply };
  }

  #report({ batch, learningRate, waitedMs }: SentStep, figures: Float32Array, step = this.step): StepReport {
    const { plan } = this.#training;
    const now = performance.now();
    const elapsedMs = now - this.#lastReportAt;
    this.#lastReportAt = now;
    return {
      step,
      steps: plan.steps,
      epoch: batch.after.epoch,
      learningRate,
      ...reportedFigures(figures, plan, stageOf(step, plan)),
      ...(batch.leftOut === undefined ? {} : { leftOut: batch.leftOut }),
      imagesPerSecond: (1000 * plan.batchSize) / elapsedMs,
      dataWaitShare: Math.min(1, waitedMs / elapsedMs),
    };
  }

  async #evaluate(): Promise<NonNullable<StepReport['score']>> {
    const { run, engine, evaluate } = this.#training;
    const measured = await (evaluate as NonNullable<typeof evaluate>)();
    const value = valueOf(measured);
    const best = this.#best === undefined || value > this.#best;
    if (best) {
      this.#best = value;
      await run.save('best', this.#contents(await engine.state()));
      await this.save();
    }
    this.#lastReportAt = performance.now();
    return { ...measured, best };
  }

  /** Contents of a checkpoint folder: the running mean of the weights where there is one. */
  #contents(state: Readonly<Record<string, Float32Array>>): Parameters<Training['run']['save']>[1] {
    const { base, layout, files, plan } = this.#training;
    const trained = unflatten(layout, state[plan.ema === undefined ? 'parameters' : 'average'] as Float32Array);
    const tensors = new Map<string, FloatTensor>(
      base.specs.map(({ name }) => [name, trained.get(name) ?? (base.tensors.get(name) as FloatTensor)]),
    );
    return { tensors, configJson: base.configJson, base: base.folder, files: new Map([...base.files, ...files()]) };
  }
}
