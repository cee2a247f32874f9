import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, openCheckpoint, type FloatTensor } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import type { CheckpointContents } from '../../../packages/train/src/run/checkpoint-folder.ts';
import { RunFolder } from '../../../packages/train/src/run/run-folder.ts';
import { readTrainerState } from '../../../packages/train/src/run/trainer-state.ts';
import { STREET, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyTensors, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { listing, numbersOf, sameFile, segmentWith, snapshot, stateOf, tinyContents } from './contents.ts';

const root = temporaryFolder();
const base = writeTinyClipseg(join(root, 'base'));
const cacheFolder = join(root, 'cache');
let count = 0;

async function openRun(): Promise<RunFolder> {
  return RunFolder.create(join(root, `run-${String(count++)}`), { config: {} });
}

/** A folder of the other kind: a trunk (no real one), a vocabulary, weights of the trunk that nobody needs. */
function ownTrunk(
  changes: { readonly trunk?: object; readonly text?: object; readonly files?: readonly string[] } = {},
): CheckpointContents {
  const folder = join(root, `own-${String(count++)}`);
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  const trunk = {
    file: 'onnx/vision.onnx',
    inputSize: [32, 32],
    patchSize: 8,
    patchGrid: [4, 4],
    tapDims: [32, 32, 32],
    ...changes.trunk,
  };
  const text = changes.text ?? { vocabulary: 'vocab.json', embeddings: 'vocab.safetensors', dim: 16 };
  const weights = new Map<string, FloatTensor>([
    ['blocks.0.weight', { shape: [2], data: new Float32Array(2) }],
    ...[...tinyTensors()].filter(([name]) => name.startsWith('clip.')),
  ]);
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(weights));
  for (const file of changes.files ?? [
    'onnx/vision.onnx',
    'vocab.json',
    'vocab.safetensors',
    'LICENSE.trunk.txt',
    'README.md',
    'words.json',
  ])
    writeFileSync(join(folder, file), `bytes of ${file}`);
  return {
    ...tinyContents(folder),
    configJson: {
      model_type: 'synseg',
      trunk,
      text,
      decoder: { reduce_dim: 16, attention_heads: 4, intermediate_size: 32 },
    },
  };
}

describe('a CLIPSeg checkpoint', () => {
  it('is frozen and trained tensors in two shards, which the segmenter reads as the file they came from', async () => {
    await using run = await openRun();
    const folder = await run.save('last', tinyContents(base), stateOf(1));
    expect(listing(folder)).toEqual([
      'config.json',
      'merges.txt',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
      'preprocessor_config.json',
      'trainer.safetensors',
      'vocab.json',
    ]);
    const index = JSON.parse(readFileSync(join(folder, 'model.safetensors.index.json'), 'utf8')) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    const numbers = await numbersOf(folder);
    expect(index.metadata.total_size).toBe([...numbers.values()].reduce((sum, values) => sum + values.byteLength, 0));
    expect(Object.keys(index.weight_map).sort()).toEqual(
      [...tinyTensors().keys(), 'projector.bias', 'projector.weight'].sort(),
    );
    expect([index.weight_map['clip.text_projection.weight'], index.weight_map['decoder.film_mul.bias']]).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]);
    for (const [name, { data }] of tinyTensors()) expect(numbers.get(name), name).toEqual(data);
    const [before, after] = [
      await segmentWith(base, ['road', 'car'], cacheFolder),
      await segmentWith(folder, ['road', 'car'], cacheFolder),
    ];
    expect(after.activations).toEqual(before.activations);
  });

  it('shares its frozen files with the other checkpoints of the run, and writes only the rest again', async () => {
    await using run = await openRun();
    const [last, best, third] = [
      await run.save('last', tinyContents(base), stateOf(1)),
      await run.save('best', tinyContents(base)),
      await run.save('step-3', tinyContents(base)),
    ];
    for (const file of ['model-00001-of-00002.safetensors', 'vocab.json', 'merges.txt', 'preprocessor_config.json']) {
      for (const folder of [last, best, third])
        expect(sameFile(join(folder, file), join(run.path, 'frozen', file)), file).toBe(true);
    }
    expect(sameFile(join(base, 'vocab.json'), join(last, 'vocab.json'))).toBe(false);
    const shard = snapshot(join(run.path, 'frozen'));
    await run.save('last', tinyContents(base, { fill: 2 }), stateOf(2));
    expect(snapshot(join(run.path, 'frozen'))).toEqual(shard);
    expect((await numbersOf(last)).get('decoder.film_mul.bias')!.every((value) => value === 2)).toBe(true);
    expect((await numbersOf(best)).get('decoder.film_mul.bias')).toEqual(
      tinyTensors().get('decoder.film_mul.bias')!.data,
    );
    expect((await readTrainerState(last)).step).toBe(2);
  });

  it('starts from shards, and leaves the decoder and projector of its base behind', async () => {
    await using first = await openRun();
    const trained = await first.save('best', tinyContents(base, { fill: 3 }));
    await using second = await openRun();
    const folder = await second.save('last', tinyContents(trained, { seed: 1 }));
    const numbers = await numbersOf(folder);
    for (const [name, { data }] of tinyTensors()) expect(numbers.get(name), name).toEqual(data);
  });

  it('keeps every tensor at its place from save to save: a reader in between reads the right bytes', async () => {
    await using run = await openRun();
    const places = async (): Promise<unknown> => (await openCheckpoint(join(run.path, 'last'))).weights.entries();
    await run.save('last', tinyContents(base, { fill: 1 }), stateOf(9));
    const before = await places();
    await run.save('last', tinyContents(base, { fill: 2 }), stateOf(1_000_000));
    expect(await places()).toEqual(before);
  });

  it('says what its base lacks', async () => {
    const poor = writeTinyClipseg(join(root, 'poor'));
    unlinkSync(join(poor, 'merges.txt'));
    await using run = await openRun();
    await expect(run.save('last', tinyContents(poor))).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: `Cannot save checkpoint: folder must hold merges.txt, got none in ${poor}`,
    });
    const nowhere = join(root, 'nowhere');
    await expect(run.save('last', tinyContents(nowhere))).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message: `Cannot save checkpoint: base must be a folder, got "${nowhere}"`,
    });
    expect(existsSync(join(run.path, 'last'))).toBe(false);
  });
});

describe('a checkpoint with its own trunk', () => {
  it('is the trained tensors in one file, trunk, vocabulary, words and licences', async () => {
    const contents = ownTrunk();
    await using run = await openRun();
    const folder = await run.save('last', contents, stateOf(1));
    expect(listing(folder)).toEqual([
      'LICENSE.trunk.txt',
      'config.json',
      'model.safetensors',
      'onnx',
      'trainer.safetensors',
      'vocab.json',
      'vocab.safetensors',
      'words.json',
    ]);
    expect(new Set((await numbersOf(folder)).keys())).toEqual(new Set(contents.tensors.keys()));
    expect(readFileSync(join(folder, 'onnx/vision.onnx'), 'utf8')).toBe('bytes of onnx/vision.onnx');
    await run.save('last', contents, stateOf(2));
    expect(sameFile(join(folder, 'onnx/vision.onnx'), join(run.path, 'frozen/onnx/vision.onnx'))).toBe(true);
  });

  it("with a text encoder has that one's tensors beside the trained", async () => {
    const contents = ownTrunk({ text: { dim: 16 }, files: ['onnx/vision.onnx', 'tokenizer.json'] });
    await using run = await openRun();
    const folder = await run.save('last', contents);
    expect(listing(folder)).toEqual([
      'config.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
      'onnx',
      'tokenizer.json',
    ]);
    const text = [...tinyTensors().keys()].filter((name) => name.startsWith('clip.text_'));
    expect(new Set((await numbersOf(folder)).keys())).toEqual(new Set([...text, ...contents.tensors.keys()]));
  });

  it('must have the files its configuration names, inside its folder', async () => {
    await using run = await openRun();
    const contents = ownTrunk({ files: ['vocab.json', 'vocab.safetensors'] });
    await expect(run.save('last', contents)).rejects.toThrow(
      `Cannot save checkpoint: folder must hold onnx/vision.onnx, got none in ${contents.base}`,
    );
    await expect(run.save('last', ownTrunk({ trunk: { file: '../base/vocab.json' } }))).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining(
        'trunk: file must be the name of a file in the checkpoint\'s folder, got "../base/vocab.json"',
      ) as string,
    });
  });

  it.runIf(hasShared)('segments like the one its tensors came from', async () => {
    const street = await numbersOf(STREET);
    const { weights } = await openCheckpoint(STREET);
    const tensors = new Map(weights.entries().map(({ name, shape }) => [name, { shape, data: street.get(name)! }]));
    await using run = await openRun();
    const folder = await run.save('best', {
      tensors,
      base: STREET,
      configJson: JSON.parse(readFileSync(join(STREET, 'config.json'), 'utf8')) as Record<string, unknown>,
    });
    const [before, after] = [
      await segmentWith(STREET, ['road', 'car'], cacheFolder),
      await segmentWith(folder, ['road', 'car'], cacheFolder),
    ];
    expect(after.activations).toEqual(before.activations);
  });
});

describe('saving', () => {
  it('without a state leaves none of an earlier save', async () => {
    await using run = await openRun();
    const folder = await run.save('best', tinyContents(base), stateOf(1));
    await run.save('best', tinyContents(base));
    await expect(readTrainerState(folder)).rejects.toMatchObject({ code: 'RUN_FOLDER' });
  });

  it('puts back what was deleted from a checkpoint, and makes a damaged one anew', async () => {
    await using run = await openRun();
    const folder = await run.save('last', tinyContents(base), stateOf(1));
    const whole = snapshot(folder);
    const damages = [
      () => unlinkSync(join(folder, 'vocab.json')),
      () => unlinkSync(join(folder, 'model.safetensors.index.json')),
      () => unlinkSync(join(folder, 'config.json')),
      () => writeFileSync(join(folder, 'model-00002-of-00002.safetensors'), 'half a file'),
      () => rmSync(folder, { recursive: true }),
    ];
    for (const damage of damages) {
      damage();
      await run.save('last', tinyContents(base), stateOf(1));
      expect(snapshot(folder)).toEqual(whole);
    }
  });

  it('writes over what a killed process left half done', async () => {
    await using run = await openRun();
    mkdirSync(join(run.path, '.last.tmp'));
    writeFileSync(join(run.path, '.last.tmp/model-00001-of-00002.safetensors'), 'half a file');
    mkdirSync(join(run.path, '.frozen.tmp'));
    const folder = await run.save('last', tinyContents(base), stateOf(1));
    const files = listing(folder);
    for (const file of files) writeFileSync(join(folder, `.${file}.tmp`), 'half a file');
    await run.save('last', tinyContents(base, { fill: 2 }), stateOf(2));
    expect(
      listing(folder).filter((name) => !/^\.(?:merges|vocab|preprocessor|model-00001|model\.safe)/.test(name)),
    ).toEqual(files);
    expect((await readTrainerState(folder)).step).toBe(2);
    expect(listing(run.path).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it
    .runIf(existsSync('/dev/full'))
    .each(['.model-00002-of-00002.safetensors.tmp', '.trainer.safetensors.tmp', '.config.json.tmp'])(
    'to a disk that is full at %s leaves every byte of the checkpoint as it was, and says so',
    async (file) => {
      await using run = await openRun();
      const folder = await run.save('last', tinyContents(base), stateOf(1));
      const before = snapshot(folder);
      symlinkSync('/dev/full', join(folder, file));
      await expect(run.save('last', tinyContents(base, { fill: 2 }), stateOf(2))).rejects.toMatchObject({
        code: 'RUN_FOLDER',
        message: `Cannot save checkpoint: ${folder} must have room, got ENOSPC; checkpoints saved before are unchanged`,
      });
      expect(snapshot(folder)).toEqual(before);
      await run.save('last', tinyContents(base, { fill: 2 }), stateOf(2));
      expect((await readTrainerState(folder)).step).toBe(2);
    },
  );

  it('to a place that cannot be written leaves the checkpoint as it was', async () => {
    await using run = await openRun();
    const folder = await run.save('last', tinyContents(base), stateOf(1));
    const before = snapshot(folder);
    mkdirSync(join(folder, '.trainer.safetensors.tmp'));
    await expect(run.save('last', tinyContents(base, { fill: 2 }), stateOf(2))).rejects.toThrow(
      `Cannot save checkpoint: ${folder} must be a folder that can be written, got EISDIR; checkpoints saved ` +
        'before are unchanged',
    );
    expect(snapshot(folder)).toEqual(before);
  });

  const changed = (name: string, tensor: FloatTensor | undefined): CheckpointContents => {
    const contents = tinyContents(base);
    const tensors = new Map(contents.tensors);
    if (tensor === undefined) tensors.delete(name);
    else tensors.set(name, tensor);
    return { ...contents, tensors };
  };

  it('refuses what would leave a folder that does not load, or overwrite good numbers with bad', async () => {
    await using run = await openRun();
    const bias = { shape: [16], data: new Float32Array(16) };
    const refusal = async (contents: CheckpointContents, state = stateOf(1)): Promise<Error> =>
      (await run.save('last', contents, state).catch((error: unknown) => error)) as Error;
    expect(await refusal(changed('text.logit_scale', bias))).toEqual(
      new RangeError(
        'Cannot save checkpoint: names of trained tensors must begin with "decoder.", "projector.", "trunk." or ' +
          '"clip.", got "text.logit_scale"',
      ),
    );
    expect(await refusal({ ...tinyContents(base), tensors: new Map() })).toEqual(
      new RangeError('Cannot save checkpoint: tensors must hold the decoder or the encoders, got none'),
    );
    expect(await refusal(changed('projector.bias', { shape: [4, 5], data: new Float32Array(16) }))).toEqual(
      new RangeError('Cannot save checkpoint: tensor "projector.bias" must hold 20 numbers for [4, 5], got 16'),
    );
    expect(await refusal(tinyContents(base), { ...stateOf(1), step: -1 })).toEqual(
      new RangeError('Cannot save checkpoint: step must be an integer ≥ 0, got -1'),
    );
    expect(await refusal(changed('projector.bias', { shape: [2], data: Float32Array.of(0, NaN) }))).toMatchObject({
      code: 'TRAINING_DIVERGED',
      message: 'Cannot save checkpoint: tensor "projector.bias" must be finite, got NaN at element 1',
    });
    const infinite = new Map([['momentum', { shape: [1], data: Float32Array.of(-Infinity) }]]);
    expect(await refusal(tinyContents(base), { ...stateOf(1), tensors: infinite })).toMatchObject({
      code: 'TRAINING_DIVERGED',
      message: 'Cannot save checkpoint: tensor "momentum" must be finite, got -Infinity at element 0',
    });
    expect(existsSync(join(run.path, 'last'))).toBe(false);
  });

  it('refuses tensors of another layout than the checkpoint has', async () => {
    await using run = await openRun();
    const folder = await run.save('last', tinyContents(base));
    const before = snapshot(folder);
    const rule =
      `Cannot save checkpoint: tensors must have the names and shapes of those in ${folder}, got a ` + 'difference at';
    await expect(
      run.save('last', changed('projector.bias', { shape: [4, 4], data: new Float32Array(16) })),
    ).rejects.toMatchObject({ code: 'RUN_FOLDER', message: `${rule} projector.bias [4, 4]` });
    await expect(run.save('last', changed('projector.bias', undefined))).rejects.toThrow(`${rule} projector.bias [16]`);
    expect(snapshot(folder)).toEqual(before);
  });

  it('refuses a configuration that is none, at the first save and later', async () => {
    await using run = await openRun();
    await expect(run.save('best', { ...tinyContents(base), configJson: {} })).rejects.toThrow(
      'model_type must be "clipseg" or "synseg", got nothing',
    );
    const folder = await run.save('last', tinyContents(base));
    const before = snapshot(folder);
    await expect(run.save('last', { ...tinyContents(base), configJson: { model_type: 'bert' } })).rejects.toThrow(
      'model_type must be "clipseg" or "synseg", got "bert"',
    );
    expect(snapshot(folder)).toEqual(before);
  });
});
