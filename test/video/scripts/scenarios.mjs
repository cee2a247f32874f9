/**
 * The built packages as a program uses them, run as a process of its own: `scenarios.mjs SCENARIO MODEL CACHE
 * ARGUMENT…`.
 * Each prints one JSON object, and ends by itself: a thread, child or port left over would keep it alive.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Segmenter } from '@synseg/core';
import { segmentVideo } from '@synseg/video';

const [scenario = '', model = '', cacheFolder = '', ...rest] = process.argv.slice(2);
const print = (report) => console.log(JSON.stringify(report));

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const scenarios = {
  /** A whole file, with everything the threads of the pool can be asked for. */
  async 'file'(segmenter, labels, clip, folder) {
    const files = {
      overlay: join(folder, 'o.mp4'),
      jsonl: join(folder, 'o.jsonl'),
      coco: join(folder, 'o.json'),
      csv: join(folder, 'o.csv'),
      pngFolder: join(folder, 'png'),
    };
    const indices = [];
    let pixels = 0;
    for await (const frame of segmentVideo(clip, segmenter, labels, {
      ...files,
      workers: 2,
      smooth: {},
      render: ['polygons'],
      size: 'source',
    })) {
      indices.push(frame.index);
      pixels += frame.segmentation.labelMap.length;
    }
    print({ indices, pixels, files: readdirSync(folder).sort(), png: readdirSync(files.pngFolder).length });
  },

  /** A live source, stopped in the middle. */
  async 'live with abort'(segmenter, labels, url) {
    const controller = new AbortController();
    const stream = segmentVideo(url, segmenter, labels, { signal: controller.signal });
    let frames = 0;
    let ascending = true;
    let last = -1;
    let reason;
    try {
      for await (const { index } of stream) {
        ascending &&= index > last;
        last = index;
        if (++frames === 20) controller.abort(new Error('enough'));
      }
    } catch (error) {
      reason = error.message;
    }
    print({ frames, ascending, reason, policy: stream.sources[0].policy });
  },

  /** Many frames: memory must stay where it was after the first tenth. */
  async 'long'(segmenter, labels, clip, workers) {
    let frames = 0;
    let inOrder = true;
    const rss = [];
    for await (const { index } of segmentVideo(clip, segmenter, labels, {
      workers: Number(workers),
      maxInFlight: 9,
      render: ['rle'],
    })) {
      inOrder &&= index === frames;
      frames += 1;
      if (frames % 50 === 0) rss.push(process.memoryUsage.rss() / 1e6);
    }
    const tenth = Math.floor(rss.length / 10);
    print({
      frames,
      inOrder,
      second: Math.round(median(rss.slice(tenth, 2 * tenth))),
      last: Math.round(median(rss.slice(-tenth))),
    });
  },

  /** Stopped at random moments: while loading threads, probing, decoding, segmenting, writing. */
  async 'abort again and again'(segmenter, labels, clip, folder, times) {
    let state = 12345;
    const random = () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
    const outcomes = { aborted: 0, ended: 0, frames: 0 };
    for (let round = 0; round < Number(times); round++) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const timer = setTimeout(() => controller.abort(reason), random() * 600);
      const files =
        round % 2 === 0 ? { overlay: join(folder, `${round}.mp4`), jsonl: join(folder, `${round}.jsonl`) } : {};
      try {
        for await (const { index } of segmentVideo(clip, segmenter, labels, { ...files, signal: controller.signal }))
          outcomes.frames = index + 1;
        outcomes.ended += 1;
      } catch (error) {
        if (error !== reason) throw error;
        outcomes.aborted += 1;
      }
      clearTimeout(timer);
    }
    await sleep(50);
    print({ ...outcomes, partial: readdirSync(folder).filter((name) => name.includes('partial')) });
  },
};

const segmenter = await Segmenter.load(model, { device: 'cpu', cacheFolder, threads: 1 });
try {
  await scenarios[scenario](segmenter, await segmenter.labels(['road', 'car']), ...rest);
} finally {
  await segmenter[Symbol.asyncDispose]();
}
