/** What stops the built trainer, or keeps it from starting: every text, and that nothing that was good is lost. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { train } from '@synseg/train';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf } from '../data/fixtures.ts';
import { snapshot } from '../run/contents.ts';
import { benchIn, checkpointOf, loads, run, stateOf, stepsOf } from './runs.ts';
import { writeTinySet, writeTinyTrunk } from './tiny-set.ts';

const bench = benchIn(temporaryFolder());
const { options, root, cacheFolder, set } = bench;

describe('a run that diverges', () => {
  it('stops with the names of the batch; last/ is the last good one, and loads', async () => {
    const failure = await failureOf(run(options('diverged', { learningRate: 1e30, saveEvery: 100 })));
    expect(failure).toMatch(
      /^TRAINING_DIVERGED: Cannot train on: total loss and gradient must be numbers, got \S+ and \S+ in step 2 \((images\/\d\d\.png, ){3}images\/\d\d\.png\); the last good checkpoint is kept, a smaller learningRate or clipNorm may help$/,
    );
    const folder = join(root, 'diverged');
    expect(stepsOf(folder)).toEqual([1]);
    expect((await stateOf(folder)).step).toBe(0);
    expect(await loads(join(folder, 'last'), ['road'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('says so, and saves nothing of it, when the loop is left just before', async () => {
    // The step after the first is under way, and has gone wrong, when the loop is left.
    const outcome = await failureOf(
      run(options('left', { learningRate: 1e30, saveEvery: 100 }), ({ step }) => step === 1),
    );
    const folder = join(root, 'left');
    expect(outcome).toMatch(
      /^TRAINING_DIVERGED: Cannot train on: .* in step 2 \((images\/\d\d\.png, ){3}images\/\d\d\.png\);/,
    );
    const { step, tensors } = await stateOf(folder);
    expect(
      [...tensors.values()].every(({ data }) => data.every((value) => Number.isFinite(value) && Math.abs(value) < 100)),
    ).toBe(true);
    expect(step).toBe(0);
    expect(await loads(join(folder, 'last'), ['road'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('resumes from the last good checkpoint with a smaller learning rate', async () => {
    const { reports } = await run(options('diverged', { resume: true, steps: 3 }));
    expect(reports.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(stepsOf(join(root, 'diverged'))).toEqual([1, 2, 3]);
  });

  it('does not begin with a text embedding that is not a number', async () => {
    const trunk = writeTinyTrunk(join(root, 'infinite'), { embeddings: (data) => data.fill(Infinity, 0, 12) });
    const failure = await failureOf(
      run(
        options('infinite text', { init: 'random', trunk, decoder: { reduceDim: 8, heads: 2, intermediateSize: 16 } }),
      ),
    );
    expect(failure).toBe(
      'CHECKPOINT_FORMAT: Cannot embed label: the vocabulary\'s embedding of "road" must hold finite numbers, got ' +
        'others',
    );
  });
});

describe('a run that cannot be resumed', () => {
  it('is one whose folder holds none', async () => {
    expect(await failureOf(run(options('nothing', { resume: true })))).toMatch(
      /^RUN_FOLDER: Cannot resume run: folder must hold a run, got .*nothing without config\.json and log\.jsonl/,
    );
  });

  it('is one of other tensors; it stays as it is', async () => {
    await run(options('tensors', { steps: 2 }));
    const before = checkpointOf(join(root, 'tensors'));
    const failure = await failureOf(run(options('tensors', { resume: true, recipe: 'tags' })));
    expect(failure).toBe(
      'RUN_FOLDER: Cannot resume run: trained tensors must be those of the run, got others (recipe, objective, ' +
        'trainable or decoder changed; a run that was begun without a recipe before "dense-captions" was the ' +
        `default has the recipe "paper"): ${join(root, 'tensors')}`,
    );
    expect(checkpointOf(join(root, 'tensors'))).toEqual(before);
    expect(stepsOf(join(root, 'tensors'))).toEqual([1, 2]);
  });

  it('nor begun a second time in its folder', async () => {
    const before = snapshot(join(root, 'tensors'));
    expect(await failureOf(run(options('tensors')))).toMatch(
      /^RUN_FOLDER: Cannot start run: folder must not hold a run already, got /,
    );
    expect(snapshot(join(root, 'tensors'))).toEqual(before);
  });

  it('nor while it runs', async () => {
    const first = train(options('busy'));
    await first.next();
    expect(await failureOf(run(options('busy', { resume: true })))).toMatch(/^RUN_FOLDER: /);
    await first.return();
    expect(await failureOf(run(options('busy', { resume: true })))).toBe('no error');
  });
});

describe('data that cannot be trained on', () => {
  it('is masks whose classes are not named', async () => {
    const folder = join(root, 'nameless');
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'masked.jsonl'),
      JSON.stringify({
        image: join(set.folder, 'images/00.png'),
        mask: join(set.folder, 'labels/00.png'),
        tags: ['road'],
      }),
    );
    const failure = await failureOf(
      run(options('nameless run', { data: join(folder, 'masked.jsonl'), objective: 'masks' })),
    );
    expect(failure).toMatch(
      /^DATASET_FORMAT: Cannot train: data must name the classes of its masks \(classes\.json\) for objective "masks", got none in 1 samples? of masked\.jsonl$/,
    );
    expect(existsSync(join(root, 'nameless run'))).toBe(false);
  });

  it('is masks of classes that the vocabulary does not have', async () => {
    const classes = join(root, 'others.json');
    writeFileSync(
      classes,
      JSON.stringify({
        classes: [
          { index: 0, name: 'zebra' },
          { index: 1, name: 'horse' },
        ],
      }),
    );
    const trunk = writeTinyTrunk(join(root, 'trunk'));
    const failure = await failureOf(
      run(
        options('zebras', {
          init: 'random',
          trunk,
          decoder: { reduceDim: 8, heads: 2, intermediateSize: 16 },
          data: { source: set.masked, classes },
          objective: 'masks',
        }),
      ),
    );
    expect(failure).toBe(
      'LABEL_UNKNOWN: Cannot train: the vocabulary must have a class of the masks, got none of zebra, horse',
    );
  });

  it('is a set without a readable picture', async () => {
    const folder = join(root, 'unreadable');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.png'), 'no picture');
    writeFileSync(join(folder, 'tags.jsonl'), JSON.stringify({ image: 'a.png', tags: ['road'] }));
    expect(await failureOf(run(options('unreadable run', { data: join(folder, 'tags.jsonl') })))).toMatch(
      /^DATASET_FORMAT: /,
    );
    expect((await stateOf(join(root, 'unreadable run'))).step).toBe(0);
  });

  it('is one that went away in the middle of a run; what was saved is kept', async () => {
    const vanishing = writeTinySet(join(root, 'vanishing'));
    const failure = await failureOf(
      (async () => {
        for await (const { step } of train(options('vanished', { data: vanishing.tags, steps: 200, batchSize: 2 })))
          if (step === 3) rmSync(join(root, 'vanishing'), { recursive: true });
      })(),
    );
    expect(failure).toMatch(/^DATASET_FORMAT: /);
    expect(await loads(join(root, 'vanished/last'), ['road'], cacheFolder)).toMatchObject({ width: 40 });
  });
});

describe('options that cannot be', () => {
  it('are refused when the first report is asked for, before anything is written', async () => {
    expect(await failureOf(run(options('nowhere', { batchSize: 0 })))).toBe(
      'RangeError: Cannot train: batchSize must be a positive integer, got 0',
    );
    expect(await failureOf(run(options('nowhere', { init: '/no/folder' })))).toBe(
      'MODEL_LOAD: Cannot train: model must be an existing folder, a hub id like owner/name or "embedded", got ' +
        '"/no/folder"',
    );
    expect(await failureOf(run(options('nowhere', { data: join(root, 'no.jsonl') })))).toMatch(/^DATASET_FORMAT: /);
    expect(existsSync(join(root, 'nowhere'))).toBe(false);
  });

  it('are a device that is not there', async () => {
    const failure = await failureOf(run(options('no device', { device: 'cuda' })));
    expect(failure).toMatch(/^DEVICE_UNAVAILABLE: Cannot use device "cuda": /);
    // Nothing of it is in the way of another try.
    expect(await failureOf(run(options('no device', { steps: 1 })))).toBe('no error');
  });
});
