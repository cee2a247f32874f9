/**
 * Scores a checkpoint on pictures with masks.
 *
 *   node evaluate.mjs DATA [--model embedded] [--out out/evaluate] [--at-least 50]
 *
 * DATA is a folder with images/, masks/ (PNGs whose pixel values are classes) and classes.json. Prints the mIoU, how it
 * was
 * measured and a table of the classes; writes OUT/score.json and OUT/worst.png, the pictures that went worst beside
 * their
 * truth. With --at-least the exit code is 1 when the mIoU is below that many percent.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { evaluate, formatScore } from '@synseg/train';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'model': { type: 'string', default: 'embedded' },
    'out': { type: 'string', default: 'out/evaluate' },
    'at-least': { type: 'string', default: '0' },
  },
});
const [data] = positionals;
const atLeast = Number(values['at-least']);
if (data === undefined || !(atLeast >= 0)) {
  console.error('Usage: evaluate.mjs DATA [--model embedded] [--out out/evaluate] [--at-least PERCENT]');
  process.exit(2);
}

await mkdir(values.out, { recursive: true });
const score = await evaluate(values.model, { dataset: 'index-png', root: data, sheet: join(values.out, 'worst.png') });
console.log(formatScore(score));
await writeFile(join(values.out, 'score.json'), `${JSON.stringify(score)}\n`);
if (100 * score.mIoU < atLeast) {
  console.error(`mIoU must be at least ${atLeast} %, got ${(100 * score.mIoU).toFixed(2)} %`);
  process.exitCode = 1;
}
