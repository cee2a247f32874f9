/** Options described once: types, checks, defaults and what a text on the command line stands for. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  abortSignal,
  callback,
  choice,
  either,
  flag,
  group,
  groupOrFalse,
  integer,
  list,
  number,
  readOptions,
  secretText,
  text,
  value,
  withDefault,
  type OptionsOf,
  type Resolved,
} from '../../../packages/core/src/guard/options.ts';

const COOK = {
  portions: withDefault(integer({ most: 12 }), 2),
  heat: number({ above: 0, most: 1 }),
  style: withDefault(choice(['fried', 'boiled']), 'fried'),
  salted: withDefault(flag(), false),
  spices: list(text()),
  guests: list(group({ name: text(), age: integer() }, ['name'])),
  pan: group({ width: number({ least: 0.1 }), lid: flag() }, ['width']),
  until: either('be "done" or a number of minutes', choice(['done']), number({ least: 0 })),
  onTaste: callback<(bites: number) => void>(),
  password: secretText(),
  stir: value(
    'be an even number',
    (given) => typeof given === 'number',
    (given: number) => given % 2 === 0,
  ),
  rest: number({ above: 0, endless: true }),
  helpers: integer({ endless: true }),
  sauce: groupOrFalse({ spoons: withDefault(integer(), 3) }),
  signal: abortSignal(),
};
const cook = (options?: unknown): Resolved<typeof COOK> => readOptions('cook', COOK, options);

describe('readOptions()', () => {
  it('fills in what has a default, and keeps what is given', () => {
    expect(cook()).toMatchObject({ portions: 2, style: 'fried', salted: false });
    expect(cook({})).not.toHaveProperty('heat');
    const onTaste = (): void => undefined;
    const given = {
      portions: 3,
      heat: 0.5,
      style: 'boiled',
      salted: true,
      spices: ['salt'],
      pan: { width: 2 },
      onTaste,
    };
    expect(cook({ ...given, until: 'done', stir: 4 })).toEqual({ ...given, until: 'done', stir: 4 });
  });

  it('fills in what is within, and takes Infinity for no bound where there may be none', () => {
    expect(cook({ sauce: {} }).sauce).toEqual({ spoons: 3 });
    expect(cook({ sauce: false, rest: Infinity, helpers: Infinity })).toMatchObject({ sauce: false, rest: Infinity });
    expect(() => cook({ heat: Infinity })).toThrow(RangeError);
  });

  it('takes undefined for nothing given', () => {
    expect(cook({ portions: undefined, heat: undefined })).toMatchObject({ portions: 2, style: 'fried' });
  });

  it.each([
    ['a list', [], 'options must be an object, got an empty list'],
    ['null', null, 'options must be an object, got null'],
    ['a promise', Promise.resolve(), 'options must be an object, got a Promise (did you forget await?)'],
    ['an unknown name', { portion: 2 }, 'options must have known names, got "portion" (did you mean "portions"?)'],
    [
      'an unknown name that is like none',
      { zzzzzzzz: 2 },
      `options must have known names, got "zzzzzzzz"; known: ${Object.keys(COOK).join(', ')}`,
    ],
    [
      'an unknown name within',
      { pan: { width: 1, lids: true } },
      'pan must have known names, got "lids" (did you mean "lid"?)',
    ],
    ['a missing one within', { pan: {} }, 'pan.width must be a number of at least 0.1, got none'],
    [
      'an unknown name in a list',
      { guests: [{ nam: 'Eva' }] },
      'guests[0] must have known names, got "nam" (did you mean "name"?)',
    ],
    ['a missing one in a list', { guests: [{}] }, 'guests[0].name must be a string that is not empty, got none'],
    ['the wrong kind within', { pan: { width: 'wide' } }, 'pan.width must be a number of at least 0.1, got "wide"'],
    ['the wrong kind within', { sauce: { spoons: 'x' } }, 'sauce.spoons must be a positive integer, got "x"'],
    ['an unknown name within', { sauce: { spoon: 1 } }, 'sauce must have known names, got "spoon" (did you mean'],
    ['neither false nor an object', { sauce: 3 }, 'sauce must be false or an object, got 3'],
    ['the wrong kind', { portions: '2' }, 'portions must be an integer from 1 to 12, got "2"'],
    ['a list for an object', { pan: [] }, 'pan must be an object, got an empty list'],
    ['a number for a choice', { style: 3 }, 'style must be "fried" or "boiled", got 3'],
    ['a text for a list', { spices: 'salt' }, 'spices must be a list that is not empty, got "salt"'],
    ['the wrong kind in a list', { spices: ['salt', 3] }, 'spices[1] must be a string that is not empty, got 3'],
    ['a text for a function', { onTaste: 'x' }, 'onTaste must be a function, got "x"'],
    ['anything for a signal', { signal: {} }, 'signal must be an AbortSignal, got an object'],
    ['a secret', { password: 1234 }, 'password must be a string that is not empty, got "number"'],
    ['none of the kinds', { until: true }, 'until must be "done" or a number of minutes, got true'],
  ])('refuses %s as a TypeError', (_, options, message) => {
    const call = (): unknown => cook(options);
    expect(call).toThrow(TypeError);
    expect(call).toThrow(`Cannot cook: ${message}`);
  });

  it.each([
    ['too small an integer', { portions: 0 }, 'portions must be an integer from 1 to 12, got 0'],
    ['half an integer', { portions: 1.5 }, 'portions must be an integer from 1 to 12, got 1.5'],
    ['a bound that is excluded', { heat: 0 }, 'heat must be a number above 0 and at most 1, got 0'],
    ['NaN', { heat: NaN }, 'heat must be a number above 0 and at most 1, got NaN'],
    ['another choice', { style: 'grilled' }, 'style must be "fried" or "boiled", got "grilled"'],
    ['an empty list', { spices: [] }, 'spices must be a list that is not empty, got an empty list'],
    ['an empty text', { spices: [''] }, 'spices[0] must be a string that is not empty, got ""'],
    ['none of the values', { until: -1 }, 'until must be "done" or a number of minutes, got -1'],
    ['a value of the right kind', { stir: 3 }, 'stir must be an even number, got 3'],
  ])('refuses %s as a RangeError', (_, options, message) => {
    const call = (): unknown => cook(options);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(`Cannot cook: ${message}`);
  });

  it('names a misspelt option before a missing one', () => {
    const read = (): unknown => readOptions('cook', { out: text(), size: number() }, { ot: 'x' }, ['out']);
    expect(read).toThrow('Cannot cook: options must have known names, got "ot" (did you mean "out"?)');
    const missing = (): unknown => readOptions('cook', { out: text() }, {}, ['out']);
    expect(missing).toThrow('Cannot cook: out must be a string that is not empty, got none');
  });

  it('names the object that the options are within', () => {
    const read = (): unknown => readOptions('cook', { lid: flag() }, { lid: 1 }, [], 'pans[2]');
    expect(read).toThrow('Cannot cook: pans[2].lid must be true or false, got 1');
  });

  it('lets any number of calls share a signal without a warning', async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): unknown => warnings.push(name);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    cook({ signal });
    for (let call = 0; call < 11; call++) signal.addEventListener('abort', () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
    const other = new AbortController().signal;
    for (let call = 0; call < 11; call++) other.addEventListener('abort', () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual(['MaxListenersExceededWarning']);
  });

  it('gives the types', () => {
    type Given = OptionsOf<typeof COOK>;
    expectTypeOf<Given['style']>().toEqualTypeOf<'fried' | 'boiled' | undefined>();
    expectTypeOf<Resolved<typeof COOK>['portions']>().toEqualTypeOf<number>();
    expectTypeOf<Resolved<typeof COOK>['heat']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Resolved<typeof COOK>['sauce']>().toEqualTypeOf<{ readonly spoons: number } | false | undefined>();
    expectTypeOf<Given['until']>().toEqualTypeOf<number | 'done' | undefined>();
  });
});

describe('a text on the command line', () => {
  it.each([
    ['portions', '3', 3],
    ['portions', 'three', 'three'],
    ['portions', '', ''],
    ['style', 'boiled', 'boiled'],
    ['spices', 'salt, pepper,', ['salt', 'pepper']],
    ['until', 'done', 'done'],
    ['until', '12.5', 12.5],
    ['until', '-3', '-3'],
    ['salted', 'false', false],
  ] as const)('for %s, %j stands for %j', (name, given, read) => {
    expect(COOK[name].fromText?.(given)).toEqual(read);
  });

  it('stands for nothing where the option is a function, a signal or an object', () => {
    for (const name of ['onTaste', 'signal', 'pan', 'stir'] as const) expect(COOK[name].fromText).toBeUndefined();
  });
});
