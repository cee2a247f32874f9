/**
 * Makes the checkpoint `'embedded'` from nothing: draws the street world, trains both encoders on its captions, then the
 * decoder on the same kind of captions, and writes packages/core/embedded. No masks, nothing downloaded.
 *
 *   npm run embedded                      all of it: hours on two cores
 *   npm run embedded -- --work FOLDER     where pictures and runs are kept; default out/embedded
 *   npm run embedded -- --only encoders   one of the stages below, by name
 *
 * Every stage is a command of the project, printed before it runs. Stages that are done are left as they are and one that
 * was ended goes on: run the same line again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { work: { type: 'string', default: 'out/embedded' }, only: { type: 'string' } } });
const work = resolve(values.work);
const draw = ['node', '--import', 'tsx', 'examples/street-world/make.ts'];
const trainer = ['node', 'packages/train/dist/cli.js'];
const at = (...parts) => join(work, ...parts);
const train = (run, steps, ...options) => [...trainer, 'train', '--out', at(run), '--steps', String(steps), ...options, ...(existsSync(at(run, 'last')) ? ['--resume'] : [])];

/** Name, what it makes, and the command. */
const STAGES = [
  ['pictures', 'pretrain/metadata.jsonl', [...draw, '--out', at('pretrain'), '--split', 'pretrain', '--views', 'varied', '--count', '22000']],
  ['test-pictures', 'test/metadata.jsonl', [...draw, '--out', at('test'), '--split', 'test', '--count', '500']],
  ['fresh', 'fresh/model.safetensors', [...trainer, 'create', at('pretrain/metadata.jsonl'), '--out', at('fresh'), '--vision', 'side=96,patch=8,width=128,layers=6,heads=4', '--text', 'width=128,layers=4,heads=4,tokens=40']],
  ['encoders', 'encoders.done', train('encoders', 4000, '--objective', 'contrastive', '--data', at('pretrain'), '--init', at('fresh'), '--batch-size', '64', '--learning-rate', '5e-4', '--clip-norm', '1', '--patch-dropout', '0.5', '--save-every', '200', '--evaluate-pairs', at('test'), '--evaluate-every', '600')],
  ['encoders-whole', 'encoders-whole.done', train('encoders-whole', 400, '--objective', 'contrastive', '--data', at('pretrain'), '--init', at('encoders/last'), '--batch-size', '64', '--learning-rate', '1e-4', '--clip-norm', '1', '--save-every', '200', '--evaluate-pairs', at('test'), '--evaluate-every', '200')],
];

const chosen = values.only === undefined ? STAGES : STAGES.filter(([name]) => name === values.only);
if (chosen.length === 0) throw new RangeError(`Cannot train: --only must be one of ${STAGES.map(([name]) => name).join(', ')}, got ${values.only}`);
await mkdir(work, { recursive: true });
for (const [name, made, [program, ...parameters]] of chosen) {
  if (existsSync(at(made))) {
    console.log(`${name}: done before`);
    continue;
  }
  console.log(`${name}: ${[program, ...parameters].join(' ')}`);
  const child = spawn(program === 'node' ? process.execPath : program, parameters, { stdio: 'inherit' });
  const [code] = await once(child, 'close');
  if (code !== 0) {
    console.error(`Cannot train: ${name} must succeed, got exit code ${code}`);
    process.exit(code ?? 1);
  }
  if (made.endsWith('.done')) await writeFile(at(made), '');
}
