/** The commands of examples/train-from-captions/README.md: a run of a few steps, the checkpoint, and its use. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '@synseg/core/checkpoint';
import { REPOSITORY } from '../../support/runtimes.ts';
import { expectShares, expectSuccess, openShell, runBlocks } from '../readme.ts';

const shell = await openShell('train-from-captions');
const [command = ''] = runBlocks('train-from-captions');
const results = join(REPOSITORY, 'out/train-from-captions');

interface Logged {
  readonly step: number;
  readonly losses: Readonly<Record<string, number>>;
}

function logOf(run: string): Logged[] {
  return readFileSync(join(results, run, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Logged);
}

describe('the example train-from-captions', () => {
  it('trains from captions alone, and segments a new picture with what it wrote', async () => {
    const outcome = await shell.run(command);
    expectSuccess(outcome);
    expect([...outcome.stdout.matchAll(/^step (\d+) of 12 /gm)].map(([, step]) => step)).toEqual(['1', '10', '12']);
    const log = logOf('run');
    expect(log.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    // Captions, and no masks: there is no loss of masks.
    expect(new Set(log.flatMap(({ losses }) => Object.keys(losses)))).toEqual(new Set(['grounding', 'distillation']));

    const { weights } = await openCheckpoint(join(results, 'model'));
    expect(new Set(weights.entries().map(({ dtype }) => dtype))).toEqual(new Set(['float16']));
    expectShares(outcome.stdout, ['road', 'building', 'sky', 'car', '(background)']);
    expect(await sharp(join(results, 'overlay.png')).metadata()).toMatchObject({
      format: 'png',
      width: 128,
      height: 128,
    });
  });

  it('saves on Ctrl-C, and goes on with --resume', async () => {
    const last = command.trim().split('\n').at(-1) ?? '';
    const other = last.replace('--steps 12 --batch-size 4', '--steps 16 --batch-size 2');
    const short = `${other} --out out/train-from-captions/again`;
    const running = shell.start(short);
    await running.said(/^step 1 of 16/m);
    running.signal('SIGINT');
    expect(await running.outcome).toMatchObject({
      code: 130,
      stderr: 'Saved in out/train-from-captions/again/run; go on with --resume\n',
    });
    const saved = logOf('again/run').length;
    expect(saved).toBeLessThan(16);
    const resumed = await shell.run(`${short} --resume`);
    expectSuccess(resumed);
    expect(resumed.stdout).not.toContain('step 1 of 16');
    expect(logOf('again/run').map(({ step }) => step)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
  });
});
