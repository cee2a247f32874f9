/**
 * Segments a video and prints, per second, how much of the picture each label takes.
 *
 *   node examples/segment-video.mjs drive.mp4 CIDAS/clipseg-rd64-refined road,car,sky
 */
import { Segmenter } from '@synseg/core';
import { segmentVideo } from '@synseg/video';

const [file, model, names] = process.argv.slice(2);
if (names === undefined) throw new TypeError('Usage: segment-video.mjs VIDEO MODEL label,label,…');

const segmenter = await Segmenter.load(model);
const labels = await segmenter.labels(names.split(','));
for await (const { timeSeconds, areas } of segmentVideo(file, segmenter, labels, { fps: 1 })) {
  console.log(`${timeSeconds.toFixed(2).padStart(7)} s`, areas);
}
await segmenter[Symbol.asyncDispose]();
