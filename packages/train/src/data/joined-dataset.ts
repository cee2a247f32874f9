/** A dataset whose phrases were extracted earlier: drawing fails when they turn out to be those of other data. */
import { dataError, shortJson } from './data-error.ts';
import type { Dataset, DatasetPosition, Drawn } from './dataset.ts';
import { PHRASE_NAMES, type KnownPhrases } from './known-phrases.ts';

/** Samples after which phrases that fit none of them are those of other data. */
const ENOUGH = 1000;

/**
 * The dataset, watched.
 *
 * @throws SynsegError `DATASET_FORMAT`, of `draw()`, when an epoch or a great many samples had no name in the file
 */
export function joinedDataset(dataset: Dataset, known: KnownPhrases): Dataset {
  const { description, size, classes, ignoreIndex, backgroundIndex, each } = dataset;
  return {
    ...{ description, size, ignoreIndex, backgroundIndex },
    ...(classes === undefined ? {} : { classes }),
    each: each && joinedDataset(each, known),
    draw: (from: DatasetPosition, seed: number, signal?: AbortSignal) =>
      watched(dataset.draw(from, seed, signal), known),
  };
}

async function* watched(drawing: AsyncIterable<Drawn>, known: KnownPhrases): AsyncGenerator<Drawn> {
  let [drawn, epoch, last] = [0, 0, ''];
  for await (const next of drawing) {
    if (drawn === 0) epoch = next.after.epoch;
    if (!known.matched && (drawn === ENOUGH || next.after.epoch !== epoch)) {
      const rule = `phrases must have the ${PHRASE_NAMES.join(', ').replace(/, (?=[^,]*$)/, ' or ')} of a sample`;
      const got = `none of ${drawn}, the last of them ${shortJson(last)}, in "${known.path}", which has`;
      throw dataError(rule, `${got} ${shortJson(known.example)}`);
    }
    [drawn, last] = [drawn + 1, next.sample.key];
    yield next;
  }
}
