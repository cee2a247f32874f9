import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateOptions } from '@synseg/train';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { command, linesOf } from './fake-work.ts';

const root = temporaryFolder();
const captions = join(root, 'captions.jsonl');
writeFileSync(captions, '{"image":"a.png","caption":"a red car"}\nbroken\n{"image":"b.png","caption":"a bus"}\n');

describe('synseg create', () => {
  it('hands sizes and the captions of the file to createCheckpoint()', async () => {
    let given: unknown;
    const createCheckpoint = async (
      folder: string,
      texts: Iterable<string> | AsyncIterable<string>,
      options?: CreateOptions,
    ) => {
      const read: string[] = [];
      for await (const text of texts) read.push(text);
      given = { folder, options, texts: read };
      return { folder, vocabulary: 600, parameters: { vision: 1, text: 2, decoder: 3 } };
    };
    const argv = [
      'create',
      captions,
      '--out',
      'nano',
      '--vision',
      'side=64,width=96',
      '--text',
      'tokens=16',
      '--taps',
      '1,3',
      '--decoder',
      'reduce-dim=32',
      '--projection-dim',
      '64',
      '--vocabulary',
      '600',
      '--seed',
      '1',
      '--json',
    ];
    const { exitCode, stdout } = await command(argv, { createCheckpoint });
    expect([exitCode, linesOf(stdout)]).toEqual([
      0,
      [{ folder: 'nano', vocabulary: 600, parameters: { vision: 1, text: 2, decoder: 3 } }],
    ]);
    expect(given).toEqual({
      folder: 'nano',
      texts: ['a red car', 'a bus'],
      options: {
        vision: { side: 64, width: 96 },
        text: { tokens: 16 },
        taps: [1, 3],
        decoder: { reduceDim: 32 },
        projectionDim: 64,
        vocabulary: 600,
        seed: 1,
        signal: expect.any(AbortSignal),
      },
    });
  });

  it('says what was made', async () => {
    expect((await command(['create', captions, '--out', 'nano'])).stdout).toBe(
      'wrote nano\n  600 tokens; 1.23 M numbers: pictures 1.00, texts 0.20, decoder 0.03\n',
    );
  });

  it.each([
    [
      ['--vision', 'depth=3'],
      /It must be name=value, where name is one of side, patch, width, layers, heads, got "depth"/,
    ],
    [['--taps', 'a,b'], /Its? ?.*must be an integer of at least 0/],
    [['--format', 'spacy'], /It must be one of "tsv", "csv", "jsonl", "coco", "text"/],
  ])('ends with 2 for %j', async (argv, message) => {
    const { exitCode, stderr } = await command(['create', captions, '--out', 'nano', ...argv]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});
