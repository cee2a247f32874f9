import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SegmentedFrame } from '../../../packages/video/src/segmented-frame.ts';
import { JsonlSink } from '../../../packages/video/src/sinks/jsonl.ts';
import { temporaryFolder } from '../clips.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const frame: SegmentedFrame = {
  ...{ source: 'clip.mp4', sourceIndex: 0, latencySeconds: 0.05, labels: ['road'] },
  ...{ index: 3, timeSeconds: 0.12, width: 2, height: 1, sourceWidth: 8, sourceHeight: 4, dropped: 0 },
  ...{ labelMap: Uint8Array.of(0, 255), areas: { road: 0.5 }, toRLE: () => ({ road: { size: [1, 2], counts: '011' } }) },
};

describe('JsonlSink', () => {
  it('keeps the old file until it is closed, and has each line on disk before', async () => {
    const path = join(folder.path, 'masks.jsonl');
    writeFileSync(path, 'old');
    const sink = await JsonlSink.open(path);
    await sink.write(frame);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readFileSync(join(folder.path, '.masks.partial.jsonl'), 'utf8')).toBe(
      '{"index":3,"timeSeconds":0.12,"width":2,"height":1,"sourceWidth":8,"sourceHeight":4,' +
        '"areas":{"road":0.5},"masks":{"road":{"size":[1,2],"counts":"011"}}}\n',
    );
    await sink.close();
    await sink.close();
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ index: 3 });
    expect(existsSync(join(folder.path, '.masks.partial.jsonl'))).toBe(false);
    await expect(sink.write(frame)).rejects.toMatchObject({ code: 'DISPOSED', message: `Cannot write masks: "${path}" is closed` });
  });

  it('names the file that cannot be written', async () => {
    const path = join(folder.path, 'file');
    writeFileSync(path, '');
    await expect(JsonlSink.open(join(path, 'x.jsonl'))).rejects.toMatchObject({
      code: 'VIDEO_ENCODE',
      message: expect.stringMatching(/^Cannot write masks ".*x\.jsonl": (EEXIST|ENOTDIR)/),
    });
  });
});
