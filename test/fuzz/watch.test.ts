import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Draw } from './draw.ts';
import { faultOf } from './verdict.ts';
import { watchSubject } from './watch.ts';

const folder = temporaryFolder();

describe('a fuzzed subject', () => {
  it(
    'is found out where it hangs, dies, takes too much memory, throws a raw error or leaves a rejection, and goes ' +
      'on after each',
    { timeout: 120_000 },
    async () => {
      const { findings, ran, accepted, refused } = await watchSubject('faulty', {
        seed: 5,
        first: 0,
        end: 15,
        keep: folder,
        caseTimeoutMs: 3000,
        memoryBytes: 400 * 2 ** 20,
      });
      expect(findings.map(({ number, kind }) => [number, kind])).toEqual([
        [1, 'hang'],
        [3, 'death'],
        [5, 'TypeError without the form of ours'],
        [7, 'memory'],
        [9, 'hang'],
        [13, 'death'],
      ]);
      expect(findings[5]?.stack).toContain('nobody waits for this');
      expect({ ran, accepted, refused }).toEqual({ ran: 15, accepted: 8, refused: 2 });
      for (const { number } of findings)
        expect(readFileSync(join(folder, `faulty-5-${String(number)}`, 'input.txt'), 'utf8')).toBe(
          new Draw(5, 'faulty', number).text(),
        );
      expect(existsSync(join(folder, 'faulty-5-11'))).toBe(false);
    },
  );

  it('that does not open is a finding', { timeout: 60_000 }, async () => {
    const { findings, ran } = await watchSubject('nowhere', {
      seed: 1,
      first: 0,
      end: 5,
      keep: folder,
      caseTimeoutMs: 5000,
      memoryBytes: 2 ** 30,
    });
    expect([ran, findings.length, findings[0]?.kind]).toEqual([0, 1, 'death']);
    expect(findings[0]?.stack).toContain('nowhere');
  });
});

describe('a draw', () => {
  const drawn = (seed: number, subject: string, number: number): unknown[] => {
    const draw = new Draw(seed, subject, number);
    return [draw.integer(0, 1e9), draw.text(), draw.number(), draw.pick([1, 2, 3]), draw.bytes(8)];
  };

  it('follows from seed, subject and number alone', () => {
    expect(drawn(1, 'rle', 7)).toEqual(drawn(1, 'rle', 7));
    for (const other of [drawn(2, 'rle', 7), drawn(1, 'tar', 7), drawn(1, 'rle', 8)])
      expect(other).not.toEqual(drawn(1, 'rle', 7));
  });
});

describe('an error', () => {
  const thrown = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error;
    }
  };

  it('of the package is none', () => {
    expect(faultOf(new RangeError('Cannot read labels: threshold must be in [0, 1], got 3'))).toBeUndefined();
    const reason = new Error('enough');
    expect(faultOf(reason, { reason })).toBeUndefined();
  });

  it.each([
    ['of V8 that begins with "Cannot"', () => (null as unknown as { x: number }).x],
    ['of V8', () => (3 as unknown as () => void)()],
    ['of a length', () => new Uint8Array(-1)],
    ['of JSON', () => void JSON.parse('{')],
    ['of BigInt', () => BigInt(0.5)],
    ['of Node', () => Buffer.alloc('x' as unknown as number)],
    ['of the file system', () => readFileSync(join(folder, 'missing'))],
    [
      'of ours that repeats one of V8',
      () => {
        throw new TypeError("Cannot load x: y must be z, got Cannot read properties of undefined (reading 'a')");
      },
    ],
    [
      'that is none',
      () => {
        throw 'text' as unknown as Error;
      },
    ],
    [
      'without our form',
      () => {
        throw new RangeError('internal: x');
      },
    ],
  ])('%s is a fault', (_, run) => {
    expect(faultOf(thrown(run))).toEqual(expect.any(String));
  });
});
