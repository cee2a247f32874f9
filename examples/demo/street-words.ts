/** The words for the classes of the drawn street, as far as a checkpoint knows them. */
import { isSynsegError, type LabelSet, type LabelWord, type Segmenter } from '@synseg/core';
import type { ClassName } from '@synseg/street-world/classes.ts';
import { nounsOf } from '@synseg/street-world/words.ts';

/** Labels for classes. */
export interface StreetWords {
  readonly labels: LabelSet;
  /** The label that each class should get; -1 for one the checkpoint has no word for. */
  readonly labelOf: readonly number[];
}

/**
 * Names each class. A checkpoint that reads text gets all nouns of a class as its prompts; one that knows certain words
 * gets the first noun that is one of them, and classes that it knows by one word are one label.
 */
export async function streetWords(segmenter: Segmenter, classes: readonly ClassName[]): Promise<StreetWords> {
  // Each pixel has one of the classes, so each is decided between them: no background.
  const rule = { background: 'none' } as const;
  const words = new Map<string, LabelWord | undefined>();
  for (const noun of classes.flatMap(nounsOf)) words.set(noun, await wordOf(segmenter, noun));
  if ([...words.values()].every((word) => word?.why === 'text')) {
    const labels = classes.map((name) => ({ name, prompts: nounsOf(name) }));
    return { labels: await segmenter.labels(labels, rule), labelOf: classes.map((_, index) => index) };
  }
  const answers = classes.map((name) => nounsOf(name).flatMap((noun) => words.get(noun)?.answered ?? [])[0]);
  const names = [...new Set(answers.filter((answer) => answer !== undefined))];
  return { labels: await segmenter.labels(names, rule), labelOf: answers.map((answer) => names.indexOf(answer ?? '')) };
}

/** The word that a noun answers as; undefined for one that the checkpoint does not know. */
async function wordOf(segmenter: Segmenter, noun: string): Promise<LabelWord | undefined> {
  try {
    const [word] = (await segmenter.labels([noun])).words;
    return word?.why === 'unknown' ? undefined : word;
  } catch (error) {
    if (isSynsegError(error) && error.code === 'LABEL_UNKNOWN') return undefined;
    throw error;
  }
}
