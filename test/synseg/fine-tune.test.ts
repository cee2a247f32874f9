/** `synseg train DATA --out DIR`: what it hands on, what it tells, and how it ends. */
import { describe, expect, it } from 'vitest';
import type { Work } from '../../packages/synseg/src/context.ts';
import { command, fakeFineTuned, linesOf } from './fake-work.ts';

const argv = ['train', 'export.zip', '--out', 'runs/a'];

describe('synseg train DATA', () => {
  it('hands on the data and the few options there are, times as seconds', async () => {
    const given: unknown[] = [];
    const fineTune: Work['fineTune'] = (data, { signal: _, onProgress: __, onWarning: ___, ...options }) => {
      given.push([data, options]);
      return Promise.resolve(fakeFineTuned);
    };
    await command(argv, { fineTune });
    const flags = [
      '--time',
      '1.5h',
      '--limit',
      '60',
      '--split',
      'train',
      '--init',
      'CIDAS/clipseg-rd64-refined',
      '--only',
    ];
    await command([...argv, ...flags], { fineTune });
    expect(given).toEqual([
      ['export.zip', { out: 'runs/a' }],
      [
        'export.zip',
        ...[{ out: 'runs/a', time: 5400, limit: 60, split: 'train', init: 'CIDAS/clipseg-rd64-refined', only: true }],
      ],
    ]);
  });

  it('prints the plan before the first step, then the scores; the last line is the next command', async () => {
    const fineTune: Work['fineTune'] = (_, { onProgress }) => {
      const lines = [
        { name: 'data', value: 'YOLO segmentation (data.yaml)' },
        { name: 'pictures', value: '54 to train on, 6 held out' },
      ];
      onProgress?.({ stage: 'plan', plan: fakeFineTuned.plan, lines });
      onProgress?.({ stage: 'scored', step: 0, mIoU: 0.2, best: true });
      onProgress?.({ stage: 'scored', step: 40, mIoU: 0.31, best: true });
      onProgress?.({ stage: 'scored', step: 80, mIoU: 0.3, best: false });
      return Promise.resolve(fakeFineTuned);
    };
    const { stdout, stderr } = await command(argv, { fineTune });
    expect(stderr).toBe(
      [
        'data      YOLO segmentation (data.yaml)',
        'pictures  54 to train on, 6 held out',
        'start: mIoU 20.0 % of the held-out pictures',
        'step 40: mIoU 31.0 % of the held-out pictures, the best so far',
        'step 80: mIoU 30.0 % of the held-out pictures',
        '',
      ].join('\n'),
    );
    expect(stdout.split('\n')).toEqual([
      'class  IoU at the start  IoU now',
      'road   40.00 %           93.00 %',
      'car    –                 –',
      'mIoU of the 6 held-out pictures: 20.00 % at the start, 46.50 % now.',
      'wrote runs/a/model and runs/a/report.html',
      'next: synseg segment photo.jpg --model runs/a/model --labels "road,auto,emu,gizmo" --out overlay.png',
      '',
    ]);
  });

  it('has the result as JSON', async () => {
    const { stdout } = await command([...argv, '--json']);
    expect(linesOf(stdout)).toMatchObject([
      {
        model: 'runs/a/model',
        mIoU: 0.465,
        startMIoU: 0.2,
        kept: 0.91,
        plan: { steps: 400 },
        perClass: { road: 0.93 },
      },
    ]);
  });

  it('ends with 130 when interrupted, and says how to go on', async () => {
    const signal = AbortSignal.abort(new Error('stopped by SIGINT'));
    const fineTune: Work['fineTune'] = () => Promise.reject(signal.reason as Error);
    const { exitCode, stdout } = await command(argv, { fineTune }, { signal });
    expect([exitCode, stdout]).toEqual([
      130,
      'Interrupted: what was done is in runs/a, and the same command goes on from there\n',
    ]);
  });

  it.each<[string[], RegExp]>([
    [['train', '--out', 'runs/a'], /missing required argument 'data'/],
    [['train', 'export.zip'], /required option '--out <s>' not specified|--out/],
    [[...argv, '--time', 'soon'], /It must be at least 30 seconds: 90s, 20m, 2h/],
    [[...argv, '--time', '5s'], /It must be at least 30 seconds/],
    [[...argv, '--limit', '1'], /It must be an integer of at least 2/],
  ])('ends with 2 for %j', async (words, message) => {
    const { exitCode, stderr } = await command(words);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});
