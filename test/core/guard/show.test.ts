import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { showsItself } from '../../../packages/core/src/guard/show.ts';

class Heavy {
  readonly pixels = new Uint8Array(1000);
  toJSON(): object {
    return { size: this.pixels.length, inner: { list: [1, 2] } };
  }
}
showsItself(Heavy, 'Heavy');

describe('showsItself()', () => {
  it('makes console.log() of Node show the name and what toJSON() says, options and depth included', () => {
    expect(inspect(new Heavy())).toBe('Heavy { size: 1000, inner: { list: [ 1, 2 ] } }');
    expect(inspect({ heavy: new Heavy() }, { compact: 3, breakLength: Infinity })).toBe(
      '{ heavy: Heavy { size: 1000, inner: { list: [ 1, 2 ] } } }',
    );
  });

  it('answers Deno, which hands its inspect function over first', () => {
    const show = (
      new Heavy() as unknown as Record<symbol, (inspect: (value: unknown) => string, options: object) => string>
    )[Symbol.for('Deno.customInspect')]!;
    expect(show.call(new Heavy(), (value) => JSON.stringify(value), {})).toBe(
      'Heavy {"size":1000,"inner":{"list":[1,2]}}',
    );
  });

  it('serves one object, and adds nothing that is listed or copied', () => {
    const object = { toJSON: () => ({ a: 1 }) };
    showsItself(object, 'Thing');
    expect(inspect(object)).toBe('Thing { a: 1 }');
    expect(Reflect.ownKeys({ ...object })).toEqual(['toJSON']);
  });
});
