/**
 * The safetensors format: an 8-byte little-endian header length, a JSON header, then raw little-endian tensors.
 *
 * Reading stops at the header: a tensor stays a byte range of its file ({@link TensorEntry}) until someone needs its
 * numbers, so that weights can be handed to the runtime without a copy.
 * @see https://github.com/huggingface/safetensors
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { SynsegError, messageOf } from '../errors.ts';
import { writeFileAtomic } from '../cache/atomic-file.ts';
import { DEFAULT_LIMITS, type Limits } from '../guard/limits.ts';
import { BYTES_PER_ELEMENT, type DType } from '../graph/tensor-type.ts';
import { shortJson } from '../guard/arguments.ts';

/** A tensor's place in a safetensors file. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly path: string;
  /** Absolute byte offset in the file. */
  readonly offset: number;
  /** Length in bytes. */
  readonly length: number;
}

/** The header of a safetensors file. */
export interface SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Element types by the names they have in a header. */
const FLOATS = { F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const;
const WHOLE = { I64: 'int64', I32: 'int32', I8: 'int8', U8: 'uint8', BOOL: 'bool' } as const;
const DTYPES = new Map<unknown, DType>(Object.entries({ ...FLOATS, ...WHOLE }));
const LABELS = new Map([...DTYPES].map(([label, dtype]) => [dtype, label as string]));

/**
 * Reads the header of a safetensors file and checks every tensor's byte range against dtype, shape and file size.
 *
 * @throws SynsegError `CHECKPOINT_FORMAT` naming file and tensor when the file is truncated or inconsistent.
 */
export async function readSafetensors(
  path: string,
  { maxHeaderBytes = DEFAULT_LIMITS.maxHeaderBytes }: Partial<Pick<Limits, 'maxHeaderBytes'>> = {},
): Promise<SafetensorsFile> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    if (size < 8) throw formatError(path, `file must hold at least 8 bytes, got ${size}`);
    const headerBytes = Number((await readRange(file, 0, 8)).readBigUInt64LE(0));
    if (headerBytes > maxHeaderBytes && 8 + headerBytes <= size)
      throw formatError(path, `header must have at most ${maxHeaderBytes} bytes (maxHeaderBytes), got ${headerBytes}`);
    if (8 + headerBytes > size) {
      const got = `${size} bytes in all (truncated, or not safetensors)`;
      throw formatError(path, `header of ${headerBytes} bytes must lie within the file, got ${got}`);
    }
    const text = (await readRange(file, 8, headerBytes)).toString('utf8');
    let header: Record<string, unknown>;
    try {
      header = JSON.parse(text) as Record<string, unknown>;
    } catch (cause) {
      throw formatError(path, 'header must be JSON, got text that does not parse', cause);
    }
    if (typeof header !== 'object' || header === null || Array.isArray(header))
      throw formatError(path, `header must be a JSON object, got ${shortJson(header)}`);
    const tensors = new Map<string, TensorEntry>();
    for (const [name, entry] of Object.entries(header))
      if (name !== '__metadata__') tensors.set(name, parseEntry(path, name, entry, 8 + headerBytes, size));
    checkOverlap(path, [...tensors.values()]);
    const metadata = header['__metadata__'] ?? {};
    if (typeof metadata !== 'object' || Object.values(metadata).some((value) => typeof value !== 'string'))
      throw formatError(path, `__metadata__ must be an object of texts, got ${shortJson(metadata)}`);
    return { path, tensors, metadata: metadata as Record<string, string> };
  } finally {
    await file.close();
  }
}

function parseEntry(path: string, name: string, entry: unknown, dataStart: number, fileSize: number): TensorEntry {
  const fail = (rule: string, got: string): SynsegError =>
    formatError(path, `tensor "${name}" must ${rule}, got ${got}`);
  const { dtype: label, shape, data_offsets: range } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  const dtype = DTYPES.get(label);
  if (dtype === undefined) throw fail('have a known dtype', shortJson(label));
  if (!isWholeNumbers(shape) || !isWholeNumbers(range) || range.length !== 2)
    throw fail('have a shape and data_offsets of whole numbers', shortJson(entry));
  const [start, end] = range as [number, number];
  const expected = shape.reduce((product, dimension) => product * dimension, BYTES_PER_ELEMENT[dtype]);
  if (end - start !== expected)
    throw fail(`take ${expected} bytes for ${dtype} [${shape.join(', ')}]`, `${end - start}`);
  if (dataStart + end > fileSize)
    throw fail('end within the file', `end ${dataStart + end} of ${fileSize} bytes (truncated)`);
  return { name, dtype, shape, path, offset: dataStart + start, length: expected };
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
}

function checkOverlap(path: string, entries: readonly TensorEntry[]): void {
  const sorted = entries.filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset);
  sorted.forEach((entry, index) => {
    const before = sorted[index - 1];
    if (before !== undefined && before.offset + before.length > entry.offset)
      throw formatError(path, `tensors must not overlap, got "${before.name}" and "${entry.name}"`);
  });
}

/** Reads a tensor's numbers as float32 (half precisions widened). Row-major. */
export async function readFloats(entry: TensorEntry): Promise<Float32Array> {
  const file = await openFile(entry.path);
  try {
    return toFloat32(entry, await readRange(file, entry.offset, entry.length));
  } finally {
    await file.close();
  }
}

/** {@link readFloats} at once, for code that builds a graph. */
export function readFloatsNow(entry: TensorEntry): Float32Array {
  const bytes = new Uint8Array(entry.length);
  const file = openSync(entry.path, 'r');
  try {
    for (let filled = 0; filled < bytes.length;) {
      const count = readSync(file, bytes, filled, bytes.length - filled, entry.offset + filled);
      if (count === 0) break;
      filled += count;
    }
  } finally {
    closeSync(file);
  }
  return toFloat32(entry, bytes);
}

/** Widens a tensor's raw bytes to float32. @throws SynsegError for an integer tensor. */
export function toFloat32(entry: TensorEntry, bytes: Uint8Array): Float32Array {
  const { dtype, length } = entry;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const count = length / BYTES_PER_ELEMENT[dtype];
  const floats = new Float32Array(count);
  switch (dtype) {
    case 'float32':
      new Uint8Array(floats.buffer).set(bytes);
      return floats;
    case 'float64':
      for (let i = 0; i < count; i++) floats[i] = view.getFloat64(i * 8, true);
      return floats;
    case 'float16':
      for (let i = 0; i < count; i++) floats[i] = halfToFloat(view.getUint16(i * 2, true));
      return floats;
    case 'bfloat16': {
      const bits = new Uint32Array(floats.buffer);
      for (let i = 0; i < count; i++) bits[i] = view.getUint16(i * 2, true) << 16;
      return floats;
    }
    case 'uint8':
    case 'int8':
    case 'int32':
    case 'int64':
    case 'bool':
      throw formatError(entry.path, `tensor "${entry.name}" must be floating point, got ${dtype}`);
  }
}

/** The number that the bits of a float16 (IEEE 754 binary16) stand for. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Rounds float32 numbers to float16: to the nearest, ties to the even one; what rounds beyond ±65504 becomes infinite.
 *
 * @returns the bits of each number, as a `F16` tensor holds them
 */
export function toFloat16(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(floats.length);
  for (let i = 0; i < floats.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude > 0x7f800000) halves[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) halves[i] = sign | 0x7c00;
    // Below 2^−14 the result is a multiple of 2^−24; adding 2^52 rounds a float64 to an integer, ties to even.
    else if (magnitude < 0x38800000) halves[i] = sign | (Math.abs(floats[i]!) * 2 ** 24 + 2 ** 52 - 2 ** 52);
    else halves[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  return halves;
}

/** A float32 tensor to write. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Writes float32 tensors and string metadata as a safetensors file, atomically. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

/** The bytes {@link writeSafetensors} writes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, FloatTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const layouts = [...tensors].map(([name, { shape }]): TensorLayout => ({ name, dtype: 'float32', shape }));
  const header = safetensorsHeader(layouts, metadata);
  const datas = [...tensors.values()].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([header, ...datas]);
}

/** Description of a tensor in a header, without its offset. */
export type TensorLayout = Pick<TensorEntry, 'name' | 'dtype' | 'shape'>;

/**
 * The beginning of a safetensors file: the header's length and the header, padded so that data starts at a multiple of
 * 8. The tensors' bytes follow in the given order, without gaps.
 */
export function safetensorsHeader(
  tensors: readonly TensorLayout[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, dtype, shape } of tensors) {
    const end = offset + shape.reduce((product, dimension) => product * dimension, BYTES_PER_ELEMENT[dtype]);
    header[name] = { dtype: LABELS.get(dtype), shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return bytes;
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    const file = await open(path);
    if (!(await file.stat()).isDirectory()) return file;
    await file.close();
  } catch (cause) {
    throw formatError(path, `file must be readable, got ${messageOf(cause)}`, cause);
  }
  throw formatError(path, 'file must be readable, got a folder');
}

async function readRange(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer;
}

function formatError(path: string, rule: string, cause?: unknown): SynsegError {
  return new SynsegError('CHECKPOINT_FORMAT', `Cannot read ${basename(path)}: ${rule} (${path})`, { cause });
}
