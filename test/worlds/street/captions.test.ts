import { beforeAll, describe, expect, it } from 'vitest';
import { captionsOf, type Caption } from '@synseg/street-world/captions.ts';
import { CLASSES, HELD_OUT_COMBINATIONS, HELD_OUT_SYNONYMS } from '@synseg/street-world/classes.ts';
import { drawScene, type Drawing } from '@synseg/street-world/draw.ts';
import { nameable } from '@synseg/street-world/nameable.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';
import { PhraseExtractor } from '../../../packages/train/src/phrases/phrase-extractor.ts';

/** Last words of the phrases a caption may give: what there are masks for, and what people wear and carry. */
const HEADS = new Set(
  `sky cloud sun hill building house shop block tower apartment awning tree pine birch poplar bush shrub grass lawn
   road street crosswalk pavement sidewalk fence signal light stoplight sign lamp post bench car sedan hatchback suv
   truck bus van bicycle person man woman boy girl child people pedestrian dog umbrella
   coat jacket shirt sweater dress trouser bag hat`.split(/\s+/),
);
const extractor = new PhraseExtractor();
const scenes: { drawing: Drawing; training: Caption[]; all: Caption[] }[] = [];

beforeAll(async () => {
  for (let seed = 0; seed < 120; seed++) {
    const drawing = await drawScene(sceneOf(seed, { holdOut: 'avoid' }), { lens: 'none' });
    scenes.push({ drawing, training: captionsOf(drawing, { synonyms: 'avoid' }), all: captionsOf(drawing) });
  }
});

function headOf(phrase: string): string {
  const last = phrase.split(' ').at(-1)!;
  return HEADS.has(last) ? last : last.replace(/(?:(?<=s|sh)es|s)$/, '');
}

describe('captionsOf()', () => {
  it('gives the same captions for the same picture', () => {
    const { drawing, training } = scenes[0]!;
    expect(captionsOf(drawing, { synonyms: 'avoid' })).toEqual(training);
    expect(captionsOf(drawing, { synonyms: 'avoid', count: 2 }).length).toBe(2);
  });

  it('names only things that can be seen', () => {
    for (const { drawing, training } of scenes) {
      const seen = new Set(nameable(drawing).map(({ item }) => item.id));
      for (const { items, text } of training)
        expect(
          items.filter((id) => !seen.has(id)),
          text,
        ).toEqual([]);
    }
  });

  it('says only class words of classes it lists', () => {
    for (const { training } of scenes) {
      for (const { text, classes } of training) {
        const words = ` ${text.toLowerCase().replace(/[.,]/g, '')} `;
        const silent = ['bus', 'van', 'dog', 'umbrella', 'bicycle', 'bench', 'awning', 'fence'] as const;
        for (const name of silent) if (words.includes(` ${name} `)) expect(classes, text).toContain(name);
      }
    }
  });

  it('counts what is there', () => {
    const counts = ['two', 'three', 'four', 'five', 'six'];
    let counted = 0;
    for (const { drawing, training } of scenes) {
      for (const { text } of training) {
        const [, word, noun] =
          /\b(two|three|four|five|six) (cars|buses|vans|dogs|people|bicycles|awnings|benches)\b/i.exec(text) ?? [];
        if (word === undefined) continue;
        const singular = noun === 'people' ? 'person' : noun!.replace(/(?:(?<=s|ch)es|s)$/, '');
        expect(
          drawing.visible.filter(({ item, share }) => item.class === singular && share > 0.0004).length,
          text,
        ).toBe(counts.indexOf(word.toLowerCase()) + 2);
        counted += 1;
      }
    }
    expect(counted).toBeGreaterThan(5);
  });

  it('holds back what training must not read', () => {
    const synonyms = Object.values(HELD_OUT_SYNONYMS).flat();
    const forbidden = new RegExp(`\\b(?:${synonyms.join('|')})\\b`, 'i');
    expect(scenes.flatMap(({ training }) => training).filter(({ text }) => forbidden.test(text))).toEqual([]);
    expect(scenes.flatMap(({ all }) => all).some(({ text }) => forbidden.test(text))).toBe(true);
    const pairs = HELD_OUT_COMBINATIONS.map(({ color, class: name }) =>
      name === 'person'
        ? new RegExp(`\\bin (?:a )?${color}\\b|wearing a ${color}`, 'i')
        : new RegExp(`\\b${color} (?:striped |spotted )?${name}`, 'i'),
    );
    for (const { training } of scenes)
      for (const { text } of training)
        expect(
          pairs.filter((pair) => pair.test(text)),
          text,
        ).toEqual([]);
  });

  it('gives noun phrases the trainer can use', () => {
    let [good, all] = [0, 0];
    const strange = new Set<string>();
    for (const { training } of scenes) {
      for (const { text } of training) {
        for (const phrase of extractor.extract(text)) {
          all += 1;
          if (HEADS.has(headOf(phrase))) good += 1;
          else strange.add(phrase);
        }
      }
    }
    expect(good / all, [...strange].join(', ')).toBeGreaterThan(0.985);
    expect(all).toBeGreaterThan(1000);
  });

  it('varies in words, length and order', () => {
    const texts = scenes.flatMap(({ training }) => training.map(({ text }) => text));
    expect(new Set(texts).size / texts.length).toBeGreaterThan(0.9);
    const lengths = texts.map((text) => text.split(' ').length);
    expect(Math.min(...lengths)).toBeLessThan(5);
    expect(Math.max(...lengths)).toBeGreaterThan(18);
    const named = new Set(scenes.flatMap(({ training }) => training.flatMap(({ classes }) => classes)));
    expect(CLASSES.filter((name) => !named.has(name))).toEqual([]);
  });
});
