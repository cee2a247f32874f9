/**
 * Evaluation of a checkpoint: the mean IoU over a data set with index masks, under a protocol that is part of the
 * result. Pictures go through the public API; nothing here knows the network.
 */
import { dirname, join } from 'node:path';
import { Segmenter, SynsegError } from '@synseg/core';
import { checkOutputs } from '@synseg/core/guards';
import { openContest, type EvaluatedModel } from './contest.ts';
import { readDataset, type EvaluationDataset, type EvaluationSample } from './datasets.ts';
import { loadOptions, readRequest, type EvaluateOptions, type EvaluationRequest } from './evaluate-options.ts';
import { Evaluation } from './evaluation.ts';
import { writePictureSheet } from './picture-sheet.ts';
import type { EvaluationFailure, EvaluationProtocol, Score } from './score.ts';

const METRIC =
  'mIoU = mean over the classes that occur of intersection / union, each summed over all pictures at the size of ' +
  'the masks';

/**
 * Evaluates a checkpoint on a data set.
 *
 * Every pixel takes the label with the highest activation, at the mask's own size. Classes the checkpoint has no
 * embedding for are left out and their pixels do not count; a picture that cannot be read, or whose mask has another
 * size or values outside the class list, is named in `failures` and does not count.
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
 * console.assert(mIoU > 46 && (perClass['road'] ?? 0) > 85);
 * ```
 */
export async function evaluate(model: string | EvaluatedModel, options: EvaluateOptions): Promise<Score> {
  const request = readRequest(model, options);
  const { dataset: name, root, split, classes, offset, limit, sheet, signal } = request;
  signal?.throwIfAborted();
  const dataset = await readDataset(name, root, { split, classes });
  const samples = dataset.samples.slice(offset, limit === undefined ? undefined : offset + limit);
  if (samples.length === 0)
    throw new RangeError(
      `Cannot evaluate ${name}: offset must be below its ${dataset.samples.length} pictures, ` + `got ${offset}`,
    );

  // Pictures and masks of a set lie in one folder each.
  const [{ image, mask }] = samples as [EvaluationSample];
  const read = [
    dirname(image),
    dirname(mask),
    classes ?? join(root, 'classes.json'),
    ...(typeof model === 'string' ? [model] : []),
  ];
  if (sheet !== undefined) await checkOutputs('evaluate', [{ name: 'sheet', path: sheet }], read);
  await using own = typeof model === 'string' ? await Segmenter.load(model, loadOptions(request)) : undefined;
  const evaluated: EvaluatedModel = own ?? (model as EvaluatedModel);
  const contest = await openContest(evaluated, dataset, request);
  const evaluation = new Evaluation(evaluated, contest, request);
  const start = performance.now();
  await evaluation.run(samples);
  const timeSeconds = (performance.now() - start) / 1000;
  const result = evaluation.result();
  if (result.images === 0) throw nothingCounted(name, samples.length, result.failures);
  if (sheet !== undefined)
    await writePictureSheet(
      sheet,
      evaluation.worst.pictures,
      contest.classes.map((entry) => entry.name),
      signal,
    );
  return { ...result, protocol: protocolOf(evaluated, dataset, request), timeSeconds };
}

function protocolOf(
  model: EvaluatedModel,
  { split, backgroundIndex }: EvaluationDataset,
  { dataset, labels, background, threshold, views, merge, templates, offset, limit, classes }: EvaluationRequest,
): EvaluationProtocol {
  const { inputSize, precision, device, vocabulary } = model;
  return {
    dataset,
    split: split ?? null,
    offset,
    limit: limit ?? null,
    labels,
    background: backgroundIndex === undefined ? null : background,
    decision: threshold === undefined ? 'argmax' : `argmax of the labels with an activation of at least ${threshold}`,
    views,
    merge,
    templates: vocabulary !== undefined ? 'vocabulary' : (templates ?? model.templates ?? 'clipseg'),
    classList: classes ?? null,
    inputSize,
    precision,
    device,
    metric: METRIC,
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
