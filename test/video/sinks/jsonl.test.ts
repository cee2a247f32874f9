import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { jsonlSink } from '../../../packages/video/src/sinks/jsonl.ts';
import { temporaryFolder } from '../clips.ts';
import { fullDisk, partialOf, sinkFrame } from './frames.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

describe('jsonlSink', () => {
  it('keeps the old file until it is closed, and has each line on disk before', async () => {
    const path = at('masks.jsonl');
    writeFileSync(path, 'old');
    const sink = await jsonlSink.open(path);
    await sink.write(sinkFrame({ dropped: 2, latencySeconds: 0.0123456789 }));
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readFileSync(partialOf(folder.path, 'masks.jsonl'), 'utf8')).toBe(
      '{"source":"clips/drive.mp4","index":3,"timeSeconds":0.12,"dropped":2,"latencySeconds":0.012346,' +
        '"width":4,"height":2,"sourceWidth":4,"sourceHeight":2,"pixelAspect":1,' +
        '"areas":{"road":0.5,"car":0.125},"background":0.375,' +
        '"masks":{"road":{"size":[2,4],"counts":"044"},"car":{"size":[2,4],"counts":"71"}}}\n',
    );
    await sink.close();
    await sink.close();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ index: 3 });
    expect(readdirSync(folder.path)).toEqual(['masks.jsonl']);
    await expect(sink.write(sinkFrame())).rejects.toMatchObject({
      code: 'DISPOSED',
      message: `Cannot write masks: "${path}" is closed`,
    });
  });

  it('takes run lengths that are there already, and marks held frames', async () => {
    const sink = await jsonlSink.open(at('ready.jsonl'));
    expect(jsonlSink.needs).toEqual({ rle: true });
    await sink.write(sinkFrame({ rle: { road: { size: [2, 4], counts: 'ready' } }, held: true, fileName: '0001.jpg' }));
    await sink.close();
    expect(JSON.parse(readFileSync(at('ready.jsonl'), 'utf8'))).toMatchObject({
      fileName: '0001.jpg',
      held: true,
      masks: { road: { counts: 'ready' } },
    });
  });

  it('writes frames in the order of the calls', async () => {
    const sink = await jsonlSink.open(at('order.jsonl'));
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        sink.write(sinkFrame({ index, source: 'x'.repeat((index * 37) % 500) })),
      ),
    );
    await sink.close();
    const lines = readFileSync(at('order.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual(
      lines.map((_line, index) => index),
    );
    expect(lines).toHaveLength(200);
  });

  it('names the file that cannot be written, the rule and what the system said', async () => {
    writeFileSync(at('file'), '');
    await expect(jsonlSink.open(at('file/x.jsonl'))).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(
        /^Cannot write masks: path must be in a folder, got ".*file\/x\.jsonl" \((EEXIST|ENOTDIR): .*\)$/,
      ),
    });
    const full = fullDisk(at('full.jsonl'));
    const sink = await jsonlSink.open(full);
    await expect(sink.write(sinkFrame())).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message:
        `Cannot write masks: path must be on a disk with room left, got "${full}" (ENOSPC: no space left on ` +
        'device, write)',
    });
    expect(await sink.abandon()).toEqual([]);
    await sink.close();
  });
});
