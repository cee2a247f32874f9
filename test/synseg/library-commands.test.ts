import { SynsegError } from '@synseg/core';
import { describe, expect, it } from 'vitest';
import { DATASETS, DEFAULT_EXCLUSIONS, parseExclusions } from '@synseg/train';
import type { Work } from '../../packages/synseg/src/context.ts';
import { command, fakeScore, fakeSummary, linesOf } from './fake-work.ts';

const failing = (error: unknown) => () => Promise.reject(error);

describe('synseg phrases', () => {
  it('prints a summary, with as many phrases as asked for', async () => {
    let given: unknown;
    const extractPhrases: Work['extractPhrases'] = (captions, { signal: _, onProgress: __, ...options }) => {
      given = [captions, options];
      return Promise.resolve(fakeSummary);
    };
    const flags = [
      '--format',
      'csv',
      '--exclude',
      'list.txt',
      '--frequent',
      '1',
      '--no-header',
      '--keys',
      'caption=2',
      '--keep',
      'nouns',
      '--person',
      'person',
      '--table',
      't.tsv',
    ];
    const { exitCode, stdout, stderr } = await command(['phrases', 'cc.txt', '--out', 'p.jsonl', ...flags], {
      extractPhrases,
    });
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('most frequent:\n  3  red car\n');
    expect(stdout).not.toContain('street');
    const options = {
      format: 'csv',
      exclude: 'list.txt',
      frequent: 1,
      header: false,
      keys: { caption: 2 },
      keep: 'nouns',
      person: 'person',
      table: 't.tsv',
    };
    expect(given).toEqual(['cc.txt', { out: 'p.jsonl', ...options }]);
  });

  it('prints the summary as JSON', async () => {
    const { stdout } = await command(['phrases', 'cc.tsv', '--out', 'p.jsonl', '--json']);
    expect(linesOf(stdout)).toEqual([fakeSummary]);
  });

  it('ends with 130 when interrupted', async () => {
    const signal = AbortSignal.abort(new Error('stopped by SIGINT'));
    const { exitCode, stdout, stderr } = await command(
      ['phrases', 'cc.tsv', '--out', 'p.jsonl'],
      { extractPhrases: failing(signal.reason) },
      { signal },
    );
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 130, stdout: '', stderr: 'synseg: stopped by SIGINT\n' });
  });

  it('ends with 2 for a command line that makes no sense', async () => {
    expect((await command(['phrases', 'cc.tsv'])).stderr).toContain(
      'Cannot extract phrases: --out must be given, got none',
    );
    expect((await command(['phrases', '--out', 'p.jsonl'])).stderr).toContain('a file of captions must be given');
    const refused = new RangeError('Cannot extract phrases: out must be a file, got a folder');
    expect(
      await command(['phrases', 'cc.tsv', '--out', 'p', '--frequent', '1'], { extractPhrases: failing(refused) }),
    ).toEqual({ exitCode: 2, stdout: '', stderr: `synseg: ${refused.message}\n` });
  });

  it('has the list of exclusions as a file to edit', async () => {
    const { stdout } = await command(['phrases', '--exclusions']);
    expect(parseExclusions(stdout)).toEqual(DEFAULT_EXCLUSIONS);
    expect(JSON.parse((await command(['phrases', '--exclusions', '--json'])).stdout)).toEqual(DEFAULT_EXCLUSIONS);
  });
});

describe('synseg evaluate', () => {
  const required = ['evaluate', '--model', 'm', '--dataset', 'camvid', '--root', 'data'];

  it('prints the score as JSON', async () => {
    const { exitCode, stdout, stderr } = await command([...required, '--json']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(linesOf(stdout)).toEqual([fakeScore]);
  });

  it('prints the score with its protocol for people', async () => {
    const { stdout } = await command([...required, '--sheet', 'worst.png']);
    expect(stdout).toMatch(/^camvid test: mIoU 46\.50 %.*\n.*\n.*\nprotocol: all classes compete/);
    expect(stdout).toMatch(/\n\nwrote worst\.png\n$/);
  });

  it('hands flags on as options', async () => {
    let given: unknown;
    const evaluate: Work['evaluate'] = (model, { signal: _, onProgress: __, onFound: ___, ...options }) => {
      given = [model, options];
      return Promise.resolve(fakeScore);
    };
    const flags = [
      '--split',
      'val',
      '--labels',
      'present',
      '--limit',
      '9',
      '--offset',
      '3',
      '--threshold',
      '0.5',
      '--views',
      '5',
      '--merge',
      'max',
      '--background',
      'class',
    ];
    const more = [
      '--classes',
      'c.json',
      '--sheet',
      's.png',
      '--sheet-pictures',
      '4',
      '--device',
      'cpu',
      '--precision',
      'int8',
      '--threads',
      '2',
      '--templates',
      'plain',
    ];
    await command([...required, ...flags, ...more], { evaluate });
    expect(given).toEqual([
      'm',
      {
        ...{
          dataset: 'camvid',
          root: 'data',
          split: 'val',
          labels: 'present',
          limit: 9,
          offset: 3,
          threshold: 0.5,
          views: 5,
          merge: 'max',
          background: 'class',
        },
        ...{
          classes: 'c.json',
          sheet: 's.png',
          sheetPictures: 4,
          device: 'cpu',
          precision: 'int8',
          threads: 2,
          templates: 'plain',
        },
      },
    ]);
  });

  it.each([
    [['evaluate', '--model', 'm', '--dataset', 'camvid'], /required option '--root <text>' not specified/],
    [
      ['evaluate', '--model', 'm', '--dataset', 'coco', '--root', 'data'],
      /It must be one of "annotations", "camvid", "ccp", "index-png", "index-jsonl", "coco-json", .*, "ade20k"\./,
    ],
    [[...required, '--views', '3'], /It must be 1 or 5\./],
  ])('ends with 2 for %j', async (argv, message) => {
    const { exitCode, stderr } = await command(argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('ends with 1 when the data set is not there', async () => {
    const missing = new SynsegError(
      'DATASET_FORMAT',
      'Cannot read dataset camvid: "data" must hold classes.json, got no folder',
    );
    const { exitCode, stdout, stderr } = await command([...required, '--json'], { evaluate: failing(missing) });
    expect([exitCode, stderr]).toEqual([1, `synseg: ${missing.message} (DATASET_FORMAT)\n`]);
    expect(linesOf(stdout)).toEqual([{ error: { code: 'DATASET_FORMAT', message: missing.message } }]);
  });
});

describe('synseg export', () => {
  it('hands flags on, fp32 unless asked for', async () => {
    const given: unknown[] = [];
    const exportCheckpoint: Work['exportCheckpoint'] = (from, to, { signal: _, ...options }) => {
      given.push([from, to, options]);
      return Promise.resolve();
    };
    expect(await command(['export', 'run/best', '--out', 'model'], { exportCheckpoint })).toEqual({
      exitCode: 0,
      stdout: 'wrote model (fp32)\n',
      stderr: '',
    });
    const { stdout } = await command(
      ['export', 'run/best', '--out', 'model', '--precision', 'fp16', '--overwrite', '--json'],
      { exportCheckpoint },
    );
    expect(linesOf(stdout)).toEqual([{ checkpoint: 'run/best', out: 'model', precision: 'fp16' }]);
    expect(given).toEqual([
      ['run/best', 'model', { precision: 'fp32' }],
      ['run/best', 'model', { precision: 'fp16', overwrite: true }],
    ]);
  });
});

describe('synseg', () => {
  it.each([
    [[], ['Usage: synseg', 'Examples:', 'Exit codes:']],
    [['train'], ['<data>', '--time <20m>', 'Examples:', 'Ctrl-C keeps what there is', '--data x --help']],
    [
      ['train', '--data', 'x'],
      ['--batch-size <n>', '--lambda [align,…]', 'Examples:', 'log.jsonl', 'Ctrl-C finishes the step'],
    ],
    [['phrases'], ['[captions]', '--exclude <', 'Examples:']],
    [['evaluate'], ['--dataset <layout>', 'Examples:', ...DATASETS]],
    [['export'], ['<checkpoint>', '--precision <fp32|fp16>', 'Examples:']],
  ])('has help for %j on stdout', async (argv, parts) => {
    const { exitCode, stdout, stderr } = await command([...argv, '--help']);
    expect([exitCode, stderr]).toEqual([0, '']);
    for (const part of parts) expect(stdout).toContain(part);
  });

  it('has a version', async () => {
    expect(await command(['--version'])).toEqual({ exitCode: 0, stdout: '1.2.3\n', stderr: '' });
  });

  it.each([
    [[], 'Usage: synseg'],
    [['tain'], "unknown command 'tain'"],
  ])('ends with 2 for %j', async (argv, message) => {
    const { exitCode, stdout, stderr } = await command(argv);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});
