import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TRAIN_ADVANCED_OPTIONS, TRAIN_OPTIONS } from '@synseg/train/options';
import { describe, expect, it } from 'vitest';
import { trainOptions } from '../../packages/synseg/src/train-flags.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const config = join(temporaryFolder(), 'run.json');
const file = {
  data: { source: 'a.jsonl', images: 'pictures', keys: { image: 'file' } },
  init: 'base',
  out: 'run',
  steps: 100,
  seed: 3,
  augmentation: { flip: true, crop: [0.5, 1] },
  evaluation: { dataset: 'camvid', root: 'camvid', split: 'val', limit: 9, every: 50 },
  advanced: { lambda: { align: 1, contrast: 2 }, prior: 0.5 },
};

async function options(flags: object, inFile: object = file): Promise<Readonly<Record<string, unknown>>> {
  writeFileSync(config, JSON.stringify(inFile));
  return trainOptions({ ...flags, config }, TRAIN_OPTIONS, TRAIN_ADVANCED_OPTIONS);
}

describe('trainOptions()', () => {
  it('takes the file as it is where no flag says otherwise', async () => {
    expect(await options({})).toEqual(file);
  });

  it('lets each flag take the place of its own value', async () => {
    const flags = {
      data: ['b.jsonl'],
      keys: { caption: 'text' },
      split: 'train',
      steps: 7,
      lambda: { contrast: 0 },
      augmentation: { flip: true },
      evaluation: { every: 10 },
    };
    expect(await options(flags)).toEqual({
      ...file,
      data: { source: 'b.jsonl', images: 'pictures', split: 'train', keys: { image: 'file', caption: 'text' } },
      steps: 7,
      augmentation: { flip: true },
      evaluation: { dataset: 'camvid', root: 'camvid', split: 'val', limit: 9, every: 10 },
      advanced: { lambda: { align: 1, contrast: 0 }, prior: 0.5 },
    });
  });

  it.each([
    [{}, 0.5],
    [{ prior: 2 }, 2],
    [{ prior: 0 }, 0],
  ])('with %j and prior 0.5 in the file has prior %d', async (flags, prior) => {
    expect(await options(flags)).toMatchObject({ advanced: { prior } });
  });

  it('lets the sets of a flag replace those of the file as a whole', async () => {
    const given = { init: 'base', out: 'run', data: { source: 'photos', sets: { nyu: 1, voc: 2 }, draw: 'evenly' } };
    expect((await options({ sets: { voc: 3 } }, given))['data']).toEqual({
      source: 'photos',
      sets: { voc: 3 },
      draw: 'evenly',
    });
  });

  it('takes no split of another data set along', async () => {
    expect((await options({ evaluation: { dataset: 'ccp', root: 'ccp' } }))['evaluation']).toEqual({
      dataset: 'ccp',
      root: 'ccp',
      limit: 9,
      every: 50,
    });
  });

  it('reads data that is but a path', async () => {
    expect(await options({ images: 'p' }, { data: 'a.jsonl', init: 'base', out: 'run' })).toEqual({
      data: { source: 'a.jsonl', images: 'p' },
      init: 'base',
      out: 'run',
    });
  });
});
