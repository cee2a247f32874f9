import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { isSynsegError } from '@synseg/core';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeIndexMask, readIndexMask, resizeMaskNearest } from '../../../packages/train/src/image/index-mask.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf } from '../data/fixtures.ts';

const folder = temporaryFolder();
const [width, height] = [13, 5];
const indices = Uint8Array.from({ length: width * height }, (_, index) => ((index * 7) % 11) % 4);
const colors = [
  [0, 0, 0],
  [80, 80, 80],
  [160, 160, 160],
  [240, 10, 10],
] as const;
const colored = Uint8Array.from(
  { length: width * height * 3 },
  (_, at) => colors[indices[Math.floor(at / 3)]!]![at % 3]!,
);
const picture = (): Sharp => sharp(colored, { raw: { width, height, channels: 3 } });

/** Which index stands for which, when a palette has an order of its own. */
function ranks(data: Uint8Array): number[] {
  const seen = [...new Set(data)];
  return Array.from(data, (value) => seen.indexOf(value));
}

describe('readIndexMask()', () => {
  it('reads the values of an 8-bit gray PNG as they are', async () => {
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    const path = join(folder, 'gray.png');
    writeFileSync(
      path,
      await sharp(data, { raw: { width: 16, height: 16, channels: 1 } })
        .toColourspace('b-w')
        .png()
        .toBuffer(),
    );
    expect(await readIndexMask(path)).toEqual({ width: 16, height: 16, data });
  });

  it.each([2, 4, 16, 256])('keeps palette indices, palette of up to %d colors', async (maximum) => {
    const colorOf = (index: number): number[] => (maximum === 2 ? [index * 255, 0, 0] : [...colors[index]!]);
    const count = Math.min(maximum, 4);
    const source = Uint8Array.from(
      { length: width * height * 3 },
      (_, at) => colorOf(indices[Math.floor(at / 3)]! % count)[at % 3]!,
    );
    const png = await sharp(source, { raw: { width, height, channels: 3 } })
      .png({ palette: true, colours: maximum, dither: 0 })
      .toBuffer();
    const mask = await readIndexMask(png);
    expect(Math.max(...mask.data)).toBe(count - 1);
    expect(ranks(mask.data)).toEqual(ranks(indices.map((index) => index % count)));
  });

  it('reads what encodeIndexMask() writes', async () => {
    expect(await readIndexMask(encodeIndexMask({ width, height, data: indices }))).toEqual({
      width,
      height,
      data: indices,
    });
  });

  it('reads an interlaced PNG of 8 bits', async () => {
    const png = await sharp(indices, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png({ progressive: true })
      .toBuffer();
    expect((await readIndexMask(png)).data).toEqual(indices);
  });

  it('refuses what is no index mask, naming it', async () => {
    const gray16 = await sharp(new Uint16Array(indices), { raw: { width, height, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    const jpeg = await picture().jpeg().toBuffer();
    const whole = encodeIndexMask({ width, height, data: indices });
    const damaged = Uint8Array.from(whole);
    damaged[45]! ^= 255;
    const interlaced = Uint8Array.from(
      await picture().png({ palette: true, colours: 4, progressive: true }).toBuffer(),
    );
    [interlaced[24], interlaced[28]] = [2, 1];
    const huge = Uint8Array.from(whole);
    new DataView(huge.buffer).setUint32(16, 50_000_000);
    expect(await failureOf(readIndexMask(gray16, 'a.png'))).toBe(
      'IMAGE_DECODE: Cannot read mask a.png: it must be an index mask: gray or palette of at most 8 bits, got 1 ' +
        'channels of 16 bits',
    );
    expect(await failureOf(readIndexMask(await picture().png().toBuffer(), 'a.png'))).toContain(
      'got 3 channels of 8 bits',
    );
    expect(await failureOf(readIndexMask(jpeg))).toBe(
      `IMAGE_DECODE: Cannot read mask from bytes: file must be a PNG, got ${jpeg.length} bytes of something else`,
    );
    expect(await failureOf(readIndexMask(whole.subarray(0, whole.length - 20)))).toContain(
      'file must be a whole, valid PNG, got ',
    );
    expect(await failureOf(readIndexMask(damaged))).toContain('file must be a whole, valid PNG, got ');
    expect(await failureOf(readIndexMask(interlaced))).toContain(
      'below 8 bits it must not be interlaced, got an interlaced PNG of 2 bits',
    );
    expect(await failureOf(readIndexMask(huge))).toContain(
      'it must have at most 100000000 pixels (maxPixels), got 50000000×5',
    );
    expect(await failureOf(readIndexMask(join(folder, 'none.png')))).toContain(
      'none.png: path must be a readable file, got ENOENT',
    );
    expect(isSynsegError(await readIndexMask(jpeg).catch((error: unknown) => error))).toBe(true);
  });
});

/** A chunk with its checksum. */
function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(checksum(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** CRC-32, as PNG has it. */
function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  }
  return (rest ^ 0xffffffff) >>> 0;
}

/** A header of 8-bit gray. */
function header(columns: number, rows: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(columns, 0);
  data.writeUInt32BE(rows, 4);
  data[8] = 8;
  return chunk('IHDR', data);
}

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const bomb = deflateSync(Buffer.alloc(64 << 20));
const one = chunk('IDAT', deflateSync(Buffer.from([0, 7])));
const end = chunk('IEND', Buffer.alloc(0));

describe('readIndexMask() of a PNG made to harm', () => {
  it('does not unpack pixels beyond what the header says', async () => {
    expect(
      await failureOf(readIndexMask(Buffer.concat([signature, header(1, 1), chunk('IDAT', bomb), end]))),
    ).toContain('file must be a whole, valid PNG, got Cannot create a Buffer larger than 4 bytes');
  });

  it('passes over profiles, texts and a second header', async () => {
    const profile = chunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), bomb]));
    expect(
      await readIndexMask(Buffer.concat([signature, header(1, 1), profile, header(9000, 9000), one, end])),
    ).toEqual({ width: 1, height: 1, data: Uint8Array.of(7) });
  });

  it('ends at chunks that lead out of the file', async () => {
    const long = chunk('tEXt', Buffer.alloc(10));
    long.writeUInt32BE(0xffffffff, 0);
    expect(await failureOf(readIndexMask(Buffer.concat([signature, header(1, 1), long])))).toContain(
      'got a chunk "tEXt" that is cut off',
    );
    expect(await failureOf(readIndexMask(Buffer.concat([signature, header(1, 1), one])))).toContain(
      'got a file that ends before its end mark',
    );
    expect(await failureOf(readIndexMask(Buffer.concat([signature, header(1, 1), end])))).toContain(
      'file must be a whole, valid PNG, got ',
    );
  });

  it('takes no more pixels and bytes than are allowed', async () => {
    const path = join(folder, 'limits.png');
    writeFileSync(path, encodeIndexMask({ width, height, data: indices }));
    expect(await failureOf(readIndexMask(path, 'm.png', { maxPixels: 64 }))).toBe(
      'IMAGE_DECODE: Cannot read mask m.png: it must have at most 64 pixels (maxPixels), got 13×5',
    );
    expect(await failureOf(readIndexMask(path, 'm.png', { maxImageBytes: 20 }))).toMatch(
      /^IMAGE_DECODE: Cannot read mask \S+limits\.png: path must be a readable file, got \d+ bytes, more than 20 \(maxImageBytes\)$/,
    );
    expect((await readIndexMask(path, 'm.png', { maxPixels: 65 })).data).toEqual(indices);
  });
});

describe('resizeMaskNearest()', () => {
  const mask = { width: 4, height: 2, data: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7) };

  it('takes the index under each pixel center', () => {
    expect([...resizeMaskNearest(mask, 2, 1)]).toEqual([5, 7]);
    expect([...resizeMaskNearest(mask, 8, 2)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
    expect(resizeMaskNearest(mask, 4, 2)).toEqual(mask.data);
  });

  it('takes a region only', () => {
    expect([...resizeMaskNearest(mask, 2, 2, { left: 1, top: 0, width: 2, height: 2 })]).toEqual([1, 2, 5, 6]);
    expect([...resizeMaskNearest(mask, 1, 1, { left: 3, top: 1, width: 1, height: 1 })]).toEqual([7]);
  });
});
