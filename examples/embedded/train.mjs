/**
 * Makes the checkpoint `'embedded'`, of everyday photographs: a table of words, a small text encoder that learns the
 * vectors of class names, a decoder trained with its convolution trunk on the masks of several sets and of the drawn
 * street, and thresholds from photographs that training did not see. Written as fp16.
 *
 *   npm run embedded -- --photos FOLDER
 *
 *   --photos    photographs with masks: `index.jsonl`, `classes.json`
 *   --trunk     a DeepLabv3 MobileNetV2, `model.safetensors` and `trunk.json`; default `backbone-deeplab` beside them
 *   --vectors   vectors of names, `vocab.json` and `vocab.safetensors`, the first counts most; default `backbone`
 *               beside the photographs, and `checkpoints/street` beside their parent
 *   --work      where pictures and runs are kept; default out/embedded
 *   --to        the result; default packages/core/embedded
 *   --steps     steps with trunk and decoder; default 4000
 *   --without   classes that training is not told of, to find out what their names alone find
 *   --only      one of the stages below
 *
 * Every stage is a command of the project, printed before it runs. A stage that is done is left as it is, and one that
 * was ended goes on where it was: run the same line again.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runStages, synseg, training } from './stages.mjs';

const option = { type: 'string' };
const { values } = parseArgs({
  options: {
    ...{ photos: option, trunk: option, vectors: option, only: option },
    work: { ...option, default: 'out/embedded' },
    to: { ...option, default: 'packages/core/embedded' },
    steps: { ...option, default: '4000' },
    without: { ...option, default: '' },
  },
});
const { photos } = values;
if (photos === undefined) throw new TypeError('Cannot train: --photos must be given, got none');
const trunk = values.trunk ?? join(photos, '../backbone-deeplab');
const vectors = values.vectors ?? `${join(photos, '../backbone')},${join(photos, '../../checkpoints/street')}`;
const at = (...parts) => join(resolve(values.work), ...parts);
const script = (name, ...options) => [`examples/embedded/${name}.mjs`, ...options];

/** A stage that writes a file. */
const make = (name, file, ...command) => ({ name, done: () => existsSync(at(file)), command: () => command });

/** A stage that draws pictures of the street; closer views in three of four. */
const draw = (name, split, count) =>
  make(
    ...[name, join(name, 'metadata.jsonl'), '--import', 'tsx', 'worlds/street/make.ts', '--out', at(name)],
    ...['--split', split, '--count', count, '--size', '352', '--views', 'varied', '--captions', '1'],
  );

/** A stage that trains. */
const run = (name, steps, ...options) => training(name, at(name), steps, '--save-every', '100', ...options);

/** Sets are drawn in proportion to these weights: rooms have many classes, animals four. */
const SETS = 'nyu=4,voc=2,msrc=1.5,coco-panoptic=2,coco-things=2,furniture=0.8,facade=1.2,animals=0.7,street=1';
const PHOTOS = 'nyu,voc,msrc,coco-panoptic,coco-things,furniture,facade,animals';
const masks = [
  ...['--objective', 'masks', '--recipe', 'tags', '--data', at('sets'), '--rename', at('sets', 'rename.json')],
  ...['--sets', SETS, '--batch-size', '8', '--clip-norm', '1'],
  ...['--augmentation', 'flip,scale=0.75:1.5,brightness=0.3,contrast=0.3,saturation=0.3,hue=0.03'],
];
const LAYERS = 'film,reduces,layers,head';

const STAGES = [
  make('words', 'words/words.json', ...script('words', '--photos', photos, '--out', at('words'))),
  make(
    ...['vectors', 'vectors/vocab.safetensors'],
    ...script('vectors', '--words', at('words/words.json'), '--from', vectors, '--out', at('vectors')),
  ),
  make('trunk', 'trunk/model.safetensors', ...script('trunk', '--from', trunk, '--out', at('trunk'))),
  make(
    ...['fresh', 'fresh/config.json'],
    ...[synseg, 'create', at('words/texts.jsonl'), '--out', at('fresh'), '--trunk', at('trunk')],
    ...['--text', 'width=160,layers=3', '--vocabulary', '3072', '--projection-dim', '512'],
  ),
  run(
    ...['text', 4000, '--text-encoder', '--data', at('words/texts.jsonl'), '--vectors', at('vectors')],
    ...['--init', at('fresh')],
  ),
  draw('street', 'train', '1500'),
  draw('test', 'test', '150'),
  make(
    ...['sets', 'sets/index.jsonl', ...script('sets', '--photos', photos, '--street', `${at('street')},${at('test')}`)],
    ...['--rename', at('words', 'rename.json'), '--without', values.without, '--out', at('sets')],
  ),
  run(
    ...['head', 400, ...masks, '--max-categories', '16', '--init', 'random', '--trunk', at('text/last')],
    ...['--decoder', 'reduceDim=96', '--learning-rate', '2e-3', '--trainable', LAYERS],
  ),
  run(
    ...['all', Number(values.steps), ...masks, '--max-categories', '16', '--init', at('head/last')],
    ...['--learning-rate', '1e-3', '--trainable', `${LAYERS},vision`, '--vision-rate', '0.1', '--ema', '0.998'],
  ),
  make(
    ...['thresholds', 'thresholds.json', synseg, 'calibrate', '--model', at('all/last'), '--root', at('sets')],
    ...['--split', 'val', '--sets', PHOTOS, '--rename', at('sets', 'rename.json'), '--out', at('thresholds.json')],
  ),
  {
    name: 'export',
    command: () => [
      ...[synseg, 'export', at('all/last'), '--out', at('export'), '--precision', 'fp16'],
      ...['--calibration', at('thresholds.json'), ...(existsSync(at('export')) ? ['--overwrite'] : [])],
    ],
  },
];

await mkdir(at(), { recursive: true });
const made = await runStages(STAGES, values.only);
// Beside what is there: the model card stays.
if (made.includes('export')) {
  const to = resolve(values.to);
  await cp(at('export'), to, { recursive: true });
  for (const file of ['words.json', 'NOTICE.wordnet.txt']) await cp(at('words', file), join(to, file));
}
