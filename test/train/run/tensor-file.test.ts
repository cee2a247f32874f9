import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  readFloats,
  readSafetensors,
  safetensorsHeader,
  writeDurably,
  type TensorEntry,
} from '@synseg/core/checkpoint';
import { describe, expect, it } from 'vitest';
import {
  TensorReader,
  convertedSource,
  copiedSource,
  safetensorsChunks,
} from '../../../packages/train/src/run/tensor-file.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
let count = 0;

/** A file with one tensor of each kind that can be converted, and one of bytes; returns its entries. */
async function mixedFile(): Promise<Map<string, TensorEntry>> {
  const path = join(folder, `mixed-${String(count++)}.safetensors`);
  writeFileSync(
    path,
    safetensorsHeader([
      { name: 'u8', dtype: 'uint8', shape: [3] },
      { name: 'bf16', dtype: 'bfloat16', shape: [2] },
      { name: 'f64', dtype: 'float64', shape: [1] },
    ]),
  );
  appendFileSync(path, Uint8Array.of(7, 8, 9, 0x80, 0x3f, 0x49, 0xc0));
  appendFileSync(path, new Uint8Array(Float64Array.of(0.1).buffer));
  return new Map((await readSafetensors(path)).tensors);
}

async function written(
  entries: Iterable<TensorEntry>,
  dtype?: 'float32' | 'float16',
): Promise<Map<string, TensorEntry>> {
  const path = join(folder, `written-${String(count++)}.safetensors`);
  const reader = new TensorReader();
  const sources = Array.from(entries, (entry) =>
    dtype === undefined ? copiedSource(reader, entry) : convertedSource(reader, entry, dtype),
  );
  await writeDurably(path, safetensorsChunks(sources, { format: 'pt' })).finally(() => reader.close());
  const file = await readSafetensors(path);
  expect(file.metadata).toEqual({ format: 'pt' });
  return new Map(file.tensors);
}

describe('safetensorsChunks()', () => {
  it('copies tensors byte for byte, widest first, so that each begins at a multiple of its element', async () => {
    const copies = await written((await mixedFile()).values());
    expect([...copies.values()].map(({ name, dtype, offset, length }) => [name, dtype, offset % 8, length])).toEqual([
      ['f64', 'float64', 0, 8],
      ['bf16', 'bfloat16', 0, 4],
      ['u8', 'uint8', 4, 3],
    ]);
    expect(await readFloats(copies.get('bf16')!)).toEqual(Float32Array.of(1, -3.140625));
  });

  it('converts floating point of any width, and nothing else', async () => {
    const widened = await written((await mixedFile()).values(), 'float32');
    expect([widened.get('u8')!.dtype, widened.get('bf16')!.dtype, widened.get('f64')!.dtype]).toEqual([
      'uint8',
      'float32',
      'float32',
    ]);
    expect([...(await readFloats(widened.get('bf16')!)), ...(await readFloats(widened.get('f64')!))]).toEqual([
      1,
      -3.140625,
      Math.fround(0.1),
    ]);
    const halved = await written((await mixedFile()).values(), 'float16');
    expect([...(await readFloats(halved.get('bf16')!)), ...(await readFloats(halved.get('f64')!))]).toEqual([
      1, -3.140625, 0.0999755859375,
    ]);
  });

  it('says that a file was cut short since it was opened', async () => {
    const entries = await mixedFile();
    const { path } = entries.get('f64')!;
    truncateSync(path, entries.get('f64')!.offset + 3);
    await expect(written(entries.values())).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: `Cannot read checkpoint: tensor "f64" must end within the file, got a file cut short (${path})`,
    });
  });
});
