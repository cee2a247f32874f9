/** Detects training that goes wrong without failing, and warns with the option that helps. */
import type { StepReport } from './reports.ts';
import type { TrainPlan } from './train-plan.ts';

/** Steps that a condition must last before a warning. */
const PATIENCE = 50;
/** Spatial standard deviation of the activation maps below which they are flat. */
const FLAT = 0.02;
/** Share of rows in the clamp above which L_cont hardly trains. */
const SATURATED = 0.5;

const CHECKPOINT = 'to start from a trained decoder (init: a CLIPSeg checkpoint).';

/** The part of a plan that advice depends on. */
type WatchedPlan = Partial<Pick<TrainPlan, 'recipe' | 'init' | 'lambda'>>;

/** Watches reports; warns once of each condition. */
export class HealthWatch {
  readonly #plan: WatchedPlan;
  #flatSteps = 0;
  #clampedSteps = 0;

  constructor(plan: WatchedPlan) {
    this.#plan = plan;
  }

  /** New warnings after this report. */
  check({ step, activationDeviation = Infinity, clampShare = 0 }: StepReport): string[] {
    this.#flatSteps = activationDeviation < FLAT ? this.#flatSteps + 1 : 0;
    const contrasts = (this.#plan.lambda?.contrast ?? 0) !== 0;
    this.#clampedSteps = contrasts && clampShare > SATURATED ? this.#clampedSteps + 1 : 0;
    return [
      ...(this.#flatSteps === PATIENCE ? [this.#flat(step, activationDeviation)] : []),
      ...(this.#clampedSteps === PATIENCE ? [this.#clamped(step, clampShare)] : []),
    ];
  }

  #flat(step: number, deviation: number): string {
    return (
      `Activation maps are flat: their spatial standard deviation was below ${FLAT} for ` +
      `${PATIENCE} steps (${deviation.toFixed(4)} at step ${step}). ${this.#advice()}`
    );
  }

  #clamped(step: number, share: number): string {
    return (
      `Foreground and background are too alike: ${Math.round(100 * share)} % of the rows of step ` +
      `${step} were in the clamp of eq. 4, where L_cont has no gradient. ${this.#advice()}`
    );
  }

  /** The decoder's start decides: a random one has to find things yet, a trained one must not lose them. */
  #advice(): string {
    const { recipe, init } = this.#plan;
    const others = "recipe 'dense-captions' or 'tags'";
    if (init !== 'random')
      return `What helps from a trained decoder: a smaller learningRate${recipe === 'paper' ? `, or ${others}` : ''}.`;
    if (recipe !== 'paper') return `What helps: a larger learningRate, more steps, or ${CHECKPOINT}`;
    const seldom = "A random decoder seldom leaves this state under the paper's losses.";
    return `${seldom} What helps: ${others}, or ${CHECKPOINT}`;
  }
}
