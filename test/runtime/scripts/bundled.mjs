/**
 * A program that somebody bundles, or gives to `node --eval` as text: does one thing that starts a thread or reads a
 * file
 * beside our code, and prints its outcome. SYNSEG_TEST holds `{ scenario, model, trunk, data, out }`, since Node takes
 * arguments after a program's text for its own. Without `await` at the top, so that it can be made CommonJS.
 */
import process from 'node:process';
import { LabelSet, Segmenter } from '@synseg/core';
import { train } from '@synseg/train';
import { segmentVideo } from '@synseg/video';

const { scenario, model, trunk, data, out } = JSON.parse(process.env.SYNSEG_TEST);
const picture = { data: new Uint8Array(32 * 24 * 3).fill(90), width: 32, height: 24 };

async function segment(checkpoint) {
  const segmenter = await Segmenter.load(checkpoint, { device: 'cpu' });
  await segmenter.segment(picture, await segmenter.labels(['a cat']));
  await segmenter.dispose();
}

async function* frames() {
  yield { data: picture.data, width: 32, height: 24, timeSeconds: 0 };
}

async function drain(stream) {
  while (!(await stream.next()).done);
}

const scenarios = {
  'the embedded checkpoint': () => segment('embedded'),
  'the inference thread': () => segment(model),
  async 'the threads of the pool'() {
    // In a bundle no segmenter loads: the pool fails before it asks this one for anything.
    const segmenter = await Segmenter.load(model, { device: 'cpu' }).catch(() => ({
      inputSize: [24, 32],
      device: 'cpu',
      precision: 'fp32',
      share() {},
    }));
    const labels = new LabelSet({
      names: ['a'],
      embeddings: new Float32Array(segmenter.embeddingDim ?? 4).fill(1),
      thresholds: [undefined],
      background: 'none',
    });
    await drain(segmentVideo(frames(), segmenter, labels, { render: ['rle'] }));
    await segmenter.dispose?.();
  },
  'the training thread': () =>
    drain(
      train({
        data,
        init: 'random',
        trunk,
        out,
        recipe: 'paper',
        steps: 1,
        batchSize: 2,
        threads: 1,
        device: 'cpu',
        advanced: { workers: 1 },
      }),
    ),
};

scenarios[scenario]().then(
  () => console.log(JSON.stringify({ done: true })),
  ({ code, message }) => console.log(JSON.stringify({ code, message })),
);
