/**
 * Segments a camera or a stream, and takes new labels while it runs: type them, separated by commas, and press Enter.
 *
 *   node live-labels.mjs camera:0 road,car [--model embedded]
 *
 * Prints a line for each frame that was segmented. A file is played at its own speed, as a camera would send it.
 * Ctrl-C ends it.
 */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Segmenter } from '@synseg/core';
import { segmentVideo } from '@synseg/video';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string', default: 'embedded' } },
});
const [source, names] = positionals;
if (source === undefined || names === undefined) {
  console.error('Usage: live-labels.mjs SOURCE label,label,… [--model embedded]');
  process.exit(2);
}

const leaving = new AbortController();
process.once('SIGINT', () => leaving.abort());

const segmenter = await Segmenter.load(values.model);
const keyboard = createInterface({ input: process.stdin });
try {
  const stream = segmentVideo(source, segmenter, await segmenter.labels(namesIn(names)), {
    policy: 'freshest',
    realTime: true,
    signal: leaving.signal,
    onState: ({ state, reason = '' }) => console.error(`source: ${state} ${reason}`.trimEnd()),
  });
  void takeLabels(stream);
  let before = '';
  for await (const { index, timeSeconds, dropped, latencySeconds, segmentation } of stream) {
    const { labels, areas } = segmentation;
    const now = labels.join(', ');
    if (before !== '' && now !== before) console.log(`from frame ${index}: ${now}`);
    before = now;
    const shares = Object.entries(areas).map(([name, share]) => `${name} ${(100 * share).toFixed(1)} %`);
    console.log(
      `frame ${index}  ${timeSeconds.toFixed(2)} s  ${dropped} dropped  ${(1000 * latencySeconds).toFixed(0)} ms  ` +
        `${shares.join('  ')}`,
    );
  }
} catch (error) {
  if (!leaving.signal.aborted) throw error;
} finally {
  keyboard.close();
  await segmenter[Symbol.asyncDispose]();
}

/**
 * Frames under way keep the labels they were sent with; the next one takes the new ones. A line that is no list of
 * labels is reported, and changes nothing.
 *
 * @param {import('@synseg/video').VideoStream} stream
 */
async function takeLabels(stream) {
  for await (const line of keyboard) {
    try {
      stream.setLabels(await segmenter.labels(namesIn(line)));
    } catch (error) {
      if (!leaving.signal.aborted) console.error(error instanceof Error ? error.message : error);
    }
  }
}

/** @param {string} line */
function namesIn(line) {
  return line
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
