import { expect, test } from 'vitest';
import { checkOptions, describeValue, optionNames } from '../../../packages/core/src/guard/arguments.ts';

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
