/** What the instance map says: a class for each pixel, and how much is seen of each item. */
import { classIndex, type ClassName } from './classes.ts';
import type { Item } from './item.ts';
import type { Scene } from './scene.ts';
import { clearness } from './weather.ts';

/** What is seen of one item. */
export interface Visible {
  readonly item: Item;
  /** Pixels. */
  readonly area: number;
  /** Pixels ÷ pixels of the picture. */
  readonly share: number;
  /** Bounds of what is seen, pixels, the right and lower one excluded. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Share of its own color that the haze leaves, 0 … 1. */
  readonly clearness: number;
  /** Meters from the camera. */
  readonly distance: number;
}

/** A class for each pixel; 255 for clutter. */
export function labelsOf(scene: Scene, instances: Uint16Array): Uint8Array<ArrayBuffer> {
  const table = new Uint8Array(scene.items.length + 1).fill(255);
  for (const item of scene.items) table[item.id] = classIndex(item.class);
  return Uint8Array.from(instances, (id) => table[id] ?? 255);
}

/** Items that are seen, the largest first. */
export function visibleOf(scene: Scene, instances: Uint16Array, width: number, height: number): Visible[] {
  const count = scene.items.length + 1;
  const area = new Uint32Array(count);
  const [left, top] = [new Uint32Array(count).fill(width), new Uint32Array(count).fill(height)];
  const [right, bottom] = [new Uint32Array(count), new Uint32Array(count)];
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const id = instances[pixel]!;
      area[id] = area[id]! + 1;
      if (x < left[id]!) left[id] = x;
      if (x >= right[id]!) right[id] = x + 1;
      if (y < top[id]!) top[id] = y;
      bottom[id] = y + 1;
    }
  }
  const { camera, weather } = scene;
  const seen: Visible[] = [];
  for (const item of scene.items) {
    const { id } = item;
    if (area[id] === 0) continue;
    const [dx, dz] = [item.x - camera.x, item.z - camera.z];
    const flat =
      item.kind === 'sky' ||
      item.kind === 'cloud' ||
      item.kind === 'sun' ||
      item.kind === 'road' ||
      item.kind === 'pavement' ||
      item.kind === 'grass';
    const distance = flat ? 0 : Math.sqrt(dx * dx + dz * dz);
    seen.push({
      item,
      area: area[id]!,
      share: area[id]! / (width * height),
      left: left[id]!,
      top: top[id]!,
      right: right[id]!,
      bottom: bottom[id]!,
      clearness: clearness(weather, distance),
      distance,
    });
  }
  return seen.sort((a, b) => b.area - a.area || a.item.id - b.item.id);
}

/** Share of the picture each class takes; classes that are not seen are left out. */
export function classShares(visible: readonly Visible[]): Map<ClassName, number> {
  const shares = new Map<ClassName, number>();
  for (const { item, share } of visible) {
    if (item.class !== undefined) shares.set(item.class, (shares.get(item.class) ?? 0) + share);
  }
  return shares;
}
