/** Things → words: a noun of several, attributes in front, what a person wears behind. */
import { HELD_OUT_SYNONYMS, type ClassName } from './classes.ts';
import type { Item, Trait } from './item.ts';
import type { Random } from './random.ts';

/** Nouns a class goes by, whatever its form, singular and plural; those that come first are said more often. */
const NOUNS: Readonly<Record<ClassName, readonly (readonly [one: string, many: string])[]>> = {
  'sky': [['sky', 'skies']],
  'cloud': [['cloud', 'clouds']],
  'sun': [['sun', 'suns']],
  'hill': [['hill', 'hills']],
  'building': [['building', 'buildings']],
  'awning': [['awning', 'awnings']],
  'tree': [['tree', 'trees']],
  'bush': [
    ['bush', 'bushes'],
    ['shrub', 'shrubs'],
  ],
  'grass': [
    ['grass', 'grass'],
    ['lawn', 'lawns'],
  ],
  'road': [
    ['road', 'roads'],
    ['street', 'streets'],
  ],
  'crosswalk': [
    ['crosswalk', 'crosswalks'],
    ['zebra crosswalk', 'zebra crosswalks'],
  ],
  'pavement': [
    ['pavement', 'pavements'],
    ['sidewalk', 'sidewalks'],
  ],
  'fence': [['fence', 'fences']],
  // Not "traffic light" for one: part-of-speech taggers take its "light" for an adjective, and "traffic" would be left.
  'traffic light': [
    ['traffic signal', 'traffic lights'],
    ['stoplight', 'traffic lights'],
  ],
  'sign': [
    ['sign', 'signs'],
    ['road sign', 'road signs'],
    ['traffic sign', 'traffic signs'],
  ],
  'lamp': [
    ['lamp', 'lamps'],
    ['street lamp', 'street lamps'],
    ['lamp post', 'lamp posts'],
  ],
  'bench': [['bench', 'benches']],
  'car': [
    ['car', 'cars'],
    ['automobile', 'automobiles'],
  ],
  'bus': [['bus', 'buses']],
  'van': [['van', 'vans']],
  'bicycle': [
    ['bicycle', 'bicycles'],
    ['bike', 'bikes'],
  ],
  'person': [
    ['person', 'people'],
    ['pedestrian', 'pedestrians'],
  ],
  'dog': [['dog', 'dogs']],
  'umbrella': [['umbrella', 'umbrellas']],
};

/** Nouns of a form: `kind form` or `kind trait`. */
const FORM_NOUNS: Readonly<Record<string, readonly string[]>> = {
  'car sedan': ['sedan'],
  'car hatchback': ['hatchback'],
  'car suv': ['SUV'],
  'car pickup': ['pickup truck'],
  'van box': ['delivery van'],
  'van camper': ['camper van'],
  'bus city': ['city bus'],
  'bus double': ['double-decker bus'],
  'tree pine': ['pine', 'pine tree'],
  'tree birch': ['birch', 'birch tree'],
  'tree poplar': ['poplar'],
  'building house': ['house', 'house'],
  'building shop': ['shop'],
  'building tall': ['apartment block', 'tower'],
  'fence picket': ['picket fence'],
  'fence iron': ['iron fence'],
  'fence plank': ['wooden fence'],
  'sign octagonal': ['stop sign'],
  'person man': ['man', 'man', 'man'],
  'person woman': ['woman', 'woman', 'woman'],
  'person boy': ['boy', 'boy', 'child'],
  'person girl': ['girl', 'girl', 'child'],
};

/** Traits that are said in front of a noun, with their words. */
const TRAIT_WORDS: Readonly<Partial<Record<Trait, readonly string[]>>> = {
  small: ['small', 'little'],
  large: ['large', 'big'],
  tall: ['tall', 'high'],
  striped: ['striped'],
  spotted: ['spotted'],
  brick: ['brick'],
  round: ['round'],
  triangular: ['triangular'],
  square: ['square'],
};
/** The order English puts them in: size, shape, color, pattern, material. */
const BEFORE_COLOR: readonly Trait[] = ['small', 'large', 'tall', 'round', 'triangular', 'square'];
const AFTER_COLOR: readonly Trait[] = ['striped', 'spotted', 'brick'];

/** How a caption is worded. */
export interface Wording {
  readonly random: Random;
  /** Leaves HELD_OUT_SYNONYMS out. */
  readonly avoidSynonyms: boolean;
}

/** A noun for a thing. */
export function nounOf(item: Item, wording: Wording): string {
  const { random } = wording;
  const special = [item.form, ...item.traits].flatMap((form) => FORM_NOUNS[`${item.kind} ${form}`] ?? []);
  const often = item.class === 'person' || item.class === 'building' || item.class === 'fence' ? 0.72 : 0.3;
  return special.length > 0 && random.chance(often) ? random.pick(special) : pairOf(item.class!, wording)[0];
}

/** The nouns training captions use for a class as a whole, and its name. */
export function nounsOf(name: ClassName): string[] {
  return [...new Set([name, ...NOUNS[name].map(([one]) => one)])].filter(
    (one) => HELD_OUT_SYNONYMS[name]?.includes(one) !== true,
  );
}

/** A class's plural. */
export function pluralOf(name: ClassName, wording: Wording): string {
  return pairOf(name, wording)[1];
}

function pairOf(name: ClassName, { random, avoidSynonyms }: Wording): readonly [string, string] {
  const pairs = NOUNS[name].filter(([one]) => !avoidSynonyms || HELD_OUT_SYNONYMS[name]?.includes(one) !== true);
  return random.chance(0.4) ? pairs[0]! : random.pick(pairs);
}

/** Words in front of the noun, without the determiner. */
export function attributesOf(item: Item, noun: string, { random }: Wording, color: boolean): string[] {
  const words: string[] = [];
  const say = (trait: Trait, chance: number): void => {
    const choices = TRAIT_WORDS[trait];
    if (
      choices !== undefined &&
      item.traits.includes(trait) &&
      random.chance(chance) &&
      !(trait === 'striped' && item.class === 'person')
    )
      words.push(random.pick(choices));
  };
  for (const trait of BEFORE_COLOR) say(trait, noun === 'stop sign' || noun === 'tower' ? 0 : 0.55);
  const dull = (item.class === 'tree' || item.class === 'bush') && item.color === 'green' ? 0.3 : 0.8;
  const named =
    color &&
    item.color !== undefined &&
    item.class !== 'person' &&
    !noun.startsWith('iron') &&
    noun !== 'stop sign' &&
    random.chance(dull);
  if (named) words.push(item.color === 'gray' && random.chance(0.4) ? 'grey' : item.color);
  for (const trait of AFTER_COLOR) say(trait, 0.7);
  return words;
}

/** What a person wears and carries: " in a blue coat"; empty at times. */
export function clothesOf(item: Item, { random }: Wording, color: boolean): string {
  if (item.class !== 'person' || item.color === undefined || !color || !random.chance(0.78)) return '';
  const striped = item.traits.includes('striped') && random.chance(0.8) ? 'striped ' : '';
  const garment = item.garment === 'jacket' ? random.pick(['jacket', 'sweater']) : item.garment;
  const legs =
    item.trimColor !== undefined && item.garment !== 'dress' && random.chance(0.16)
      ? ` and ${item.trimColor} trousers`
      : '';
  const bag =
    item.traits.includes('bag') && random.chance(0.4)
      ? ' with a bag'
      : item.traits.includes('hat') && random.chance(0.4)
        ? ' and a hat'
        : '';
  const opening = random.pick([' in', ' in', ' wearing']);
  if (opening === ' in' && striped === '' && legs === '' && bag === '' && random.chance(0.18))
    return ` in ${item.color}`;
  return `${opening} ${withArticle(`${item.color} ${striped}${garment}`)}${legs}${bag}`;
}

/** "a car", "an orange car". */
export function withArticle(phrase: string): string {
  return `${/^(?:[aeio]|umbrella)/i.test(phrase) ? 'an' : 'a'} ${phrase}`;
}

/** a, b, c → "a, b and c"; nothing for none. */
export function joined(phrases: readonly string[]): string {
  if (phrases.length < 2) return phrases.join('');
  return `${phrases.slice(0, -1).join(', ')} and ${phrases.at(-1)!}`;
}

/** 2 → "two"; from 7 in digits no more, but "many". */
export function numberWord(count: number): string {
  return ['no', 'one', 'two', 'three', 'four', 'five', 'six'][count] ?? 'many';
}
