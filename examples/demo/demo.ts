/**
 * The whole of it, offline: draws a clip of a street, segments it with the embedded checkpoint into classes named in
 * words, and compares every pixel of every frame with the exact ground truth.
 *
 *   npm run demo          with other settings, once that has run:
 *   npx tsx --tsconfig tsconfig.run.json examples/demo/demo.ts [--seconds 7] [--seed 54] [--model FOLDER] [--views 1]
 *   [--out out]
 *
 * Writes into `out`: demo.mp4, the clip with its labels drawn over it; demo.png, frames beside ground truth and
 * prediction; frame.png, one frame; clip.mp4 and clip.masks, the clip itself.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { decodeFrames, segmentVideo } from '@synseg/video';
import { writeClip } from '@synseg/street-world/clip.ts';
import { encodePng } from '@synseg/street-world/draw.ts';
import { nounsOf } from '@synseg/street-world/words.ts';
import { readGroundTruth } from './ground-truth.ts';
import { IouCounter } from './iou-counter.ts';
import { progress } from './progress.ts';
import { drawSheet, type SheetRow } from './sheet.ts';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '7' },
    seed: { type: 'string', default: '54' },
    model: { type: 'string', default: 'embedded' },
    views: { type: 'string', default: '1' },
    out: { type: 'string', default: 'out' },
  },
});
const outputs = {
  overlay: join(flags.out, 'demo.mp4'),
  sheet: join(flags.out, 'demo.png'),
  frame: join(flags.out, 'frame.png'),
};
const SHEET_ROWS = 4;
const PANEL_SIZE = [256, 384] as const;

// A clip of a street, and the class of each of its pixels.
await mkdir(flags.out, { recursive: true });
const clip = await writeClip(join(flags.out, 'clip.mp4'), Number(flags.seed), {
  seconds: Number(flags.seconds),
  size: 384,
  aspect: 1.5,
  onFrame: progress('frames drawn'),
}).catch(fail);
const truth = await readGroundTruth(clip);
console.log(
  `${clip.video}: ${clip.frames} frames of ${clip.width} × ${clip.height} pixels with ${truth.names.length} classes`,
);

// Every frame, segmented into those classes. They are words: a name, and what else people call it.
// Each pixel has one of them, so each is decided between them: no background.
await using segmenter = await Segmenter.load(flags.model).catch(fail);
const labels = await segmenter.labels(
  truth.names.map((name) => ({ name, prompts: nounsOf(name) })),
  { background: 'none' },
);
const counter = new IouCounter(labels.names.length);
const predictions: Uint8Array[] = [];
const show = progress('frames segmented');
const started = performance.now();
const options = {
  overlay: outputs.overlay,
  size: 'source',
  views: Number(flags.views) as 1 | 5,
  onProgress: ({ frames }: { frames: number }) => show(frames, clip.frames),
} as const;
for await (const { index, segmentation } of segmentVideo(clip.video, segmenter, labels, options)) {
  counter.add(truth.maps[index]!, segmentation.labelMap);
  predictions[index] = segmentation.labelMap;
}
const framesPerSecond = (1000 * predictions.length) / (performance.now() - started);
const iou = counter.perClass();

// Some frames beside what they show and what was found.
const rows: SheetRow[] = [];
for await (const { index, data, full } of decodeFrames(clip.video, {
  every: Math.ceil(clip.frames / SHEET_ROWS),
  size: { width: PANEL_SIZE[1], height: PANEL_SIZE[0] },
  fullResolution: true,
})) {
  rows.push({ title: `frame ${index}`, pixels: data, maps: [truth.maps[index]!, predictions[index]!] });
  if (index === 0) await writeFile(outputs.frame, await encodePng(full!, clip.width, clip.height));
}
await writeFile(
  outputs.sheet,
  await drawSheet(rows, {
    mapSize: [clip.height, clip.width],
    panelSize: PANEL_SIZE,
    names: labels.names,
    colors: labels.colors,
    iou,
  }),
);

console.log(`${outputs.overlay}: the labels drawn over it
${outputs.sheet}: frames, ground truth, prediction
${outputs.frame}: the first frame

${framesPerSecond.toFixed(1)} frames/s on ${segmenter.device}, ${segmenter.precision}, decoding and overlay included
mIoU ${percent(counter.mean())} over every pixel of every frame and these classes, which were its labels:
${labels.names.map((name, index) => `  ${name.padEnd(14)}${percent(iou[index]!).padStart(7)}`).join('\n')}

Ask that frame for something else:
  npx synseg segment ${outputs.frame} --labels "red car,bus,person,road,sky" --json
Drawn streets are all that the embedded checkpoint knows. A video of yours, or a camera, with published weights:
  npx synseg video YOUR.mp4 --model CIDAS/clipseg-rd64-refined --labels "road,car,person" --out overlay.mp4
  npx synseg serve camera:0 --model CIDAS/clipseg-rd64-refined --labels "road,car,person"`);

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** What is wrong with the settings or the machine, without a stack trace. */
function fail({ message }: Error): never {
  console.error(`demo: ${message}`);
  process.exit(1);
}
