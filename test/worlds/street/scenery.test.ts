import { beforeAll, describe, expect, it } from 'vitest';
import { HELD_OUT_SYNONYMS, type ClassName } from '@synseg/street-world/classes.ts';
import { drawScene, type Drawing } from '@synseg/street-world/draw.ts';
import { nameable } from '@synseg/street-world/nameable.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import { sceneryOf } from '@synseg/street-world/scenery.ts';
import { windowOf } from '@synseg/street-world/window.ts';
import { PhraseExtractor } from '../../../packages/train/src/phrases/phrase-extractor.ts';

/** Last words of a class's nouns, in either number. */
const NOUNS: Readonly<Partial<Record<ClassName, RegExp>>> = {
  sky: /sky/,
  cloud: /clouds?/,
  hill: /hill/,
  building: /buildings?|house|shop|block|tower/,
  tree: /trees?|pine|birch|poplar/,
  grass: /grass|lawn/,
  road: /road|street/,
  crosswalk: /crosswalk/,
  pavement: /pavement|sidewalk/,
  fence: /fence/,
};
const SCENERY = Object.keys(NOUNS) as ClassName[];
const extractor = new PhraseExtractor();
const scenes: { drawing: Drawing; there: ReadonlySet<ClassName>; captions: string[] }[] = [];

beforeAll(async () => {
  for (let seed = 0; seed < 100; seed++) {
    const scene = sceneOf(seed, { holdOut: 'avoid' });
    // A close-up now and then, which may show no scenery.
    const drawing = await drawScene(scene, { lens: 'none', ...(seed % 3 === 0 ? { window: windowOf(scene) } : {}) });
    scenes.push({
      drawing,
      there: new Set(nameable(drawing).map(({ item }) => item.class!)),
      captions: sceneryOf(drawing, { count: 4, synonyms: 'avoid' }),
    });
  }
});

/** "One can see the sky, green grass and some trees." → sky, green grass, trees. */
function phrasesOf(caption: string): string[] {
  const list = /^(?:A view of |One can see )?(.*)\.$/.exec(caption)?.[1] ?? '';
  return list.split(/, | and /).map((phrase) => phrase.replace(/^(?:the|an?|some) /, ''));
}

function classOf(phrase: string): ClassName | undefined {
  return SCENERY.find((name) => new RegExp(`(?:^| )(?:${NOUNS[name]!.source})$`).test(phrase));
}

describe('sceneryOf()', () => {
  it('gives the same captions for the same picture, different ones, up to as many as asked for', () => {
    const { drawing, captions } = scenes[1]!;
    expect(sceneryOf(drawing, { count: 4, synonyms: 'avoid' })).toEqual(captions);
    expect(captions.slice(0, 2)).toEqual(expect.arrayContaining(sceneryOf(drawing, { count: 2, synonyms: 'avoid' })));
    expect(sceneryOf(drawing, { count: 0 })).toEqual([]);
    for (const { there, captions: some } of scenes) {
      expect(some.length > 0).toBe(SCENERY.some((name) => there.has(name)));
      expect(some.length).toBeLessThanOrEqual(4);
      expect(new Set(some).size).toBe(some.length);
    }
  });

  it('names only scenery that can be seen, of each class once, and several only of what there are several of', () => {
    const named = new Set<ClassName>();
    for (const { drawing, captions } of scenes) {
      const seen = nameable(drawing).map(({ item }) => item.class);
      for (const caption of captions) {
        const phrases = phrasesOf(caption);
        const classes = phrases.map(
          (phrase) => classOf(phrase) ?? expect.fail(`"${phrase}" is no scenery: ${caption}`),
        );
        for (const name of classes) expect(seen, caption).toContain(name);
        expect(new Set(classes).size, caption).toBe(classes.length);
        expect(classes.length).toBeLessThanOrEqual(4);
        phrases.forEach((phrase, index) => {
          if (/(?:clouds|buildings|trees)$/.test(phrase))
            expect(seen.filter((name) => name === classes[index]).length, caption).toBeGreaterThan(1);
        });
        for (const name of classes) named.add(name);
      }
    }
    expect(SCENERY.filter((name) => !named.has(name))).toEqual([]);
  });

  it('is none where there is no scenery', () => {
    const { drawing } = scenes[1]!;
    const visible = drawing.visible.filter(({ item }) => !SCENERY.includes(item.class!));
    expect(visible.length).toBeGreaterThan(0);
    expect(sceneryOf({ ...drawing, visible }, { count: 3 })).toEqual([]);
    expect(scenes.some(({ captions }) => captions.length === 0)).toBe(true);
  });

  it('holds back what training must not read', () => {
    const forbidden = new RegExp(`\\b(?:${Object.values(HELD_OUT_SYNONYMS).flat().join('|')})\\b`, 'i');
    expect(scenes.flatMap(({ captions }) => captions).filter((caption) => forbidden.test(caption))).toEqual([]);
  });

  it('gives noun phrases of which the trainer makes the class’s noun', () => {
    const [lost, all]: [string[], string[]] = [[], []];
    for (const { captions } of scenes) {
      for (const caption of captions) {
        const phrases = extractor.extract(caption);
        // Whatever else is taken for a phrase, it is about what is there.
        const classes = new Set(phrasesOf(caption).map(classOf));
        for (const phrase of phrases) expect(classes, `${phrase}: ${caption}`).toContain(classOf(phrase));
        for (const phrase of phrasesOf(caption)) {
          all.push(phrase);
          if (!phrases.includes(phrase)) lost.push(`${phrase}: ${caption}`);
        }
      }
    }
    expect(lost).toEqual([]);
    expect(all.length).toBeGreaterThan(700);
  });

  it('varies in words, length and order', () => {
    const captions = scenes.flatMap((scene) => scene.captions);
    expect(new Set(captions).size / captions.length).toBeGreaterThan(0.7);
    expect(new Set(captions.map((caption) => phrasesOf(caption).length)).size).toBeGreaterThan(2);
    expect(new Set(captions.map((caption) => /^(?:A view of|One can see)?/.exec(caption)?.[0]))).toEqual(
      new Set(['', 'A view of', 'One can see']),
    );
  });
});
