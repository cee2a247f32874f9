import { describe, expect, it } from 'vitest';
import { resolveLabels, type LabelInput, type LabelsOptions } from '../../../packages/core/src/labels/label-request.ts';

function resolve(labels: unknown, options: LabelsOptions = {}, templates: Parameters<typeof resolveLabels>[2] = 'plain') {
  return resolveLabels(labels as readonly LabelInput[], options, templates);
}

describe('resolveLabels()', () => {
  it('puts each name into each template', () => {
    expect(resolve(['road', 'car'], {}, ['a {}.', '{}'])).toEqual({
      names: ['road', 'car'],
      prompts: [['a road.', 'road'], ['a car.', 'car']],
      thresholds: [undefined, undefined],
      background: 'none',
    });
  });

  it('takes a label\'s own prompts in place of the templates', () => {
    const { prompts } = resolve([{ name: 'person', prompts: ['a pedestrian', 'my {}'] }, 'car'], {}, ['a {}.']);
    expect(prompts).toEqual([['a pedestrian', 'my person'], ['a car.']]);
  });

  it('looks a vocabulary up by the names as they are', () => {
    expect(resolve(['road', { name: 'person', prompts: ['pedestrian'] }], {}, 'vocabulary').prompts).toEqual([['road'], ['pedestrian']]);
  });

  it('gives each label its own threshold, or that of the options', () => {
    expect(resolve([{ name: 'a', threshold: 0 }, 'b'], { threshold: 0.3 }).thresholds).toEqual([0, 0.3]);
  });

  it.each([
    [['a'], {}, 'none'],
    [['a'], { threshold: 0.3 }, 'threshold'],
    [[{ name: 'a', threshold: 0.3 }], {}, 'threshold'],
    [['a'], { threshold: 0.3, background: 'none' }, 'none'],
    [['a'], { background: 0.4 }, 0.4],
  ] as const)('%j with %j has background %j', (labels, options, background) => {
    expect(resolve(labels, options).background).toBe(background);
  });

  const many = Array.from({ length: 256 }, (_, index) => `label ${String(index)}`);
  it.each([
    ['no list', 'road', {}, TypeError, 'labels must be a list, got string'],
    ['an empty list', [], {}, RangeError, 'labels must not be empty, got []'],
    ['256 labels', many, {}, RangeError, 'labels must be at most 255, got 256'],
    ['a number', [5], {}, TypeError, 'label must be a string or have a name, got 5'],
    ['null', [null], {}, TypeError, 'label must be a string or have a name, got null'],
    ['no name', [{ prompts: ['a'] }], {}, TypeError, 'label must be a string or have a name, got {"prompts":["a"]}'],
    ['an empty name', ['  '], {}, RangeError, 'name must not be empty, got ""'],
    ['a name twice', ['road', 'car', 'road'], {}, RangeError, 'names must be unique, got "road" twice'],
    ['no prompts', [{ name: 'car', prompts: [] }], {}, RangeError, 'prompts of "car" must be a list of strings, got []'],
    ['prompts that are text', [{ name: 'car', prompts: 'a car' }], {}, RangeError, 'prompts of "car" must be a list of strings, got "a car"'],
    ['a prompt that is no text', [{ name: 'car', prompts: [1] }], {}, RangeError, 'prompts of "car" must be a list of strings, got [1]'],
    ['a threshold above 1', [{ name: 'car', threshold: 1.5 }], {}, RangeError, 'threshold of "car" must be in [0, 1], got 1.5'],
    ['a threshold that is no number', ['car'], { threshold: NaN }, RangeError, 'threshold of "car" must be in [0, 1], got NaN'],
    ['a background above 1', ['car'], { background: 2 }, RangeError, 'background must be a number in [0, 1], "threshold" or "none", got 2'],
    ['an unknown background', ['car'], { background: 'black' as never }, RangeError, 'background must be a number in [0, 1], "threshold" or "none", got "black"'],
  ])('refuses %s', (_, labels, options, kind, message) => {
    expect(() => resolve(labels, options)).toThrow(kind);
    expect(() => resolve(labels, options)).toThrow(`Cannot embed labels: ${message}`);
  });

  it('takes 255 labels: 255 itself is background in a label map', () => {
    expect(resolve(many.slice(0, 255)).names).toHaveLength(255);
  });
});
