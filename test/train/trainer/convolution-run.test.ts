/** The built trainer on convolution trunks: frozen, and trained beside the decoder. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readFloats, readSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyConvolutionConfig, writeTinyConvolution } from '../../support/tiny-convolution.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { failureOf } from '../data/fixtures.ts';
import { benchIn, checkpointOf, loads, run, stateOf } from './runs.ts';
import { writeTinyTrunk } from './tiny-set.ts';

const { options, root, cacheFolder, set } = benchIn(temporaryFolder());
const model = writeTinyConvolution(join(root, 'convolution'));
const DECODER = ['film', 'reduces', 'layers', 'head'] as const;
const choices = {
  init: model,
  data: set.masked,
  objective: 'masks',
  recipe: 'dense-captions',
  maxCategories: 4,
} as const;

async function numbersOf(folder: string): Promise<Map<string, Float32Array>> {
  const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
  return new Map(
    await Promise.all([...tensors].map(async ([name, entry]) => [name, await readFloats(entry)] as const)),
  );
}

/** Names of the tensors that differ between two checkpoints, by their first two parts. */
async function changed(before: string, after: string): Promise<Set<string>> {
  const [old, now] = [await numbersOf(before), await numbersOf(after)];
  const moved = [...now].filter(([name, data]) => data.some((value, index) => value !== old.get(name)?.[index]));
  return new Set(moved.map(([name]) => name.split('.').slice(0, 2).join('.')));
}

describe('a convolution trunk', () => {
  it('is trained beside the decoder where trainable names it', async () => {
    const { reports } = await run(
      options('trunk', { ...choices, steps: 40, learningRate: 0.01, trainable: [...DECODER, 'vision'] }),
    );
    const last = join(root, 'trunk/last');
    expect(reports.at(-1)!.total).toBeLessThan(0.8 * reports[0]!.total);
    expect(await changed(model, last)).toEqual(
      new Set(
        ['stem', 'blocks', 'pyramid']
          .map((part) => `trunk.${part}`)
          .concat(
            ['film_mul', 'film_add', 'reduces', 'fine', 'refinements', 'head', 'outlines'].map(
              (part) => `decoder.${part}`,
            ),
          ),
      ),
    );
    expect(await loads(last, ['road', 'car'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('stays as it is otherwise, with its tensors in the checkpoint', async () => {
    await run(options('frozen', { ...choices, steps: 3 }));
    const { tensors } = await readSafetensors(join(root, 'frozen/last/model-00001-of-00002.safetensors'));
    const before = await numbersOf(model);
    expect([...tensors.keys()].every((name) => name.startsWith('trunk.'))).toBe(true);
    for (const [name, entry] of tensors) expect(await readFloats(entry)).toEqual(before.get(name));
    expect(await loads(join(root, 'frozen/last'), ['road', 'car'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('has a learning rate of its own', async () => {
    await run(
      options('still', { ...choices, steps: 3, trainable: [...DECODER, 'vision'], visionRate: 0, weightDecay: 0 }),
    );
    const parts = await changed(model, join(root, 'still/last'));
    expect([...parts].filter((name) => name.startsWith('trunk.'))).toEqual([]);
    expect(parts.has('decoder.film_mul')).toBe(true);
  });

  it('gets a decoder of its kind, and keeps its own weights, with init "random"', async () => {
    const { decoder: _, ...bare } = tinyConvolutionConfig();
    const trunk = writeTinyConvolution(join(root, 'bare'));
    writeFileSync(join(trunk, 'config.json'), JSON.stringify(bare));
    const common = {
      ...choices,
      init: 'random',
      trunk,
      steps: 2,
      trainable: [...DECODER, 'vision'],
      learningRate: 0,
    } as const;
    await run(options('random', { ...common, decoder: { reduceDim: 5 }, weightDecay: 0 }));
    const last = join(root, 'random/last');
    expect(JSON.parse(readFileSync(join(last, 'config.json'), 'utf8'))).toMatchObject({ decoder: { reduce_dim: 5 } });
    const [before, after] = [await numbersOf(trunk), await numbersOf(last)];
    for (const [name, data] of after) if (name.startsWith('trunk.')) expect(data, name).toEqual(before.get(name));
  });

  it('resumes to the same bytes', async () => {
    const changes = { ...choices, steps: 6, saveEvery: 3, trainable: [...DECODER, 'vision'] as const };
    await run(options('whole', changes));
    await run(options('resumed', changes), ({ step }) => step === 4);
    expect((await stateOf(join(root, 'resumed'))).step).toBeLessThan(6);
    await run({ ...options('resumed', changes), resume: true });
    expect(checkpointOf(join(root, 'resumed'))).toEqual(checkpointOf(join(root, 'whole')));
  });
});

describe('a transformer trunk', () => {
  it('is trained where trainable names it', async () => {
    const clip = writeTinyClipseg(join(root, 'clip'), { hidden: 16, size: 32, patch: 8 });
    await run(options('clip run', { ...choices, init: clip, steps: 3, trainable: [...DECODER, 'vision'] }));
    const last = join(root, 'clip run/last');
    const { tensors } = await readSafetensors(join(last, 'model-00002-of-00002.safetensors'));
    const before = await numbersOf(clip);
    const name = 'clip.vision_model.encoder.layers.0.mlp.fc1.weight';
    expect(await readFloats(tensors.get(name)!)).not.toEqual(before.get(name));
    expect(await loads(last, ['road', 'car'], cacheFolder)).toMatchObject({ width: 40 });
  });

  it('that is ready-made cannot be', async () => {
    const trunk = writeTinyTrunk(join(root, 'ready-made'));
    const changes = { ...choices, init: 'random', trunk, trainable: ['vision'] } as const;
    expect(await failureOf(run(options('ready', changes)))).toContain(
      'Cannot train: advanced.trainable must not name "vision" for a ready-made ONNX trunk',
    );
  });
});
