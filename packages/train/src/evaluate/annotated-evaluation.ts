/** Exports of annotation tools as data sets to evaluate on. */
import { SynsegError } from '@synseg/core';
import { NONE, UNKNOWN } from '../annotations/annotated-set.ts';
import { ofSplit } from '../annotations/of-split.ts';
import { openAnnotations } from '../annotations/open-annotations.ts';
import type { EvaluationSet } from '../benchmarks/evaluation-set.ts';
import { readClassList } from '../data/class-list.ts';
import { isIndexFolder } from '../data/photo-index.ts';
import type { EvaluationRequest } from './evaluate-options.ts';

/** Splits that are evaluated when none is asked for, where there is one. */
const USUAL = ['val', 'test'];
const BACKGROUND = 'background';

/** The request with the layout that its folder has, where none was given: several sets are found as `index-jsonl`. */
export async function withFoundLayout(request: EvaluationRequest): Promise<EvaluationRequest> {
  if (request.dataset !== 'annotations') return request;
  if (await isIndexFolder(request.root)) {
    request.onFound?.('index-jsonl');
    return { ...request, dataset: 'index-jsonl' };
  }
  const ofSets = request.sets !== undefined ? 'sets' : request.rename !== undefined ? 'rename' : undefined;
  if (ofSets === undefined) return request;
  throw new RangeError(`Cannot evaluate: ${ofSets} must be left out but for index-jsonl, got it`);
}

/**
 * Reads an export. What none of its classes covers is a class like the others, where there can be such pixels; of what
 * is unknown nothing counts.
 *
 * @throws SynsegError `DATASET_FORMAT` when it is of no known form, or has no picture with a mask
 */
export async function readAnnotated(request: EvaluationRequest): Promise<EvaluationSet> {
  const { root, signal } = request;
  const [set] = await openAnnotations(root, { signal });
  const { classes: names, description, exhaustive } = set!;
  request.onFound?.(description);
  const { pictures, split } = ofSplit(set!, request.split, USUAL);
  const labeled = pictures.filter((picture) => picture.labeled);
  if (labeled.length === 0) {
    const rule = `"${root}" must have a picture with a mask`;
    throw new SynsegError('DATASET_FORMAT', `Cannot evaluate annotations: ${rule}, got none`);
  }
  const own = request.classes === undefined ? undefined : await readClassList(request.classes);
  const classes = names.map((name, index) => ({ index, name }));
  return {
    classes: own?.classes ?? (exhaustive ? classes : [...classes, { index: NONE, name: BACKGROUND }]),
    ignored: exhaustive ? [NONE, UNKNOWN] : [UNKNOWN],
    backgroundIndex: exhaustive ? undefined : NONE,
    backgroundRule: exhaustive ? 'ignore' : 'class',
    split,
    samples: labeled.map(({ key, image, source, readMask }) => ({
      key,
      image,
      mask: source,
      readMask: (l) => readMask(l),
    })),
  };
}
