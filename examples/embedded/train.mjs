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
 * was
 * ended goes on where it was: run the same line again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'out/embedded' },
    to: { type: 'string', default: 'packages/core/embedded' },
    only: { type: 'string' },
  },
});
const at = (...parts) => join(resolve(values.work), ...parts);
const draw = ['--import', 'tsx', 'worlds/street/make.ts'];
const synseg = ['packages/synseg/dist/cli.js'];

/** A stage that draws pictures. */
const pictures = (name, count, ...options) => ({
  name,
  done: () => existsSync(at(name, 'metadata.jsonl')),
  command: () => [...draw, '--out', at(name), '--count', String(count), ...options],
});

/** A stage that trains. */
const run = (name, steps, ...options) => ({
  name,
  done: () => stepsOf(name) >= steps,
  command: () => [
    ...synseg,
    'train',
    ...(name === 'encoders' ? ['--encoders'] : []),
    '--out',
    at(name),
    '--steps',
    String(steps),
    '--save-every',
    '200',
    ...options,
    ...(existsSync(at(name, 'last')) ? ['--resume'] : []),
  ],
});

const STAGES = [
  pictures('pretrain', 40_000, '--split', 'pretrain', '--views', 'varied'),
  pictures('train', 4000, '--split', 'train', '--views', 'varied', '--captions', '12', '--scenery', '4'),
  pictures('test', 500, '--split', 'test'),
  {
    name: 'fresh',
    done: () => existsSync(at('fresh', 'config.json')),
    command: () => [
      ...synseg,
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
      ...synseg,
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
  {
    name: 'export',
    done: () => false,
    command: () => [
      ...synseg,
      'export',
      at('head', 'last'),
      '--out',
      at('export'),
      '--precision',
      'fp16',
      '--threshold',
      '0.25',
      ...(existsSync(at('export')) ? ['--overwrite'] : []),
    ],
  },
];

/** Steps that a run has logged. */
function stepsOf(name) {
  const log = existsSync(at(name, 'log.jsonl')) ? readFileSync(at(name, 'log.jsonl'), 'utf8').trim().split('\n') : [];
  return log.length === 0 ? -1 : (JSON.parse(log.at(-1)).step ?? -1);
}

const chosen = values.only === undefined ? STAGES : STAGES.filter(({ name }) => name === values.only);
if (chosen.length === 0)
  throw new RangeError(
    `Cannot train: --only must be one of ${STAGES.map(({ name }) => name).join(', ')}, got ${values.only}`,
  );
await mkdir(at(), { recursive: true });
for (const { name, done, command } of chosen) {
  if (done()) {
    console.log(`${name}: done before`);
    continue;
  }
  const parameters = command();
  console.log(`${name}: node ${parameters.join(' ')}`);
  const [code] = await once(spawn(process.execPath, parameters, { stdio: 'inherit' }), 'close');
  if (code !== 0 || !(done() || name === 'export')) {
    console.error(
      `Cannot train: ${name} must be done before the next stage, got ` +
        `${code === 0 ? 'an interruption (run the same line to go on)' : `exit code ${code}`}`,
    );
    process.exit(code === 0 ? 130 : code);
  }
}
// Beside what is there: the model card stays.
if (chosen.some(({ name }) => name === 'export')) await cp(at('export'), resolve(values.to), { recursive: true });
