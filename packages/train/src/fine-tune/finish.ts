/** The end of a fine-tuning: thresholds from the held-out pictures, the checkpoint, its scores, card and report. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint, writeFileAtomic } from '@synseg/core/checkpoint';
import { exists } from '../data/source.ts';
import { calibrate } from '../evaluate/calibrate.ts';
import { evaluate, evaluateDrawn } from '../evaluate/evaluate.ts';
import { readRequest, type EvaluateOptions, type EvaluationProgress } from '../evaluate/evaluate-options.ts';
import { reportPage } from '../evaluate/report.ts';
import { exportCheckpoint } from '../run/export.ts';
import { checkpointFolder } from '../trainer/base-model.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';
import type { FineTuned } from './fine-tune-progress.ts';
import { readHistory } from './history.ts';
import { chooseMixture } from './mixtures.ts';
import { classRows, modelCard, outcomeSentences, reportLead } from './outcome-text.ts';
import type { Prepared } from './prepare.ts';
import { renameOf } from './recipe.ts';
import { REHEARSAL } from './rehearsal.ts';

/** Writes `model/` and `report.html`. */
export async function finish(
  { start, recipe, keptPictures }: Prepared,
  done: Pick<FineTuned, 'plan' | 'steps' | 'bestStep'>,
  request: FineTuneRequest,
): Promise<FineTuned> {
  const { out, device, threads, cacheFolder, signal, onProgress } = request;
  const { root, sets } = recipe;
  const rename = renameOf(start);
  const told =
    (stage: 'calibrate' | 'score') =>
    ({ done: pictures, total }: EvaluationProgress): void =>
      onProgress?.({ stage, done: pictures, total });
  const best = join(out, 'run', 'best');
  const trained = (await exists(best)) ? best : join(out, 'run', 'last');
  const [model, report, mixtures] = [join(out, 'model'), join(out, 'report.html'), join(out, 'mixtures')];
  const running = { device, threads, cacheFolder, signal };
  const own: EvaluateOptions = { dataset: 'index-jsonl', root, split: 'val', sets, rename, ...running };
  const scoreOf = async (checkpoint: string): Promise<number> =>
    (await evaluate(checkpoint, { ...own, onProgress: told('score') })).mIoU;
  // Of a start without a table of words nothing was rehearsed, and its weights may be large.
  const { checkpoint: from, share } =
    start.known.length > 0 && done.bestStep > 0
      ? await chooseMixture(start.checkpoint, trained, mixtures, scoreOf, signal)
      : { checkpoint: trained, share: 1 };
  const { thresholds } = await calibrate(from, {
    ...{ root, split: 'val', sets, rename, onProgress: told('calibrate'), ...running },
  });
  const { config } = await openCheckpoint(await checkpointFolder(start.checkpoint, signal));
  await exportCheckpoint(from, model, {
    precision: start.precision,
    // Words that were not taught keep the thresholds that they had.
    calibration: { threshold: config.threshold, thresholds: { ...config.thresholds, ...thresholds } },
    ...{ overwrite: await exists(model), signal },
  });
  await rm(mixtures, { recursive: true, force: true });
  const { score, drawn } = await evaluateDrawn(
    model,
    readRequest(model, { ...own, report, onProgress: told('score') }),
  );
  const before = await evaluate(start.checkpoint, { ...own, onProgress: told('score') });
  const again = { ...own, sets: [REHEARSAL], rename: undefined };
  const kept = keptPictures > 0 ? (await evaluate(model, again)).pixelAccuracy : null;
  const found = { model, report, start: before, score, said: null, kept, share, ...done };
  const outcome: FineTuned = { ...found, sentences: outcomeSentences(found), rows: classRows(found) };
  await writeFileAtomic(join(model, 'README.md'), modelCard(outcome, request));
  const lead = reportLead(outcome, await readHistory(join(out, 'run')));
  await writeFileAtomic(report, await reportPage(score, drawn, signal, lead));
  return outcome;
}
