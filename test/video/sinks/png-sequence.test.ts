import { decode } from 'fast-png';
import { encodeIndexedPNG } from '@synseg/core/masks';
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { frameFileName, PngSequenceSink } from '../../../packages/video/src/sinks/png-sequence.ts';
import type { SegmentedFrame } from '../../../packages/video/src/segmented-frame.ts';
import { temporaryFolder } from '../clips.ts';
import { partialOf, sinkFrame } from './frames.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

async function withPng(facts: Parameters<typeof sinkFrame>[0] = {}): Promise<SegmentedFrame> {
  const { labelMap, width, height, colors } = sinkFrame(facts).segmentation;
  return sinkFrame({ ...facts, png: await encodeIndexedPNG(labelMap, width, height, colors) });
}

describe('PngSequenceSink', () => {
  it('writes palette PNGs of label indices under the numbers of the frames, and two tables', async () => {
    const sink = await PngSequenceSink.open(at('run/maps'));
    expect(PngSequenceSink.needs).toEqual({ png: true, mapSize: 'source' });
    await sink.write(await withPng());
    await sink.write(await withPng({ index: 10, timeSeconds: 0.4 }));
    await sink.write(
      await withPng({
        index: 1234567,
        timeSeconds: 50_000.04,
        labels: ['tree, old'],
        labelMap: new Uint8Array(8),
        colors: [[9, 8, 7]],
      }),
    );
    await sink.close();
    expect(readdirSync(at('run/maps'))).toEqual(['000003.png', '000010.png', '1234567.png', 'labels.csv', 'times.csv']);
    const image = decode(readFileSync(at('run/maps/000003.png')));
    expect([image.width, image.height, image.depth, image.channels]).toEqual([4, 2, 8, 1]);
    expect([...image.data]).toEqual([...sinkFrame().segmentation.labelMap]);
    expect(image.palette?.slice(0, 2)).toEqual([
      [10, 20, 30],
      [200, 100, 0],
    ]);
    expect(readFileSync(at('run/maps/times.csv'), 'utf8')).toBe(
      'file,index,time_seconds,source,file_name\n000003.png,3,0.12,clips/drive.mp4,\n' +
        '000010.png,10,0.4,clips/drive.mp4,\n1234567.png,1234567,50000.04,clips/drive.mp4,\n',
    );
    expect(readFileSync(at('run/maps/labels.csv'), 'utf8')).toBe(
      'first_index,value,label,red,green,blue\n3,0,road,10,20,30\n3,1,car,200,100,0\n1234567,0,"tree, old",9,8,7\n',
    );
    await expect(sink.write(await withPng())).rejects.toMatchObject({
      code: 'DISPOSED',
      message: `Cannot write PNG sequence: "${at('run/maps')}" is closed`,
    });
  });

  it('leaves what was there until it is closed, and then replaces files of the same names', async () => {
    mkdirSync(at('again'));
    writeFileSync(at('again/000003.png'), 'old');
    writeFileSync(at('again/000004.png'), 'old');
    const sink = await PngSequenceSink.open(at('again'));
    const frame = await withPng();
    await sink.write(frame);
    expect(readFileSync(at('again/000003.png'), 'utf8')).toBe('old');
    const partial = partialOf(at('again'), 'frames');
    expect(new Uint8Array(readFileSync(join(partial, '000003.png')))).toEqual(await frame.segmentation.toPNG());
    await sink.close();
    expect(readdirSync(at('again'))).toEqual(['000003.png', '000004.png', 'labels.csv', 'times.csv']);
    expect(new Uint8Array(readFileSync(at('again/000003.png')))).toEqual(await frame.segmentation.toPNG());
  });

  it('leaves what it has in a folder of its own when it is abandoned', async () => {
    const sink = await PngSequenceSink.open(at('left'));
    await sink.write(await withPng());
    const kept = await sink.abandon();
    expect(kept).toEqual([partialOf(at('left'), 'frames')]);
    expect(readdirSync(kept[0] ?? '')).toEqual(['000003.png', 'labels.csv', 'times.csv']);
    expect(readdirSync(at('left'))).toHaveLength(1);
    expect(await (await PngSequenceSink.open(at('nothing'))).abandon()).toEqual([]);
    expect(readdirSync(at('nothing'))).toEqual([]);
  });

  it('names label maps as the pictures of a sequence, and keeps those apart that differ by their endings', async () => {
    const sink = await PngSequenceSink.open(at('pictures'));
    for (const [index, fileName] of ['a b.jpg', 'c.JPG', 'c.png', 'C.webp', 'a b.jpg'].entries())
      await sink.write(await withPng({ index, fileName }));
    await sink.close();
    expect(readdirSync(at('pictures')).sort()).toEqual([
      'C-000003.png',
      'a b-000004.png',
      'a b.png',
      'c-000002.png',
      'c.png',
      'labels.csv',
      'times.csv',
    ]);
    expect(readFileSync(at('pictures/times.csv'), 'utf8').split('\n')[2]).toBe('c.png,1,0.12,clips/drive.mp4,c.JPG');
  });

  it('names the file that cannot be written and leaves no part of it', async () => {
    const sink = await PngSequenceSink.open(at('full'));
    const partial = partialOf(at('full'), 'frames');
    symlinkSync('/dev/full', join(partial, '000003.png'));
    const frame = await withPng();
    await expect(sink.write(frame)).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message:
        `Cannot write PNG sequence: path must be on a disk with room left, got "${at('full/000003.png')}" ` +
        '(ENOSPC: no space left on device, write)',
    });
    await sink.write(frame);
    rmSync(at('full'), { recursive: true });
    await expect(sink.write(frame)).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(/full\/000003\.png" \(ENOENT/),
    });
    await expect(sink.close()).rejects.toMatchObject({ code: 'VIDEO_ENCODE' });
    expect(await sink.abandon()).toEqual([]);
    writeFileSync(at('file'), '');
    await expect(PngSequenceSink.open(at('file'))).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(/^Cannot write PNG sequence: path must be in a folder, got ".*file" \(/),
    });
  });
});

describe('frameFileName()', () => {
  it('has six digits, and more for larger numbers', () => {
    expect([0, 123, 999_999, 1_000_000].map(frameFileName)).toEqual([
      '000000.png',
      '000123.png',
      '999999.png',
      '1000000.png',
    ]);
  });
});
