/** Names that are files, patterns that are sequences, and pictures that cannot be read. */
import { copyFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DecodeEnd, VideoFrame } from '../../../packages/video/src/decode/decode-options.ts';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { probe } from '../../../packages/video/src/decode/probe.ts';
import { findPictures, isSequence, suggestedPattern } from '../../../packages/video/src/source/sequence.ts';
import { describeSource, type VideoSource } from '../../../packages/video/src/source/source.ts';
import { ffmpeg, ffmpegChildren, temporaryFolder, testClip } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

function picture(name: string, size = '64x48', color = 'white'): string {
  return ffmpeg(
    '-f',
    'lavfi',
    '-i',
    `color=${color}:s=${size}:d=1`,
    '-frames:v',
    '1',
    '-f',
    'image2',
    '-update',
    '1',
    '-c:v',
    /jpg$/i.test(name) ? 'mjpeg' : 'png',
    at(name),
  );
}

async function decode(
  source: VideoSource,
  options: { frameRate?: number; loop?: boolean; start?: number; every?: number } = {},
  most = Infinity,
): Promise<{ frames: VideoFrame[]; end: DecodeEnd | undefined }> {
  const frames: VideoFrame[] = [];
  let end: DecodeEnd | undefined;
  for await (const frame of decodeFrames(source, {
    size: { width: 8, height: 8 },
    onEnd: (value) => (end = value),
    ...options,
  })) {
    frames.push(frame);
    if (frames.length >= most) break;
  }
  return { frames, end };
}

const white = picture('white.png');
const wide = picture('wide.png', '90x30', 'black');

describe('a name that is a file is that file', () => {
  const names = [
    'photo[1].png',
    '100%done.png',
    'frame%03d.png',
    '%d.png',
    'a*b?.png',
    '{a,b}.png',
    'with space.png',
    'new\nline.png',
    '-leading.png',
    'a:b.png',
    'camera:0.png',
    'per%%cent.png',
    'UPPER[1].PNG',
    "quote'd [x].png",
  ];

  it.each(names)('%j', async (name) => {
    copyFileSync(wide, at(name));
    for (const other of ['photo1.png', 'frame001.png', '1.png', 'aXbY.png']) copyFileSync(white, at(other));
    const { frames } = await decode(at(name));
    expect(frames.map(({ index, sourceWidth, fileName }) => [index, sourceWidth, fileName])).toEqual([
      [0, 90, undefined],
    ]);
    expect([describeSource(at(name)).kind, (await probe(at(name))).width]).toEqual(['file', 90]);
  });

  it('also when it looks like a camera, a pattern of videos or stdin', async () => {
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      const clip = testClip('clip.mp4');
      for (const name of ['camera:0.mp4', 'clip%03d [1].mp4', 'pipe:0']) copyFileSync(clip, name);
      expect(
        ['camera:0.mp4', 'clip%03d [1].mp4', 'pipe:0', 'camera:1'].map((name) => describeSource(name).kind),
      ).toEqual(['file', 'file', 'file', 'camera']);
      for (const name of ['camera:0.mp4', 'clip%03d [1].mp4', 'pipe:0'])
        expect((await decode(name)).frames).toHaveLength(25);
    } finally {
      process.chdir(before);
    }
  });
});

describe('a sequence', () => {
  mkdirSync(at('50%/a*[b] %d'), { recursive: true });
  const odd = (name: string): string => at(`50%/a*[b] %d/${name}`);
  for (const number of [7, 8, 9, 10, 100]) copyFileSync(white, odd(`p-${number}.png`));
  for (const name of ['0001.JPG', '0002.JPG', '0004.jpg']) copyFileSync(picture('one.jpg'), odd(name));
  copyFileSync(white, odd('.hidden-1.png'));
  copyFileSync(white, odd('x%1.png'));

  it.each([
    ['p-%d.png', ['p-7.png', 'p-8.png', 'p-9.png', 'p-10.png', 'p-100.png']],
    ['p-%02d.png', ['p-10.png', 'p-100.png']],
    ['%04d.JPG', ['0001.JPG', '0002.JPG']],
    ['x%%%d.png', ['x%1.png']],
    ['p-*.png', ['p-7.png', 'p-8.png', 'p-9.png', 'p-10.png', 'p-100.png']],
    ['p-?.png', ['p-7.png', 'p-8.png', 'p-9.png']],
    ['p-[!7-8].png', ['p-9.png']],
    ['p-{10,7}.png', ['p-7.png', 'p-10.png']],
    ['000*.[jJ][pP][gG]', ['0001.JPG', '0002.JPG', '0004.jpg']],
    ['*1.*', ['0001.JPG', 'x%1.png']],
  ])('%s', async (pattern, expected) => {
    expect(isSequence(odd(pattern))).toBe(true);
    expect((await findPictures(odd(pattern))).names).toEqual(expected);
    expect((await decode(odd(pattern), {}, 1)).frames[0]?.fileName).toBe(expected[0]);
  });

  it('takes patterns in the last part of the path only', async () => {
    await expect(findPictures(at('50%/*/p-%d.png'))).rejects.toThrow(
      'its folder must be readable (patterns stand in the last part of a path only), got ENOENT',
    );
    expect(isSequence(at('frames*/one.png'))).toBe(false);
    expect(isSequence('clips/*.mp4')).toBe(false);
    await expect(decode(odd('zz*.png'))).rejects.toThrow(
      /zz\*\.png": the pattern must match at least one picture, got none of \d+ files/,
    );
  });

  it('keeps numbers and names when pictures are broken, missing or no files', async () => {
    mkdirSync(at('broken'));
    const part = (number: number): string => at(`broken/${number}.png`);
    for (const number of [1, 2, 4, 6, 8, 9]) copyFileSync(white, part(number));
    truncateSync(part(2), 60);
    writeFileSync(part(3), 'no picture at all');
    writeFileSync(part(5), '');
    symlinkSync('nowhere.png', part(7));
    symlinkSync('1.png', part(10));
    mkdirSync(part(11));
    symlinkSync('/dev/zero', part(12));
    writeFileSync(part(13), 'nor this');
    const { frames, end } = await decode(at('broken/%d.png'), { frameRate: 10 });
    expect(frames.map(({ index, timeSeconds, fileName }) => [index, timeSeconds, fileName])).toEqual(
      [1, 4, 6, 8, 9, 10].map((number) => [number - 1, (number - 1) / 10, `${number}.png`]),
    );
    expect(end?.complaints).toMatch(
      /^5\.png: empty\n7\.png: ENOENT\n11\.png: not a file\n12\.png: not a file\n.*Invalid/s,
    );
    expect(end?.corrupt).toBe(7);
  });

  it('says which pictures are of another format than the first, and leaves them out', async () => {
    const mixed = at('mixed');
    mkdirSync(mixed);
    for (const name of ['1.png', '2.jpg', '3.png'])
      ffmpeg('-f', 'lavfi', '-i', 'color=red:s=64x48', '-frames:v', '1', join(mixed, name));
    const { frames, end } = await decode(join(mixed, '*'));
    expect(frames.map(({ index, fileName }) => [index, fileName])).toEqual([
      [0, '1.png'],
      [2, '3.png'],
    ]);
    expect(end?.complaints).toBe('2.jpg: mjpeg, where "1.png" and with it the sequence is png');
  });

  it('begins with the first picture that can be read', async () => {
    mkdirSync(at('late'));
    for (const number of [1, 2]) writeFileSync(at(`late/${number}.png`), 'nothing');
    copyFileSync(wide, at('late/3.png'));
    expect((await decode(at('late/%d.png'))).frames.map(({ index, sourceWidth }) => [index, sourceWidth])).toEqual([
      [2, 90],
    ]);
    writeFileSync(at('late/3.png'), 'neither');
    await expect(decode(at('late/*.png'))).rejects.toThrow(
      'the pictures must be of a known format (PNG, JPEG, WebP, TIFF, BMP, …), got "1.png"',
    );
  });

  it('goes on for ever with loop, and takes parts', async () => {
    const names = (frames: readonly VideoFrame[]): unknown => frames.map(({ index, fileName }) => [index, fileName]);
    expect(names((await decode(odd('p-?.png'), { loop: true }, 5)).frames)).toEqual([
      [0, 'p-7.png'],
      [1, 'p-8.png'],
      [2, 'p-9.png'],
      [3, 'p-7.png'],
      [4, 'p-8.png'],
    ]);
    expect(names((await decode(odd('p-*.png'), { frameRate: 30, start: 1 / 30, every: 2 })).frames)).toEqual([
      [1, 'p-8.png'],
      [3, 'p-10.png'],
    ]);
    expect(ffmpegChildren()).toEqual([]);
  });

  it('may be of thousands of pictures', async () => {
    mkdirSync(at('many'));
    for (let number = 0; number < 3000; number++) symlinkSync(white, at(`many/${number}.png`));
    const { frames } = await decode(at('many/%d.png'), { every: 500 });
    expect(frames.map(({ fileName }) => fileName)).toEqual([
      '0.png',
      '500.png',
      '1000.png',
      '1500.png',
      '2000.png',
      '2500.png',
    ]);
    expect(await probe(at('many/*.png'))).toMatchObject({
      frameCount: 3000,
      durationSeconds: 120,
      width: 64,
      codec: 'png',
    });
  });
});

describe('a folder', () => {
  it('is no source, and the pattern for its pictures is suggested', async () => {
    mkdirSync(at('pictures'));
    for (const name of ['a.JPG', 'b.JPG', 'c.png', 'd.txt']) copyFileSync(white, at(`pictures/${name}`));
    expect(await suggestedPattern(at('pictures'))).toBe(at('pictures/*.JPG'));
    const message =
      `Cannot open video "${at('pictures')}": source must be a file, got a folder; for its pictures ` +
      `give "${at('pictures/*.JPG')}"`;
    await expect(decode(at('pictures'))).rejects.toMatchObject({ code: 'VIDEO_DECODE', message });
    await expect(probe(at('pictures'))).rejects.toThrow(message);
    mkdirSync(at('empty'));
    await expect(decode(at('empty'))).rejects.toThrow(/source must be a file, got a folder$/);
  });
});
