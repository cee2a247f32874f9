import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { LabelSet } from '../../../packages/core/src/labels/label-set.ts';
import type { Background } from '../../../packages/core/src/model/postprocess.ts';
import { gaussians } from '../../support/random.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const at = (name: string): string => join(folder, `${name}.safetensors`);

function make(background: Background = 'none', thresholds: readonly (number | undefined)[] = [undefined, 0.25, 0]): LabelSet {
  return new LabelSet({ names: ['road', 'Auto "quoted"', '日本'], embeddings: gaussians(12, 1), thresholds, background });
}

describe('LabelSet', () => {
  it.each(['none', 'threshold', 0, 0.4] as const)('with background %j comes back from a file as it was', async (background) => {
    const [set, path] = [make(background), at(`round-${String(background)}`)];
    await set.save(path);
    const loaded = await LabelSet.load(path);
    expect(loaded).toEqual(set);
    expect(Buffer.compare(Buffer.from(loaded.embeddings.buffer), Buffer.from(set.embeddings.buffer))).toBe(0);
    expect([loaded.thresholds, loaded.background, loaded.embeddingDim, loaded.key]).toEqual([[undefined, 0.25, 0], background, 4, set.key]);
  });

  it('saved twice is the same file', async () => {
    await make().save(at('one'));
    await (await LabelSet.load(at('one'))).save(at('two'));
    expect(Buffer.compare(readFileSync(at('one')), readFileSync(at('two')))).toBe(0);
  });

  it('has a key that stands for the embeddings alone', () => {
    expect(make('none').key).toBe(make(0.4, [0.1, 0.2, 0.3]).key);
    expect(new LabelSet({ names: ['a'], embeddings: gaussians(12, 2), thresholds: [undefined], background: 'none' }).key).not.toBe(make().key);
  });

  it('gives each label a colour of its own', () => {
    expect(new Set(make().colors.map(String)).size).toBe(3);
  });

  it('cannot be changed', () => {
    expect(() => (make().names as string[]).push('car')).toThrow(TypeError);
    expect(() => ((make().thresholds as number[])[0] = 1)).toThrow(TypeError);
  });

  const metadata = { format: 'synseg-labels', version: '1', names: '["a","b"]', thresholds: '[null,null]', background: '"none"' };
  const embeddings = { shape: [2, 3], data: new Float32Array(6) };
  it.each([
    ['another safetensors file', { ...metadata, format: undefined }, embeddings, 'be a file written by LabelSet.save, got format unknown'],
    ['no embeddings', metadata, undefined, 'be a file written by LabelSet.save, got format synseg-labels'],
    ['a newer version', { ...metadata, version: '2' }, embeddings, 'have version 1, got 2'],
    ['metadata that is no JSON', { ...metadata, names: '[' }, embeddings, 'have JSON metadata, got {'],
    ['a missing entry', { ...metadata, thresholds: undefined }, embeddings, 'have JSON metadata, got {'],
    ['too few names', { ...metadata, names: '["a"]' }, embeddings, 'name each of its embeddings, got ["a"] for embeddings [2, 3]'],
    ['names that are no list', { ...metadata, names: 'null' }, embeddings, 'name each of its embeddings, got null for embeddings [2, 3]'],
    ['names that are no text', { ...metadata, names: '[1,2]' }, embeddings, 'name each of its embeddings, got [1,2] for embeddings [2, 3]'],
    ['too few thresholds', { ...metadata, thresholds: '[0.5]' }, embeddings, 'have a threshold in [0, 1] or null for each label, got [0.5]'],
    ['a threshold out of range', { ...metadata, thresholds: '[2,null]' }, embeddings, 'have a threshold in [0, 1] or null for each label, got [2,null]'],
    ['an unknown background', { ...metadata, background: '"black"' }, embeddings, 'have a background in [0, 1], "threshold" or "none", got "black"'],
    ['embeddings that are no matrix', metadata, { shape: [2], data: new Float32Array(2) }, 'name each of its embeddings, got '],
  ])('cannot be loaded from %s', async (name, entries, tensor, message) => {
    const path = at(name);
    const text = Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as Record<string, string>;
    writeFileSync(path, encodeSafetensors(new Map(tensor === undefined ? [] : [['embeddings', tensor]]), text));
    await expect(LabelSet.load(path)).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT', message: expect.stringContaining(`Cannot load label set: ${path} must ${message}`) });
  });

  it('cannot be loaded from half a file, or none', async () => {
    await make().save(at('whole'));
    const bytes = readFileSync(at('whole'));
    writeFileSync(at('half'), bytes.subarray(0, bytes.length - 1));
    await expect(LabelSet.load(at('half'))).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT', message: expect.stringContaining('tensor "embeddings" must end within the file') });
    await expect(LabelSet.load(at('nothing'))).rejects.toMatchObject({ code: 'CHECKPOINT_FORMAT', message: expect.stringContaining('Cannot read nothing.safetensors: file must be readable, got ENOENT') });
  });
});
