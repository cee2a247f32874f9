/**
 * A checkpoint of one's own from an export of annotated pictures, without further options. In the run's folder:
 *
 * ```text
 * data/    the pictures with masks of class indices, held-out ones among them, in the format index-jsonl
 * start/   what training starts from, the new classes among its words
 * sets/    data/ and the start's own maps of its other classes
 * run/     the training run
 * model/   the checkpoint, and report.html beside it
 * ```
 *
 * Each appears whole; the same call after a kill goes on behind the last one that is there.
 */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readJson, writeFileAtomic } from '@synseg/core/checkpoint';
import { readOptions, text } from '@synseg/core/guards';
import type { TrainProgress } from '../trainer/reports.ts';
import { train } from '../trainer/train.ts';
import type { TrainOptions } from '../trainer/train-options.ts';
import { canResume, openFolder } from './fine-tune-folder.ts';
import { FINE_TUNE_OPTIONS, type FineTuneOptions, type FineTuneRequest } from './fine-tune-options.ts';
import type { FineTunePlan, FineTuned, FineTuneProgress } from './fine-tune-progress.ts';
import { finish } from './finish.ts';
import { finishSaid } from './finish-said.ts';
import { planEntries } from './outcome-text.ts';
import { readHistory } from './history.ts';
import { prepare, type Prepared } from './prepare.ts';
import { openRunPage, type RunPage } from './run-page.ts';
import { BATCH, recipeOf, scoreEvery, stepsFor } from './recipe.ts';

/** Time of everything where none is given, seconds. */
const TIME = 30 * 60;
/** Share of the time that is left for scores, thresholds and the report. */
const RESERVE = 0.1;
type Paced = 'steps' | 'secondsPerStep' | 'seconds';
/** Steps that are timed before there is a plan. */
const TIMED_STEPS = 3;
/** Share of the steps after which their number is corrected by the pace they had. */
const TRIED_SHARE = 0.05;
/** Training ends after the steps of so many scores without a gain, once it is half through. */
const PATIENCE = 4;

/**
 * Trains a checkpoint on annotated pictures, and scores it.
 *
 * @param data - folder, zip or file that an annotation tool exported, see docs/annotations.md
 * @throws TypeError or RangeError for invalid options
 * @throws SynsegError `DATASET_FORMAT` when the data cannot be understood or has too few pictures, `RUN_FOLDER` when
 *   `out` holds another run or anything else; and whatever `train()` throws
 * @throws the signal's reason when aborted, after what was done is saved
 * @example
 * ```ts
 * // type-checked only: needs annotated pictures
 * import { fineTune } from '@synseg/train';
 * const { model, score } = await fineTune('export.zip', { out: 'runs/animals', time: 1200 });
 * console.log(model, score?.mIoU);
 * ```
 */
export async function fineTune(data: string, options: FineTuneOptions): Promise<FineTuned> {
  const began = performance.now();
  const request = requestOf(data, options);
  const unlock = await openFolder(request);
  try {
    request.signal?.throwIfAborted();
    await using page = request.page ? await openRunPage(request) : undefined;
    const prepared = await prepare(request);
    const plan = await planned(prepared, request, page, began);
    const { steps, bestStep } = await trained(prepared, plan, request, page);
    const result = prepared.isScored
      ? await finish(prepared, { plan, steps, bestStep }, request)
      : await finishSaid(prepared, { plan, steps }, request);
    page?.showEnd(result);
    return result;
  } finally {
    await unlock();
  }
}

function requestOf(data: string, options: FineTuneOptions): FineTuneRequest {
  readOptions('fine-tune', { data: text() }, { data }, ['data']);
  const given = readOptions('fine-tune', FINE_TUNE_OPTIONS, options, ['out']);
  return { ...given, out: resolve(given.out), data };
}

/**
 * Number of steps and time, measured and kept: a run that goes on keeps its schedule.
 *
 * A few steps at the start are soon timed, and badly: the first of all the others are timed again, and what is left of
 * the time decides anew.
 */
async function planned(
  prepared: Prepared,
  request: FineTuneRequest,
  page: RunPage | undefined,
  began: number,
): Promise<FineTunePlan> {
  const { out, time = TIME, steps, onProgress } = request;
  const file = join(out, 'plan.json');
  const { description, start, recipe, trainingPictures, heldOutPictures } = prepared;
  const kept = (await readJson(file)) as FineTunePlan | undefined;
  const show = (plan: FineTunePlan, lines = planEntries(plan)): void => {
    page?.showPlan(plan);
    onProgress?.({ stage: 'plan', plan, lines });
  };
  if (kept !== undefined) {
    show(kept);
    return kept;
  }
  const paced = (secondsPerStep: number, done: number): Pick<FineTunePlan, Paced> => {
    const left = time * (1 - RESERVE) - (performance.now() - began) / 1000;
    const affordable = done + Math.max(TIMED_STEPS, Math.floor(left / secondsPerStep));
    const chosen = steps ?? Math.min(stepsFor(trainingPictures), affordable);
    return { steps: chosen, secondsPerStep, seconds: (chosen * secondsPerStep) / (1 - RESERVE) };
  };
  onProgress?.({ stage: 'pace' });
  const { secondsPerStep, memoryBytes } = await pace(prepared, request);
  const first: FineTunePlan = {
    data: description,
    trainingPictures,
    heldOutPictures,
    words: start.taught,
    rehearsed: recipe.rehearses ? start.known.length : 0,
    ...paced(secondsPerStep, 0),
    batchSize: BATCH,
    memoryBytes,
  };
  await writePlan(file, first);
  show(first);
  if (steps !== undefined) return first;
  const tried = Math.max(TIMED_STEPS, Math.ceil(first.steps * TRIED_SHARE));
  const times: number[] = [];
  const timed = (at: FineTuneProgress): void => {
    if (at.stage === 'step') times.push(performance.now());
    onProgress?.(at);
  };
  await trained(prepared, { steps: first.steps, until: tried }, { ...request, onProgress: timed }, page);
  const corrected = { ...first, ...paced(paceOf(times), tried) };
  if (corrected.steps === first.steps) return first;
  await writePlan(file, corrected);
  show(
    corrected,
    planEntries(corrected).filter(({ name }) => name === 'steps'),
  );
  return corrected;
}

/** Seconds of a step, of the times when steps were done; the first one, which loads and compiles, does not count. */
function paceOf(times: readonly number[]): number {
  return (times.at(-1)! - times[0]!) / 1000 / (times.length - 1);
}

function writePlan(file: string, plan: FineTunePlan): Promise<void> {
  return writeFileAtomic(file, `${JSON.stringify(plan, null, 1)}\n`);
}

/** Times a few steps of the very training, in a folder that is removed again. */
async function pace(
  prepared: Prepared,
  request: FineTuneRequest,
): Promise<{ secondsPerStep: number; memoryBytes: number }> {
  const out = join(request.out, '.pace');
  await rm(out, { recursive: true, force: true });
  const { evaluation: _, ...recipe } = recipeOf(prepared.recipe, prepared.start, TIMED_STEPS);
  const times: number[] = [];
  let memoryBytes = 0;
  const onProgress = (at: TrainProgress): void => {
    if (at.stage === 'estimate') ({ memoryBytes } = at);
  };
  const { seed, device, threads, cacheFolder, signal } = request;
  try {
    for await (const _report of train({ ...recipe, out, seed, device, threads, cacheFolder, signal, onProgress }))
      times.push(performance.now());
  } finally {
    await rm(out, { recursive: true, force: true });
  }
  return { secondsPerStep: paceOf(times), memoryBytes };
}

/** Trains to a step of the plan, its last unless another is named, or until nothing is gained any more. */
async function trained(
  prepared: Prepared,
  { steps, until = steps }: Pick<FineTunePlan, 'steps'> & { readonly until?: number },
  request: FineTuneRequest,
  page: RunPage | undefined,
): Promise<{ readonly steps: number; readonly bestStep: number }> {
  const { out, seed, device, threads, cacheFolder, signal, onProgress, onWarning } = request;
  const run = join(out, 'run');
  const resume = await canResume(run);
  const options: TrainOptions = {
    ...recipeOf(prepared.recipe, prepared.start, steps),
    ...{ out: run, seed, device, threads, cacheFolder, resume, signal },
    onWarning: (warning) => {
      // The schedule differs once the number of steps is corrected.
      if (warning.kind !== 'resume') onWarning?.(warning);
    },
    onProgress: (at) => {
      page?.showProgress(at);
      if (at.stage === 'start' && 'mIoU' in at.score)
        onProgress?.({ stage: 'scored', step: 0, mIoU: at.score.mIoU, best: true });
      else if (at.stage === 'evaluate' || at.stage === 'estimate') onProgress?.(at);
    },
  };
  const { scoredStep, losses, bestStep: bestBefore } = await readHistory(run);
  let done = prepared.isScored ? scoredStep : (losses.at(-1)?.step ?? 0);
  let bestStep = bestBefore;
  const patience = PATIENCE * scoreEvery(steps);
  const ends = (): boolean => prepared.isScored && done - bestStep >= patience && done >= steps / 2;
  if (ends()) return { steps: done, bestStep };
  if (losses.length === 0) await page?.showPictures(0, prepared.start.checkpoint, prepared);
  for await (const report of train(options)) {
    done = report.step;
    onProgress?.({ stage: 'step', report });
    page?.showStep(report);
    const { score } = report;
    if (score !== undefined && 'mIoU' in score) {
      onProgress?.({ stage: 'scored', step: done, mIoU: score.mIoU, best: score.best });
      if (score.best) bestStep = done;
      await page?.showPictures(done, join(run, 'last'), prepared);
    }
    if (done >= until || ends()) break;
  }
  return { steps: done, bestStep };
}
