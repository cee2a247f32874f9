import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSynsegError } from '@synseg/core';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { encodeIndexMask, readIndexMask, resizeMaskNearest } from '../../../packages/train/src/image/index-mask.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf } from '../data/fixtures.ts';

const folder = temporaryFolder();
const [width, height] = [13, 5];
const indices = Uint8Array.from({ length: width * height }, (_, index) => ((index * 7) % 11) % 4);
const colours = [[0, 0, 0], [80, 80, 80], [160, 160, 160], [240, 10, 10]] as const;
const coloured = Uint8Array.from({ length: width * height * 3 }, (_, at) => colours[indices[Math.floor(at / 3)]!]![at % 3]!);
const picture = (): Sharp => sharp(coloured, { raw: { width, height, channels: 3 } });

/** Which index stands for which, when a palette has an order of its own. */
function ranks(data: Uint8Array): number[] {
  const seen = [...new Set(data)];
  return Array.from(data, (value) => seen.indexOf(value));
}

describe('readIndexMask()', () => {
  it('reads the values of an 8-bit gray PNG as they are', async () => {
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    const path = join(folder, 'gray.png');
    writeFileSync(path, await sharp(data, { raw: { width: 16, height: 16, channels: 1 } }).toColourspace('b-w').png().toBuffer());
    expect(await readIndexMask(path)).toEqual({ width: 16, height: 16, data });
  });

  it.each([2, 4, 16, 256])('keeps palette indices, palette of up to %d colours', async (maximum) => {
    const colourOf = (index: number): number[] => (maximum === 2 ? [index * 255, 0, 0] : [...colours[index]!]);
    const count = Math.min(maximum, 4);
    const source = Uint8Array.from({ length: width * height * 3 }, (_, at) => colourOf(indices[Math.floor(at / 3)]! % count)[at % 3]!);
    const png = await sharp(source, { raw: { width, height, channels: 3 } }).png({ palette: true, colours: maximum, dither: 0 }).toBuffer();
    const mask = await readIndexMask(png);
    expect(Math.max(...mask.data)).toBe(count - 1);
    expect(ranks(mask.data)).toEqual(ranks(indices.map((index) => index % count)));
  });

  it('reads what encodeIndexMask() writes', async () => {
    expect(await readIndexMask(encodeIndexMask({ width, height, data: indices }))).toEqual({ width, height, data: indices });
  });

  it('reads an interlaced PNG of 8 bits', async () => {
    const png = await sharp(indices, { raw: { width, height, channels: 1 } }).toColourspace('b-w').png({ progressive: true }).toBuffer();
    expect((await readIndexMask(png)).data).toEqual(indices);
  });

  it('refuses what is no index mask, naming it', async () => {
    const gray16 = await sharp(new Uint16Array(indices), { raw: { width, height, channels: 1 } }).toColourspace('grey16').png().toBuffer();
    const jpeg = await picture().jpeg().toBuffer();
    const whole = encodeIndexMask({ width, height, data: indices });
    const damaged = Uint8Array.from(whole);
    damaged[45]! ^= 255;
    const interlaced = Uint8Array.from(await picture().png({ palette: true, colours: 4, progressive: true }).toBuffer());
    [interlaced[24], interlaced[28]] = [2, 1];
    const huge = Uint8Array.from(whole);
    new DataView(huge.buffer).setUint32(16, 50_000_000);
    expect(await failureOf(readIndexMask(gray16, 'a.png'))).toBe('IMAGE_DECODE: Cannot read mask a.png: it must be an index mask: gray or palette of at most 8 bits, got 1 channels of 16 bits');
    expect(await failureOf(readIndexMask(await picture().png().toBuffer(), 'a.png'))).toContain('got 3 channels of 8 bits');
    expect(await failureOf(readIndexMask(jpeg))).toBe(`IMAGE_DECODE: Cannot read mask from bytes: file must be a PNG, got ${jpeg.length} bytes of something else`);
    expect(await failureOf(readIndexMask(whole.subarray(0, whole.length - 20)))).toContain('file must be a whole, valid PNG, got ');
    expect(await failureOf(readIndexMask(damaged))).toContain('file must be a whole, valid PNG, got ');
    expect(await failureOf(readIndexMask(interlaced))).toContain('below 8 bits it must not be interlaced, got an interlaced PNG of 2 bits');
    expect(await failureOf(readIndexMask(huge))).toContain('it must have at most 100000000 pixels, got 50000000×5');
    expect(await failureOf(readIndexMask(join(folder, 'none.png')))).toContain('none.png: path must be a readable file, got ENOENT');
    expect(isSynsegError(await readIndexMask(jpeg).catch((error: unknown) => error))).toBe(true);
  });
});

describe('resizeMaskNearest()', () => {
  const mask = { width: 4, height: 2, data: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7) };

  it('takes the index under each pixel centre', () => {
    expect([...resizeMaskNearest(mask, 2, 1)]).toEqual([5, 7]);
    expect([...resizeMaskNearest(mask, 8, 2)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
    expect(resizeMaskNearest(mask, 4, 2)).toEqual(mask.data);
  });

  it('takes a region only', () => {
    expect([...resizeMaskNearest(mask, 2, 2, { left: 1, top: 0, width: 2, height: 2 })]).toEqual([1, 2, 5, 6]);
    expect([...resizeMaskNearest(mask, 1, 1, { left: 3, top: 1, width: 1, height: 1 })]).toEqual([7]);
  });
});
