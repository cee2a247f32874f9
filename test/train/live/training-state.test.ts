import { describe, expect, it } from 'vitest';
import type { PageState } from '../../../packages/train/src/live/page-protocol.ts';
import { TrainingState } from '../../../packages/train/src/live/training-state.ts';
import { heldOut, stepOf } from './reports.ts';

const read = (state: TrainingState): PageState => JSON.parse(state.json) as PageState;

describe('TrainingState', () => {
  it('knows nothing at first', () => {
    expect(read(new TrainingState('animals'))).toEqual({
      ...{
        version: expect.stringMatching(/^[0-9a-f]{12}\.0$/),
        title: 'animals',
        note: 'loading',
        ended: false,
        plan: [],
      },
      ...{ step: 0, steps: 0, secondsLeft: null, imagesPerSecond: null, learningRate: null, losses: [], curve: [] },
      ...{ measure: 'mIoU', isShare: true, start: null, scores: [], best: null, picturesOfStep: null, pictures: [] },
    });
  });

  it('gathers steps and scores, and tells the time that is left by the pace of late', () => {
    let now = 5000;
    const state = new TrainingState('a', () => now);
    state.setProgress({ stage: 'features', done: 3, total: 10, bytes: 1 });
    expect(read(state).note).toBe('encoding pictures: 3 of 10');
    state.setProgress({ stage: 'start', score: { mIoU: 0.25, best: true } });
    state.addStep(stepOf(1));
    expect(read(state)).toMatchObject({ note: '', start: 0.25, step: 1, steps: 1000, secondsLeft: null });
    now += 2000;
    state.addStep(stepOf(2, { score: { mIoU: 0.412345678, best: true } }));
    now += 2000;
    state.addStep(stepOf(3, { score: { mIoU: 0.4, best: false }, losses: { masks: NaN }, total: NaN }));
    expect(read(state)).toMatchObject({
      ...{ secondsLeft: 2 * 997, imagesPerSecond: 8.25, losses: [['masks', null]], measure: 'mIoU' },
      scores: [
        { step: 2, value: 0.412346 },
        { step: 3, value: 0.4 },
      ],
      best: { step: 2, value: 0.412346 },
      curve: [
        [1, 2.5, 2.5, 2.5],
        [2, 1.5, 1.5, 1.5],
      ],
    });
    state.end('the model is in out/animals/model');
    expect(read(state)).toMatchObject({ ended: true, secondsLeft: null, note: 'the model is in out/animals/model' });
  });

  it('draws one number of each kind of score', () => {
    const state = new TrainingState('a');
    const retrieval = { imageToText: 0.2, textToImage: 0.4, chance: 0.01, pairs: 9, best: true };
    state.addStep(stepOf(1, { score: retrieval }));
    expect(read(state)).toMatchObject({ measure: 'retrieval', isShare: true, best: { step: 1, value: 0.3 } });
    state.addStep(stepOf(2, { score: { nearest: 0.5, cosine: 0.75, texts: 3, names: 2, best: true } }));
    expect(read(state)).toMatchObject({ measure: 'mean cosine', isShare: false, best: { step: 2, value: 0.75 } });
  });

  it('stays small, however long a training takes', () => {
    const state = new TrainingState('a');
    for (let step = 1; step <= 20_000; step++)
      state.addStep(
        stepOf(step, { steps: 1_234_567, ...(step % 2 === 0 ? { score: { mIoU: 1 / step, best: false } } : {}) }),
      );
    const { scores, steps } = read(state);
    expect([scores.length <= 400, scores.at(-1)?.step, steps]).toEqual([true, 20_000, 1_234_567]);
    expect(state.json.length).toBeLessThan(50_000);
  });

  it('shows names as they are, without folders, logins and places of this machine', async () => {
    const state = new TrainingState('<b>/home/ann/x');
    state.setPlan([{ name: 'data', value: '/home/ann/voc' }]);
    state.setPictures(7, [await heldOut('/home/ann/"><script>alert(1)<／script>.jpg', '#00f')]);
    expect(read(state)).toMatchObject({
      ...{ title: '<b>/home/ann/x', plan: [['data', '…/voc']], picturesOfStep: 7 },
      pictures: [{ name: '"><script>alert(1)<／script>.jpg' }],
    });
  });

  it('keeps the files of the pictures shown now and of those before, each once', async () => {
    const state = new TrainingState('a');
    const names: string[] = [];
    for (const [step, color] of ['#100', '#200', '#300'].entries()) {
      const picture = await heldOut('a.jpg', color);
      state.setPictures(step, [picture, picture]);
      const [first, second] = read(state).pictures;
      expect(first).toEqual(second);
      names.push(first?.prediction ?? '');
      expect(state.file(first?.prediction ?? '')).toEqual({ type: 'image/jpeg', bytes: picture.prediction });
      expect(state.file(first?.truth ?? '')?.type).toBe('image/png');
    }
    expect(names.map((name) => state.file(name) !== undefined)).toEqual([false, true, true]);
  });
});
