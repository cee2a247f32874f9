import { expect, test } from 'vitest';
import { checkOptions, checkSignal, describeValue, optionNames } from '../../../packages/core/src/guard/arguments.ts';

test.each([
  [Promise.resolve(1), 'a Promise (did you forget await?)'],
  [[], 'an empty list'],
  [[1, 2], 'a list of 2'],
  [new Map(), 'an instance of Map'],
  [Object.create(null), 'an object'],
  ['x'.repeat(100), `"${'x'.repeat(80)}…"`],
  [undefined, 'undefined'],
  [null, 'null'],
  [NaN, 'NaN'],
])('describeValue() says in a few words what came: %s', (value, text) => {
  expect(describeValue(value)).toBe(text);
});

const names = optionNames<{ labels?: string; every?: number }>({ labels: true, every: true });

test('checkOptions() takes known names and no others', () => {
  expect(() => {
    checkOptions('run', { lables: 1 }, names);
  }).toThrow(new TypeError('Cannot run: options must have known names, got "lables" (did you mean "labels"?)'));
  expect(() => {
    checkOptions('run', { quux: 1 }, names);
  }).toThrow('Cannot run: options must have known names, got "quux"; known: labels, every');
  expect(() => {
    checkOptions('run', null, names);
  }).toThrow(new TypeError('Cannot run: options must be an object, got null'));
  expect(() => {
    checkOptions('run', Promise.resolve({}), names);
  }).toThrow('got a Promise (did you forget await?)');
  expect(() => {
    checkOptions('run', { every: 1 }, names);
  }).not.toThrow();
});

test('checkSignal() takes an AbortSignal or nothing', () => {
  expect(() => {
    checkSignal('run', new AbortController());
  }).toThrow(new TypeError('Cannot run: signal must be an AbortSignal, got an instance of AbortController'));
  expect(() => {
    checkSignal('run', new AbortController().signal);
  }).not.toThrow();
});

test('checkSignal() lets any number of calls share a signal without a warning', async () => {
  const warnings: string[] = [];
  const onWarning = ({ name }: Error): unknown => warnings.push(name);
  process.on('warning', onWarning);
  const checked = new AbortController().signal;
  const other = new AbortController().signal;
  checkSignal('run', checked);
  for (let call = 0; call < 11; call++) checked.addEventListener('abort', () => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
  for (let call = 0; call < 11; call++) other.addEventListener('abort', () => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', onWarning);
  expect(warnings).toEqual(['MaxListenersExceededWarning']);
});
