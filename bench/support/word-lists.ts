/**
 * Words to try a checkpoint of photographs with, by the class that each means. They are what people would type, written
 * down from general knowledge and not taken from the checkpoint's own table of words.
 */

/** Plurals, synonyms and kinds, by class. */
const FORMS_BY_CLASS = {
  'airplane': 'plane',
  'backpack': 'rucksack',
  'bicycle': 'bike',
  'bird': 'duck, parrots, geese',
  'boat': 'sailboat, yacht',
  'book': 'paperback',
  'bookshelf': 'bookcase',
  'building': 'skyscraper, church',
  'bus': 'buses',
  'cabinet': 'cupboard, wardrobe',
  'car': 'taxi, automobile',
  'cat': 'kitten, kittens, tabby',
  'cell phone': 'mobile phone, smartphone',
  'chair': 'armchair, rocking chair, chairs',
  'clothes': 'jeans, jacket',
  'cow': 'calf, bull, cows',
  'cup': 'mug',
  'curtain': 'drapes',
  'dog': 'puppy, poodle, labrador, dogs',
  'elephant': 'elephants',
  'horse': 'pony, foal, horses',
  'lamp': 'chandelier',
  'person': 'woman, children, policeman, people',
  'picture': 'painting',
  'pillow': 'cushion',
  'refrigerator': 'fridge',
  'rhino': 'rhinoceros',
  'road': 'motorway',
  'rug': 'carpet',
  'sheep': 'lamb, ewes',
  'shelf': 'shelves',
  'sofa': 'couch, sofas',
  'truck': 'lorry',
  'tree': 'oak',
  'tv': 'telly, television',
};

/** Other words that a checkpoint that has these classes should know: their names and kinds. */
const TRAINED_BY_CLASS = {
  'apple': 'apple',
  'banana': 'bananas',
  'bed': 'bunk bed',
  'bench': 'park bench',
  'bird': 'owl, penguin, sparrow',
  'boat': 'ferry, rowing boat',
  'bottle': 'wine bottle',
  'building': 'cathedral',
  'car': 'sports car, jeep',
  'cat': 'siamese cat',
  'clock': 'alarm clock',
  'clothes': 'sweater, sandals, trousers',
  'dog': 'spaniel, german shepherd',
  'fence': 'picket fence',
  'flower': 'rose, sunflower',
  'giraffe': 'giraffe',
  'horse': 'stallion',
  'house': 'cottage',
  'knife': 'knives',
  'laptop': 'laptop',
  'motorcycle': 'motorbike',
  'mountain': 'hill',
  'person': 'nurse, fireman, toddler',
  'pizza': 'pizza',
  'sheep': 'ram',
  'sink': 'washbasin',
  'sky': 'sky',
  'stairs': 'staircase',
  'toilet': 'toilet',
  'traffic light': 'traffic lights',
  'train': 'tram, locomotive',
  'tree': 'pine tree, birch',
  'truck': 'fire engine',
  'umbrella': 'parasol',
  'vegetation': 'hedge',
  'window': 'windows',
  'wine glass': 'wine glasses',
  'zebra': 'zebras',
};

/** Everyday things that are none of the classes. */
const UNKNOWN_BY_KIND = [
  'forklift, tractor, drone, rocket, wheelbarrow, parachute, robot',
  'violin, guitar, piano, trumpet, drum, xylophone',
  'hammer, screwdriver, padlock, rope, anchor, barrel, broom',
  'lawnmower, washing machine, dishwasher, vacuum cleaner, radiator, kettle',
  'ashtray, cigarette, stapler, pencil, envelope, calculator, printer',
  'camera, telescope, microscope, headphones, microphone',
  'lion, tiger, monkey, kangaroo, rabbit, goat, camel, crocodile, turtle, snake, spider, butterfly',
];

/** A word and the class that it means. */
export interface AskedWord {
  readonly asked: string;
  readonly means: string;
}

const listed = (byClass: Readonly<Record<string, string>>): AskedWord[] =>
  Object.entries(byClass).flatMap(([means, words]) => words.split(', ').map((asked) => ({ asked, means })));

/** Sixty plurals, synonyms and kinds. */
export const FORMS: readonly AskedWord[] = listed(FORMS_BY_CLASS);

/** Fifty names and kinds of classes, none of them in {@link FORMS}. */
export const TRAINED: readonly AskedWord[] = listed(TRAINED_BY_CLASS);

/** Fifty things that are none of the classes. */
export const STRANGERS: readonly string[] = UNKNOWN_BY_KIND.flatMap((words) => words.split(', '));
