import { measureRLE } from '@synseg/core/masks';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CocoSink } from '../../../packages/video/src/sinks/coco.ts';
import { temporaryFolder } from '../clips.ts';
import { fullDisk, partialOf, sinkFrame } from './frames.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);
const read = (name: string): unknown => JSON.parse(readFileSync(at(name), 'utf8'));

const road = { size: [2, 4], counts: '044' };
const car = { size: [2, 4], counts: '71' };

describe('CocoSink', () => {
  it('writes videos, images, annotations and categories, and leaves no other file', async () => {
    mkdirSync(at('set'));
    const sink = await CocoSink.open(at('set/all.json'));
    expect(CocoSink.needs).toEqual({ rle: true, mapSize: 'source' });
    await sink.write(sinkFrame());
    await sink.write(sinkFrame({ index: 4, timeSeconds: 0.16, labelMap: new Uint8Array(8).fill(255) }));
    // Another source, whose labels are others: one new, one known, in another order.
    await sink.write(
      sinkFrame({
        source: 'rtsp://admin:***@cam/1',
        index: 1234567,
        labels: ['sky', 'road'],
        colors: [
          [1, 2, 3],
          [10, 20, 30],
        ],
      }),
    );
    await sink.close();
    expect(readdirSync(at('set'))).toEqual(['all.json']);
    expect(read('set/all.json')).toEqual({
      info: { description: 'Label maps of a video, by @synseg/video' },
      licenses: [],
      videos: [
        { id: 1, name: 'clips/drive.mp4' },
        { id: 2, name: 'rtsp://admin:***@cam/1' },
      ],
      images: [
        {
          id: 1,
          file_name: 'drive/000003.png',
          width: 4,
          height: 2,
          video_id: 1,
          frame_id: 3,
          time_seconds: 0.12,
          pixel_aspect: 1,
        },
        {
          id: 2,
          file_name: 'drive/000004.png',
          width: 4,
          height: 2,
          video_id: 1,
          frame_id: 4,
          time_seconds: 0.16,
          pixel_aspect: 1,
        },
        {
          id: 3,
          file_name: '1/1234567.png',
          width: 4,
          height: 2,
          video_id: 2,
          frame_id: 1234567,
          time_seconds: 0.12,
          pixel_aspect: 1,
        },
      ],
      annotations: [
        { id: 1, image_id: 1, category_id: 1, iscrowd: 0, area: 4, bbox: [0, 0, 2, 2], segmentation: road },
        { id: 2, image_id: 1, category_id: 2, iscrowd: 0, area: 1, bbox: [3, 1, 1, 1], segmentation: car },
        { id: 3, image_id: 3, category_id: 3, iscrowd: 0, area: 4, bbox: [0, 0, 2, 2], segmentation: road },
        { id: 4, image_id: 3, category_id: 1, iscrowd: 0, area: 1, bbox: [3, 1, 1, 1], segmentation: car },
      ],
      categories: [
        { id: 1, name: 'road', color: [10, 20, 30] },
        { id: 2, name: 'car', color: [200, 100, 0] },
        { id: 3, name: 'sky', color: [1, 2, 3] },
      ],
    });
  });

  it('gives sources of one name folders of their own', async () => {
    const sink = await CocoSink.open(at('names.json'));
    for (const source of ['a/drive.mp4', 'b/drive.mov?key=***', 'http://host/', 'c/my drive (1).mp4'])
      await sink.write(sinkFrame({ source, index: 0 }));
    await sink.close();
    const { images } = read('names.json') as { images: { file_name: string }[] };
    expect(images.map(({ file_name }) => file_name)).toEqual([
      'drive/000000.png',
      'drive-2/000000.png',
      'video-3/000000.png',
      'my_drive_1_/000000.png',
    ]);
  });

  it('has all labels as categories, also without a single mask', async () => {
    const sink = await CocoSink.open(at('empty.json'));
    await sink.write(sinkFrame({ labelMap: new Uint8Array(8).fill(255) }));
    await sink.close();
    expect(read('empty.json')).toMatchObject({
      images: [{ id: 1 }],
      annotations: [],
      categories: [
        { id: 1, name: 'road' },
        { id: 2, name: 'car' },
      ],
      videos: [{ id: 1 }],
    });
  });

  it('keeps nothing of the frames in memory: they are on disk line by line', async () => {
    const sink = await CocoSink.open(at('lines.json'));
    for (let index = 0; index < 300; index++) await sink.write(sinkFrame({ index }));
    const lines = readFileSync(partialOf(folder.path, 'lines.json'), 'utf8').split('\n');
    expect(lines.at(-1)).toMatch(/^\{"id":600,"image_id":300,.*\}$/);
    expect(readFileSync(partialOf(folder.path, 'lines.images.json'), 'utf8').split('\n').at(-1)).toMatch(
      /^\{"id":300,.*\}$/,
    );
    await sink.close();
    expect(read('lines.json')).toMatchObject({ images: { length: 300 }, annotations: { length: 600 } });
    expect(readdirSync(folder.path).filter((name) => name.includes('lines'))).toEqual(['lines.json']);
  });

  it('leaves no file when there was no frame', async () => {
    await (await CocoSink.open(at('none.json'))).close();
    expect(readdirSync(folder.path).filter((name) => name.includes('none'))).toEqual([]);
  });

  it('names the file that cannot be written, and takes the frame back', async () => {
    const full = fullDisk(at('full.json'));
    const sink = await CocoSink.open(full);
    await expect(sink.write(sinkFrame())).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message:
        `Cannot write COCO annotations: path must be on a disk with room left, got "${full}" (ENOSPC: no ` +
        'space left on device, write)',
    });
    expect(readFileSync(partialOf(folder.path, 'full.images.json'), 'utf8')).toBe('');
    expect(await sink.abandon()).toEqual([]);
    expect(readdirSync(folder.path).filter((name) => name.includes('full'))).toEqual(['full.json']);
    writeFileSync(at('file'), '');
    await expect(CocoSink.open(at('file/x.json'))).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(/^Cannot write COCO annotations: path must be in a folder, got/),
    });
    const closed = await CocoSink.open(at('closed.json'));
    await closed.close();
    await expect(closed.write(sinkFrame())).rejects.toMatchObject({ code: 'DISPOSED' });
  });

  it('numbers the labels in their order, also those that look like numbers or like members of objects', async () => {
    const sink = await CocoSink.open(at('order.json'));
    const labels = ['3', '1', '__proto__', 'constructor', '2'];
    await sink.write(
      sinkFrame({
        labels,
        colors: labels.map(() => [1, 2, 3] as const),
        labelMap: Uint8Array.of(4, 4, 255, 255, 1, 1, 255, 2),
      }),
    );
    await sink.close();
    const { categories, annotations } = read('order.json') as {
      categories: { id: number; name: string }[];
      annotations: { category_id: number }[];
    };
    expect(categories.map(({ id, name }) => [id, name])).toEqual([
      [1, '3'],
      [2, '1'],
      [3, '__proto__'],
      [4, 'constructor'],
      [5, '2'],
    ]);
    expect(annotations.map(({ category_id }) => category_id)).toEqual([2, 3, 5]);
  });

  it('names pictures of a sequence as they are, and the video as their folder', async () => {
    const sink = await CocoSink.open(at('pictures.json'));
    for (const [index, fileName] of ['0001TP_008550.jpg', 'b c.png'].entries())
      await sink.write(sinkFrame({ source: 'shots/cv/*.jpg', fileName, index }));
    await sink.close();
    expect(read('pictures.json')).toMatchObject({
      videos: [{ id: 1, name: 'shots/cv' }],
      images: [{ file_name: '0001TP_008550.jpg' }, { file_name: 'b c.png', frame_id: 1 }],
    });
  });

  it('leaves what it has under partial names when it is abandoned; what was there stays', async () => {
    mkdirSync(at('old'));
    writeFileSync(at('old/all.json'), 'older');
    const sink = await CocoSink.open(at('old/all.json'));
    await sink.write(sinkFrame());
    const kept = await sink.abandon();
    expect(kept).toEqual([partialOf(at('old'), 'all.json'), partialOf(at('old'), 'all.images.json')]);
    expect(await sink.abandon()).toEqual(kept);
    expect(readFileSync(at('old/all.json'), 'utf8')).toBe('older');
  });

  it('takes areas and boxes from the run lengths', () => {
    expect(measureRLE(sinkFrame().segmentation.toRLE().road!)).toEqual({ area: 4, box: [0, 0, 2, 2] });
  });
});
