/**
 * Deno: one picture and one video, segmented by one segmenter. Only the permissions it needs are in the README.
 *
 *   deno run … segment.ts PICTURE VIDEO road,car,sky [--model embedded] [--out out/deno]
 *
 * Writes OUT/picture.png and OUT/video.mp4, both with the labels drawn over them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { segmentVideo } from '@synseg/video';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string', default: 'embedded' }, out: { type: 'string', default: 'out/deno' } },
});
const [picture, video, names] = positionals;
if (picture === undefined || video === undefined || names === undefined) {
  console.error('Usage: segment.ts PICTURE VIDEO label,label,… [--model embedded] [--out out/deno]');
  process.exit(2);
}

await mkdir(values.out, { recursive: true });
await using segmenter = await Segmenter.load(values.model);
const labels = await segmenter.labels(names.split(','));

const result = await segmenter.segment(picture, labels);
await writeFile(`${values.out}/picture.png`, await result.overlay(picture));
const shares = [...Object.entries(result.areas), ['(background)', result.background] as const];
for (const [name, share] of shares) console.log(`${name.padEnd(16)} ${(100 * share).toFixed(1).padStart(5)} %`);
console.log(`${values.out}/picture.png`);

let frames = 0;
for await (const { index } of segmentVideo(video, segmenter, labels, { overlay: `${values.out}/video.mp4` }))
  frames = index + 1;
console.log(`${values.out}/video.mp4: ${frames} frames`);
