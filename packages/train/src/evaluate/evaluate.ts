/**
 * Evaluation of a checkpoint: the mean IoU over a data set with index masks, under a protocol that is part of the
 * result. Pictures go through the public API; nothing here knows the network.
 */
import { dirname, join } from 'node:path';
import { Segmenter, SynsegError } from '@synseg/core';
import { checkOutputs } from '@synseg/core/guards';
import type { EvaluatedModel } from './contest.ts';
import { loadOptions, readRequest, type EvaluateOptions, type EvaluationRequest } from './evaluate-options.ts';
import type { EvaluationProgress, SetRequest } from './evaluate-options.ts';
import { Evaluation } from './evaluation.ts';
import { SETS_METRIC } from './index-sets.ts';
import { pixelProtocol, trunkOf } from './pixel-protocol.ts';
import { chooseParts, openParts, type Chosen, type Part } from './parts.ts';
import { writePictureSheet } from './picture-sheet.ts';
import type { EvaluationFailure, EvaluationProtocol, Score } from './score.ts';
import { joinScores, scoreSet, type ScoredSet } from './set-score.ts';

const METRIC =
  'mIoU = mean over the classes that occur of intersection / union, each summed over all pictures at the size of ' +
  'the masks';

/**
 * Evaluates a checkpoint on a data set.
 *
 * Every pixel takes the label with the highest activation, at the mask's own size. Classes the checkpoint has no
 * embedding for are left out and their pixels do not count; a picture that cannot be read, or whose mask has another
 * size or values outside the class list, is named in `failures` and does not count. The sets of index-jsonl are
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
  const request = readRequest(model, options);
  const { dataset: name, sheet, signal } = request;
  signal?.throwIfAborted();
  const chosen = await chooseParts(request);
  if (sheet !== undefined) await checkSheet(sheet, chosen, request, model);
  await using own = typeof model === 'string' ? await loadFor(model, request) : undefined;
  const evaluated: EvaluatedModel = own ?? (model as EvaluatedModel);
  const { parts, leftOut } = await openParts(evaluated, chosen, request);
  const start = performance.now();
  const total = parts.reduce((sum, { samples }) => sum + samples.length, 0);
  let [before, failed] = [0, 0];
  const scored: ScoredSet[] = [];
  for (const part of parts) {
    const onProgress = (progress: EvaluationProgress): void =>
      request.onProgress?.({ done: before + progress.done, total, failed: failed + progress.failed });
    scored.push(await scorePart(evaluated, part, { ...part.request, onProgress }));
    before += part.samples.length;
    failed += scored.at(-1)!.score.failures.length;
  }
  const [first, ...others] = scored.map(({ score }) => score) as [Score, ...Score[]];
  if (name !== 'index-jsonl') return first;
  // The rule is one for all sets that have a background.
  const withBackground = [first, ...others].find(({ protocol }) => protocol.background !== null);
  const { set: _, ...shared } = (withBackground ?? first).protocol;
  const sets = new Map(scored.map((set) => [set.score.protocol.set!, set]));
  return joinScores(sets, leftOut, shared, (performance.now() - start) / 1000, request.seed);
}

async function scorePart(
  model: EvaluatedModel,
  { dataset, samples, contest }: Part,
  request: SetRequest,
): Promise<ScoredSet> {
  const { dataset: name, sheet, signal, labels, seed } = request;
  const evaluation = new Evaluation(model, contest, request);
  const start = performance.now();
  await evaluation.run(samples);
  const timeSeconds = (performance.now() - start) / 1000;
  const { competing, nothing, leftOut } = contest;
  const asked = [...new Set(competing)].filter((place) => place !== nothing);
  const classes = contest.classes.map((entry) => entry.name);
  const scored = scoreSet(
    {
      field: { classes, competing: asked, nothing, labels },
      leftOut: leftOut.map((entry) => entry.name),
      records: evaluation.records,
      protocol: protocolOf(model, dataset, request),
      timeSeconds,
    },
    seed,
  );
  const what = 'set' in dataset ? `${name} set ${dataset.set}` : name;
  if (scored.score.images === 0) throw nothingCounted(what, samples.length, scored.score.failures);
  if (sheet !== undefined) await writePictureSheet(sheet, evaluation.worst.pictures, classes, signal);
  return scored;
}

/** Loads a checkpoint, with the trunk of the named protocol so far as it can have it. */
async function loadFor(model: string, request: EvaluationRequest): Promise<Segmenter> {
  return Segmenter.load(model, { ...loadOptions(request), ...(await trunkOf(model, request)) });
}

/** Refuses a sheet for several sets, and one that is written to where something is read. */
async function checkSheet(
  sheet: string,
  chosen: readonly Chosen[],
  { root, classes }: EvaluationRequest,
  model: string | EvaluatedModel,
): Promise<void> {
  if (chosen.length > 1)
    throw new RangeError(
      `Cannot evaluate: sheet must be left out for several sets (name one in sets), got it for ${chosen.length}`,
    );
  const files = chosen.flatMap(({ samples }) => samples.flatMap(({ image, mask }) => [dirname(image), dirname(mask)]));
  const read = [
    ...new Set(files),
    classes ?? join(root, 'classes.json'),
    ...(typeof model === 'string' ? [model] : []),
  ];
  await checkOutputs('evaluate', [{ name: 'sheet', path: sheet }], read);
}

function protocolOf(model: EvaluatedModel, source: Chosen['dataset'], request: SetRequest): EvaluationProtocol {
  const { dataset, labels, background, decision, threshold, views, merge, templates } = request;
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

function nothingCounted(name: string, pictures: number, failures: readonly EvaluationFailure[]): SynsegError {
  const [first] = failures;
  const got =
    first === undefined
      ? 'only pixels of classes that do not count'
      : `${failures.length} failures of ${pictures}, the first ${first.key}: ${first.reason}`;
  return new SynsegError(
    'DATASET_FORMAT',
    `Cannot evaluate ${name}: at least one picture must be readable and have a pixel that counts, got ${got}`,
  );
}
