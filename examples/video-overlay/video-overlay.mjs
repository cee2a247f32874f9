/**
 * Segments a video into an overlay: every frame, the sound kept.
 *
 *   node video-overlay.mjs VIDEO road,car,sky [--model embedded] [--out out/video-overlay/overlay.mp4]
 *
 * Prints, for each second of the video, the mean share of the picture each label won. Ctrl-C ends it and leaves a file
 * that plays.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { segmentVideo } from '@synseg/video';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'embedded' },
    out: { type: 'string', default: 'out/video-overlay/overlay.mp4' },
  },
});
const [video, names] = positionals;
if (video === undefined || names === undefined) {
  console.error(
    'Usage: video-overlay.mjs VIDEO label,label,… [--model embedded] [--out out/video-overlay/overlay.mp4]',
  );
  process.exit(2);
}

const leaving = new AbortController();
process.once('SIGINT', () => leaving.abort());
await mkdir(dirname(values.out), { recursive: true });

const segmenter = await Segmenter.load(values.model);
const labels = await segmenter.labels(names.split(','));
const started = performance.now();
let frames = 0;
let second = { number: 0, frames: 0, sums: new Map() };

function printSecond() {
  const shares = [...second.sums].map(([name, sum]) => `${name} ${((100 * sum) / second.frames).toFixed(1)} %`);
  console.log(`${String(second.number).padStart(4)} s  ${shares.join('  ')}`);
}

try {
  for await (const { timeSeconds, segmentation } of segmentVideo(video, segmenter, labels, {
    overlay: values.out,
    signal: leaving.signal,
  })) {
    const number = Math.floor(timeSeconds);
    if (number !== second.number && second.frames > 0) printSecond();
    if (number !== second.number) second = { number, frames: 0, sums: new Map() };
    for (const [name, share] of Object.entries({ ...segmentation.areas, '(background)': segmentation.background }))
      second.sums.set(name, (second.sums.get(name) ?? 0) + share);
    second.frames += 1;
    frames += 1;
  }
} catch (error) {
  if (!leaving.signal.aborted) throw error;
} finally {
  await segmenter[Symbol.asyncDispose]();
}
if (second.frames > 0) printSecond();
const seconds = (performance.now() - started) / 1000;
console.log(`${values.out}: ${frames} frames in ${seconds.toFixed(1)} s, ${(frames / seconds).toFixed(1)} frames/s`);
