import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSynsegError } from '@synseg/core';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { openImage } from '../../../packages/core/src/image/image.ts';
import { openPicture } from '../../../packages/train/src/image/picture.ts';
import { picture } from '../../support/random.ts';
import { SHARED, hasShared } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { failureOf } from '../data/fixtures.ts';

const folder = temporaryFolder();
const { data, width, height } = picture(90, 61, 5);
const raw = (): Sharp => sharp(data, { raw: { width, height, channels: 3 } });
const kinds: Readonly<Record<string, () => Sharp>> = {
  'a JPEG': () => raw().jpeg({ quality: 90 }),
  'a large JPEG, which the decoder may shrink': () => raw().resize(1200, 801).jpeg(),
  'a JPEG lying on its side (EXIF 6)': () => raw().withMetadata({ orientation: 6 }).jpeg(),
  'a mirrored JPEG (EXIF 7)': () => raw().withMetadata({ orientation: 7 }).jpeg(),
  'a CMYK JPEG': () => raw().toColourspace('cmyk').jpeg(),
  'a gray JPEG': () => raw().grayscale().jpeg(),
  'a PNG with alpha': () => raw().ensureAlpha(0.3).png(),
  'a 16-bit PNG': () => raw().toColourspace('rgb16').png(),
  'a palette PNG': () => raw().png({ palette: true }),
  'a WebP': () => raw().webp(),
};

/** Compares bytes without listing them: pictures are large. */
function expectSame(ours: Uint8Array, theirs: Uint8Array): void {
  expect(Buffer.compare(ours, theirs)).toBe(0);
}

describe('openPicture()', () => {
  it.each(Object.entries(kinds))('resizes %s to the bytes that inference gets', async (_, make) => {
    const bytes = await make().toBuffer();
    const [ours, theirs] = [await openPicture(bytes), await openImage(bytes)];
    expect([ours.width, ours.height]).toEqual([theirs.width, theirs.height]);
    const region = { left: 7, top: 3, width: 40, height: 45 };
    expectSame(await ours.resized(32, 24), await theirs.resized(32, 24));
    expectSame(await ours.resized(32, 24, region), await theirs.resized(32, 24, region));
    expectSame(await ours.resized(40, 45, region), await theirs.resized(40, 45, region));
    expectSame(await ours.resized(ours.width, ours.height), await theirs.pixels());
  });

  it.skipIf(!hasShared)('resizes real photos to the bytes that inference gets', async () => {
    const photos = readdirSync(join(SHARED, 'data/images')).filter((name) => /\.(jpg|jpeg|png|webp)$/.test(name));
    expect(photos.length).toBeGreaterThan(5);
    for (const name of photos) {
      const path = join(SHARED, 'data/images', name);
      expectSame(await (await openPicture(path)).resized(64, 48), await (await openImage(path)).resized(64, 48));
    }
  });

  it('says what is wrong with a file that is no whole picture', async () => {
    const bytes = await raw().jpeg().toBuffer();
    const cut = join(folder, 'cut.jpg');
    writeFileSync(cut, bytes.subarray(0, bytes.length / 2));
    const opened = await openPicture(cut);
    expect(await failureOf(opened.resized(8, 8))).toContain(
      'IMAGE_DECODE: Cannot decode image from bytes: file must be a whole, valid picture, got ',
    );
    expect(await failureOf(openPicture(new TextEncoder().encode('not a picture')))).toContain(
      'IMAGE_DECODE: Cannot decode image from bytes: file must be a whole, valid picture, got ',
    );
    expect(await failureOf(openPicture(new Uint8Array(0)))).toBe(
      'IMAGE_DECODE: Cannot decode image from bytes: file must not be empty, got 0 bytes',
    );
    expect(await failureOf(openPicture(join(folder, 'none.jpg')))).toContain(
      `Cannot open image ${join(folder, 'none.jpg')}: path must be a readable file, got ENOENT`,
    );
    expect(isSynsegError(await openPicture('none.jpg').catch((error: unknown) => error))).toBe(true);
  });

  it('refuses what is over a limit before it decodes', async () => {
    const big = await sharp({ create: { width: 12_000, height: 9000, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    expect(await failureOf(openPicture(big))).toBe(
      'IMAGE_DECODE: Cannot decode image from bytes: it must have at most 100000000 pixels (maxPixels), got 12000×9000',
    );
    expect((await openPicture(big, { maxPixels: 108_000_000 })).width).toBe(12_000);
    const path = join(folder, 'big.png');
    writeFileSync(path, big);
    expect(await failureOf(openPicture(path, { maxImageBytes: 1000 }))).toBe(
      `IMAGE_DECODE: Cannot open image ${path}: path must be a readable file, got ${big.length} bytes, more than ` +
        '1000 (maxImageBytes)',
    );
  });

  it('refuses drawings, folders, devices and pipes', async () => {
    const drawing = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"/>');
    expect(await failureOf(openPicture(drawing))).toBe(
      'IMAGE_DECODE: Cannot decode image from bytes: file must be a whole, valid picture, got SVG or other XML ' +
        '(SVG is taken with allowSVG)',
    );
    expect(await failureOf(openPicture(folder))).toBe(
      `IMAGE_DECODE: Cannot open image ${folder}: path must be a readable file, got EISDIR: a folder`,
    );
    if (process.platform === 'win32') return;
    const pipe = join(folder, 'pipe.jpg');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero'])
      expect(await failureOf(openPicture(path))).toBe(
        `IMAGE_DECODE: Cannot open image ${path}: path must be a readable file, got a device or a pipe`,
      );
  });
});
