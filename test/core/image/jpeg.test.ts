import { describe, expect, it } from 'vitest';
import { encodeJPEG } from '../../../packages/core/src/image/encode.ts';
import { openImage } from '../../../packages/core/src/image/image.ts';

/** Red on the left, blue on the right. */
const width = 80;
const height = 60;
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, index) => {
  const left = Math.floor(index / 3) % width < width / 2;
  return index % 3 === (left ? 0 : 2) ? 200 : 20;
});

describe('encodeJPEG()', () => {
  it('writes the picture at its own size', async () => {
    const opened = await openImage(await encodeJPEG(pixels, width, height, { quality: 95 }));
    expect([opened.width, opened.height]).toEqual([width, height]);
    const decoded = await opened.pixels();
    for (const x of [4, 30, 50, 76]) {
      const at = (30 * width + x) * 3;
      [0, 1, 2].forEach((channel) => expect(Math.abs(decoded[at + channel]! - pixels[at + channel]!)).toBeLessThan(6));
    }
  });

  it('shrinks a wider picture in its shape and leaves a narrower one alone', async () => {
    const shrunk = await openImage(await encodeJPEG(pixels, width, height, { maxWidth: 41 }));
    expect([shrunk.width, shrunk.height]).toEqual([41, 31]);
    const kept = await openImage(await encodeJPEG(pixels, width, height, { maxWidth: 1000 }));
    expect([kept.width, kept.height]).toEqual([width, height]);
    const line = await openImage(await encodeJPEG(new Uint8Array(300), 100, 1, { maxWidth: 10 }));
    expect([line.width, line.height]).toEqual([10, 1]);
  });

  it('is smaller at lower quality, and owns its buffer', async () => {
    const noise = pixels.map((value, index) => value ^ ((index * 7919) % 64));
    const [low, high] = await Promise.all([10, 90].map((quality) => encodeJPEG(noise, width, height, { quality })));
    expect(low!.length).toBeLessThan(high!.length / 2);
    expect(low!.buffer.byteLength).toBe(low!.length);
  });

  it('rejects wrong arguments', async () => {
    await expect(encodeJPEG(pixels, width, 61)).rejects.toThrow(
      new RangeError('Cannot encode JPEG: pixels must hold width × height × 3 = 14640 values, got 14400'),
    );
    await expect(encodeJPEG(pixels, width, height, { quality: 0 })).rejects.toThrow(
      new RangeError('Cannot encode JPEG: quality must be an integer from 1 to 100, got 0'),
    );
    await expect(encodeJPEG(pixels, width, height, { maxWidth: 0.5 })).rejects.toThrow(
      new RangeError('Cannot encode JPEG: maxWidth must be a positive integer, got 0.5'),
    );
  });
});
