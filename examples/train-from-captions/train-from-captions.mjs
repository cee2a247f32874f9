/**
 * Trains a head of your own from pictures with captions, without a single mask, and uses it.
 *
 *   node train-from-captions.mjs DATA PICTURE road,car [--steps 2000] [--batch-size 16] [--encoders embedded]
 *       [--recipe tags|dense-captions] [--out out/train-from-captions]
 *
 * DATA is what `train()` reads: a folder with metadata.jsonl, a .jsonl or .csv of pictures and captions, tar shards,
 * COCO. The encoders stay as they are; a decoder that starts at random learns from the noun phrases of the captions.
 * Recipe `tags` takes encoders of any kind; `dense-captions` is for captions that name nearly all there is, and wants
 * CLIP's own picture encoder.
 * Writes OUT/run (log, checkpoints), OUT/model (the checkpoint, fp16) and OUT/overlay.png (PICTURE, segmented with it).
 * Ctrl-C saves and ends; the same command with --resume goes on.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { exportCheckpoint, train } from '@synseg/train';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'steps': { type: 'string', default: '2000' },
    'batch-size': { type: 'string', default: '16' },
    'encoders': { type: 'string', default: 'embedded' },
    'recipe': { type: 'string', default: 'tags' },
    'out': { type: 'string', default: 'out/train-from-captions' },
    'resume': { type: 'boolean', default: false },
  },
});
const [data, picture, names] = positionals;
if (data === undefined || picture === undefined || names === undefined) {
  console.error(
    'Usage: train-from-captions.mjs DATA PICTURE label,label,… [--steps 2000] [--batch-size 16] [--encoders ' +
      'embedded] [--recipe tags|dense-captions] [--out FOLDER] [--resume]',
  );
  process.exit(2);
}

const leaving = new AbortController();
process.once('SIGINT', () => leaving.abort());
const [run, model] = [join(values.out, 'run'), join(values.out, 'model')];

const reports = train({
  data,
  init: 'random',
  trunk: values.encoders,
  recipe: /** @type {import('@synseg/train').RecipeName} */ (values.recipe),
  steps: Number(values.steps),
  batchSize: Number(values['batch-size']),
  out: run,
  resume: values.resume,
  signal: leaving.signal,
  onProgress: (progress) => {
    if (progress.stage === 'features' && (progress.done === progress.total || progress.done % 400 === 0))
      console.log(`encoded ${progress.done} of ${progress.total} pictures`);
  },
  onWarning: ({ message }) => console.error(`warning: ${message}`),
});
try {
  for await (const { step, steps, losses, imagesPerSecond } of reports) {
    const shown = Object.entries(losses).map(([name, value]) => `${name} ${value.toFixed(3)}`);
    if (step === 1 || step % 10 === 0 || step === steps)
      console.log(`step ${step} of ${steps}  ${imagesPerSecond.toFixed(1)} pictures/s  ${shown.join('  ')}`);
  }
} catch (error) {
  if (!leaving.signal.aborted) throw error;
  console.error(`Saved in ${run}; go on with --resume`);
  process.exit(130);
}

await exportCheckpoint(join(run, 'last'), model, { precision: 'fp16', overwrite: true });
console.log(`${model}: the trained checkpoint`);

const segmenter = await Segmenter.load(model);
const result = await segmenter.segment(picture, await segmenter.labels(names.split(',')));
await writeFile(join(values.out, 'overlay.png'), await result.overlay(picture));
await segmenter[Symbol.asyncDispose]();
/** @type {[string, number][]} */
const shares = [...Object.entries(result.areas), ['(background)', result.background]];
for (const [name, share] of shares) console.log(`${name.padEnd(16)} ${(100 * share).toFixed(1).padStart(5)} %`);
