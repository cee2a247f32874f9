/** The categories and classes of a set, read before the first step, so that missing ones are known from the start. */
import { SynsegError } from '@synseg/core';
import { START, type Dataset, type MaskClass } from '../data/dataset.ts';
import type { CategoryTexts } from './category-texts.ts';
import type { TrainWarning } from './reports.ts';

type Warn = (kind: TrainWarning['kind'], message: string) => void;

/** Samples read for categories before the first step; the categories of further ones are looked up as they come. */
const SAMPLES_READ = 50_000;

/** Looks up the categories of a set of known size once, and warns of those missing from a vocabulary. */
export async function learnCategories(dataset: Dataset, texts: CategoryTexts, warn: Warn): Promise<void> {
  if (texts.extended === undefined || dataset.size === undefined) return;
  const unknown = new Map<string, number>();
  let left = Math.min(dataset.size, SAMPLES_READ);
  for await (const { sample } of (dataset.each ?? dataset).draw(START, 0)) {
    for (const category of sample.categories)
      if (!texts.knows(category)) unknown.set(category, (unknown.get(category) ?? 0) + 1);
    left -= 1;
    if (left <= 0) break;
  }
  const { standIns } = texts.extended();
  const stood = standIns.map(({ category, entries }) => `${category} (${entries.join(', ')})`).join('; ');
  if (stood !== '') warn('categories', `Not in the vocabulary, stood for by other entries: ${stood}`);
  if (unknown.size > 0) {
    const list = [...unknown].sort((a, b) => b[1] - a[1]).map(([category, count]) => `${category} ×${count}`);
    warn('categories', `Not in the vocabulary, left out: ${list.join(', ')}`);
  }
}

/** Mask classes that can be trained on: those with an embedding, and not the background. */
export function knownClasses(dataset: Dataset, texts: CategoryTexts, warn: Warn): readonly MaskClass[] {
  const named = (dataset.classes ?? []).filter(
    ({ index }) => index !== dataset.backgroundIndex && index !== dataset.ignoreIndex,
  );
  const rule = 'name the classes of its masks (classes.json) for objective "masks"';
  if (named.length === 0)
    throw new SynsegError('DATASET_FORMAT', `Cannot train: data must ${rule}, got none in ${dataset.description}`);
  const known = named.flatMap((one) => {
    const words = (one.prompts ?? [one.name]).filter((word) => texts.knows(word));
    return words.length === 0 ? [] : [{ ...one, prompts: words }];
  });
  const kept = new Set(known.map(({ name }) => name));
  const unknown = [...new Set(named.map(({ name }) => name))].filter((name) => !kept.has(name));
  if (unknown.length > 0) warn('categories', `Mask classes not in the vocabulary, left out: ${unknown.join(', ')}`);
  if (known.length > 0) return known;
  const got = `none of ${named.map(({ name }) => name).join(', ')}`;
  throw new SynsegError('LABEL_UNKNOWN', `Cannot train: the vocabulary must have a class of the masks, got ${got}`);
}
