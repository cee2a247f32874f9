import { describe, expect, it } from 'vitest';
import {
  SynsegError,
  deserializeError,
  isSynsegError,
  messageOf,
  serializeError,
} from '../../packages/core/src/errors.ts';

/** What `postMessage` does to plain data. */
const across = (error: unknown): Error => deserializeError(structuredClone(serializeError(error)));

describe('an error that crosses threads', () => {
  it('keeps its class, code, message, stack and the message of its cause', () => {
    const error = new SynsegError('IMAGE_DECODE', 'Cannot decode image', { cause: new Error('premature end') });
    const rebuilt = across(error);
    expect(rebuilt).toBeInstanceOf(SynsegError);
    expect(isSynsegError(rebuilt)).toBe(true);
    expect(rebuilt).toMatchObject({
      name: 'SynsegError',
      code: 'IMAGE_DECODE',
      message: 'Cannot decode image',
      stack: error.stack,
      cause: { message: 'premature end' },
    });
  });

  it.each([TypeError, RangeError, Error])('stays a %o', (kind) => {
    const rebuilt = across(new kind('wrong'));
    expect(rebuilt.constructor).toBe(kind);
    expect([rebuilt.message, rebuilt.cause, isSynsegError(rebuilt)]).toEqual(['wrong', undefined, false]);
  });

  it('becomes an Error when it was none', () => {
    expect(across('just text')).toEqual(new Error('just text'));
    expect(across(new SyntaxError('odd'))).toEqual(new Error('odd'));
  });
});

describe('isSynsegError()', () => {
  it('knows an error of another copy of the package by its brand', () => {
    expect(isSynsegError({ [Symbol.for('synseg.error')]: true, code: 'DISPOSED' })).toBe(true);
    for (const value of [null, undefined, 'text', new Error('plain'), { code: 'DISPOSED' }])
      expect(isSynsegError(value)).toBe(false);
  });
});

it('messageOf() reads any thrown value', () => {
  expect([messageOf(new Error('a')), messageOf('b'), messageOf(3)]).toEqual(['a', 'b', '3']);
});

it('messageOf() and serializeError() read what has no text', () => {
  expect([messageOf(Object.create(null)), serializeError(Object.create(null)).message]).toEqual([
    'an object',
    'an object',
  ]);
});

it('deserializeError() refuses what serializeError() does not give', () => {
  for (const [data, got] of [
    [undefined, 'undefined'],
    [{}, 'an object'],
  ] as const) {
    expect(() => deserializeError(data as never)).toThrow(
      new TypeError(`Cannot rebuild error: data must be what serializeError() returned, got ${got}`),
    );
  }
});
