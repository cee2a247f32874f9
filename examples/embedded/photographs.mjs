/**
 * Makes a checkpoint of everyday photographs: a table of words, a small text encoder that learns the vectors of class
 * names, and a decoder trained with its convolution trunk on the masks of several sets. Written as fp16.
 *
 *   npm run photographs -- --photos FOLDER --trunk FOLDER --vectors FOLDER[,FOLDER…]
 *
 *   --photos    photographs with masks: `index.jsonl`, `classes.json`
 *   --trunk     a DeepLabv3 MobileNetV2: `model.safetensors`, `trunk.json`
 *   --vectors   vectors of names: `vocab.json`, `vocab.safetensors`; the first counts most
 *   --work      where runs are kept; default out/photographs, where `checkpoint` is the result
 *   --steps     steps with every layer; default 4000
 *   --only      one of the stages below
 *
 * Every stage is a command of the project, printed before it runs. A stage that is done is left as it is, and one that
 * was ended goes on where it was: run the same line again.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { exporting, runStages, synseg, training } from './stages.mjs';

const option = { type: 'string' };
const { values } = parseArgs({
  options: {
    ...{ photos: option, trunk: option, vectors: option, only: option },
    work: { ...option, default: 'out/photographs' },
    steps: { ...option, default: '4000' },
  },
});
for (const name of ['photos', 'trunk', 'vectors'])
  if (values[name] === undefined) throw new TypeError(`Cannot train: --${name} must be given, got none`);
const at = (...parts) => join(resolve(values.work), ...parts);
const script = (name, ...options) => [`examples/embedded/${name}.mjs`, ...options];

/** A stage that writes a file. */
const make = (name, file, ...command) => ({ name, done: () => existsSync(at(file)), command: () => command });

/** A stage that trains. */
const run = (name, steps, ...options) => training(name, at(name), steps, '--save-every', '100', ...options);

/** Sets are drawn in proportion to these weights: rooms have many classes, animals four. */
const SETS = 'nyu=3,voc=2,msrc=1.5,coco-panoptic=1.5,coco-things=1.5,furniture=1,facade=1,animals=0.7';
const masks = [
  ...['--objective', 'masks', '--recipe', 'tags', '--data', values.photos, '--rename', at('words', 'rename.json')],
  ...['--sets', SETS, '--batch-size', '8', '--max-categories', '16', '--clip-norm', '1'],
  ...['--augmentation', 'flip,scale=0.75:1.5,brightness=0.3,contrast=0.3,saturation=0.3,hue=0.03'],
];
const LAYERS = 'film,reduces,layers,head';

const STAGES = [
  make('words', 'words/words.json', ...script('words', '--photos', values.photos, '--out', at('words'))),
  make(
    ...['vectors', 'vectors/vocab.safetensors'],
    ...script('vectors', '--words', at('words/words.json'), '--from', values.vectors, '--out', at('vectors')),
  ),
  make('trunk', 'trunk/model.safetensors', ...script('trunk', '--from', values.trunk, '--out', at('trunk'))),
  make(
    ...['fresh', 'fresh/config.json'],
    ...[synseg, 'create', at('words/texts.jsonl'), '--out', at('fresh'), '--trunk', at('trunk')],
    ...['--text', 'width=160,layers=3', '--vocabulary', '3072', '--projection-dim', '512'],
  ),
  run(
    ...['text', 4000, '--text-encoder', '--data', at('words/texts.jsonl'), '--vectors', at('vectors')],
    ...['--init', at('fresh')],
  ),
  run(
    ...['head', 400, ...masks, '--init', 'random', '--trunk', at('text/last'), '--decoder', 'reduceDim=96'],
    ...['--learning-rate', '2e-3', '--trainable', LAYERS],
  ),
  run(
    ...['all', Number(values.steps), ...masks, '--init', at('head/last'), '--learning-rate', '1e-3'],
    ...['--trainable', `${LAYERS},vision`, '--vision-rate', '0.1', '--ema', '0.998'],
  ),
  exporting(at('all/last'), at('checkpoint')),
];

await mkdir(at(), { recursive: true });
const made = await runStages(STAGES, values.only);
if (made.includes('export'))
  for (const file of ['words.json', 'NOTICE.wordnet.txt']) await copyFile(at('words', file), at('checkpoint', file));
