/** The live page of a fine-tuning: its plan, its steps and scores, and held-out pictures as they are segmented now. */
import { basename } from 'node:path';
import { openTrainingPage } from '../live/training-page.ts';
import type { StepReport, TrainProgress } from '../trainer/reports.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';
import type { FineTunePlan, FineTuned } from './fine-tune-progress.ts';
import { heldOutPictures } from './held-out-pictures.ts';
import { planEntries } from './outcome-text.ts';
import type { Prepared } from './prepare.ts';

/** A page that shows one run. */
export interface RunPage extends AsyncDisposable {
  showPlan(plan: FineTunePlan): void;
  showProgress(progress: TrainProgress): void;
  showStep(report: StepReport): void;
  /** Segments the pictures first. */
  showPictures(step: number, checkpoint: string, prepared: Prepared): Promise<void>;
  showEnd(result: FineTuned): void;
}

/** Opens the page and tells its address. */
export async function openRunPage(request: FineTuneRequest): Promise<RunPage> {
  const { data, signal, onProgress } = request;
  const page = await openTrainingPage({ title: basename(data), signal });
  onProgress?.({ stage: 'page', url: page.url });
  return {
    showPlan: (plan) => page.showPlan(planEntries(plan)),
    showProgress: (progress) => page.showProgress(progress),
    showStep: (report) => page.showStep(report),
    showPictures: async (step, checkpoint, prepared) =>
      page.showPictures(step, await heldOutPictures(checkpoint, prepared, request)),
    showEnd: (result) => page.showEnd(result.sentences.join(' ')),
    [Symbol.asyncDispose]: () => page.close(),
  };
}
