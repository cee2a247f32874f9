/**
 * The commands of examples/live-labels/README.md: a camera over TCP, a program that watches it, and somebody who types.
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../video/live/senders.ts';
import { expectSuccess, openShell, runBlocks } from '../readme.ts';

const shell = await openShell('live-labels');
const [draw = '', camera = '', watch = ''] = runBlocks('live-labels');

/** Lines for frames, and what was said of changes, in order. */
function linesOf(stdout: string): { index: number; time: number; dropped: number; labels: string; change?: string }[] {
  let change: string | undefined;
  return stdout.split('\n').flatMap((line) => {
    const announced = /^from frame (\d+: .*)$/.exec(line)?.[1];
    if (announced !== undefined) change = announced;
    const [, index, time, dropped, shares = ''] =
      /^frame (\d+) {2}([\d.]+) s {2}(\d+) dropped {2}\d+ ms {2}(.*)$/.exec(line) ?? [];
    if (index === undefined) return [];
    const found = {
      index: Number(index),
      time: Number(time),
      dropped: Number(dropped),
      labels: shares
        .replaceAll(/ [\d.]+ %/g, '')
        .split('  ')
        .join(', '),
    };
    const frame = change === undefined ? found : { ...found, change };
    change = undefined;
    return [frame];
  });
}

describe('the example live-labels', () => {
  it('segments a live stream, and takes the labels that are typed from the frame it says', async () => {
    expectSuccess(await shell.run(draw));
    const PORT = String(await freePort());
    shell.start(camera, { PORT });
    const watching = shell.start(watch, { PORT });
    await watching.said(/^frame \d+ .*\n(?:.*\n){5}/m);
    watching.type('car,car');
    watching.type(' car , tree ');
    const [, change = ''] = await watching.said(/^from frame (\d+): car, tree\n(?:.*\n){5}/m);
    watching.type('sky');
    await watching.said(/^from frame (\d+): sky\n(?:.*\n){2}/m);
    watching.signal('SIGINT');
    const { code, stdout, stderr } = await watching.outcome;
    expect(code, stderr).toBe(0);
    const reader = new RegExp(`ffmpeg .*-i tcp://127\\.0\\.0\\.1:${PORT}`);
    expect(
      execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => reader.test(line)),
    ).toEqual([]);
    expect(stderr).toContain('Cannot embed labels: names must be unique, got "car" twice');

    const frames = linesOf(stdout);
    const first = frames.findIndex(({ change: said }) => said !== undefined);
    const second = frames.findIndex(({ change: said }, at) => at > first && said !== undefined);
    expect(frames[first]).toMatchObject({ index: Number(change), labels: 'car, tree', change: `${change}: car, tree` });
    expect(new Set(frames.slice(0, first).map(({ labels }) => labels))).toEqual(new Set(['road, building, sky']));
    expect(new Set(frames.slice(first, second).map(({ labels }) => labels))).toEqual(new Set(['car, tree']));
    expect(new Set(frames.slice(second).map(({ labels }) => labels))).toEqual(new Set(['sky']));
    // In order, and what is missing between two frames was counted.
    frames.slice(1).forEach(({ index, time, dropped }, at) => {
      const last = frames[at]!;
      expect(index - last.index).toBe(dropped + 1);
      expect(time).toBeGreaterThan(last.time);
    });
  });
});
