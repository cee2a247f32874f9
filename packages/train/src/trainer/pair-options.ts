/**
 * Which options of `train()` go with `objective: 'contrastive'`: one that would be ignored is a misunderstanding, and
 * told.
 */
import { shortJson } from '../data/data-error.ts';
import type { Objective, TrainOptions } from './train-options.ts';

/** Options about labels, the decoder, or a frozen trunk. */
const FOREIGN = [
  ...([
    'trunk',
    'decoder',
    'inputSize',
    'microBatchSize',
    'lambda',
    'contrastGate',
    'epsilon',
    'features',
    'prior',
    'templates',
    'unknownCategories',
  ] as const),
  ...(['projectorSteps', 'projectorLearningRate', 'maxCategories', 'cacheFeatures', 'precision'] as const),
] satisfies readonly (keyof TrainOptions)[];

/**
 * Checks that options and objective agree.
 *
 * @throws RangeError naming the option that must be left out, or the kind of evaluation that the objective takes
 */
export function checkPairOptions(objective: Objective, options: TrainOptions): void {
  const { init, data, evaluation } = options;
  const onPairs = objective === 'contrastive';
  if (evaluation !== undefined && 'data' in evaluation !== onPairs) {
    throw new RangeError(
      'Cannot train: evaluation must ' +
        `${onPairs ? 'name data, held-out pictures and captions,' : 'name a dataset with masks'} for objective ` +
        `"${objective}", got ${shortJson(evaluation)}`,
    );
  }
  if (!onPairs && options.patchDropout !== undefined)
    throw new RangeError(
      'Cannot train: patchDropout must be left out unless the objective is "contrastive", got ' +
        `${shortJson(options.patchDropout)}`,
    );
  if (!onPairs) return;
  if (init === 'random')
    throw new RangeError(
      'Cannot train: init must be a folder or hub id for objective "contrastive" (createCheckpoint() writes a ' +
        'fresh one), got "random"',
    );
  const foreign = FOREIGN.find((name) => options[name] !== undefined);
  if (foreign !== undefined)
    throw new RangeError(
      `Cannot train: ${foreign} must be left out for objective "contrastive", got ${shortJson(options[foreign])}`,
    );
  if (typeof data === 'object' && data.phrases !== undefined)
    throw new RangeError(
      'Cannot train: data.phrases must be left out for objective "contrastive", whose texts are whole captions, ' +
        `got ${shortJson(data.phrases)}`,
    );
}
