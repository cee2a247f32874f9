import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  encodeSafetensors,
  readFloats,
  readSafetensors,
  safetensorsHeader,
  toFloat16,
  writeSafetensors,
} from '../../../packages/core/src/checkpoint/safetensors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
let count = 0;

/** Writes a file with this header (an object, or text as it is) and this many bytes of data; returns its path. */
async function file(header: unknown, data: Uint8Array = new Uint8Array(0)): Promise<string> {
  const path = join(folder, `case-${String(count++)}.safetensors`);
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, data]));
  return path;
}

async function floatsOf(dtype: string, data: Uint8Array, elements: number): Promise<number[]> {
  const path = await file({ x: { dtype, shape: [elements], data_offsets: [0, data.length] } }, data);
  const entry = (await readSafetensors(path)).tensors.get('x');
  return [...(await readFloats(entry as NonNullable<typeof entry>))];
}

describe('readFloats()', () => {
  it('reads float32 as it is', async () => {
    expect(await floatsOf('F32', new Uint8Array(Float32Array.of(0.1, -3e38, NaN).buffer), 3)).toEqual([
      Math.fround(0.1),
      Math.fround(-3e38),
      NaN,
    ]);
  });

  it('widens float16: normal, subnormal, infinite, not a number', async () => {
    // 1, −2, largest 65504, smallest subnormal 2^−24, largest subnormal, −0, ∞, −∞, NaN
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x8000, 0x7c00, 0xfc00, 0x7e00);
    const values = [1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, -0, Infinity, -Infinity, NaN];
    expect(await floatsOf('F16', new Uint8Array(bits.buffer), 9)).toEqual(values);
  });

  it('widens bfloat16: the upper half of a float32', async () => {
    const bits = Uint16Array.of(0x3f80, 0xc049, 0x0001, 0x7f80, 0xffc0);
    expect(await floatsOf('BF16', new Uint8Array(bits.buffer), 5)).toEqual([
      1,
      -3.140625,
      Math.fround(2 ** -133),
      Infinity,
      NaN,
    ]);
  });

  it('rounds float64 to float32', async () => {
    expect(await floatsOf('F64', new Uint8Array(Float64Array.of(0.1, -1e300).buffer), 2)).toEqual([
      Math.fround(0.1),
      -Infinity,
    ]);
  });

  it('refuses integers', async () => {
    await expect(floatsOf('I64', new Uint8Array(8), 1)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining('tensor "x" must be floating point, got int64'),
    });
  });
});

describe('readSafetensors()', () => {
  it('gives dtype, shape and absolute byte range, and no metadata where there is none', async () => {
    const header = {
      b: { dtype: 'U8', shape: [2, 2], data_offsets: [4, 8] },
      a: { dtype: 'F32', shape: [], data_offsets: [0, 4] },
    };
    const path = await file(header, new Uint8Array(8));
    const { tensors, metadata } = await readSafetensors(path);
    const start = 8 + JSON.stringify(header).length;
    expect(tensors.get('b')).toEqual({ name: 'b', dtype: 'uint8', shape: [2, 2], path, offset: start + 4, length: 4 });
    expect(tensors.get('a')).toMatchObject({ dtype: 'float32', shape: [], offset: start, length: 4 });
    expect(metadata).toEqual({});
  });

  const f32 = (shape: unknown, range: unknown): object => ({ x: { dtype: 'F32', shape, data_offsets: range } });
  it.each([
    [
      'a dtype it does not know',
      { x: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } },
      'tensor "x" must have a known dtype, got "F8_E4M3"',
    ],
    [
      "a dtype of a table's own",
      { x: { dtype: '__proto__', shape: [1], data_offsets: [0, 1] } },
      'tensor "x" must have a known dtype, got "__proto__"',
    ],
    [
      'a dtype that is an object',
      { x: { dtype: {}, shape: [1], data_offsets: [0, 1] } },
      'tensor "x" must have a known dtype, got {}',
    ],
    [
      'offsets that are no list',
      { x: { dtype: 'U8', shape: [1], data_offsets: 5 } },
      'tensor "x" must have a shape and data_offsets of whole numbers, got {"dtype":"U8","shape":[1],"data_offsets":5}',
    ],
    [
      'a shape that is no list',
      { x: { dtype: 'U8', shape: { length: 1e9 }, data_offsets: [0, 1] } },
      'tensor "x" must have a shape and data_offsets of whole numbers',
    ],
    [
      'a shape that overflows',
      { x: { dtype: 'U8', shape: [9007199254740991, 9007199254740991], data_offsets: [0, 1] } },
      'tensor "x" must take 8.112963841460666e+31 bytes',
    ],
    [
      'metadata that is no text',
      { __metadata__: { names: 5 } },
      '__metadata__ must be an object of texts, got {"names":5}',
    ],
    [
      'metadata too deep to be shown',
      `{"__metadata__":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`,
      '__metadata__ must be an object of texts, got an object',
    ],
    ['an entry that is no object', { x: 5 }, 'tensor "x" must have a known dtype, got nothing'],
    [
      'no range',
      { x: { dtype: 'F32', shape: [1] } },
      'tensor "x" must have a shape and data_offsets of whole numbers, got {"dtype":"F32","shape":[1]}',
    ],
    ['a negative dimension', f32([-1, -1], [0, 4]), 'tensor "x" must have a shape and data_offsets of whole numbers'],
    ['an offset that is text', f32([1], ['0', '4']), 'tensor "x" must have a shape and data_offsets of whole numbers'],
    ['a range before the data', f32([1], [-4, 0]), 'tensor "x" must have a shape and data_offsets of whole numbers'],
    ['a range that does not fit the shape', f32([3], [0, 8]), 'tensor "x" must take 12 bytes for float32 [3], got 8'],
    ['an end before its start', f32([1], [8, 4]), 'tensor "x" must take 4 bytes for float32 [1], got -4'],
    ['a range past the end of the file', f32([3], [0, 12]), '(truncated)'],
    [
      'overlapping tensors',
      { x: { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, y: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } },
      'tensors must not overlap, got "x" and "y"',
    ],
    ['a header that is no JSON', '{"x":', 'header must be JSON, got text that does not parse'],
    ['a header that is no object', 'null', 'header must be a JSON object, got null'],
  ])('refuses %s, naming file and tensor', async (_, header, message) => {
    const path = await file(header, new Uint8Array(8));
    const error = (await readSafetensors(path).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ name: 'SynsegError', code: 'CHECKPOINT_FORMAT' });
    expect(error.message).toContain(message);
    expect(error.message).toMatch(new RegExp(`^Cannot read case-\\d+\\.safetensors: .*\\(${path}\\)$`));
  });

  it('refuses a file cut anywhere: in the length, the header or the data', async () => {
    const whole = encodeSafetensors(new Map([['weight', { shape: [4], data: Float32Array.of(1, 2, 3, 4) }]]));
    const path = join(folder, 'cut.safetensors');
    const messageAt = async (length: number): Promise<string> => {
      await writeFile(path, whole.subarray(0, length));
      return ((await readSafetensors(path).catch((error: unknown) => error)) as Error).message;
    };
    expect(await messageAt(0)).toContain('file must hold at least 8 bytes, got 0');
    expect(await messageAt(7)).toContain('file must hold at least 8 bytes, got 7');
    expect(await messageAt(30)).toMatch(
      /header of \d+ bytes must lie within the file, got 30 bytes in all \(truncated, or not safetensors\)/,
    );
    expect(await messageAt(whole.length - 1)).toMatch(
      /tensor "weight" must end within the file, got end \d+ of \d+ bytes \(truncated\)/,
    );
  });

  it('refuses a header length no file can have, without allocating it', async () => {
    const path = join(folder, 'huge.safetensors');
    await writeFile(path, Buffer.alloc(64, 0xff));
    await expect(readSafetensors(path)).rejects.toThrow(
      'header of 18446744073709552000 bytes must lie within the file, got 64 bytes in all',
    );
  });

  it('says which file cannot be read', async () => {
    await expect(readSafetensors(folder)).rejects.toMatchObject({
      code: 'CHECKPOINT_FORMAT',
      message: expect.stringContaining('file must be readable, got a folder'),
    });
    const path = join(folder, 'nothing.safetensors');
    await expect(readSafetensors(path)).rejects.toThrow(
      `Cannot read nothing.safetensors: file must be readable, got ENOENT`,
    );
  });
});

describe('writeSafetensors()', () => {
  it('writes what readSafetensors() reads, bit for bit, data aligned to 8 bytes', async () => {
    const path = join(folder, 'deep/er/written.safetensors');
    const values = Float32Array.of(0.1, -0, NaN, 1e-45);
    const whole = new Float32Array([9, 9, ...values]);
    await writeSafetensors(
      path,
      new Map([
        ['näme', { shape: [2, 2], data: whole.subarray(2) }],
        ['empty', { shape: [0, 3], data: new Float32Array(0) }],
      ]),
      { key: 'välue' },
    );
    const { tensors, metadata } = await readSafetensors(path);
    const entry = tensors.get('näme') as NonNullable<ReturnType<typeof tensors.get>>;
    expect(entry.shape).toEqual([2, 2]);
    expect(entry.offset % 8).toBe(0);
    expect(Buffer.compare(Buffer.from((await readFloats(entry)).buffer), Buffer.from(values.buffer))).toBe(0);
    expect(metadata).toEqual({ key: 'välue' });
    expect(tensors.get('empty')).toMatchObject({ shape: [0, 3], length: 0 });
  });

  it('replaces a file as a whole and leaves nothing beside it', async () => {
    const path = join(folder, 'twice', 'file.safetensors');
    const tensor = (value: number) => new Map([['x', { shape: [1], data: Float32Array.of(value) }]]);
    await Promise.all([1, 2, 3, 4].map((value) => writeSafetensors(path, tensor(value))));
    await writeSafetensors(path, tensor(5));
    expect(await readdir(join(folder, 'twice'))).toEqual(['file.safetensors']);
    expect(Buffer.compare(await readFile(path), encodeSafetensors(tensor(5)))).toBe(0);
  });
});

describe('toFloat16()', () => {
  /** What the bits of a float16 mean; the inverse under test is not used. */
  const meaning = (bits: number): number => {
    const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  };
  const finite = Array.from({ length: 0x7c00 }, (_, bits) => bits);

  it('keeps every number that float16 has, both signs and zeros', () => {
    const bits = [...finite, ...finite.map((value) => value | 0x8000)];
    expect([...toFloat16(Float32Array.from(bits, meaning))]).toEqual(bits);
  });

  it('rounds to the nearest, ties to the even one, between any two neighbours', () => {
    const lower = finite.slice(0, -1);
    const between = (bits: number): number => (meaning(bits) + meaning(bits + 1)) / 2;
    const ulp = (value: number, direction: number): number => {
      const word = Uint32Array.of(0);
      const float = new Float32Array(word.buffer);
      float[0] = value;
      word[0] = word[0]! + direction;
      return float[0];
    };
    expect([...toFloat16(Float32Array.from(lower, between))]).toEqual(lower.map((bits) => bits + (bits & 1)));
    expect([...toFloat16(Float32Array.from(lower, (bits) => ulp(between(bits), -1)))]).toEqual(lower);
    expect([...toFloat16(Float32Array.from(lower, (bits) => ulp(between(bits), 1)))]).toEqual(
      lower.map((bits) => bits + 1),
    );
  });

  it('makes infinite what lies beyond 65504 after rounding, and keeps infinity and not-a-number', () => {
    const floats = Float32Array.of(65519.99, 65520, -65520, 3e38, Infinity, -Infinity, NaN, 1e-45, -1e-45);
    expect([...toFloat16(floats)]).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00, 0x7c00, 0xfc00, 0x7e00, 0, 0x8000]);
  });

  it('reads a view that begins inside a larger array', () => {
    expect([...toFloat16(Float32Array.of(9, 1, -2).subarray(1))]).toEqual([0x3c00, 0xc000]);
  });
});

describe('safetensorsHeader()', () => {
  it('gives tensors of any dtype their ranges, one after another, so that the data read back', async () => {
    const header = safetensorsHeader(
      [
        { name: 'ids', dtype: 'int64', shape: [1, 2] },
        { name: 'half', dtype: 'float16', shape: [3] },
        { name: 'scalar', dtype: 'float16', shape: [] },
      ],
      { format: 'pt' },
    );
    const path = join(folder, 'mixed.safetensors');
    const halves = toFloat16(Float32Array.of(1, 0.1, -3, 7));
    await writeFile(
      path,
      Buffer.concat([header, new Uint8Array(BigInt64Array.of(4n, 5n).buffer), new Uint8Array(halves.buffer)]),
    );
    const { tensors, metadata } = await readSafetensors(path);
    const start = header.length;
    expect(start % 8).toBe(0);
    expect(metadata).toEqual({ format: 'pt' });
    expect(
      [...tensors.values()].map(({ name, dtype, offset, length }) => [name, dtype, offset - start, length]),
    ).toEqual([
      ['ids', 'int64', 0, 16],
      ['half', 'float16', 16, 6],
      ['scalar', 'float16', 22, 2],
    ]);
    expect([...(await readFloats(tensors.get('half') as NonNullable<ReturnType<typeof tensors.get>>))]).toEqual([
      1, 0.0999755859375, -3,
    ]);
    expect([...(await readFloats(tensors.get('scalar') as NonNullable<ReturnType<typeof tensors.get>>))]).toEqual([7]);
  });
});
