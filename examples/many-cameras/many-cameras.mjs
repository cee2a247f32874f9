/**
 * Segments many cameras, streams or files at once with one model in memory.
 *
 *   node many-cameras.mjs camera:0 rtsp://front/1 … --labels road,car [--model embedded] [--out out/many-cameras]
 *
 * Once a second it prints how each source is doing, and at the end a JSON object. Writes OUT/camera-0.csv … with the
 * share
 * of each label in each frame. Files are played at their own speed, as cameras. Ctrl-C ends it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { segmentVideos } from '@synseg/video';

const { values, positionals: sources } = parseArgs({
  allowPositionals: true,
  options: {
    labels: { type: 'string' },
    model: { type: 'string', default: 'embedded' },
    out: { type: 'string', default: 'out/many-cameras' },
  },
});
if (sources.length === 0 || values.labels === undefined) {
  console.error('Usage: many-cameras.mjs SOURCE… --labels label,label,… [--model embedded] [--out out/many-cameras]');
  process.exit(2);
}

const leaving = new AbortController();
process.once('SIGINT', () => leaving.abort());
await mkdir(values.out, { recursive: true });

// One segmenter is one session: every source's frames go through it, and those that come together share a run.
const segmenter = await Segmenter.load(values.model);
const labels = await segmenter.labels(values.labels.split(','));
const inputs = sources.map((source, index) => ({ source, csv: join(values.out, `camera-${index}.csv`) }));
const stream = segmentVideos(inputs, segmenter, labels, {
  policy: 'freshest',
  realTime: true,
  signal: leaving.signal,
  onState: ({ source, state, reason = '' }) => console.error(`${source}: ${state} ${reason}`.trimEnd()),
});
/** @type {import('@synseg/video').SegmentedFrame[]} */
const latest = [];
const clock = setInterval(show, 1000);
try {
  // A source that fails is over; the others go on. The loop ends when all have, and throws when none worked.
  for await (const frame of stream) latest[frame.sourceIndex] = frame;
} catch (error) {
  if (!leaving.signal.aborted) throw error;
} finally {
  clearInterval(clock);
  await segmenter[Symbol.asyncDispose]();
}
show();
console.log(JSON.stringify(stream.sources));

function show() {
  stream.sources.forEach(({ source, state, frames, dropped }, index) => {
    const { segmentation, latencySeconds = 0 } = latest[index] ?? {};
    const shares = Object.entries(segmentation?.areas ?? {}).map(
      ([name, share]) => `${name} ${(100 * share).toFixed(0)} %`,
    );
    console.log(
      `${source}  ${state}  ${frames} frames  ${dropped} dropped  ${(1000 * latencySeconds).toFixed(0)} ms  ` +
        `${shares.join('  ')}`,
    );
  });
}
