/**
 * Evaluation of a checkpoint: the mean IoU over a data set with index masks, under a protocol that is part of the
 * result. Pictures go through the public API; nothing here knows the network.
 */
import { dirname, join } from 'node:path';
import { Segmenter, SynsegError } from '@synseg/core';
import { writeFileAtomic } from '@synseg/core/checkpoint';
import { checkOutputs } from '@synseg/core/guards';
import { withFoundLayout } from './annotated-evaluation.ts';
import type { EvaluatedModel } from './contest.ts';
import { loadOptions, readRequest, type EvaluateOptions, type EvaluationRequest } from './evaluate-options.ts';
import type { EvaluationProgress, SetRequest } from './evaluate-options.ts';
import { Evaluation } from './evaluation.ts';
import { SETS_METRIC } from './index-sets.ts';
import { pixelProtocol, trunkOf } from './pixel-protocol.ts';
import { chooseParts, openParts, type Chosen, type Part } from './parts.ts';
import { drawMatrix } from './matrix-picture.ts';
import type { PictureRecord } from './picture-record.ts';
import { drawPictureSheet } from './picture-sheet.ts';
import { reportPage, type DrawnSet } from './report.ts';
import { ResultsFile, type GrowingSet } from './results-file.ts';
import type { EvaluationFailure, EvaluationProtocol, Score } from './score.ts';
import { joinScores, scoreSet, type ScoredSet, type SetResult } from './set-score.ts';
import { drawThresholdSheet, type MappedPicture } from './threshold-sheet.ts';
import { worstOf, type JudgedPicture } from './worst-pictures.ts';

/** Pictures whose activation maps are drawn. */
const MAPPED_PICTURES = 6;

const METRIC =
  'mIoU = mean over the classes that occur of intersection / union, each summed over all pictures at the size of ' +
  'the masks';

/**
 * Evaluates a checkpoint on a data set.
 *
 * Every pixel takes the label that `Segmenter.segment()` gives it, at the mask's own size. Classes that the checkpoint
 * has no embedding for are left out and their pixels do not count; a picture that cannot be read, or whose mask has
 * another size or values outside the class list, is named in `failures` and does not count. The sets of index-jsonl are
 * evaluated one by one: in a picture the classes of its own set compete.
 *
 * @param model - folder or hub id, loaded and disposed here; or a loaded `Segmenter`, left to the caller
 * @throws TypeError or RangeError for invalid options
 * @throws SynsegError `DATASET_FORMAT` when the data set has another layout, or no picture of it can be evaluated;
 *   `LABEL_UNKNOWN` when the checkpoint has no embedding for any class; whatever loading and inference throw
 * @throws the signal's reason when aborted
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint and a data set
 * import { evaluate } from '@synseg/train';
 * const { mIoU, perClass } = await evaluate('checkpoints/street', { dataset: 'camvid', root: 'data/camvid' });
 * console.assert(mIoU > 0.46 && (perClass['road'] ?? 0) > 0.85);
 * ```
 */
export async function evaluate(model: string | EvaluatedModel, options: EvaluateOptions): Promise<Score> {
  const request = await withFoundLayout(readRequest(model, options));
  const { score, drawn } = await evaluateDrawn(model, request);
  await writePictures(score, drawn, request);
  return score;
}

/** The score, and of each set what its sheets and reports draw; nothing of it is written. */
export async function evaluateDrawn(
  model: string | EvaluatedModel,
  request: EvaluationRequest,
): Promise<{ readonly score: Score; readonly drawn: readonly DrawnSet[] }> {
  const { dataset: name, signal } = request;
  signal?.throwIfAborted();
  const chosen = await chooseParts(request);
  await checkPaths(chosen, request, model);
  const file = await ResultsFile.open(request.results, request.join ?? []);
  await using own = typeof model === 'string' ? await loadFor(model, request) : undefined;
  const evaluated: EvaluatedModel = own ?? (model as EvaluatedModel);
  const { parts, leftOut } = await openParts(evaluated, chosen, request);
  const results = parts.map((part) => ({ part, ...startSet(file, evaluated, part) }));
  const total = parts.reduce((sum, { samples }) => sum + samples.length, 0);
  const scored: ScoredSet[] = [];
  const drawn: DrawnSet[] = [];
  let [before, failed] = [0, 0];
  for (const { part, rules, growing } of results) {
    const onProgress = (progress: EvaluationProgress): void =>
      request.onProgress?.({ done: before + progress.done, total, failed: failed + progress.failed });
    const evaluation = new Evaluation(evaluated, part.contest, { ...part.request, onProgress });
    await evaluateSet(evaluation, part, growing, file);
    const set = scoreSet({ ...rules, ...growing }, request.seed);
    if (set.score.images === 0) throw nothingCounted(name, part, set.score.failures);
    scored.push(set);
    const { records } = growing;
    const worst = await judgeWorst(evaluation, part, records);
    drawn.push({ score: set.score, worst, maps: await mapFirst(evaluation, part, records) });
    before += part.samples.length;
    failed += set.score.failures.length;
  }
  return { score: name === 'index-jsonl' ? joined(scored, leftOut, request.seed) : scored[0]!.score, drawn };
}

/** Starts a set with the pictures that earlier runs have evaluated. */
function startSet(
  file: ResultsFile,
  model: EvaluatedModel,
  { dataset, samples, contest, request }: Part,
): { readonly rules: Omit<SetResult, 'records' | 'timeSeconds'>; readonly growing: GrowingSet } {
  const { nothing } = contest;
  const competing = [...new Set(contest.competing)].filter((place) => place !== nothing);
  const rules = {
    field: { classes: contest.classes.map((entry) => entry.name), competing, nothing, labels: request.labels },
    leftOut: contest.leftOut.map((entry) => entry.name),
    protocol: protocolOf(model, dataset, request),
  };
  return { rules, growing: file.startSet(rules, dataset.samples, request.offset, samples.length) };
}

/** Evaluates what is left of a set; what was done is in the file also when it ends early. */
async function evaluateSet(
  evaluation: Evaluation,
  { samples }: Part,
  growing: GrowingSet,
  file: ResultsFile,
): Promise<void> {
  const [start, before] = [performance.now(), growing.timeSeconds];
  const tick = (): void => {
    growing.timeSeconds = before + (performance.now() - start) / 1000;
  };
  try {
    await evaluation.run(samples, growing.records, async () => {
      tick();
      await file.grown();
    });
  } finally {
    tick();
    await file.write();
  }
}

/** The worst pictures, where they are to be drawn. */
async function judgeWorst(
  evaluation: Evaluation,
  { samples, contest, request }: Part,
  records: readonly PictureRecord[],
): Promise<readonly JudgedPicture[]> {
  const { sheet, report, sheetPictures, offset, signal } = request;
  if (sheet === undefined && report === undefined) return [];
  const judged: JudgedPicture[] = [];
  for (const { order } of worstOf(records, contest.classes.length, sheetPictures)) {
    signal?.throwIfAborted();
    const picture = await evaluation.judge(samples[order - offset]!);
    if (picture !== undefined) judged.push(picture);
  }
  return judged;
}

/** Activation maps of the first pictures that count, where they are to be drawn. */
async function mapFirst(
  evaluation: Evaluation,
  { samples, request }: Part,
  records: readonly PictureRecord[],
): Promise<readonly MappedPicture[]> {
  const { maps, report, thresholds, offset, signal } = request;
  if (thresholds === undefined || (maps === undefined && report === undefined)) return [];
  const counted = records.filter(({ confusion = [] }) => confusion.length > 0).sort((a, b) => a.order - b.order);
  const mapped: MappedPicture[] = [];
  for (const { order } of counted.slice(0, MAPPED_PICTURES)) {
    signal?.throwIfAborted();
    const picture = await evaluation.mapOf(samples[order - offset]!);
    if (picture !== undefined) mapped.push(picture);
  }
  return mapped;
}

/** The score of several sets. */
function joined(scored: readonly ScoredSet[], leftOut: readonly string[], seed: number): Score {
  const scores = scored.map(({ score }) => score);
  // The rule is one for all sets that have a background.
  const withBackground = scores.find(({ protocol }) => protocol.background !== null);
  const { set: _, ...shared } = (withBackground ?? scores[0]!).protocol;
  const sets = new Map(scored.map((set) => [set.score.protocol.set!, set]));
  const timeSeconds = scores.reduce((sum, score) => sum + score.timeSeconds, 0);
  return joinScores(sets, leftOut, shared, timeSeconds, seed);
}

/** Writes what was asked for. */
async function writePictures(
  score: Score,
  drawn: readonly DrawnSet[],
  { sheet, maps, matrix, report, signal }: EvaluationRequest,
): Promise<void> {
  const [{ score: first, worst, maps: mapped }] = drawn as [DrawnSet];
  if (sheet !== undefined) await writeFileAtomic(sheet, await drawPictureSheet(worst, first.classes, signal));
  if (maps !== undefined) await writeFileAtomic(maps, await drawThresholdSheet(mapped, first.curve!, signal));
  if (matrix !== undefined) await writeFileAtomic(matrix, await drawMatrix(score));
  if (report !== undefined) await writeFileAtomic(report, await reportPage(score, drawn, signal));
}

/** Loads a checkpoint, with the trunk of the named protocol so far as it can have it. */
async function loadFor(model: string, request: EvaluationRequest): Promise<Segmenter> {
  return Segmenter.load(model, { ...loadOptions(request), ...(await trunkOf(model, request)) });
}

/** Refuses a sheet for several sets, and files that are written to where something is read. */
async function checkPaths(
  chosen: readonly Chosen[],
  { root, classes, join: joinedFiles = [], sheet, maps, results, report, matrix }: EvaluationRequest,
  model: string | EvaluatedModel,
): Promise<void> {
  const ofOneSet = sheet !== undefined ? 'sheet' : maps !== undefined ? 'maps' : undefined;
  if (ofOneSet !== undefined && chosen.length > 1)
    throw new RangeError(
      `Cannot evaluate: ${ofOneSet} must be left out for several sets (name one in sets), got it for ${chosen.length}`,
    );
  const outputs = Object.entries({ sheet, maps, results, report, matrix }).flatMap(([name, path]) =>
    path === undefined ? [] : [{ name, path }],
  );
  if (outputs.length === 0) return;
  const files = chosen.flatMap(({ samples }) => samples.flatMap(({ image, mask }) => [dirname(image), dirname(mask)]));
  const read = [
    ...new Set(files),
    classes ?? join(root, 'classes.json'),
    ...joinedFiles,
    ...(typeof model === 'string' ? [model] : []),
  ];
  await checkOutputs('evaluate', outputs, read);
}

function protocolOf(model: EvaluatedModel, source: Chosen['dataset'], request: SetRequest): EvaluationProtocol {
  const { dataset, labels, background, decision, threshold, thresholds, views, merge, templates } = request;
  const { offset, limit, classes, rename, scores } = request;
  const { inputSize, precision, device, vocabulary } = model;
  const { split, backgroundIndex } = source;
  const ofSets = 'set' in source;
  return {
    dataset,
    ...(ofSets ? { set: source.set, ...(rename === undefined ? {} : { rename }) } : {}),
    split: split ?? null,
    offset,
    limit: limit ?? null,
    labels,
    background: backgroundIndex === undefined ? null : background,
    decision:
      decision === 'argmax'
        ? 'argmax'
        : `argmax of the labels with ${scores === 'sigmoid' ? 'an activation' : 'a share'} of at least ` +
          (threshold ?? "the checkpoint's threshold"),
    ...(thresholds === undefined ? {} : { thresholds }),
    views,
    merge,
    templates: vocabulary !== undefined ? 'vocabulary' : (templates ?? model.templates ?? 'clipseg'),
    classList: classes ?? null,
    ...pixelProtocol(model, source, request),
    inputSize,
    precision,
    device,
    metric: ofSets ? SETS_METRIC : METRIC,
  };
}

function nothingCounted(name: string, { dataset, samples }: Part, failures: readonly EvaluationFailure[]): SynsegError {
  const [first] = failures;
  const what = 'set' in dataset ? `${name} set ${dataset.set}` : name;
  const got =
    first === undefined
      ? 'only pixels of classes that do not count'
      : `${failures.length} failures of ${samples.length}, the first ${first.key}: ${first.reason}`;
  return new SynsegError(
    'DATASET_FORMAT',
    `Cannot evaluate ${what}: at least one picture must be readable and have a pixel that counts, got ${got}`,
  );
}
