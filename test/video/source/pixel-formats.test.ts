import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import {
  PIXEL_FORMATS,
  pictureBytes,
  toRGB,
  type PixelFormat,
} from '../../../packages/video/src/source/pixel-formats.ts';

const FFMPEG_NAMES: Record<PixelFormat, string> = {
  rgb: 'rgb24',
  bgr: 'bgr24',
  rgba: 'rgba',
  bgra: 'bgra',
  gray: 'gray',
  nv12: 'nv12',
  i420: 'yuv420p',
};

/** ffmpeg's conversion of one raw picture. */
function convert(input: Uint8Array, size: string, from: string, to: string): Uint8Array {
  const raw = (name: string): string[] => ['-f', 'rawvideo', '-pix_fmt', name];
  const scale = ['-sws_flags', 'neighbor+accurate_rnd+full_chroma_int+full_chroma_inp'];
  return new Uint8Array(
    execFileSync('ffmpeg', ['-v', 'error', ...raw(from), '-s', size, '-i', 'pipe:0', ...scale, ...raw(to), 'pipe:1'], {
      input,
    }),
  );
}

/** Blocks of 2 × 2 pixels of one color: chroma at half size loses nothing, so how it is scaled does not matter. */
function blocks(width: number, height: number): Uint8Array {
  const pixels = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < 3; channel++) {
        pixels[(row * width + column) * 3 + channel] = ((row >> 1) * 97 + (column >> 1) * 53 + channel * 71) % 256;
      }
    }
  }
  return pixels;
}

/** The left upper part of a picture of whole pixels, or of one plane. */
function crop(
  data: Uint8Array,
  width: number,
  height: number,
  channels: number,
  to: readonly [width: number, height: number],
): Uint8Array {
  const rows = Array.from({ length: Math.min(height, to[1]) }, (_, row) => [
    ...data.subarray(row * width * channels, (row * width + to[0]) * channels),
  ]);
  return Uint8Array.from(rows.flat());
}

it.each(PIXEL_FORMATS)('%s becomes the RGB that ffmpeg makes of it', (format) => {
  const name = FFMPEG_NAMES[format];
  const pushed = convert(blocks(8, 6), '8x6', 'rgb24', name);
  expect(pushed).toHaveLength(pictureBytes(format, 8, 6));
  const expected = convert(pushed, '8x6', name, 'rgb24');
  const pixels = toRGB(pushed, 8, 6, format);
  const worst = pixels.reduce((most, value, at) => Math.max(most, Math.abs(value - (expected[at] ?? NaN))), 0);
  // Whole pixels are moved, so exact; of YUV, ffmpeg's fixed-point coefficients round by up to 2 of 255.
  expect(worst).toBeLessThanOrEqual(format === 'nv12' || format === 'i420' ? 2 : 0);
});

it.each(['nv12', 'i420'] as const)('%s of odd sizes has its chroma planes rounded up', (format) => {
  const even = convert(blocks(8, 6), '8x6', 'rgb24', FFMPEG_NAMES[format]);
  const luma = crop(even.subarray(0, 48), 8, 6, 1, [7, 5]);
  const odd = Uint8Array.from([...luma, ...even.subarray(48)]);
  expect(odd).toHaveLength(pictureBytes(format, 7, 5));
  expect(toRGB(odd, 7, 5, format)).toEqual(crop(toRGB(even, 8, 6, format), 8, 6, 3, [7, 5]));
});

it('gives a copy in memory of its own, also of a Buffer, a view and shared memory', () => {
  const pool = new Uint8Array(24).fill(7);
  const shared = new Uint8Array(new SharedArrayBuffer(12)).fill(7);
  for (const data of [
    pool.subarray(6, 18),
    Buffer.from(pool.buffer, 6, 12),
    new Uint8ClampedArray(pool.buffer, 6, 12),
    shared,
  ]) {
    const pixels = toRGB(data, 2, 2, 'rgb');
    expect(pixels.buffer).toBeInstanceOf(ArrayBuffer);
    expect([pixels.buffer.byteLength, pixels.constructor]).toEqual([12, Uint8Array]);
    data.fill(0);
    expect(pixels).toEqual(new Uint8Array(12).fill(7));
    data.fill(7);
  }
});
