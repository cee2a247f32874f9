/** What a fine-tuning tells people: its plan, and what was learned, lost and kept. */
import { describe, expect, it } from 'vitest';
import { modelCard, outcomeSentences, planEntries } from '../../../packages/train/src/fine-tune/outcome-text.ts';
import type { FineTuneRequest } from '../../../packages/train/src/fine-tune/fine-tune-options.ts';
import { fakeFineTuned } from '../../synseg/fake-work.ts';

describe('planEntries()', () => {
  it('names pictures, words, steps, time and memory', () => {
    const entries = planEntries(fakeFineTuned.plan).map(({ name, value }) => [name, value]);
    expect(Object.fromEntries(entries)).toEqual({
      data: 'YOLO segmentation (data.yaml)',
      pictures: '54 to train on, 6 held out',
      classes: 'road, auto as car, emu (new, like bird), gizmo (new)',
      others: '150 other words are rehearsed',
      steps: '400 of 8 pictures, about 12 min in all',
      memory: 'about 1.9 GB',
    });
  });
});

describe('outcomeSentences()', () => {
  it('say what was gained, how much of the start is in it, and what is left of other words', () => {
    expect(outcomeSentences(fakeFineTuned)).toEqual([
      'mIoU of the 6 held-out pictures: 20.00 % at the start, 46.50 % now (step 320 of 400).',
      expect.stringMatching(/^Of the trained weights 50\.00 % count, of the start's the rest: no worse here/),
      'Of the pixels that the start gave to 150 other words, 91.00 % still get the same.',
    ]);
  });

  it('say without masks how well words are found', () => {
    const counts = { said: 4, found: 5, both: 3 };
    const [first] = outcomeSentences({
      ...{ ...fakeFineTuned, score: null, start: null },
      said: { start: { f1: 0.25, perWord: {} }, now: { f1: 0.5, perWord: { road: counts } } },
    });
    expect(first).toBe(
      'Without masks there is no IoU; words found as said, F1 of the 6 held-out pictures: 25.00 % at the start, ' +
        '50.00 % now (step 320 of 400).',
    );
  });

  it('say that training ended early, that it did not beat the start, and that nothing was measured', () => {
    expect(outcomeSentences({ ...fakeFineTuned, bestStep: 0, steps: 200, share: 1, kept: null })).toEqual([
      'Training did not beat the start (20.00 %), which was kept: more pictures help, or pictures more like those ' +
        'held out.',
      'Training ended after 200 steps, when nothing was gained any more.',
      'What became of the words that the start knew besides was not measured.',
    ]);
  });
});

describe('modelCard()', () => {
  it('names data, start, command, words and scores', () => {
    const request = { data: '/home/me/export.zip', init: 'embedded', seed: 42 } as FineTuneRequest;
    const card = modelCard(fakeFineTuned, request);
    for (const part of [
      '# Checkpoint trained on export.zip',
      'Started from: embedded',
      'auto (as car)',
      '| road | 40.00 % | 93.00 % |',
    ])
      expect(card).toContain(part);
    expect(card).not.toContain('/home/me');
  });
});
