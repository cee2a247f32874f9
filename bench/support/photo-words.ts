/** What other words for a class find, beside the class's own name; and which words a checkpoint calls unknown. */
import type { LabelSet, Segmenter } from '@synseg/core';
import { UNKNOWN, readMask, type Photo, type PhotoFolder } from './photo-set.ts';
import type { AskedWord } from './word-lists.ts';

/** A word beside the name of its class, on the photographs of the class. */
export interface WordScore extends AskedWord {
  /** IoU of the word less that of the name, −1 to 1; undefined where no photograph has the class. */
  readonly difference: number | undefined;
  /** True where both have the same embedding and the same threshold: nothing had to be segmented. */
  readonly same: boolean;
  readonly photos: number;
}

/** Intersection and union of one class. */
interface Counts {
  both: number;
  either: number;
}

/**
 * IoU of each word less that of its class's name: the name among the other classes of the photograph's set, then the
 * word in its place.
 *
 * @param most - photographs of a class at most, the first ones
 */
export async function scoreWords(
  segmenter: Segmenter,
  { photos, sets }: PhotoFolder,
  words: readonly AskedWord[],
  most: number,
): Promise<readonly WordScore[]> {
  const answers = await answersOf(segmenter, sets);
  const scores: WordScore[] = [];
  for (const { asked, means } of words) {
    const shown = photos.filter(({ labels }) => labels.some((name) => answers.get(name) === means)).slice(0, most);
    const same = sameRows(await segmenter.labels([asked, means]));
    let difference = shown.length === 0 ? undefined : 0;
    if (!same && shown.length > 0) {
      const iou = async (word: string): Promise<number> => {
        const counts: Counts = { both: 0, either: 0 };
        for (const photo of shown) await count(segmenter, photo, sets, answers, word, means, counts);
        return counts.either === 0 ? 0 : counts.both / counts.either;
      };
      difference = (await iou(asked)) - (await iou(means));
    }
    scores.push({ asked, means, difference, same, photos: shown.length });
  }
  return scores;
}

/** The words that the checkpoint's table does not have. */
export async function strangersAmong(segmenter: Segmenter, words: readonly string[]): Promise<LabelSet['unknown']> {
  return (await segmenter.labels(words)).unknown;
}

/** Class of the checkpoint by the name that a set has for it. */
async function answersOf(segmenter: Segmenter, sets: PhotoFolder['sets']): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(Object.values(sets).flatMap(({ classes }) => classes))];
  const answers = new Map<string, string>();
  // A label set holds at most 255.
  for (let first = 0; first < names.length; first += 100)
    for (const { asked, answered } of (await segmenter.labels(names.slice(first, first + 100))).words)
      answers.set(asked, answered);
  return answers;
}

async function count(
  segmenter: Segmenter,
  photo: Photo,
  sets: PhotoFolder['sets'],
  answers: ReadonlyMap<string, string>,
  word: string,
  means: string,
  counts: Counts,
): Promise<void> {
  const { classes } = sets[photo.set]!;
  const others = classes.filter((name) => answers.get(name) !== means && name !== word);
  const labels = await segmenter.labels([word, ...others]);
  const { data } = await readMask(photo);
  const { labelMap } = await segmenter.segment(photo.image, labels);
  const isClass = classes.map((name) => answers.get(name) === means);
  for (const [pixel, value] of data.entries()) {
    if (value === UNKNOWN) continue;
    const [is, found] = [isClass[value] === true, labelMap[pixel] === 0];
    counts.both += Number(is && found);
    counts.either += Number(is || found);
  }
}

/** True where two labels cannot be told apart: one embedding, and one class, whose threshold both have. */
function sameRows({ embeddings, embeddingDim, words }: LabelSet): boolean {
  const [one, other] = [embeddings.subarray(0, embeddingDim), embeddings.subarray(embeddingDim)];
  return words[0]!.answered === words[1]!.answered && one.every((value, at) => value === other[at]);
}
