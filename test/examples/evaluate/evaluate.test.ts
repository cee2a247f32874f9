/** The commands of examples/evaluate/README.md, and the score they write. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Score } from '@synseg/train';
import { REPOSITORY } from '../../support/runtimes.ts';
import { expectSuccess, openShell, runBlocks } from '../readme.ts';

const shell = await openShell('evaluate');
const [command = ''] = runBlocks('evaluate');
const results = join(REPOSITORY, 'out/evaluate');

describe('the example evaluate', () => {
  it('prints and writes one score of all 24 pictures, and draws the worst', async () => {
    const outcome = await shell.run(command);
    expectSuccess(outcome);
    const score = JSON.parse(readFileSync(join(results, 'score.json'), 'utf8')) as Score;
    const { classes } = JSON.parse(readFileSync(join(results, 'test/classes.json'), 'utf8')) as {
      classes: { name: string }[];
    };
    expect(score).toMatchObject({
      images: 24,
      failures: [],
      classes: classes.map(({ name }) => name),
      protocol: { dataset: 'index-png', labels: 'all', decision: 'argmax' },
    });
    const found = Object.values(score.perClass).filter((iou) => iou !== null);
    expect(score.mIoU).toBeCloseTo(found.reduce((sum, iou) => sum + iou, 0) / found.length, 6);
    const interval = [score.interval.low, score.interval.high].map((share) => (100 * share).toFixed(2)).join('–');
    expect(outcome.stdout).toContain(
      `index-png: mIoU ${(100 * score.mIoU).toFixed(2)} % (95 % interval ${interval} %), ` +
        `pixel accuracy ${(100 * score.pixelAccuracy).toFixed(2)} %, 24 pictures`,
    );
    expect((await sharp(join(results, 'worst.png')).metadata()).format).toBe('png');
  });

  it('ends with 1 below the score that was asked for', async () => {
    const outcome = await shell.run(`${command.trim().split('\n').at(-1) ?? ''} --at-least 100`);
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^mIoU must be at least 100 %, got [\d.]+ %\n$/),
    });
  });
});
