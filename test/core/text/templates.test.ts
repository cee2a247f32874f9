import { describe, expect, it } from 'vitest';
import { fillTemplate, resolveTemplates } from '../../../packages/core/src/text/templates.ts';

describe('built-in templates', () => {
  it('plain is the name itself', () => {
    expect(resolveTemplates('plain')).toEqual(['{}']);
  });

  it.each([
    ['plain', 1],
    ['clipseg', 1],
    ['imagenet80', 80],
    ['tcl9', 9],
  ] as const)('%s has %i sentences, all different, each with a place for the name', (name, count) => {
    const sentences = resolveTemplates(name);
    expect(sentences).toHaveLength(count);
    expect(new Set(sentences).size).toBe(count);
    for (const sentence of sentences) expect(sentence.split('{}')).toHaveLength(2);
  });

  it('imagenet80 holds the sentences published with CLIP', () => {
    expect(resolveTemplates('imagenet80')).toEqual(
      expect.arrayContaining([
        'a bad photo of a {}.',
        'a photo of many {}.',
        'itap of my {}.',
        'a {} in a video game.',
        'the origami {}.',
        'a photo of the small {}.',
      ]),
    );
  });

  it('tcl9 holds the sentences of the evaluation published with TCL', () => {
    expect(resolveTemplates('tcl9')).toEqual([
      ...['itap of a {}.', 'a bad photo of a {}.', 'a origami {}.', 'a photo of the large {}.'],
      ...['a {} in a video game.', 'art of the {}.', 'a photo of the small {}.'],
      ...['a photo of many {}.', 'a photo of {}s.'],
    ]);
  });
});

describe("templates of one's own", () => {
  it('are taken as they are', () => {
    expect(resolveTemplates(['{}', 'a {} at night'])).toEqual(['{}', 'a {} at night']);
  });
});

describe('fillTemplate()', () => {
  it('puts the name in every place, whatever it contains', () => {
    expect(fillTemplate('{} or {}', '$& {}')).toBe('$& {} or $& {}');
  });
});
