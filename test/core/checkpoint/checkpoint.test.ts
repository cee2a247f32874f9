import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../../packages/core/src/checkpoint/checkpoint.ts';
import { fingerprintFiles, sha256 } from '../../../packages/core/src/checkpoint/fingerprint.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { writeTinyClipseg } from '../../support/tiny-clipseg.ts';

const root = temporaryFolder();

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

describe('openCheckpoint()', () => {
  it('opens a folder: configuration and weights, no numbers read', async () => {
    const {
      config,
      weights,
      folder: opened,
    } = await openCheckpoint(writeTinyClipseg(join(root, 'tiny')), { inputSize: 40 });
    expect(opened).toBe(join(root, 'tiny'));
    expect(config.inputSize).toEqual([40, 40]);
    expect(weights.get('decoder.film_mul.weight', [16, 16]).dtype).toBe('float32');
  });

  it('says MODEL_LOAD for a path that is no folder', async () => {
    const file = join(folder('file', { 'config.json': '{}' }), 'config.json');
    for (const path of [file, join(root, 'nowhere')]) {
      await expect(openCheckpoint(path)).rejects.toMatchObject({
        code: 'MODEL_LOAD',
        message: `Cannot load checkpoint: path must be a folder, got "${path}"`,
      });
    }
  });

  it('says MODEL_LOAD for a folder without config.json', async () => {
    const path = folder('empty', {});
    await expect(openCheckpoint(path)).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message: `Cannot load checkpoint: folder must hold config.json, got "${path}"`,
    });
  });

  it.each([
    ['config.json', 'one'],
    ['preprocessor_config.json', 'two'],
  ])('says CHECKPOINT_FORMAT when %s is no JSON', async (file, name) => {
    const path = folder(name, { 'config.json': '{ "model_type": "clipseg" }', [file]: '{ "model_type": ' });
    await expect(openCheckpoint(path)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining(`Cannot load checkpoint: ${join(path, file)} must be JSON, got `),
    });
  });

  it('says CHECKPOINT_FORMAT for another model type', async () => {
    const path = folder('bert', { 'config.json': '{ "model_type": "bert" }' });
    await expect(openCheckpoint(path)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: `Cannot load checkpoint: ${path}/config.json: model_type must be "clipseg" or "synseg", got "bert"`,
    });
  });

  it('says CHECKPOINT_FORMAT for a folder without weights', async () => {
    const path = folder('weightless', { 'config.json': '{ "model_type": "clipseg" }' });
    await expect(openCheckpoint(path)).rejects.toThrow(
      'Cannot load checkpoint: folder must hold model.safetensors or model.safetensors.index.json',
    );
  });
});

describe('fingerprintFiles()', () => {
  it('is the SHA-256 of the content, remembered until the file changes', async () => {
    const cache = join(root, 'cache');
    const path = join(folder('fingerprint', { weights: 'one' }), 'weights');
    expect(await fingerprintFiles([path], cache)).toBe(sha256('one'));
    expect(await fingerprintFiles([path], cache)).toBe(sha256('one'));
    writeFileSync(path, 'other');
    expect(await fingerprintFiles([path], cache)).toBe(sha256('other'));
  });

  it('of several files depends on their order', async () => {
    const path = folder('several', { a: '1', b: '2' });
    const [a, b] = [join(path, 'a'), join(path, 'b')];
    expect(await fingerprintFiles([a, b], join(root, 'c1'))).not.toBe(await fingerprintFiles([b, a], join(root, 'c2')));
  });

  it('works when the cache cannot be written', async () => {
    const path = join(folder('readonly', { weights: 'one', cache: 'a file where a folder should be' }), 'weights');
    expect(await fingerprintFiles([path], join(root, 'readonly', 'cache'))).toBe(sha256('one'));
  });
});
