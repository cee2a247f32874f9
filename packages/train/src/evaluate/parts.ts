/** The pictures that are evaluated, set by set, and what competes in each set. */
import { isSynsegError } from '@synseg/core';
import { readDataset } from '../benchmarks/datasets.ts';
import type { EvaluationSample, EvaluationSet } from '../benchmarks/evaluation-set.ts';
import { readAnnotated } from './annotated-evaluation.ts';
import { openContest, type Contest, type EvaluatedModel } from './contest.ts';
import type { EvaluationRequest, SetRequest } from './evaluate-options.ts';
import { readIndexSets, type IndexSet } from './index-sets.ts';
import { thresholdOf, wordsOf } from './protocols.ts';

/** The chosen pictures of one set. */
export interface Chosen {
  readonly dataset: EvaluationSet | IndexSet;
  readonly samples: readonly EvaluationSample[];
}

/** Reads the data set and chooses the pictures: of index-jsonl, of each set. */
export async function chooseParts(request: EvaluationRequest): Promise<readonly Chosen[]> {
  const { dataset: name, root } = request;
  const datasets =
    name === 'index-jsonl'
      ? await readIndexSets(root, request)
      : [await (name === 'annotations' ? readAnnotated(request) : readDataset(name, root, request))];
  return datasets.map((dataset) => chosenPart(dataset, request));
}

/** The chosen pictures of one set, and what competes in them. */
export interface Part extends Chosen {
  readonly request: SetRequest;
  readonly contest: Contest;
}

function chosenPart(dataset: Chosen['dataset'], { dataset: name, offset, limit }: EvaluationRequest): Chosen {
  const samples = dataset.samples.slice(offset, limit === undefined ? undefined : offset + limit);
  if (samples.length > 0) return { dataset, samples };
  throw new RangeError(
    `Cannot evaluate ${name}: offset must be below its ${dataset.samples.length} pictures, got ${offset}`,
  );
}

/** Sets up every set. Of several, those of which the checkpoint has no class are left out, unless that is all. */
export async function openParts(
  model: EvaluatedModel,
  chosen: readonly Chosen[],
  request: EvaluationRequest,
): Promise<{ readonly parts: readonly Part[]; readonly leftOut: readonly string[] }> {
  const unknown = Object.keys(request.words ?? {}).find(
    (word) => !chosen.some(({ dataset }) => dataset.classes.some(({ name }) => name === word)),
  );
  if (unknown !== undefined)
    throw new RangeError(`Cannot evaluate: words must name classes of the data set, got "${unknown}"`);
  const parts: Part[] = [];
  const leftOut: string[] = [];
  let problem: unknown;
  for (const { dataset, samples } of chosen) {
    const own = { ...request, ...rulesOf(dataset, request) };
    try {
      parts.push({ dataset, samples, request: own, contest: await openContest(model, dataset, own) });
    } catch (error) {
      if (!('set' in dataset) || !isSynsegError(error) || error.code !== 'LABEL_UNKNOWN') throw error;
      problem = error;
      leftOut.push(dataset.set);
    }
  }
  if (parts.length === 0) throw problem;
  return { parts, leftOut };
}

/**
 * Of several sets, some have no background: the option is that of the others. There it has no word. A protocol takes a
 * background as a class wherever there is one.
 */
function rulesOf(dataset: Chosen['dataset'], request: EvaluationRequest): Partial<SetRequest> & Rules {
  const { background, backgroundIn, protocol, thresholds, dataset: name } = request;
  const without = 'set' in dataset && dataset.backgroundIndex === undefined;
  const isNamed = protocol !== undefined && dataset.backgroundIndex !== undefined;
  const rule = without ? 'ignore' : (background ?? (isNamed ? 'class' : dataset.backgroundRule));
  const threshold = request.threshold ?? (isNamed && rule === 'class' ? thresholdOf(protocol, request) : undefined);
  const atThreshold = dataset.backgroundRule === 'class' || thresholds !== undefined;
  const isDecided = threshold !== undefined || (rule === 'class' && atThreshold);
  // Windows vote at one threshold; what they would have voted at another is not known afterwards.
  if (thresholds !== undefined && isDecided && backgroundIn === 'windows')
    throw new RangeError('Cannot evaluate: thresholds must be left out where windows decide the background, got them');
  return {
    background: rule,
    decision: isDecided ? 'threshold' : 'argmax',
    threshold,
    words: request.words ?? wordsOf(protocol, name),
    // Without a background, a protocol's windows have nothing to vote for.
    backgroundIn: isDecided || protocol === undefined ? backgroundIn : 'picture',
  };
}

type Rules = Pick<SetRequest, 'background' | 'decision' | 'words'>;
