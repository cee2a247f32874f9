import { describe, expect, it } from 'vitest';
import { encodeEvent } from '../../../packages/train/src/run/event-record.ts';
import { scalarsOf } from '../../../packages/train/src/run/event-file.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('encodeEvent()', () => {
  // Expected bytes: tensorboard 2.21's own RecordWriter around its own protobuf classes (Python), the same fields.
  it('writes the version record that begins a file', () => {
    expect(hex(encodeEvent({ kind: 'version' }, 1700000000.25))).toBe(
      '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9',
    );
  });

  it('writes the start of a session', () => {
    expect(hex(encodeEvent({ kind: 'start', step: 101 }, 1700000001))).toBe(
      '0f000000000000006d532b090900004040fc54d94110653a02080174ff9447',
    );
  });

  it('writes scalars, not-a-number too', () => {
    const scalars = new Map([
      ['loss/total', 0.5],
      ['gradientNorm', NaN],
    ]);
    expect(hex(encodeEvent({ kind: 'scalars', step: 300, scalars }, 1700000002.5))).toBe(
      '36000000000000004f578cef090000a040fc54d94110ac022a280a110a0a6c6f73732f746f74616c150000003f' +
        '0a130a0c6772616469656e744e6f726d150000c07f87089aeb',
    );
  });

  it('writes steps beyond 32 bits and tags longer than 127 bytes', () => {
    const record = encodeEvent(
      { kind: 'scalars', step: 5_000_000_000, scalars: new Map([['x'.repeat(200), -1e-3]]) },
      1700000002.5,
    );
    expect(hex(record.subarray(0, 40))).toBe(
      'e500000000000000e878a28c090000a040fc54d9411080e497d0122ad3010ad0010ac80178787878',
    );
    expect(hex(record.subarray(-8))).toBe('6f1283ba5e569b0f');
    expect(record.length).toBe(245);
  });
});

describe('scalarsOf()', () => {
  it('takes the numbers of a report, those inside others under a path, and not the step', () => {
    const record = {
      step: 7,
      loss: { align: 1, total: Infinity },
      imagesPerSecond: 12.5,
      note: 'warm',
      done: true,
      list: [1, 2],
      nothing: null,
    };
    expect([...scalarsOf(record)]).toEqual([
      ['loss/align', 1],
      ['loss/total', Infinity],
      ['imagesPerSecond', 12.5],
    ]);
  });
});
