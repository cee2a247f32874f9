import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SynsegError } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { planTraining, type TrainOptions, type TrainTextEncoderOptions } from '@synseg/train';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { nested } from '../train/trainer/flat-options.ts';
import { command, fakeTrain, linesOf, stepReport } from './fake-work.ts';

const folder = temporaryFolder();
const run = join(folder, 'run');

describe('synseg train', () => {
  const required = ['train', '--data', 'tags.jsonl', '--init', 'base', '--out', run];

  it('prints one object: the report of the last step with what came of the run', async () => {
    const { exitCode, stdout } = await command([...required, '--steps', '3', '--json']);
    expect(exitCode).toBe(0);
    expect(linesOf(stdout)).toEqual([
      {
        ...stepReport(3, 3),
        interrupted: false,
        seconds: expect.any(Number),
        out: run,
        checkpoint: join(run, 'last'),
        best: null,
      },
    ]);
  });

  it('prints the configuration with its defaults on stderr, and the result on stdout', async () => {
    const { stdout, stderr } = await command([...required, '--steps', '2', '--batch-size', '8']);
    expect(stderr).toMatch(/^out +.*run\ndata +\{"source":"tags\.jsonl"\}\ninit +base\n/);
    expect(stderr).toMatch(/\nsteps +2\nbatchSize +8\nmicroBatchSize +8\n/);
    expect(stdout).toBe(
      `Done: 2 steps, 0 s\n  total 0.5 (align 0.25, separation 0.25)\n  wrote ${join(run, 'last')}\n`,
    );
  });

  it('shows an example of shards whose recipe reads shards', async () => {
    const { stdout } = await command(['train', '--data', 'x', '--help']);
    const [, example = ''] = /\$ synseg (train --data "[^"]+\.tar" [^$]+)/.exec(stdout) ?? [];
    const words = example.replaceAll(/["\\]/g, '').trim().split(/\s+/);
    const plans: TrainOptions[] = [];
    const train = (options: TrainOptions) => {
      plans.push(options);
      return fakeTrain(options);
    };
    expect(await command([...words, '--quiet'], { train })).toMatchObject({ exitCode: 0 });
    expect(plans.map((options) => planTraining(options).plan.cacheFeatures)).toEqual([false]);
  });

  it('says warnings and errors only when it is to be quiet', async () => {
    const train = async function* (options: TrainOptions) {
      options.onWarning?.({ kind: 'health', message: 'Activation maps are flat.' });
      yield* fakeTrain(options);
    };
    expect(await command([...required, '--quiet'], { train })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'warning: Activation maps are flat.\n',
    });
  });

  it('tells each warning once', async () => {
    const train = async function* (options: TrainOptions) {
      for (const message of ['one', 'two', 'one']) options.onWarning?.({ kind: 'data', message });
      yield* fakeTrain(options);
    };
    expect((await command([...required, '--quiet'], { train })).stderr).toBe('warning: one\nwarning: two\n');
  });

  it('trains a text encoder from one table of texts, and tells its score in words', async () => {
    const given: object[] = [];
    const trainTextEncoder = async function* ({
      signal: _,
      onWarning: __,
      onProgress: ___,
      ...options
    }: TrainTextEncoderOptions) {
      given.push(options);
      const score = { nearest: 0.9876, cosine: 0.99123, texts: 15_000, names: 1700, best: true };
      yield { ...stepReport(1, 1), losses: { cosine: 0.01, distance: 0.02 }, score };
    };
    const flags = ['--text-encoder', '--vectors', 'words', '--steps', '1', '--ema', '0.9'];
    const { exitCode, stdout, stderr } = await command([...required, ...flags], { trainTextEncoder });
    expect(exitCode).toBe(0);
    expect(given).toEqual([
      { data: 'tags.jsonl', vectors: 'words', init: 'base', out: run, steps: 1, advanced: { ema: 0.9 } },
    ]);
    expect(stdout).toContain('cosine 0.01, distance 0.02');
    expect(stderr).toContain(
      'step 1: 15,000 texts among 1,700 names: nearest to their own 98.8 %, mean cosine 0.9912, the best so far',
    );
  });

  it('tells scores, and which was the best', async () => {
    const train = async function* () {
      yield stepReport(1, 3, { score: { mIoU: 0.21, best: true } });
      yield stepReport(2, 3, { score: { mIoU: 0.30126, best: true } });
      yield Promise.resolve(stepReport(3, 3, { score: { mIoU: 0.25, best: false } }));
    };
    const people = await command([...required, '--steps', '3'], { train });
    expect(people.stderr).toContain(
      'step 1: mIoU 21.00 %, the best so far\nstep 2: mIoU 30.13 %, the best so far\nstep 3: mIoU 25.00 %\n',
    );
    expect(people.stdout).toContain(`  best mIoU 30.13 %, of step 2: ${join(run, 'best')}\n`);
    const machines = await command([...required, '--steps', '3', '--json'], { train });
    expect(linesOf(machines.stdout).at(-1)).toMatchObject({
      step: 3,
      score: { mIoU: 0.25, best: false },
      best: { step: 2, mIoU: 0.30126, checkpoint: join(run, 'best') },
    });
  });

  it('ends with 130 when interrupted, and says where the state is', async () => {
    const controller = new AbortController();
    const out = join(folder, 'interrupted');
    mkdirSync(join(out, 'last'), { recursive: true });
    const train = async function* (options: TrainOptions) {
      for await (const report of fakeTrain(options)) {
        if (report.step === 2) controller.abort(new Error('stopped by SIGINT'));
        yield report;
      }
    };
    const argv = ['train', '--data', 'd', '--init', 'i', '--out', out, '--steps', '9'];
    const { exitCode, stdout, stderr } = await command([...argv, '--json'], { train }, { signal: controller.signal });
    expect(exitCode).toBe(130);
    expect(linesOf(stdout)).toMatchObject([{ step: 2, interrupted: true, checkpoint: join(out, 'last') }]);
    expect(stderr).toMatch(/\nStopping: what is done is being saved\. Press Ctrl-C again to end at once\.\n$/);
  });

  it('names no checkpoint when interrupted before there was one', async () => {
    const signal = AbortSignal.abort(new Error('stopped by SIGTERM'));
    const argv = ['train', '--data', 'd', '--init', 'i', '--out', join(folder, 'never')];
    const { exitCode, stdout } = await command([...argv, '--json'], {}, { signal });
    expect(exitCode).toBe(130);
    expect(linesOf(stdout)).toEqual([
      { interrupted: true, seconds: expect.any(Number), out: join(folder, 'never'), checkpoint: null, best: null },
    ]);
    expect((await command([...argv, '--quiet'], {}, { signal })).stdout).toBe('');
    expect((await command(argv, {}, { signal })).stdout).toBe('Interrupted before a step was done, 0 s\n');
  });

  it('resuming a run that is complete has its last step to report', async () => {
    const train = async function* () {};
    const { stdout } = await command([...required, '--steps', '5', '--resume', '--json'], { train });
    expect(linesOf(stdout)).toEqual([
      {
        step: 5,
        steps: 5,
        interrupted: false,
        seconds: expect.any(Number),
        out: run,
        checkpoint: join(run, 'last'),
        best: null,
      },
    ]);
  });

  it('hands flags on as options', async () => {
    let given: TrainOptions | undefined;
    const train = (options: TrainOptions) => fakeTrain((given = options));
    const argv = [
      ...[
        'train',
        '--data',
        'a.tar',
        'b.tar',
        '--init',
        'random',
        '--trunk',
        'backbone',
        '--out',
        run,
        '--steps',
        '4',
        '--batch-size',
        '16',
        '--micro-batch-size',
        '4',
      ],
      ...[
        '--lambda',
        'align=1,contrast=2,background=3,separation=4',
        '--objective',
        'captions',
        '--recipe',
        'paper',
        '--learning-rate',
        '1e-4',
        '--schedule',
        'cosine',
        '--warmup-steps',
        '1',
      ],
      ...[
        '--weight-decay',
        '0',
        '--clip-norm',
        '1',
        '--ema',
        '0.99',
        '--seed',
        '1',
        '--trainable',
        'film,layers',
        '--templates',
        'plain',
        '--max-categories',
        '8',
      ],
      ...[
        '--augmentation',
        'flip,crop=0.5:1',
        '--device',
        'cpu',
        '--precision',
        'fp16',
        '--threads',
        '2',
        '--workers',
        '1',
        '--save-every',
        '2',
        '--keep-every',
        '4',
      ],
      ...[
        '--evaluation',
        'dataset=camvid,root=data/camvid,split=val,every=2',
        '--resume',
        '--data-format',
        'webdataset',
        '--phrases',
        'p.jsonl',
        '--keys',
        'image=jpg',
      ],
      ...[
        '--decoder',
        'reduce-dim=32,head=refined',
        '--unknown-categories',
        'leave-out',
        '--projector-steps',
        '0',
        '--contrast-gate',
        '-0.1',
        '--quiet',
      ],
    ];
    expect(await command(argv, { train })).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(given).toEqual(
      nested({
        ...{
          data: { source: ['a.tar', 'b.tar'], format: 'webdataset', phrases: 'p.jsonl', keys: { image: 'jpg' } },
          init: 'random',
          trunk: 'backbone',
          out: run,
          steps: 4,
        },
        ...{
          batchSize: 16,
          microBatchSize: 4,
          lambda: { align: 1, contrast: 2, background: 3, separation: 4 },
          objective: 'captions',
          recipe: 'paper',
        },
        ...{
          learningRate: 1e-4,
          schedule: 'cosine',
          warmupSteps: 1,
          weightDecay: 0,
          clipNorm: 1,
          ema: 0.99,
          seed: 1,
          trainable: ['film', 'layers'],
          templates: 'plain',
        },
        ...{
          maxCategories: 8,
          augmentation: { flip: true, crop: [0.5, 1] },
          device: 'cpu',
          precision: 'fp16',
          threads: 2,
          workers: 1,
          saveEvery: 2,
          keepEvery: 4,
        },
        ...{
          evaluation: { dataset: 'camvid', root: 'data/camvid', split: 'val', every: 2 },
          resume: true,
          decoder: { reduceDim: 32, head: 'refined' },
        },
        ...{
          unknownCategories: 'leave-out',
          projectorSteps: 0,
          contrastGate: -0.1,
          signal: expect.any(AbortSignal),
          onWarning: expect.any(Function),
          onProgress: expect.any(Function),
        },
      }),
    );
  });

  it('hands on the weight of the decoder that training starts from, and prints it with the configuration', async () => {
    const given: (number | undefined)[] = [];
    const train = (options: TrainOptions) => (given.push(options.advanced?.prior), fakeTrain(options));
    const printed: (string | undefined)[] = [];
    for (const flags of [['--prior', '0.5'], ['--prior', '0'], []])
      printed.push(
        /\nprior +(.*)\n/.exec(
          (await command([...required, '--recipe', 'dense-captions', ...flags], { train })).stderr,
        )?.[1],
      );
    expect(given).toEqual([0.5, 0, undefined]);
    expect(printed).toEqual(['0.5', '0', '1']);
  });

  it.each([
    [['--steps', '1.5'], /option '--steps <n>' argument '1\.5' is invalid\. It must be an integer of at least 0\./],
    [['--batch-size', '8', '--micro-batch-size', '3'], /microBatchSize must divide batchSize 8, got 3/],
    [
      ['--recipe', 'paper', '--lambda', 'align=0,contrast=0,background=0,separation=0'],
      /lambda must leave a loss of objective "captions"/,
    ],
    [
      ['--trainable', 'trunk'],
      /option '--trainable .*' argument 'trunk' is invalid\. It must be one of "film", "reduces", "layers", "head", "projector", "vision"\./,
    ],
    [['--trunk', 'backbone'], /trunk must be given with init "random" and only then/],
    [['--evaluation', 'every=5'], /option '--evaluation .*' is invalid\. Its dataset must be one of/],
    [['--encoders', '--evaluation', 'every=5'], /option '--evaluation .*' is invalid\. Its data must be a path/],
    [['--encoders', '--recipe', 'tags'], /unknown option '--recipe'/],
    [['--text-encoder'], /Cannot train: --vectors must be given, or vectors in the config file, got neither/],
    [['--text-encoder', '--recipe', 'tags'], /unknown option '--recipe'/],
    [['--text-encoder', '--vectors', 'words', '--data', 'a', 'b'], /data must be a string that is not empty/],
    [['--recipe', 'tags', '--prior', '1'], /prior must be 0 without the loss sharing, got 1/],
    [
      ['--recipe', 'dense-captions', '--prior', '-1'],
      /'--prior <n>' argument '-1' is invalid\. It must be a number of at least 0/,
    ],
    [
      ['--recipe', 'dense-captions', '--prior', 'much'],
      /option '--prior <n>' argument 'much' is invalid\. It must be a number of at least 0\./,
    ],
    [['--config', join(folder, 'none.json')], /Cannot read config: file must be readable, got ENOENT/],
    [['--steps', 'many'], /option '--steps <n>' argument 'many' is invalid\. It must be an integer of at least 0\./],
    [['--recipe', 'worst'], /It must be one of "dense-captions", "tags", "paper"\./],
    [['--lambda', '1,2'], /It must name each option once, got "align" twice\./],
    [['--nonsense'], /unknown option '--nonsense'/],
    [['more'], /too many arguments|argument/],
  ])('ends with 2 for %j', async (argv, message) => {
    const train = () => expect.unreachable('nothing must be trained');
    const [, ...rest] = required;
    const { exitCode, stdout, stderr } = await command(
      [
        'train',
        ...argv.filter((item) => item === 'more'),
        ...rest,
        ...argv.filter((item) => item !== 'more'),
        '--quiet',
      ],
      { train },
    );
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  it.each(['init', 'out'])('asks for --%s', async (name) => {
    const argv = ['data', 'init', 'out'].filter((other) => other !== name).flatMap((other) => [`--${other}`, 'x']);
    const { exitCode, stderr } = await command(['train', ...argv]);
    expect([exitCode, stderr]).toEqual([
      2,
      `synseg: Cannot train: --${name} must be given, or ${name} in the config file, got neither\n`,
    ]);
  });

  it('ends with 1 when training fails, also by a mistake of the program', async () => {
    const diverged = new SynsegError('TRAINING_DIVERGED', 'Cannot train on: total loss must be a number, got NaN');
    const train = async function* () {
      throw diverged;
    };
    const { exitCode, stdout, stderr } = await command([...required, '--json', '--quiet'], { train });
    expect([exitCode, stderr]).toEqual([1, `synseg: ${diverged.message} (TRAINING_DIVERGED)\n`]);
    expect(linesOf(stdout)).toEqual([{ error: { code: 'TRAINING_DIVERGED', message: diverged.message } }]);
    const broken = () => {
      throw new TypeError("Cannot read properties of undefined (reading 'x')");
    };
    expect((await command([...required, '--quiet'], { train: broken })).exitCode).toBe(1);
  });

  it('ends with 1 when it fails while stopping', async () => {
    const train = async function* () {
      yield stepReport(1, 2);
      throw new SynsegError('RUN_FOLDER', 'Cannot save checkpoint: disk must have room, got ENOSPC');
    };
    const { exitCode } = await command(
      [...required, '--quiet'],
      { train },
      { signal: AbortSignal.abort(new Error('stopped by SIGINT')) },
    );
    expect(exitCode).toBe(1);
  });
});
