import { describe, expect, it } from 'vitest';
import { resolveLabels, type LabelInput, type LabelsOptions } from '../../../packages/core/src/labels/label-request.ts';

function resolve(
  labels: unknown,
  options: LabelsOptions = {},
  templates: Parameters<typeof resolveLabels>[2] = 'plain',
) {
  return resolveLabels(labels as readonly LabelInput[], options, templates);
}

const templatesRule =
  'templates must be "plain", "clipseg", "imagenet80", "tcl9" or a list of sentences that contain {}';

describe('resolveLabels()', () => {
  it('puts each name into each template', () => {
    expect(resolve(['road', 'car'], {}, ['a {}.', '{}'])).toEqual({
      pooling: 'mean',
      names: ['road', 'car'],
      prompts: [
        ['a road.', 'road'],
        ['a car.', 'car'],
      ],
      thresholds: [undefined, undefined],
      colors: [undefined, undefined],
      background: 'threshold',
      words: [
        { asked: 'road', answered: 'road', why: 'text' },
        { asked: 'car', answered: 'car', why: 'text' },
      ],
    });
  });

  it("takes a label's own prompts in place of the templates", () => {
    const { prompts } = resolve([{ name: 'person', prompts: ['a pedestrian', 'my {}'] }, 'car'], {}, ['a {}.']);
    expect(prompts).toEqual([['a pedestrian', 'my person'], ['a car.']]);
  });

  it('looks a vocabulary up by the names as they are', () => {
    expect(resolve(['road', { name: 'person', prompts: ['pedestrian'] }], {}, 'vocabulary').prompts).toEqual([
      ['road'],
      ['pedestrian'],
    ]);
  });

  it('gives each label its own threshold, or that of the options', () => {
    expect(resolve([{ name: 'a', threshold: 0 }, 'b'], { threshold: 0.3 }).thresholds).toEqual([0, 0.3]);
  });

  it.each([
    [['a'], {}, 'threshold'],
    [['a'], { threshold: 0.3 }, 'threshold'],
    [[{ name: 'a', threshold: 0.3 }], {}, 'threshold'],
    [['a'], { threshold: 0.3, background: 'none' }, 'none'],
    [['a'], { background: 0.4 }, 0.4],
  ] as const)('%j with %j has background %j', (labels, options, background) => {
    expect(resolve(labels, options).background).toBe(background);
  });

  const many = Array.from({ length: 256 }, (_, index) => `label ${String(index)}`);
  it.each([
    ['no list', 'road', {}, TypeError, 'labels must be a list, got "road"'],
    ['an empty list', [], {}, RangeError, 'labels must not be empty, got []'],
    ['256 labels', many, {}, RangeError, 'labels must be at most 255, got 256'],
    ['a number', [5], {}, TypeError, 'labels[0] must be a string or have a name, got 5'],
    ['null', [null], {}, TypeError, 'labels[0] must be a string or have a name, got null'],
    ['no name', [{ prompts: ['a'] }], {}, TypeError, 'labels[0] must be a string or have a name, got an object'],
    ['an empty name', ['  '], {}, RangeError, 'labels[0].name must be a string that is not blank, got "  "'],
    ['a name twice', ['road', 'car', 'road'], {}, RangeError, 'names must be unique, got "road" twice'],
    [
      'no prompts',
      [{ name: 'car', prompts: [] }],
      {},
      RangeError,
      'labels[0].prompts must be a list that is not empty, got an empty list',
    ],
    [
      'prompts that are text',
      [{ name: 'car', prompts: 'a car' }],
      {},
      TypeError,
      'labels[0].prompts must be a list that is not empty, got "a car"',
    ],
    [
      'a prompt that is no text',
      [{ name: 'car', prompts: [1] }],
      {},
      TypeError,
      'labels[0].prompts[0] must be a string that is not empty, got 1',
    ],
    [
      'a threshold above 1',
      [{ name: 'car', threshold: 1.5 }],
      {},
      RangeError,
      'labels[0].threshold must be a number from 0 to 1, got 1.5',
    ],
    [
      'a threshold that is no number',
      ['car'],
      { threshold: NaN },
      RangeError,
      'threshold must be a number from 0 to 1, got NaN',
    ],
    [
      'a background above 1',
      ['car'],
      { background: 2 },
      RangeError,
      'background must be "threshold", "none" or a number from 0 to 1, got 2',
    ],
    [
      'a promise',
      Promise.resolve(['road']),
      {},
      TypeError,
      'labels must be a list, got a Promise (did you forget await?)',
    ],
    ['a set', new Set(['road']), {}, TypeError, 'labels must be a list, got an instance of Set'],
    ['a list in the list', [['road']], {}, TypeError, 'labels[0] must be a string or have a name, got a list of 1'],
    ['a hole in the list', [, 'road'], {}, TypeError, 'labels[0] must be a string or have a name, got undefined'],
    [
      'a misspelt field',
      [{ name: 'car', prompt: ['a car'] }],
      {},
      TypeError,
      'labels[0] must have known names, got "prompt" (did you mean "prompts"?)',
    ],
    [
      'a misspelt option',
      ['car'],
      { treshold: 0.5 },
      TypeError,
      'options must have known names, got "treshold" (did you mean "threshold"?)',
    ],
    ['options that are none', ['car'], null as never, TypeError, 'options must be an object, got null'],
    [
      'a color that is none',
      [{ name: 'car', color: 'red' }],
      {},
      RangeError,
      'labels[0].color must be "#rrggbb" or three integers from 0 to 255, got "red"',
    ],
    [
      'a template of the name of a method',
      ['car'],
      { templates: 'constructor' as never },
      RangeError,
      `${templatesRule}, got "constructor"`,
    ],
    ['no templates', ['car'], { templates: [] }, RangeError, `${templatesRule}, got an empty list`],
    [
      'a template without a place for the name',
      ['car'],
      { templates: ['{}', 'a photo'] },
      RangeError,
      `${templatesRule}, got a list of 2`,
    ],
    [
      'a template that is no text',
      ['car'],
      { templates: [7] as never },
      TypeError,
      `${templatesRule}, got a list of 1`,
    ],
    [
      'an unknown background',
      ['car'],
      { background: 'black' as never },
      RangeError,
      'background must be "threshold", "none" or a number from 0 to 1, got "black"',
    ],
  ])('refuses %s', (_, labels, options, kind, message) => {
    expect(() => resolve(labels, options as LabelsOptions)).toThrow(kind);
    expect(() => resolve(labels, options as LabelsOptions)).toThrow(`Cannot embed labels: ${message}`);
  });

  it('takes colors as text or numbers, and names that objects have', () => {
    const { names, colors } = resolve([
      { name: '__proto__', color: '#010203' },
      { name: 'constructor', color: [4, 5, 6] },
      '3',
      '1',
    ]);
    expect(names).toEqual(['__proto__', 'constructor', '3', '1']);
    expect(colors).toEqual([[1, 2, 3], [4, 5, 6], undefined, undefined]);
  });

  it('reads each field of a label once, of a class with getters too', () => {
    let asked = 0;
    class Label {
      get name(): unknown {
        return asked++ === 0 ? 'car' : 5;
      }
    }
    expect(resolve([new Label()]).names).toEqual(['car']);
  });

  it('takes 255 labels: 255 itself is background in a label map', () => {
    expect(resolve(many.slice(0, 255)).names).toHaveLength(255);
  });
});
