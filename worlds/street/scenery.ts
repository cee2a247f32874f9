/**
 * Pictures → captions of what things stand on and in front of: sky, ground, houses, trees. People seldom mention them.
 */
import type { ClassName } from './classes.ts';
import type { Drawing } from './draw.ts';
import { nameable } from './nameable.ts';
import { Random } from './random.ts';
import { joined, nounOf, pluralOf, withArticle, type Wording } from './words.ts';

const SCENERY: readonly ClassName[] = [
  'sky',
  'cloud',
  'hill',
  'building',
  'tree',
  'grass',
  'road',
  'crosswalk',
  'pavement',
  'fence',
];
/** Named at once, at least and at most. */
const NAMED: readonly [number, number] = [2, 4];
const OPENINGS = ['', '', 'A view of ', 'One can see '] as const;

/** How captions of scenery are made. */
export interface SceneryOptions {
  readonly count: number;
  /** `avoid` uses none of HELD_OUT_SYNONYMS. @default allow */
  readonly synonyms?: 'avoid' | 'allow';
}

/**
 * Captions of a picture's scenery, at most `count`: the same for the same picture; none where there is none.
 *
 * @example
 * ```ts
 * import { drawScene } from './draw.ts';
 * import { sceneryOf } from './scenery.ts';
 * import { sceneOf } from './scene.ts';
 * const captions = sceneryOf(await drawScene(sceneOf(7)), { count: 2 });
 * console.assert(captions.length > 0); // "the sky, a road and some buildings."
 * ```
 */
export function sceneryOf(drawing: Drawing, { count, synonyms = 'allow' }: SceneryOptions): string[] {
  const random = new Random('scenery', drawing.scene.seed);
  const wording: Wording = { random, avoidSynonyms: synonyms === 'avoid' };
  const seen = nameable(drawing).map(({ item }) => item);
  const there = SCENERY.filter((name) => seen.some((item) => item.class === name));
  const phraseOf = (name: ClassName): string => {
    const [first, second] = seen.filter((item) => item.class === name);
    if (second !== undefined && (name === 'cloud' || name === 'tree' || name === 'building'))
      return random.pick([pluralOf(name, wording), `some ${pluralOf(name, wording)}`]);
    const noun = nounOf(first!, wording);
    if (noun === 'grass') return random.pick(['grass', 'green grass']);
    return name === 'sky' || random.chance(0.4) ? `the ${noun}` : withArticle(noun);
  };
  const captions = Array.from({ length: there.length === 0 ? 0 : count }, () => {
    const phrases = random
      .shuffled(there)
      .slice(0, random.integer(...NAMED))
      .map(phraseOf);
    return `${random.pick([...OPENINGS])}${joined(phrases)}.`;
  });
  return [...new Set(captions)];
}
