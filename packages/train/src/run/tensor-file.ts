/** Safetensors files written tensor by tensor: a model of any size passes through a few megabytes of memory. */
import { open, type FileHandle } from 'node:fs/promises';
import { SynsegError } from '@synseg/core';
import { safetensorsHeader, toFloat16, toFloat32 } from '@synseg/core/checkpoint';
import type { FloatTensor, TensorEntry, TensorLayout } from '@synseg/core/checkpoint';
import { BYTES_PER_ELEMENT } from '@synseg/core/graph';

/** A tensor to write; its bytes are asked for once, when its turn comes. */
export interface TensorSource extends TensorLayout {
  chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** Largest piece of a file in memory: a multiple of every element's size. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const HALF_MAX = 65504;

/**
 * The bytes of a safetensors file.
 *
 * @param metadata - metadata of the header; Python's `transformers` requires `format: 'pt'`
 */
export async function* safetensorsChunks(
  sources: readonly TensorSource[],
  metadata: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  // Widest elements first, so that every tensor begins at a multiple of its element's size.
  const ordered = [...sources].sort((a, b) => BYTES_PER_ELEMENT[b.dtype] - BYTES_PER_ELEMENT[a.dtype]);
  yield safetensorsHeader(ordered, metadata);
  for (const source of ordered) {
    for await (const chunk of source.chunks()) {
      signal?.throwIfAborted();
      yield chunk;
    }
  }
}

/** Float32 tensors in memory as sources. */
export function floatSources(tensors: ReadonlyMap<string, FloatTensor>): TensorSource[] {
  return [...tensors].map(([name, { shape, data }]) => ({
    name,
    dtype: 'float32',
    shape,
    chunks: () => [new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  }));
}

/** A tensor of another file, byte for byte. */
export function copiedSource(reader: TensorReader, entry: TensorEntry): TensorSource {
  return { name: entry.name, dtype: entry.dtype, shape: entry.shape, chunks: () => reader.bytes(entry) };
}

/** A tensor of another file in another floating-point type; integers stay as they are. */
export function convertedSource(reader: TensorReader, entry: TensorEntry, dtype: 'float32' | 'float16'): TensorSource {
  if (!/float/.test(entry.dtype) || entry.dtype === dtype) return copiedSource(reader, entry);
  return {
    ...{ name: entry.name, dtype, shape: entry.shape },
    async *chunks() {
      for await (const bytes of reader.bytes(entry)) {
        const floats = toFloat32({ ...entry, length: bytes.length }, bytes);
        yield new Uint8Array((dtype === 'float32' ? floats : halvesOf(entry, floats)).buffer);
      }
    },
  };
}

function halvesOf(entry: TensorEntry, floats: Float32Array): Uint16Array {
  const halves = toFloat16(floats);
  const lost = halves.findIndex((bits, index) => (bits & 0x7fff) === 0x7c00 && Number.isFinite(floats[index]));
  if (lost < 0) return halves;
  const rule = `tensor "${entry.name}" must lie within ±${HALF_MAX} for fp16`;
  const text = `Cannot export checkpoint: ${rule}, got ${floats[lost]}; use precision fp32`;
  throw new SynsegError('CHECKPOINT_FORMAT', text);
}

/** Reads tensors piece by piece. Each file is opened once: one that is replaced meanwhile is read on as it was. */
export class TensorReader {
  readonly #files = new Map<string, FileHandle>();

  async *bytes({ path, offset, length, name }: TensorEntry): AsyncGenerator<Uint8Array> {
    const file = this.#files.get(path) ?? (await open(path));
    this.#files.set(path, file);
    for (let done = 0; done < length;) {
      const bytes = Buffer.alloc(Math.min(CHUNK_BYTES, length - done));
      for (let filled = 0; filled < bytes.length;) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + done + filled);
        const rest = `tensor "${name}" must end within the file, got a file cut short (${path})`;
        if (bytesRead === 0) throw new SynsegError('CHECKPOINT_FORMAT', `Cannot read checkpoint: ${rest}`);
        filled += bytesRead;
      }
      yield bytes;
      done += bytes.length;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
    this.#files.clear();
  }
}
