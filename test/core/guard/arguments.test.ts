import { expect, test } from 'vitest';
import { describeValue } from '../../../packages/core/src/guard/arguments.ts';

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
