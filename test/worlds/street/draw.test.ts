import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CLASSES, IGNORED } from '@synseg/street-world/classes.ts';
import { drawBatch, drawScene, encodeMask } from '@synseg/street-world/draw.ts';
import type { Item } from '@synseg/street-world/item.ts';
import { classShares } from '@synseg/street-world/masks.ts';
import { sceneOf, type Scene } from '@synseg/street-world/scene.ts';
import { Threads, type ThreadDrawing } from '@synseg/street-world/threads.ts';
import { readIndexMask } from '../../../packages/train/src/image/index-mask.ts';

function hashOf({ pixels, instances, labels }: ThreadDrawing): string {
  return createHash('sha256').update(pixels).update(new Uint8Array(instances.buffer)).update(labels).digest('hex');
}

/** The scene with one item in other paints. */
function repainted(scene: Scene, id: number, paint: Item['paint']): Scene {
  return { ...scene, items: scene.items.map((item) => (item.id === id ? { ...item, paint, trim: paint } : item)) };
}

describe('drawScene()', () => {
  it('gives the same bytes on two runs, in another order, all at once and in a worker thread', async () => {
    const seeds = [3, 17, 29, 64];
    const first = await Promise.all(seeds.map(async (seed) => hashOf(await drawScene(sceneOf(seed)))));
    const backwards: string[] = [];
    for (const seed of [...seeds].reverse()) backwards.unshift(hashOf(await drawScene(sceneOf(seed))));
    expect(backwards).toEqual(first);
    await using threads = new Threads(2);
    const elsewhere = await Promise.all(
      seeds.map(async (seed) => hashOf(await threads.run<ThreadDrawing>({ job: 'draw', seed, options: {} }))),
    );
    expect(elsewhere).toEqual(first);
    expect(new Set(first).size).toBe(seeds.length);
  });

  it('gives every pixel a thing and a class', async () => {
    for (const { scene, instances, labels, visible } of await drawBatch(100, 12, { lens: 'none' })) {
      for (const [pixel, id] of instances.entries()) {
        const item = scene.items[id - 1];
        if (
          item === undefined ||
          (labels[pixel] === IGNORED ? item.class !== undefined : CLASSES[labels[pixel]!] !== item.class)
        )
          throw new Error(`pixel ${pixel} of seed ${scene.seed}: item ${id}, label ${labels[pixel]}`);
      }
      expect(visible.reduce((sum, { area }) => sum + area, 0)).toBe(instances.length);
      expect([...classShares(visible).values()].every((share) => share > 0 && share <= 1)).toBe(true);
    }
  });

  it('draws a thing where its mask is and nowhere else', async () => {
    const compared = new Set<string>();
    for (let seed = 0; seed < 24; seed++) {
      const scene = sceneOf(seed);
      if (scene.weather.sky !== 'clear' || scene.weather.time !== 'day') continue;
      const plain = await drawScene(scene, { lens: 'none' });
      const { width, height, instances } = plain;
      const chosen = plain.visible
        .filter(
          ({ item, share, distance }) =>
            share > 0.01 &&
            distance < 40 &&
            ['car', 'bus', 'van', 'building', 'person', 'awning', 'bench', 'dog'].includes(item.kind),
        )
        .slice(0, 4);
      for (const { item, area } of chosen) {
        const other = await drawScene(repainted(scene, item.id, [250, 20, 250]), { lens: 'none' });
        expect(other.instances).toEqual(instances);
        const inside: number[] = [];
        const outside: number[] = [];
        for (let pixel = 0; pixel < instances.length; pixel++) {
          const at = pixel * 3;
          const change =
            Math.abs(plain.pixels[at]! - other.pixels[at]!) +
            Math.abs(plain.pixels[at + 1]! - other.pixels[at + 1]!) +
            Math.abs(plain.pixels[at + 2]! - other.pixels[at + 2]!);
          if (instances[pixel] === item.id) inside.push(change);
          // A neighbor of the mask may be a mixture at a smooth edge; through a fence's gaps, which count as fence, one
          // sees.
          else if (
            change > 0 &&
            CLASSES[plain.labels[pixel]!] !== 'fence' &&
            !touches(instances, width, height, pixel, item.id)
          )
            outside.push(change);
        }
        compared.add(item.kind);
        expect(inside.filter((change) => change > 30).length / area, `${item.kind} of seed ${seed}`).toBeGreaterThan(
          0.3,
        );
        // Where two smooth edges meet before it, a little of a thing shines through.
        const strong = inside.sort((a, b) => b - a)[Math.floor(area * 0.15)]! / 2;
        expect(outside.filter((change) => change > strong).length / area, `${item.kind} of seed ${seed}`).toBeLessThan(
          0.004,
        );
      }
    }
    expect(compared.size).toBeGreaterThanOrEqual(4);
  });

  it('paints a thing in the color it is named by', async () => {
    // Plain fences, all one paint: the middle of their colors is the paint in daylight.
    let checked = 0;
    for (let seed = 0; seed < 300 && checked < 3; seed++) {
      const scene = sceneOf(seed);
      if (
        scene.weather.sky !== 'clear' ||
        scene.weather.time !== 'day' ||
        !scene.items.some(({ form }) => form === 'plank')
      )
        continue;
      const { visible, instances, pixels } = await drawScene(scene, { lens: 'none' });
      const fence = visible.find(
        ({ item, share, distance }) => item.kind === 'fence' && item.form === 'plank' && share > 0.006 && distance < 60,
      );
      if (fence === undefined) continue;
      const sum = [0, 0, 0];
      for (let pixel = 0; pixel < instances.length; pixel++) {
        if (instances[pixel] === fence.item.id)
          for (const channel of [0, 1, 2]) sum[channel]! += pixels[pixel * 3 + channel]!;
      }
      for (const channel of [0, 1, 2])
        expect(Math.abs(sum[channel]! / fence.area - fence.item.paint[channel]!)).toBeLessThan(42);
      checked += 1;
    }
    expect(checked).toBeGreaterThan(0);
  });

  it('adds noise that depends on the frame, and leaves the masks alone', async () => {
    const scene = sceneOf(9);
    const [clean, first, second] = [
      await drawScene(scene, { lens: 'none' }),
      await drawScene(scene),
      await drawScene(scene, { frame: 1 }),
    ];
    expect(first.pixels).not.toEqual(clean.pixels);
    expect(second.pixels).not.toEqual(first.pixels);
    expect(second.labels).toEqual(clean.labels);
  });

  it('shows in a window what the whole picture shows there', async () => {
    const scene = sceneOf(3);
    const [whole, part] = await Promise.all([
      drawScene(scene, { size: 256, lens: 'none' }),
      drawScene(scene, { size: 128, lens: 'none', window: { left: 0.25, top: 0.5, share: 0.5 } }),
    ]);
    let same = 0;
    for (let y = 0; y < 128; y++)
      for (let x = 0; x < 128; x++) same += whole.labels[(y + 128) * 256 + x + 64] === part.labels[y * 128 + x] ? 1 : 0;
    expect(same / 128 ** 2).toBeGreaterThan(0.995);
  });

  it('keeps to the size asked for and refuses others', async () => {
    const { width, height, pixels } = await drawScene(sceneOf(1, { aspect: 1.5 }), { size: 64 });
    expect([width, height, pixels.length]).toEqual([96, 64, 96 * 64 * 3]);
    await expect(drawScene(sceneOf(1), { size: 8 })).rejects.toThrow(
      'Cannot draw scene: size must be an integer within 16 … 4096, got 8',
    );
  });
});

describe('encodeMask()', () => {
  it('stores class indices that the trainer reads back', async () => {
    const { labels, width, height } = await drawScene(sceneOf(5));
    const mask = await readIndexMask(await encodeMask(labels, width, height));
    expect([mask.width, mask.height]).toEqual([width, height]);
    expect(mask.data).toEqual(labels);
  });
});

function touches(instances: Uint16Array, width: number, height: number, pixel: number, id: number): boolean {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const [nx, ny] = [x + dx, y + dy];
      if (nx >= 0 && ny >= 0 && nx < width && ny < height && instances[ny * width + nx] === id) return true;
    }
  }
  return false;
}
