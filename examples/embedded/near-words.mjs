/** Things that are no word of a class, by the classes that are nearest to them in WordNet: forklifts near trucks. */
import { ALIKE, LEFT_OUT, NEAR_BY_HAND } from './words-by-hand.mjs';

const ANIMALS = '05';
/** Numbers of the topics in WordNet that things are in: animals, artifacts, food, objects of nature, plants. */
const TOPICS = [ANIMALS, '06', '13', '17', '20'];
/** Steps in the hierarchy from a thing to a class. */
const MOST_STEPS = 8;
const MOST_CLASSES = 3;

/**
 * Words by classes: `{"car|truck": ["forklift"]}`, the nearest class first.
 *
 * Words are of one part or two, by their own first sense; the second sense of a word may be an animal: "tiger" is a
 * fierce person first. Steps from a word to a class are counted through the nearest synset that both are kinds of; it
 * must be one of `ALIKE` or below. Other classes of that synset are named too where they are at most a step further.
 *
 * @param sensesOfClasses numbers of synsets by name of the class
 * @param isKnown whether a word is one of a class
 */
export function nearWords(sensesOfClasses, isKnown, wordnet) {
  const below = (sense) => wordnet.below([wordnet.senseOf(sense)]);
  const alike = new Set(ALIKE.flatMap((sense) => [...below(sense).keys()]));
  const classesOf = new Map();
  for (const [name, senses] of sensesOfClasses)
    for (const [number, steps] of wordnet.above(senses))
      if (alike.has(number)) classesOf.set(number, [...(classesOf.get(number) ?? []), { name, steps }]);

  const near = new Map();
  const byHand = new Map();
  for (const [names, words] of Object.entries(NEAR_BY_HAND)) {
    if (names !== '' && names.split('|').some((name) => !sensesOfClasses.has(name))) continue;
    for (const word of words)
      if (word.includes('#')) for (const number of below(word).keys()) byHand.set(number, names);
      else if (!isKnown(word)) near.set(word, names);
  }
  for (const word of wordnet.words) {
    if (!/^[a-z]{3,}(?: [a-z]+)?$/.test(word) || LEFT_OUT.includes(word) || near.has(word) || isKnown(word)) continue;
    const [names] = wordnet
      .senses(word)
      .slice(0, 2)
      .flatMap((number, place) => {
        const { words, topic } = wordnet.synset(number);
        // Names and Latin are in capitals there.
        const counts =
          words.includes(word.replace(' ', '_')) && (place === 0 ? TOPICS.includes(topic) : topic === ANIMALS);
        if (!counts) return [];
        return [byHand.get(number) ?? nearestOf(number, classesOf, wordnet)].filter((names) => names !== '');
      });
    if (names !== undefined) near.set(word, names);
  }
  const lists = {};
  for (const [word, names] of [...near].sort()) if (names !== '') (lists[names] ??= []).push(word);
  return lists;
}

/** Names of the classes that are nearest to a synset, with `|` between them. */
function nearestOf(number, classesOf, wordnet) {
  const found = [...wordnet.above([number])].flatMap(([above, up]) => {
    const classes = (classesOf.get(above) ?? []).toSorted((a, b) => a.steps - b.steps);
    return classes.length === 0 ? [] : [{ classes, least: up + classes[0].steps }];
  });
  const [nearest] = found.sort((a, b) => a.least - b.least);
  if (nearest === undefined || nearest.least > MOST_STEPS) return '';
  const { classes } = nearest;
  const names = classes.filter(({ steps }) => steps <= classes[0].steps + 1).map(({ name }) => name);
  return names.slice(0, MOST_CLASSES).join('|');
}
