import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../../packages/core/src/checkpoint/model-config.ts';
import { encodeSafetensors } from '../../../packages/core/src/checkpoint/safetensors.ts';
import { Weights } from '../../../packages/core/src/checkpoint/weights.ts';
import { GraphCache, type GraphKey } from '../../../packages/core/src/session/graph-cache.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
let folder: string;
let builds: number;
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  builds = 0;
});

async function weightsOf(name: string, shape: readonly number[] = [2]): Promise<Weights> {
  const path = join(folder, name);
  writeFileSync(
    path,
    encodeSafetensors(new Map([['w', { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }]])),
  );
  return Weights.openFiles([path]);
}

async function key(change: Partial<GraphKey> = {}): Promise<GraphKey> {
  return {
    kind: 'trunk',
    precision: 'fp32',
    config: { inputSize: [32, 32] } as unknown as ModelConfig,
    weights: await weightsOf('model.safetensors'),
    ...change,
  };
}

async function build(): Promise<{ bytes: Uint8Array; externalFolder: string }> {
  builds++;
  return { bytes: Uint8Array.of(1, 2, 3), externalFolder: folder };
}

const cacheFiles = (): string[] => readdirSync(join(folder, 'graphs')).map((name) => join(folder, 'graphs', name));

describe('GraphCache', () => {
  it('builds a graph once; the next one reads it', async () => {
    await new GraphCache(folder, 'build-1').get(await key(), build);
    const model = await new GraphCache(folder, 'build-1').get(await key(), build);
    expect([builds, [...model.bytes], model.externalFolder]).toEqual([1, [1, 2, 3], folder]);
  });

  it.each<[string, () => Partial<GraphKey> | Promise<Partial<GraphKey>>]>([
    ['another kind', () => ({ kind: 'decode 1' })],
    ['another precision', () => ({ precision: 'fp16' })],
    ['another configuration', () => ({ config: { inputSize: [64, 64] } as unknown as ModelConfig })],
    ['other bytes inside', () => ({ fingerprint: 'abc' })],
    ['another layout of the weights', async () => ({ weights: await weightsOf('model.safetensors', [2, 1]) })],
    ['another name of the weight file', async () => ({ weights: await weightsOf('other.safetensors') })],
  ])('builds anew for %s', async (_, change) => {
    const cache = new GraphCache(folder, 'build-1');
    await cache.get(await key(), build);
    await cache.get(await key(await change()), build);
    expect(builds).toBe(2);
  });

  it('never uses graphs that other code built', async () => {
    await new GraphCache(folder, 'build-1').get(await key(), build);
    await new GraphCache(folder, 'build-2').get(await key(), build);
    expect(builds).toBe(2);
  });

  it('keeps nothing when run from sources, which have no build number', async () => {
    await new GraphCache(folder).get(await key(), build);
    await new GraphCache(folder).get(await key(), build);
    expect([builds, readdirSync(folder)]).toEqual([2, ['model.safetensors']]);
  });

  it.each<[string, (bytes: Buffer) => Uint8Array]>([
    ['cut', (bytes) => bytes.subarray(0, -1)],
    ['empty', () => Buffer.alloc(0)],
    ['changed in one bit', (bytes) => bytes.map((byte, index) => (index === 1 ? byte ^ 1 : byte))],
  ])('builds anew when the file on disk is %s, and mends it', async (_, damage) => {
    const cache = new GraphCache(folder, 'build-1');
    await cache.get(await key(), build);
    const [path] = cacheFiles() as [string];
    const whole = readFileSync(path);
    writeFileSync(path, damage(whole));
    expect([...(await cache.get(await key(), build)).bytes]).toEqual([1, 2, 3]);
    expect(builds).toBe(2);
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  it('works in a folder that cannot be written', async () => {
    const blocked = join(folder, 'blocked');
    writeFileSync(blocked, 'a file where a folder should be');
    const model = await new GraphCache(blocked, 'build-1').get(await key(), build);
    expect([builds, [...model.bytes]]).toEqual([1, [1, 2, 3]]);
  });

  it('leaves one whole file when many build the same graph at once', async () => {
    const graphKey = await key();
    const models = await Promise.all(
      Array.from({ length: 8 }, () => new GraphCache(folder, 'build-1').get(graphKey, build)),
    );
    expect(models.map(({ bytes }) => [...bytes])).toEqual(Array.from({ length: 8 }, () => [1, 2, 3]));
    expect(cacheFiles()).toHaveLength(1);
  });

  it('does not keep a graph whose building failed', async () => {
    const cache = new GraphCache(folder, 'build-1');
    await expect(cache.get(await key(), () => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    await cache.get(await key(), build);
    expect(builds).toBe(1);
  });
});
