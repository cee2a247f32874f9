/**
 * Every awkward file of the reference data does what its index says, through the public door, on one segmenter that
 * goes on working.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Segmenter, isSynsegError, type LabelSet } from '@synseg/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImage } from '../../../packages/core/src/image/image.ts';
import { SHARED, STREET } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Entry {
  readonly file: string;
  readonly what: string;
  readonly expect: string;
  readonly width?: number;
  readonly height?: number;
}

const folder = join(SHARED, 'data/images');
const bad = (file: string): string => join(folder, 'bad', file);
const index = bad('index.json');
const entries = existsSync(index) ? (JSON.parse(readFileSync(index, 'utf8')) as Entry[]) : [];

/** What this package chooses where the index leaves a choice: these are errors, all others are segmented. */
const ERRORS: Readonly<Record<string, RegExp>> = {
  'truncated.jpg':
    /^Cannot decode image .*truncated\.jpg: file must be a whole, valid picture, got .*(premature end|VipsJpeg)/i,
  'truncated_header.jpg': /^Cannot decode image .*truncated_header\.jpg: file must be a whole, valid picture, got /,
  'zero_byte.jpg': /^Cannot decode image .*zero_byte\.jpg: file must not be empty, got 0 bytes$/,
  'text_named.jpg':
    /^Cannot decode image .*text_named\.jpg: file must be a whole, valid picture, got Input file contains unsupported image format|Input buffer contains unsupported image format/,
  'huge_claim.png':
    /^Cannot decode image .*huge_claim\.png: it must have at most 100000000 pixels \(maxPixels\), got 60000×60000$/,
  'corrupt_idat.png': /^Cannot decode image .*corrupt_idat\.png: file must be a whole, valid picture, got /,
};

it('the reference data has its awkward files', ({ skip }) => {
  if (entries.length === 0) skip(`no ${index}`);
  console.info(`awkward files: ${entries.map(({ file }) => file).join(', ')}`);
  expect(Object.keys(ERRORS).every((file) => entries.some((entry) => entry.file === file))).toBe(true);
});

describe.skipIf(entries.length === 0)('awkward files', () => {
  const cacheFolder = temporaryFolder();
  const good = join(folder, 'cat.jpg');
  let segmenter: Segmenter;
  let labels: LabelSet;
  let reference: Buffer;
  beforeAll(async () => {
    segmenter = await Segmenter.load(STREET, { device: 'cpu', cacheFolder });
    labels = await segmenter.labels(['road', 'sky', 'tree', 'car'], { background: 'none' });
    reference = Buffer.from((await segmenter.segment(good, labels)).labelMap);
  });
  afterAll(() => segmenter[Symbol.asyncDispose]());

  it.each(entries)('$file: $what', async ({ file, width, height }) => {
    const before = process.memoryUsage.rss();
    const outcome = await segmenter
      .segment(bad(file), labels, { output: ['labels', 'activations'] })
      .catch((error: unknown) => error as Error);
    const message = ERRORS[file];
    if (message === undefined) {
      expect(outcome).toMatchObject({ width, height });
      const { labelMap, activations } = outcome as Exclude<typeof outcome, Error>;
      expect(labelMap).toHaveLength((width ?? 0) * (height ?? 0));
      expect(labelMap.every((label) => label < 4)).toBe(true);
      expect(
        activations.every((value) => value >= 0 && value <= 1),
        'no NaN',
      ).toBe(true);
    } else {
      expect(isSynsegError(outcome)).toBe(true);
      expect(outcome).toMatchObject({ code: 'IMAGE_DECODE', message: expect.stringMatching(message) });
      // huge_claim would take 10.8 GB.
      expect(process.memoryUsage.rss() - before).toBeLessThan(500e6);
    }
    expect(
      Buffer.from((await segmenter.segment(good, labels)).labelMap).equals(reference),
      'the next good picture is as ever',
    ).toBe(true);
  });
});

describe.skipIf(entries.length === 0)('the colours of awkward files', () => {
  const mean = (data: Uint8Array): number[] =>
    [0, 1, 2].map(
      (channel) => data.reduce((sum, value, i) => (i % 3 === channel ? sum + value : sum), 0) / (data.length / 3),
    );
  const pixels = async (path: string): Promise<Uint8Array> => (await openImage(path)).pixels();

  it('16 bits become 8 by their high byte', async () => {
    const [red, green, blue] = mean(await pixels(bad('rgb16.png')));
    // The index gives the mean within 1.
    expect(
      [red, green, blue].map((value, i) => Math.abs((value as number) - ([147.69, 111.44, 86.76][i] as number)) < 1),
    ).toEqual([true, true, true]);
  });

  it('CMYK is not negative', async () => {
    const means = mean(await pixels(bad('cmyk.jpg')));
    // Without the maker's profile colours shift a little; a negative would be off by 100 and more.
    [158.6, 85.8, 51.5].forEach((value, i) => expect(Math.abs((means[i] as number) - value)).toBeLessThan(25));
  });

  it.each(['gray.png', 'gray16.png', 'gray.jpg'])('%s has three equal channels', async (file) => {
    const data = await pixels(bad(file));
    expect(data.every((value, i) => value === data[i - (i % 3)])).toBe(true);
    expect(new Set(data).size).toBeGreaterThan(50);
  });

  it('alpha is dropped: the colour of a transparent corner is the stored one', async () => {
    expect([...(await pixels(bad('rgba_transparent.png'))).slice(0, 3)]).toEqual([144, 121, 106]);
  });

  it('format is decided by content', async () => {
    expect(await pixels(bad('png_named.jpg'))).toEqual(await pixels(bad('gray.png')));
  });

  it.each([
    ['exif_rotated_6.jpg', 90, false],
    ['exif_mirrored_2.jpg', 0, true],
  ] as const)('%s is shown upright', async (file, angle, mirrored) => {
    const raw = sharp(bad(file)).rotate(angle).flop(mirrored).removeAlpha().raw();
    expect(Buffer.from(await pixels(bad(file))).equals(await raw.toBuffer())).toBe(true);
  });

  it('of an animation the first frame is taken', async () => {
    const first = await sharp(bad('animated.gif'), { page: 0, pages: 1 })
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    expect(Buffer.from(await pixels(bad('animated.gif'))).equals(first)).toBe(true);
  });
});
