/**
 * How well a checkpoint finds in held-out pictures what their captions name: what can be measured where there are no
 * masks.
 */
import { Segmenter } from '@synseg/core';
import { WordTable, openCheckpoint } from '@synseg/core/checkpoint';
import { saidOf } from '../annotations/said-classes.ts';
import { readIndex } from '../data/photo-index.ts';
import { countsOf } from '../inspect/set-tally.ts';
import { PhraseExtractor } from '../phrases/phrase-extractor.ts';
import type { FineTuneRequest } from './fine-tune-options.ts';
import type { SaidScore, WordCounts } from './fine-tune-progress.ts';
import type { Prepared } from './prepare.ts';
import { answerOf } from './start.ts';

/** Share of a picture that a word must have to count as found. */
const LEAST_SHARE = 0.01;

/** Segments the held-out pictures with the words that are taught. */
export async function saidScore(
  checkpoint: string,
  { start, recipe: { root, sets } }: Pick<Prepared, 'start' | 'recipe'>,
  { device, threads, cacheFolder, signal, onProgress }: FineTuneRequest,
): Promise<SaidScore> {
  const words = [...new Set(start.taught.map(({ taught }) => taught))];
  const tally = words.map(() => ({ said: 0, found: 0, both: 0 }));
  const wordOf = await wordReader(start);
  const extractor = new PhraseExtractor();
  const { rows } = await readIndex(root, {
    ...{ action: 'score', split: 'val', defaultSplit: 'val', sets, rename: undefined, classes: undefined, signal },
  });
  await using segmenter = await Segmenter.load(checkpoint, { device, threads, cacheFolder, signal });
  const labels = await segmenter.labels(words, { background: 'threshold', signal });
  for (const [at, { image, captions }] of rows.entries()) {
    const said = new Set(saidOf(captions, extractor).map(wordOf));
    const { labelMap } = await segmenter.segment(image, labels, { size: 'model', signal });
    const pixels = countsOf({ data: labelMap });
    for (const [place, word] of words.entries()) {
      const [isSaid, isFound] = [said.has(word), pixels[place]! >= LEAST_SHARE * labelMap.length];
      const counts = tally[place]!;
      counts.said += Number(isSaid);
      counts.found += Number(isFound);
      counts.both += Number(isSaid && isFound);
    }
    onProgress?.({ stage: 'score', done: at + 1, total: rows.length });
  }
  const sum = (of: keyof WordCounts): number => tally.reduce((all, counts) => all + counts[of], 0);
  const perWord = Object.fromEntries(words.map((word, place) => [word, tally[place]!]));
  return { f1: (2 * sum('both')) / Math.max(1, sum('said') + sum('found')), perWord };
}

/** What a phrase is taught as. */
async function wordReader({ checkpoint, hasWords }: Prepared['start']): Promise<(phrase: string) => string> {
  if (!hasWords) return (phrase) => phrase;
  const { config } = await openCheckpoint(checkpoint);
  const table = await WordTable.load(checkpoint, config.embeddingDim);
  return (phrase) => (table === undefined ? phrase : answerOf(table, phrase));
}
