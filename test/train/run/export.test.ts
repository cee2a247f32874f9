import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSafetensors, openCheckpoint, type FloatTensor } from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import { exportCheckpoint } from '../../../packages/train/src/run/export.ts';
import { RunFolder } from '../../../packages/train/src/run/run-folder.ts';
import { STREET, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { tinyTensors, writeTinyClipseg } from '../../support/tiny-clipseg.ts';
import { dtypesOf, listing, numbersOf, segmentWith, snapshot, stateOf, tinyContents } from './contents.ts';

const root = temporaryFolder();
const base = writeTinyClipseg(join(root, 'base'));
const cacheFolder = join(root, 'cache');
const labels = ['road', 'car', 'the tree'];
let count = 0;

const target = (): string => join(root, `exported-${String(count++)}`);

/** A trained checkpoint of a run, with trainer state and projector. */
async function trained(): Promise<string> {
  await using run = await RunFolder.create(join(root, `run-${String(count++)}`), { config: {} });
  await run.log({ step: 1 });
  return await run.save('last', tinyContents(base, { seed: 7 }), stateOf(1));
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, value, index) => Math.max(worst, Math.abs(value - b[index]!)), 0);
}

describe('exportCheckpoint()', () => {
  it('writes fp32 as one file without projector and optimizer, which segments the same to the last bit', async () => {
    const [from, to] = [await trained(), target()];
    await exportCheckpoint(from, to, { precision: 'fp32' });
    expect(listing(to)).toEqual([
      'config.json',
      'merges.txt',
      'model.safetensors',
      'preprocessor_config.json',
      'vocab.json',
    ]);
    const [before, after] = [await numbersOf(from), await numbersOf(to)];
    expect(new Set(after.keys())).toEqual(new Set(tinyTensors().keys()));
    for (const [name, values] of after) expect(values, name).toEqual(before.get(name));
    expect(await dtypesOf(join(to, 'model.safetensors'))).toEqual(new Set(['float32']));
    const [original, exported] = [
      await segmentWith(from, labels, cacheFolder),
      await segmentWith(to, labels, cacheFolder),
    ];
    expect(exported.activations).toEqual(original.activations);
    expect(listing(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('writes fp16 at half the size, which segments nearly the same', async () => {
    const [from, to] = [await trained(), target()];
    await exportCheckpoint(from, to, { precision: 'fp16' });
    expect(await dtypesOf(join(to, 'model.safetensors'))).toEqual(new Set(['float16']));
    const [before, after] = [await numbersOf(from), await numbersOf(to)];
    // Rounding to 11 significant bits is off by 2^-11 of the number at most, below 2^-14 by 2^-25.
    for (const [name, values] of after)
      values.forEach((value, index) =>
        expect(Math.abs(value - before.get(name)![index]!), name).toBeLessThanOrEqual(
          Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
        ),
      );
    const [original, exported] = [
      await segmentWith(from, labels, cacheFolder),
      await segmentWith(to, labels, cacheFolder),
    ];
    const difference = largestDifference(exported.activations, original.activations);
    expect(difference).toBeGreaterThan(0);
    // Only weights are rounded, computing stays float32: activations of the random network are off by a few
    // thousandths.
    expect(difference).toBeLessThan(0.02);
  });

  it('widens half-precision weights to fp32, keeps integers, names the type if the configuration does', async () => {
    const [from, to] = [join(root, 'mixed'), target()];
    writeTinyClipseg(from);
    await exportCheckpoint(base, join(root, 'halves'), { precision: 'fp16' });
    const half = readFileSync(join(root, 'halves/model.safetensors'));
    const start = 8 + Number(half.readBigUInt64LE(0));
    const header = JSON.parse(half.toString('utf8', 8, start)) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: number[] }
    >;
    header['clip.text_model.embeddings.position_ids'] = {
      dtype: 'I64',
      shape: [1, 2],
      data_offsets: [half.length - start, half.length - start + 16],
    };
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    writeFileSync(
      join(from, 'model.safetensors'),
      Buffer.concat([length, text, half.subarray(start), Buffer.from(BigInt64Array.of(3n, 4n).buffer)]),
    );
    const config = JSON.parse(readFileSync(join(from, 'config.json'), 'utf8')) as object;
    writeFileSync(join(from, 'config.json'), JSON.stringify({ ...config, torch_dtype: 'float16' }));
    await exportCheckpoint(from, to, { precision: 'fp32' });
    expect(await dtypesOf(join(to, 'model.safetensors'))).toEqual(new Set(['float32', 'int64']));
    const { weights } = await openCheckpoint(to);
    const ids = weights.get('clip.text_model.embeddings.position_ids', [1, 2]);
    expect(ids.offset % 8).toBe(0);
    expect(
      new BigInt64Array(Uint8Array.from(readFileSync(ids.path).subarray(ids.offset, ids.offset + 16)).buffer),
    ).toEqual(BigInt64Array.of(3n, 4n));
    expect(JSON.parse(readFileSync(join(to, 'config.json'), 'utf8'))).toEqual({ ...config, torch_dtype: 'float32' });
    expect((await segmentWith(to, labels, cacheFolder)).activations).toEqual(
      (await segmentWith(join(root, 'halves'), labels, cacheFolder)).activations,
    );
  });

  it('passes tensors larger than a piece through, whole', async () => {
    const [from, to] = [join(root, 'large'), target()];
    const data = Float32Array.from({ length: 1_300_001 }, (_, index) => index % 2048);
    writeTinyClipseg(from, { tensors: { 'clip.large': { shape: [1_300_001], data } } });
    await exportCheckpoint(from, to, { precision: 'fp16' });
    const copied = (await numbersOf(to)).get('clip.large')!;
    expect(Buffer.from(copied.buffer).equals(Buffer.from(data.buffer))).toBe(true);
  });

  it.runIf(hasShared)('copies a trunk and a vocabulary beside the decoder', async () => {
    for (const precision of ['fp32', 'fp16'] as const) {
      const to = target();
      await exportCheckpoint(STREET, to, { precision });
      expect(listing(to)).toEqual([
        'config.json',
        'model.safetensors',
        'vision.onnx',
        'vocab.json',
        'vocab.safetensors',
      ]);
      const [original, exported] = [
        await segmentWith(STREET, ['road', 'car'], cacheFolder),
        await segmentWith(to, ['road', 'car'], cacheFolder),
      ];
      // Weights rounded to fp16 move activations of the trained decoder by about a thousandth.
      expect(largestDifference(exported.activations, original.activations)).toBeLessThanOrEqual(
        precision === 'fp32' ? 0 : 0.01,
      );
    }
  });

  it('refuses a folder that holds something, unless it is a checkpoint to overwrite', async () => {
    const [from, to] = [await trained(), target()];
    await exportCheckpoint(base, to, { precision: 'fp32' });
    const before = snapshot(to);
    await expect(exportCheckpoint(from, to, { precision: 'fp32' })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message:
        `Cannot export checkpoint: target must be a new or empty folder, got ${to}; pass --overwrite to ` +
        'replace the checkpoint there',
    });
    expect(snapshot(to)).toEqual(before);
    writeFileSync(join(to, 'old.txt'), 'gone with the old one');
    await exportCheckpoint(from, to, { precision: 'fp32', overwrite: true });
    expect(existsSync(join(to, 'old.txt'))).toBe(false);
    expect((await numbersOf(to)).get('decoder.film_mul.bias')).toEqual(
      tinyTensors({ seed: 7 }).get('decoder.film_mul.bias')!.data,
    );
    const home = target();
    mkdirSync(home);
    writeFileSync(join(home, 'thesis.txt'), 'x');
    await expect(exportCheckpoint(from, home, { precision: 'fp32', overwrite: true })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot export checkpoint: a folder to overwrite must hold a checkpoint, got ${home}`,
    });
    expect(listing(home)).toEqual(['thesis.txt']);
    await expect(exportCheckpoint(base, from, { precision: 'fp32', overwrite: true })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message:
        `Cannot export checkpoint: a folder to overwrite must not be a run's, got ${from}, which holds ` +
        'trainer.safetensors',
    });
    mkdirSync(join(to, 'thesis'));
    await expect(exportCheckpoint(from, to, { precision: 'fp32', overwrite: true })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot export checkpoint: a folder to overwrite must hold a checkpoint alone, got ${to} with "thesis"`,
    });
    expect(listing(to)).toContain('thesis');
    expect(listing(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('fills an empty folder, and makes those above a new one', async () => {
    const empty = target();
    mkdirSync(empty);
    await exportCheckpoint(base, empty, { precision: 'fp32' });
    await exportCheckpoint(base, join(target(), 'deep/er'), { precision: 'fp32' });
    expect(existsSync(join(empty, 'model.safetensors'))).toBe(true);
  });

  it('says which folders of a run can be exported', async () => {
    const run = join(await trained(), '..');
    await expect(exportCheckpoint(run, target(), { precision: 'fp32' })).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message:
        `Cannot export checkpoint: source must be a checkpoint, got the run ${run}; choose one of its ` +
        'folders last',
    });
  });

  it('refuses what cannot be', async () => {
    const to = target();
    await expect(exportCheckpoint(base, 'a\0b', { precision: 'fp32' })).rejects.toThrow(
      new RangeError('Cannot export checkpoint: to must be a path without null bytes, got "a\\u0000b"'),
    );
    await expect(exportCheckpoint(base, to, { precision: 'int8' as 'fp16' })).rejects.toThrow(
      new RangeError('Cannot export checkpoint: precision must be "fp32" or "fp16", got "int8"'),
    );
    const linked = join(root, 'linked');
    symlinkSync(base, linked);
    for (const [path, rule] of [
      [base, 'what is read'],
      [linked, 'what is read'],
      [join(linked, 'inside'), 'in a folder that is read'],
      [root, 'a folder that holds what is read'],
    ] as const) {
      await expect(exportCheckpoint(base, path, { precision: 'fp32', overwrite: true })).rejects.toThrow(
        new RangeError(`Cannot export checkpoint: target must not be ${rule} ("${base}"), got "${path}"`),
      );
    }
    await expect(exportCheckpoint(base, to, undefined as never)).rejects.toThrow(
      new TypeError('Cannot export checkpoint: options must be an object, got undefined'),
    );
    await expect(exportCheckpoint(base, undefined as never, { precision: 'fp32' })).rejects.toThrow(
      new TypeError('Cannot export checkpoint: to must be a string that is not empty, got undefined'),
    );
    await expect(exportCheckpoint(base, to, { precision: 'fp32', overwrit: true } as never)).rejects.toThrow(
      new TypeError(
        'Cannot export checkpoint: options must have known names, got "overwrit" (did you mean "overwrite"?)',
      ),
    );
    await expect(exportCheckpoint(join(root, 'nowhere'), to, { precision: 'fp32' })).rejects.toMatchObject({
      code: 'MODEL_LOAD',
    });
    const trunk = join(root, 'trunk-only');
    writeTinyClipseg(trunk);
    writeFileSync(
      join(trunk, 'model.safetensors'),
      encodeSafetensors(new Map([['clip.x', { shape: [1], data: Float32Array.of(1) }]])),
    );
    await expect(exportCheckpoint(trunk, to, { precision: 'fp32' })).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: `Cannot export checkpoint: weights must hold a decoder, got none in ${join(trunk, 'model.safetensors')}`,
    });
    expect(existsSync(to)).toBe(false);
  });

  it('refuses weights that fp16 cannot hold, and leaves nothing', async () => {
    const [from, to] = [join(root, 'large-weight'), target()];
    const large: FloatTensor = { shape: [16], data: new Float32Array(16).fill(1e6, 3, 4) };
    writeTinyClipseg(from, { tensors: { 'decoder.film_mul.bias': large } });
    await expect(exportCheckpoint(from, to, { precision: 'fp16' })).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message:
        'Cannot export checkpoint: tensor "decoder.film_mul.bias" must lie within ±65504 for fp16, got 1000000; ' +
        'use precision fp32',
    });
    expect(existsSync(to)).toBe(false);
    expect(listing(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('stops when aborted, and leaves nothing', async () => {
    const to = target();
    const controller = new AbortController();
    const exporting = exportCheckpoint(base, to, { precision: 'fp32', signal: controller.signal });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(exporting).rejects.toThrow('enough');
    expect(existsSync(to)).toBe(false);
    expect(listing(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('says that the target cannot be written', async () => {
    const file = target();
    writeFileSync(file, 'x');
    await expect(exportCheckpoint(base, join(file, 'x'), { precision: 'fp32' })).rejects.toMatchObject({
      code: 'RUN_FOLDER',
      message: `Cannot export checkpoint: ${join(file, 'x')} must be a folder that can be written, got ENOTDIR`,
    });
  });
});
