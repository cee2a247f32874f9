/** A contact sheet: pictures beside their masks, in colors far from each other. */
import { CLASSES, IGNORED } from './classes.ts';
import { drawScene, encodePng } from './draw.ts';
import { sceneOf, type SceneOptions } from './scene.ts';

const COLUMNS = 4;

/** Color of each class in a sheet: the halves, thirds … of the color wheel's corners. */
function colorOf(label: number): readonly [number, number, number] {
  if (label === IGNORED) return [255, 0, 255];
  const steps = [70, 150, 230];
  const place = (label * 11 + 5) % 27;
  return [steps[place % 3]!, steps[Math.floor(place / 3) % 3]!, steps[Math.floor(place / 9)]!];
}

/** Draws `count` scenes with their masks as one PNG. */
export async function contactSheet(
  firstSeed: number,
  count: number,
  size: number,
  options: SceneOptions = {},
): Promise<Buffer> {
  const [width, height] = [COLUMNS * 2 * size, Math.ceil(count / COLUMNS) * size];
  const sheet = new Uint8Array(width * height * 3).fill(255);
  for (let index = 0; index < count; index++) {
    const { pixels, labels } = await drawScene(sceneOf(firstSeed + index, { ...options, aspect: 1 }), { size });
    const [left, top] = [(index % COLUMNS) * 2 * size, Math.floor(index / COLUMNS) * size];
    for (let y = 0; y < size; y++) {
      const to = ((top + y) * width + left) * 3;
      sheet.set(pixels.subarray(y * size * 3, (y + 1) * size * 3), to);
      for (let x = 0; x < size; x++) sheet.set(colorOf(labels[y * size + x]!), to + (size + x) * 3);
    }
  }
  return encodePng(sheet, width, height);
}

/** "#rrggbb name" for each class. */
export function legend(): string[] {
  return CLASSES.map(
    (name, index) =>
      `#${colorOf(index)
        .map((value) => value.toString(16).padStart(2, '0'))
        .join('')} ${name}`,
  );
}
