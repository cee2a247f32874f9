/** A small table of words, as a checkpoint's `words.json` has it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the file says. */
export const SMALL_WORDS = {
  format: 1,
  classes: {
    'dog': { synonym: ['hound', 'pooch'], kind: ['poodle', 'puppy', 'husky', 'golden retriever', 'Saint Bernard'] },
    'cow': { synonym: ['cattle'], kind: ['calf', 'heifer', 'ox', 'oxen', 'bull'] },
    'bird': { kind: ['goose', 'geese', 'penguin', 'finch', 'blackbird', 'owl', 'emu'] },
    'sheep': { kind: ['lamb', 'ewe'] },
    'mouse': { plural: ['mice'], synonym: ['computer mouse'] },
    'person': { plural: ['people'], kind: ['man', 'woman', 'child', 'children', 'policeman'] },
    'car': { synonym: ['automobile'], kind: ['taxi', 'jeep', 'black cab', 'police car'] },
    'truck': { synonym: ['lorry'], kind: ['pickup', 'fire engine'] },
    'bus': { kind: ['minibus', 'coach'] },
    'sofa': { synonym: ['couch', 'settee'], kind: ['loveseat', 'sofa bed'] },
    'shelf': { kind: ['bookshelf'] },
    'knife': { kind: ['pocket-knife'] },
    'glass': { synonym: ['drinking glass'], kind: ['wine glass', 'goblet'] },
    'traffic light': { synonym: ['stoplight'] },
    'tv': { synonym: ['television', 'TV monitor', 'telly'] },
    'scissors': { synonym: ['pair of scissors', 'scissor'] },
    'orange': { kind: ['tangerine'] },
    'table': { kind: ['desk'] },
    'tie': { kind: ['bow tie'] },
    'leaf': {},
  },
  near: { 'truck|car': ['forklift', 'Road-Roller'], 'dog|cow|sheep': ['wolf'], 'tie': ['tablet'] },
};

/** Writes the table, or another content, into the folder of a checkpoint. */
export function writeWords(folder: string, content: unknown = SMALL_WORDS): string {
  writeFileSync(join(folder, 'words.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}
