/** What a page knows of a training, gathered from what the training reports, in bounded memory. */
import { createHash, randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { StepReport, TrainProgress } from '../trainer/reports.ts';
import { Curve } from './curve.ts';
import { pictureType, type HeldOutPicture, type PlanEntry } from './page-options.ts';
import type { PageState, ShownPicture, ShownScore } from './page-protocol.ts';
import { shownText } from './shown-text.ts';

type AnyScore = NonNullable<StepReport['score']>;

/** Scores kept; of more, every second is forgotten. */
const MOST_SCORES = 400;
/** Steps over which the pace is measured: what came first, loading included, is soon forgotten. */
const PACE_STEPS = 200;

/** A file of a picture, as it is sent. */
export interface PictureFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Gathers reports; {@link json} is the state of the page. */
export class TrainingState {
  readonly #now: () => number;
  readonly #run = randomBytes(6).toString('hex');
  readonly #curve = new Curve();
  /** When the last steps ended, oldest first. */
  readonly #times: { readonly step: number; readonly at: number }[] = [];
  #changes = 0;
  #state: Omit<PageState, 'version' | 'curve'>;
  #json: string | undefined;
  /** Files of the pictures shown now, and of those before: a page may still ask for these. */
  #files: ReadonlyMap<string, PictureFile> = new Map();
  #filesBefore: ReadonlyMap<string, PictureFile> = new Map();

  /** @param now - a clock in milliseconds */
  constructor(title: string, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#state = {
      ...{ title: shownText(title), note: 'loading', ended: false, plan: [], step: 0, steps: 0 },
      ...{ secondsLeft: null, imagesPerSecond: null, learningRate: null, losses: [] },
      ...{ measure: 'mIoU', isShare: true, start: null, scores: [], best: null },
      ...{ picturesOfStep: null, pictures: [] },
    };
  }

  /** Another text with each change. */
  get version(): string {
    return `${this.#run}.${this.#changes}`;
  }

  /** The {@link PageState}. */
  get json(): string {
    const state: PageState = { ...this.#state, version: this.version, curve: this.#curve.stretches };
    const short = (_: string, value: unknown): unknown => (typeof value === 'number' ? rounded(value) : value);
    return (this.#json ??= JSON.stringify(state, short));
  }

  /** A file of a picture by its name in the state. */
  file(name: string): PictureFile | undefined {
    return this.#files.get(name) ?? this.#filesBefore.get(name);
  }

  setPlan(plan: readonly PlanEntry[]): void {
    this.#set({ plan: plan.slice(0, 50).map(({ name, value }) => [shownText(name), shownText(value)]) });
  }

  setProgress(progress: TrainProgress): void {
    if (progress.stage === 'start') {
      const { measure, isShare, value } = headline(progress.score);
      this.#set({ measure, isShare, start: value, note: '' });
    } else if ('total' in progress) {
      const what = progress.stage === 'features' ? 'encoding pictures' : 'scoring the held-out part';
      const { done, total } = progress;
      this.#set({ note: done < total ? `${what}: ${done} of ${total}` : '' });
    } else this.#set({ note: progress.stage === 'load' ? 'loading' : '' });
  }

  addStep(report: StepReport): void {
    const { step, steps, total, losses, score } = report;
    this.#curve.add(step, total);
    this.#times.push({ step, at: this.#now() });
    if (this.#times.length > PACE_STEPS) this.#times.shift();
    if (score !== undefined) this.#addScore(step, score);
    this.#set({
      ...{ step, steps, note: '', secondsLeft: this.#secondsLeft(step, steps) },
      ...{ imagesPerSecond: report.imagesPerSecond, learningRate: report.learningRate },
      losses: Object.entries(losses).map(([name, value]) => [shownText(name), Number.isFinite(value) ? value : null]),
    });
  }

  /** What is being done where it is not a step. */
  setNote(text: string): void {
    this.#set({ note: shownText(text) });
  }

  /** A score that no report carried; that of step 0 is the start's. */
  addScore(step: number, mIoU: number, best: boolean): void {
    if (step === 0) this.#set({ measure: 'mIoU', isShare: true, start: mIoU });
    else this.#addScore(step, { mIoU, best });
  }

  setPictures(step: number, pictures: readonly HeldOutPicture[]): void {
    const files = new Map<string, PictureFile>();
    const keep = (bytes: Uint8Array): string => {
      const name = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
      files.set(name, { type: pictureType(bytes) as string, bytes });
      return name;
    };
    const shown = pictures.map(({ name, photo, truth, prediction }): ShownPicture => {
      const last = basename(name.replaceAll('\\', '/'));
      return { name: shownText(last), photo: keep(photo), truth: keep(truth), prediction: keep(prediction) };
    });
    this.#filesBefore = this.#files;
    this.#files = files;
    this.#set({ picturesOfStep: step, pictures: shown });
  }

  end(text: string): void {
    this.#set({ note: shownText(text), ended: true, secondsLeft: null });
  }

  #set(changes: Partial<PageState>): void {
    this.#state = { ...this.#state, ...changes };
    this.#changes += 1;
    this.#json = undefined;
  }

  #addScore(step: number, score: AnyScore): void {
    const { measure, isShare, value } = headline(score);
    const newest: ShownScore = { step, value };
    const { scores, best } = this.#state;
    const kept = scores.length < MOST_SCORES ? scores : scores.filter((_, at) => at % 2 === 1);
    this.#set({ measure, isShare, scores: [...kept, newest], best: score.best ? newest : best });
  }

  #secondsLeft(step: number, steps: number): number | null {
    const [first] = this.#times;
    if (first === undefined || step <= first.step) return null;
    return ((this.#now() - first.at) / 1000 / (step - first.step)) * Math.max(0, steps - step);
  }
}

/** The number that is drawn of a score. */
function headline(score: AnyScore): Pick<PageState, 'measure' | 'isShare'> & { readonly value: number } {
  if ('mIoU' in score) return { measure: 'mIoU', isShare: true, value: score.mIoU };
  if ('cosine' in score) return { measure: 'mean cosine', isShare: false, value: score.cosine };
  return { measure: 'retrieval', isShare: true, value: (score.imageToText + score.textToImage) / 2 };
}

/** Six digits are more than a curve shows. */
function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
