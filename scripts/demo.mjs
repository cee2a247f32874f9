/**
 * The main job on real data: a road video in, the same video with its label areas drawn over it out.
 *
 * Until the project ships a checkpoint of its own it uses a small road-scene checkpoint and a clip that lie beside the
 * repository in development and CI; elsewhere it says how to run on a video and a published checkpoint of one's own.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Segmenter } from '@synseg/core';
import { segmentVideo } from '@synseg/video';

const root = join(import.meta.dirname, '..');
const model = join(root, '../shared/checkpoints/street');
const clip = join(root, '../shared/data/video/solidWhiteRight.mp4');
const output = join(root, 'out/demo.mp4');
const own = 'npx synseg-video YOUR.mp4 --model CIDAS/clipseg-rd64-refined --labels road,car,person --out overlay.mp4';

if (!existsSync(model) || !existsSync(clip)) {
  console.error(`The demo needs ../shared (checkpoints/street and data/video), which is not here: no checkpoint ships with this version yet.
On a video of your own, with published weights from the Hugging Face hub:
  ${own}`);
  process.exit(1);
}

console.log(`Segmenting ${relative(root, clip)} with the development checkpoint ${relative(root, model)}`);
mkdirSync(join(root, 'out'), { recursive: true });
const segmenter = await Segmenter.load(model);
const labels = await segmenter.labels(['road', 'car', 'tree', 'sky', 'building']);
const totals = new Map(labels.names.map((name) => [name, 0]));
const started = performance.now();
let frames = 0;
const showProgress = ({ frames: done, total }) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total ?? '?'} frames `);
  else if (done % 50 === 0) process.stderr.write(`${done} of ${total ?? '?'} frames\n`);
};
for await (const frame of segmentVideo(clip, segmenter, labels, { overlay: output, onProgress: showProgress })) {
  frames += 1;
  for (const [name, area] of Object.entries(frame.areas)) totals.set(name, totals.get(name) + area);
}
const seconds = (performance.now() - started) / 1000;
await segmenter[Symbol.asyncDispose]();
if (process.stderr.isTTY) process.stderr.write('\n');

console.log('Mean share of the picture:');
for (const [name, total] of totals) console.log(`  ${name.padEnd(10)} ${((100 * total) / frames).toFixed(1).padStart(5)} %`);
console.log(`${frames} frames in ${seconds.toFixed(1)} s: ${(frames / seconds).toFixed(1)} frames/s on ${segmenter.device}, ${segmenter.precision}`);
console.log(`Wrote ${relative(root, output)}`);
console.log(`On a video of your own, with published weights:\n  ${own}`);
