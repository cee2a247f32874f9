/** The classes of the masks, and what training pictures and captions are kept from. */
import type { ColorWord } from './color.ts';

/** Class names; a mask's value is the place in this list. */
export const CLASSES = [
  'sky',
  'cloud',
  'sun',
  'hill',
  'building',
  'awning',
  'tree',
  'bush',
  'grass',
  'road',
  'crosswalk',
  'pavement',
  'fence',
  'traffic light',
  'sign',
  'lamp',
  'bench',
  'car',
  'bus',
  'van',
  'bicycle',
  'person',
  'dog',
  'umbrella',
] as const;

/** A class's name. */
export type ClassName = (typeof CLASSES)[number];

/** Mask value of clutter – hydrants, bins, boxes – which is there to confuse and has no class. */
export const IGNORED = 255;

/** An attribute a class never has in training; of a person it is the color of the coat, shirt or dress. */
export interface HeldOutCombination {
  readonly color: ColorWord;
  readonly class: ClassName;
}

/** Combinations that are in no training picture and no training caption; each half of them is, with others. */
export const HELD_OUT_COMBINATIONS: readonly HeldOutCombination[] = [
  { color: 'green', class: 'car' },
  { color: 'red', class: 'bus' },
  { color: 'blue', class: 'van' },
  { color: 'black', class: 'dog' },
  { color: 'yellow', class: 'awning' },
  { color: 'purple', class: 'umbrella' },
  { color: 'yellow', class: 'person' },
  { color: 'blue', class: 'bench' },
];

/** Words for two classes that are in no training caption. */
export const HELD_OUT_SYNONYMS: Readonly<Partial<Record<ClassName, readonly string[]>>> = {
  car: ['automobile', 'automobiles'],
  bicycle: ['bike', 'bikes'],
};

/** Mask value of a class; {@link IGNORED} for none. */
export function classIndex(name: ClassName | undefined): number {
  return name === undefined ? IGNORED : CLASSES.indexOf(name);
}

/** Which of the held-out combinations a scene may have. */
export type HoldOut = 'avoid' | 'allow';

/** True for a combination that training must not show. */
export function isHeldOut(name: ClassName, color: ColorWord): boolean {
  return HELD_OUT_COMBINATIONS.some((combination) => combination.class === name && combination.color === color);
}
