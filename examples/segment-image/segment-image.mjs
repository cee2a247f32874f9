/**
 * Segments one picture into the classes you name.
 *
 *   node segment-image.mjs PICTURE road,car,sky [--model embedded] [--out out/segment-image]
 *
 * Prints the share of the picture each label won. Writes OUT/overlay.png, the picture with its labels drawn over it,
 * and
 * OUT/label-map.png, where the value of a pixel is the place of its label in the list.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string', default: 'embedded' }, out: { type: 'string', default: 'out/segment-image' } },
});
const [picture, names] = positionals;
if (picture === undefined || names === undefined) {
  console.error('Usage: segment-image.mjs PICTURE label,label,… [--model embedded] [--out out/segment-image]');
  process.exit(2);
}

const segmenter = await Segmenter.load(values.model);
const labels = await segmenter.labels(names.split(','));
const result = await segmenter.segment(picture, labels);

/** @type {[string, number][]} */
const shares = [...Object.entries(result.areas), ['(background)', result.background]];
for (const [name, share] of shares) console.log(`${name.padEnd(16)} ${(100 * share).toFixed(1).padStart(5)} %`);
await mkdir(values.out, { recursive: true });
await writeFile(join(values.out, 'overlay.png'), await result.overlay(picture));
await writeFile(join(values.out, 'label-map.png'), await result.toPNG());
await segmenter[Symbol.asyncDispose]();
