import { describe, expect, it } from 'vitest';
import type { ConfigOptions } from '../../../packages/train/src/command/option-names.ts';
import { trainOptions } from '../../../packages/train/src/command/train-flags.ts';

const file: ConfigOptions = {
  ...{
    data: { source: 'a.jsonl', images: 'pictures', keys: { image: 'file' } },
    init: 'base',
    out: 'run',
    steps: 100,
    seed: 3,
  },
  ...{
    lambda: { align: 1, contrast: 2 },
    augmentation: { flip: true, crop: [0.5, 1] },
    evaluation: { dataset: 'camvid', root: 'camvid', split: 'val', limit: 9, every: 50 },
  },
};

describe('trainOptions()', () => {
  it('takes the file as it is where no flag says otherwise', () => {
    expect(trainOptions({}, file)).toEqual(file);
  });

  it('lets each flag take the place of its own value', () => {
    const flags = {
      data: ['b.jsonl'],
      keys: { caption: 'text' },
      split: 'train',
      steps: 7,
      lambda: { contrast: 0 },
      augment: { flip: true },
      evaluateEvery: 10,
    } as const;
    expect(trainOptions(flags, file)).toEqual({
      ...file,
      ...{
        data: { source: 'b.jsonl', images: 'pictures', split: 'train', keys: { image: 'file', caption: 'text' } },
        steps: 7,
      },
      ...{
        lambda: { align: 1, contrast: 0 },
        augmentation: { flip: true },
        evaluation: { dataset: 'camvid', root: 'camvid', split: 'val', limit: 9, every: 10 },
      },
    });
  });

  it.each([
    [{}, 0.5],
    [{ prior: 2 }, 2],
    [{ prior: 0 }, 0],
  ])('with %j and prior 0.5 in the file has prior %d', (flags, prior) => {
    expect(trainOptions(flags, { ...file, prior: 0.5 }).prior).toBe(prior);
  });

  it('takes no split of another data set along', () => {
    expect(trainOptions({ evaluate: { dataset: 'ccp', root: 'ccp' } }, file).evaluation).toEqual({
      dataset: 'ccp',
      root: 'ccp',
      limit: 9,
      every: 50,
    });
  });

  it('reads data that is but a path', () => {
    expect(trainOptions({ images: 'p' }, { data: 'a.jsonl', init: 'base', out: 'run' })).toEqual({
      data: { source: 'a.jsonl', images: 'p' },
      init: 'base',
      out: 'run',
    });
  });
});
