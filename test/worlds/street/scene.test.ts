import { describe, expect, it } from 'vitest';
import { CLASSES, HELD_OUT_COMBINATIONS, isHeldOut } from '@synseg/street-world/classes.ts';
import { drawScene } from '@synseg/street-world/draw.ts';
import { sceneOf } from '@synseg/street-world/scene.ts';

describe('sceneOf()', () => {
  it('makes the same plain data for a seed, whatever was made before', () => {
    const alone = JSON.stringify(sceneOf(41));
    for (let seed = 0; seed < 5; seed++) sceneOf(seed);
    expect(JSON.stringify(sceneOf(41))).toBe(alone);
    expect(JSON.stringify(structuredClone(sceneOf(41)))).toBe(alone);
    expect(JSON.stringify(sceneOf(42))).not.toBe(alone);
  });

  it('numbers its items by their place and gives training and test different scenes for one seed', () => {
    const { items } = sceneOf(3);
    expect(items.map(({ id }) => id)).toEqual(items.map((_, index) => index + 1));
    expect(JSON.stringify(sceneOf(3, { holdOut: 'avoid' }).camera)).not.toBe(JSON.stringify(sceneOf(3).camera));
  });

  it('shows held-out combinations only where they are allowed', () => {
    const found = { avoid: 0, allow: new Set<string>() };
    for (let seed = 0; seed < 250; seed++) {
      for (const item of sceneOf(seed, { holdOut: 'avoid' }).items)
        if (item.color !== undefined && item.class !== undefined && isHeldOut(item.class, item.color)) found.avoid += 1;
      for (const item of sceneOf(seed).items)
        if (item.color !== undefined && item.class !== undefined && isHeldOut(item.class, item.color))
          found.allow.add(`${item.color} ${item.class}`);
    }
    expect(found.avoid).toBe(0);
    expect([...found.allow].sort()).toEqual(
      HELD_OUT_COMBINATIONS.map(({ color, class: name }) => `${color} ${name}`).sort(),
    );
  });

  it('has each half of a held-out combination in training, with others', () => {
    const colors = new Map<string, Set<string>>();
    for (let seed = 0; seed < 250; seed++) {
      for (const { class: name, color } of sceneOf(seed, { holdOut: 'avoid' }).items) {
        if (name !== undefined && color !== undefined) colors.set(name, (colors.get(name) ?? new Set()).add(color));
      }
    }
    for (const { class: name, color } of HELD_OUT_COMBINATIONS) {
      expect(colors.get(name)?.size, name).toBeGreaterThanOrEqual(4);
      expect(
        [...colors].some(([other, words]) => other !== name && words.has(color)),
        color,
      ).toBe(true);
    }
  });

  it('refuses seeds and aspects that are none', () => {
    expect(() => sceneOf(-1)).toThrow('Cannot make scene: seed must be an integer from 0, got -1');
    expect(() => sceneOf(1.5)).toThrow('seed must be an integer from 0, got 1.5');
    expect(() => sceneOf(1, { aspect: 9 })).toThrow('Cannot make scene: aspect must be within 0.25 … 4, got 9');
  });
});

describe('200 scenes', () => {
  it('have each class in 5 % of them at least, none that is everywhere alone, and all weathers', async () => {
    const scenes = new Map<string, number>();
    const weathers = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { scene, visible } = await drawScene(sceneOf(seed), { size: 96, lens: 'none' });
      weathers.add(`${scene.weather.time} ${scene.weather.sky}`);
      for (const name of new Set(
        visible.filter(({ share }) => share > 0.0008).map(({ item }) => item.class ?? 'clutter'),
      ))
        scenes.set(name, (scenes.get(name) ?? 0) + 1);
    }
    const rare = CLASSES.filter((name) => (scenes.get(name) ?? 0) < 10);
    expect(rare).toEqual([]);
    expect(weathers.size).toBe(8);
  });
});
