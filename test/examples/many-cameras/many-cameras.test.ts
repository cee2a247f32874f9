/** The commands of examples/many-cameras/README.md: sources side by side, their files, and one that is not there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VideoStream } from '@synseg/video';
import { REPOSITORY } from '../../support/runtimes.ts';
import { expectSuccess, openShell, runBlocks, type Outcome } from '../readme.ts';

const shell = await openShell('many-cameras');
const [command = ''] = runBlocks('many-cameras');
const results = join(REPOSITORY, 'out/many-cameras');
const program = 'node examples/many-cameras/many-cameras.mjs';

function reportOf({ stdout }: Outcome): VideoStream['sources'] {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as VideoStream['sources'];
}

/** Rows of a camera's file: index, label and share. */
function rowsOf(camera: number): { source: string; index: number; label: string; share: number }[] {
  const [header, ...rows] = readFileSync(join(results, `camera-${camera}.csv`), 'utf8')
    .trim()
    .split('\n');
  expect(header).toBe('source,index,time_seconds,label,share,dropped,latency_seconds,file_name');
  return rows.map((row) => {
    const [source = '', index, , label = '', share] = row.split(',');
    return { source, index: Number(index), label, share: Number(share) };
  });
}

describe('the example many-cameras', () => {
  it('gives each source its frames in order, and counts those it dropped', async () => {
    const outcome = await shell.run(command);
    expectSuccess(outcome);
    const reports = reportOf(outcome);
    expect(reports.map(({ source }) => source)).toEqual([5, 6, 7].map((seed) => `out/many-cameras/street-${seed}.mp4`));
    for (const [camera, { source, state, frames, dropped, errors }] of reports.entries()) {
      expect({ state, errors, sum: frames + dropped }).toEqual({ state: 'ended', errors: 0, sum: 24 });
      const rows = rowsOf(camera);
      expect(new Set(rows.map((row) => row.source))).toEqual(new Set([source]));
      expect(rows.length).toBe(4 * frames);
      for (let at = 0; at < rows.length; at += 4) {
        const frame = rows.slice(at, at + 4);
        expect(frame.map(({ label }) => label)).toEqual(['road', 'building', 'sky', 'car']);
        expect(new Set(frame.map(({ index }) => index)).size).toBe(1);
        const named = frame.reduce((sum, { share }) => sum + share, 0);
        // The rest is background.
        expect([named > 0.1, named < 1.00001]).toEqual([true, true]);
        expect(frame[0]!.index).toBeGreaterThan(rows[at - 1]?.index ?? -1);
      }
    }
    expect(outcome.stdout).toMatch(
      /^out\/many-cameras\/street-5\.mp4 {2}ended {2}\d+ frames {2}\d+ dropped {2}\d+ ms {2}road \d+ % {2}building/m,
    );
  });

  it('goes on without a source that is not there, and fails when none is', async () => {
    const outcome = await shell.run(
      `${program} out/many-cameras/none.mp4 out/many-cameras/street-5.mp4 --labels road --out out/many-cameras/two`,
    );
    expectSuccess(outcome);
    expect(reportOf(outcome)).toMatchObject([
      { state: 'failed', frames: 0, failure: expect.stringContaining('no frame could be decoded') },
      { state: 'ended' },
    ]);
    expect(outcome.stderr).toMatch(/^out\/many-cameras\/none\.mp4: failed .*No such file/m);
    const none = await shell.run(`${program} out/many-cameras/none.mp4 --labels road --out out/many-cameras/one`);
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot decode video "out/many-cameras/none.mp4"'),
    });
  });
});
