/** The end of a fine-tuning on captions or tags alone: there is no mask to score, so words found in pictures count. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@synseg/core/checkpoint';
import { exists } from '../data/source.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { htmlPage } from '../evaluate/report.ts';
import { exportCheckpoint } from '../run/export.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';
import type { FineTuned } from './fine-tune-progress.ts';
import { readHistory } from './history.ts';
import { chooseMixture, type Mixture } from './mixtures.ts';
import { classRows, modelCard, outcomeSentences, reportLead } from './outcome-text.ts';
import type { Prepared } from './prepare.ts';
import { REHEARSAL } from './rehearsal.ts';
import { saidScore } from './said-score.ts';

/** Writes `model/` and `report.html`. */
export async function finishSaid(
  prepared: Prepared,
  done: Pick<FineTuned, 'plan' | 'steps'>,
  request: FineTuneRequest,
): Promise<FineTuned> {
  const { start, recipe, keptPictures } = prepared;
  const { out, device, threads, cacheFolder, signal } = request;
  const [model, report, mixtures] = [join(out, 'model'), join(out, 'report.html'), join(out, 'mixtures')];
  const scoreOf = async (checkpoint: string): Promise<number> => (await saidScore(checkpoint, prepared, request)).f1;
  const before = await saidScore(start.checkpoint, prepared, request);
  const trained = join(out, 'run', 'last');
  const chosen: Mixture =
    start.known.length > 0
      ? await chooseMixture(start.checkpoint, trained, mixtures, scoreOf, signal)
      : { checkpoint: trained, share: 1 };
  const isBetter = (await scoreOf(chosen.checkpoint)) > before.f1;
  const { checkpoint, share } = isBetter ? chosen : { checkpoint: start.checkpoint, share: 0 };
  const overwrite = await exists(model);
  await exportCheckpoint(checkpoint, model, { precision: start.precision, overwrite, signal });
  await rm(mixtures, { recursive: true, force: true });
  const now = await saidScore(model, prepared, request);
  const of = { dataset: 'index-jsonl', root: recipe.root, split: 'val', sets: [REHEARSAL] } as const;
  const kept =
    keptPictures > 0 ? (await evaluate(model, { ...of, device, threads, cacheFolder, signal })).pixelAccuracy : null;
  const found = { ...done, model, report, start: null, score: null, said: { start: before, now }, kept, share };
  const outcome = { ...found, bestStep: isBetter ? done.steps : 0 };
  const told: FineTuned = { ...outcome, sentences: outcomeSentences(outcome), rows: classRows(outcome) };
  await writeFileAtomic(join(model, 'README.md'), modelCard(told, request));
  const { title, sections } = reportLead(told, await readHistory(join(out, 'run')));
  await writeFileAtomic(report, htmlPage(title, sections));
  return told;
}
