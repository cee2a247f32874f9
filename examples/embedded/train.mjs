/**
 * Makes the checkpoint `'embedded'` from nothing: draws the street world, trains both encoders on its captions, then a
 * decoder on captions alone, goes on with it on masks, and writes that as fp16. Nothing is downloaded.
 *
 *   npm run embedded                      all of it: three hours on two quiet cores
 *   npm run embedded -- --work FOLDER     where pictures and runs are kept; default out/embedded
 *   npm run embedded -- --to FOLDER       the result; default packages/core/embedded
 *   npm run embedded -- --only encoders   one of the stages below
 *
 * Every stage is a command of the project, printed before it runs. A stage that is done is left as it is, and one that
 * was ended goes on where it was: run the same line again.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exporting, runStages, synseg, training } from './stages.mjs';

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'out/embedded' },
    to: { type: 'string', default: 'packages/core/embedded' },
    only: { type: 'string' },
  },
});
const at = (...parts) => join(resolve(values.work), ...parts);
const draw = ['--import', 'tsx', 'worlds/street/make.ts'];

/** A stage that draws pictures. */
const pictures = (name, count, ...options) => ({
  name,
  done: () => existsSync(at(name, 'metadata.jsonl')),
  command: () => [...draw, '--out', at(name), '--count', String(count), ...options],
});

/** A stage that trains. */
const run = (name, steps, ...options) => training(name, at(name), steps, '--save-every', '200', ...options);

const STAGES = [
  pictures('pretrain', 40_000, '--split', 'pretrain', '--views', 'varied'),
  pictures('train', 4000, '--split', 'train', '--views', 'varied', '--captions', '12', '--scenery', '4'),
  pictures('test', 500, '--split', 'test'),
  {
    name: 'fresh',
    done: () => existsSync(at('fresh', 'config.json')),
    command: () => [
      synseg,
      'create',
      at('pretrain', 'metadata.jsonl'),
      '--out',
      at('fresh'),
      '--vision',
      'side=96,patch=8,width=128,layers=6,heads=4',
      '--text',
      'width=128,layers=4,heads=4,tokens=40',
    ],
  },
  run(
    'encoders',
    5000,
    '--encoders',
    '--data',
    at('pretrain'),
    '--init',
    at('fresh'),
    '--batch-size',
    '64',
    '--learning-rate',
    '5e-4',
    '--clip-norm',
    '1',
    '--patch-dropout',
    '0.5',
    '--evaluation',
    `data=${at('test')},every=1000`,
  ),
  {
    name: 'phrases',
    done: () => existsSync(at('train', 'phrases.jsonl')),
    command: () => [
      synseg,
      'phrases',
      at('train', 'metadata.jsonl'),
      '--out',
      at('train', 'phrases.jsonl'),
      '--keep',
      'nouns',
    ],
  },
  run(
    'captions',
    3000,
    '--recipe',
    'dense-captions',
    '--data',
    at('train', 'phrases.jsonl'),
    '--images',
    at('train'),
    '--init',
    'random',
    '--trunk',
    at('encoders', 'last'),
    '--batch-size',
    '16',
    '--max-categories',
    '8',
    '--clip-norm',
    '1',
    '--cache-folder',
    at('cache'),
  ),
  run(
    'head',
    3000,
    '--objective',
    'masks',
    '--recipe',
    'tags',
    '--data',
    at('train'),
    '--init',
    at('captions', 'last'),
    '--batch-size',
    '12',
    '--max-categories',
    '12',
    '--learning-rate',
    '2e-3',
    '--clip-norm',
    '1',
    '--augmentation',
    'flip,crop=0.25:1',
  ),
  exporting(at('head', 'last'), at('export'), '--threshold', '0.25'),
];

await mkdir(at(), { recursive: true });
const made = await runStages(STAGES, values.only);
// Beside what is there: the model card stays.
if (made.includes('export')) await cp(at('export'), resolve(values.to), { recursive: true });
