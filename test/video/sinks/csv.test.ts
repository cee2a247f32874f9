import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { csvSink } from '../../../packages/video/src/sinks/csv.ts';
import { temporaryFolder } from '../clips.ts';
import { fullDisk, partialOf, sinkFrame } from './frames.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (name: string): string => join(folder.path, name);

describe('csvSink', () => {
  it('writes a row per frame and label under one header, also when labels change', async () => {
    const sink = await csvSink.open(at('a.csv'));
    expect(csvSink.needs).toEqual({});
    await sink.write(sinkFrame({ timeSeconds: 1 / 3, latencySeconds: 0.0501 }));
    await sink.write(sinkFrame({ index: 4, labels: ['tree'], areas: { tree: 1 }, dropped: 7 }));
    expect(readFileSync(partialOf(folder.path, 'a.csv'), 'utf8')).toBe(
      'source,index,time_seconds,label,share,dropped,latency_seconds,file_name\n' +
        'clips/drive.mp4,3,0.333333,road,0.5,0,0.0501,\n' +
        'clips/drive.mp4,3,0.333333,car,0.125,0,0.0501,\n' +
        'clips/drive.mp4,4,0.12,tree,1,7,0.05,\n',
    );
    await sink.close();
    expect(readFileSync(at('a.csv'), 'utf8').split('\n')).toHaveLength(5);
    await expect(sink.write(sinkFrame())).rejects.toMatchObject({
      code: 'DISPOSED',
      message: `Cannot write label statistics: "${at('a.csv')}" is closed`,
    });
  });

  it('quotes names as CSV wants', async () => {
    const sink = await csvSink.open(at('quoted.csv'));
    await sink.write(
      sinkFrame({ source: 'a,b.mp4', labels: ['the "red" car', 'two\nlines'], areas: {}, fileName: 'x,1.png' }),
    );
    await sink.close();
    expect(readFileSync(at('quoted.csv'), 'utf8').slice(72)).toBe(
      '"a,b.mp4",3,0.12,"the ""red"" car",0,0,0.05,"x,1.png"\n"a,b.mp4",3,0.12,"two\nlines",0,0,0.05,"x,1.png"\n',
    );
  });

  it('names the file that cannot be written', async () => {
    const full = fullDisk(at('full.csv'));
    const sink = await csvSink.open(full);
    const message =
      `Cannot write label statistics: path must be on a disk with room left, got "${full}" (ENOSPC: ` +
      'no space left on device, write)';
    await expect(sink.write(sinkFrame())).rejects.toMatchObject({ code: 'VIDEO_ENCODE', message });
    await expect(sink.write(sinkFrame())).rejects.toMatchObject({ code: 'VIDEO_ENCODE', message });
    expect(await sink.abandon()).toEqual([]);
    writeFileSync(at('file'), '');
    await expect(csvSink.open(at('file/x.csv'))).rejects.toMatchObject({ code: 'VIDEO_ENCODE' });
  });
});
