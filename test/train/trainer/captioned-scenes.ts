/** Drawn scenes of colored things, with a caption each that names all there is, and masks to score on. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { uniform } from '../../support/random.ts';

const COLORS = {
  sky: [120, 180, 250],
  wall: [180, 150, 120],
  road: [90, 90, 100],
  grass: [60, 190, 60],
  car: [220, 40, 40],
  tree: [20, 90, 40],
  sign: [240, 220, 40],
} as const;
const THINGS = ['car', 'tree', 'sign'] as const;
/** Height and width, pixels. */
const SIDE = 64;

type Name = keyof typeof COLORS;
/** The classes, in the order of their indices. */
export const CLASSES = Object.keys(COLORS) as readonly Name[];

interface Scene {
  readonly pixels: Uint8Array;
  /** Class of each pixel. */
  readonly mask: Uint8Array;
  readonly caption: string;
}

/** Sky or wall above road or grass, the border anywhere in the middle half, and before it one or two things. */
function sceneOf(seed: number): Scene {
  const next = uniform(seed);
  const oneOf = (names: readonly Name[]): Name => names[Math.floor(next() * names.length)] as Name;
  const [above, below] = [oneOf(['sky', 'wall']), oneOf(['road', 'grass'])];
  const border = SIDE * (0.25 + 0.5 * next());
  const mask = new Uint8Array(SIDE * SIDE);
  const paint = (name: Name, [left, top]: readonly number[], [width, height]: readonly number[]): void => {
    for (let y = Math.floor(top!); y < top! + height!; y++)
      mask.fill(CLASSES.indexOf(name), y * SIDE + left!, y * SIDE + left! + width!);
  };
  paint(above, [0, 0], [SIDE, SIDE]);
  paint(below, [0, border], [SIDE, SIDE - Math.ceil(border)]);
  const things = [oneOf(THINGS)];
  if (next() < 0.5) things.push(oneOf(THINGS.filter((name) => name !== things[0])));
  for (const thing of things) {
    const size = [0, 1].map(() => 16 + Math.floor(16 * next()));
    paint(
      thing,
      size.map((length) => Math.floor((SIDE - length) * next())),
      size,
    );
  }
  const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, at) => {
    const color = COLORS[CLASSES[mask[Math.floor(at / 3)]!]!];
    return Math.max(0, Math.min(255, Math.round(color[at % 3]! + 40 * (next() - 0.5))));
  });
  return { pixels, mask, caption: `A ${things.join(' and a ')} on the ${below} before the ${above}.` };
}

function writePNG(path: string, data: Uint8Array, channels: 1 | 3): void {
  writeFileSync(path, encode({ width: SIDE, height: SIDE, data, channels, depth: 8 }));
}

/**
 * Pictures and captions, and nothing that says where what is; returns the table, JSONL.
 *
 * @param shift - pictures that a caption is moved on by: from 1 on, captions of other pictures
 */
export function writeCaptioned(folder: string, count: number, seed: number, shift = 0): string {
  mkdirSync(folder, { recursive: true });
  const scenes = Array.from({ length: count }, (_, index) => sceneOf(seed + index));
  const rows = scenes.map(({ pixels }, index) => {
    writePNG(join(folder, `${index}.png`), pixels, 3);
    return JSON.stringify({ image: `${index}.png`, caption: scenes[(index + shift) % count]!.caption });
  });
  const table = join(folder, 'captions.jsonl');
  writeFileSync(table, rows.join('\n'));
  return table;
}

/** Pictures and masks, as `evaluate()` reads them under 'index-png'; returns the folder. */
export function writeMasked(folder: string, count: number, seed: number): string {
  for (const name of ['images', 'labels']) mkdirSync(join(folder, name), { recursive: true });
  for (let index = 0; index < count; index++) {
    const { pixels, mask } = sceneOf(seed + index);
    writePNG(join(folder, 'images', `${index}.png`), pixels, 3);
    writePNG(join(folder, 'labels', `${index}.png`), mask, 1);
  }
  const classes = CLASSES.map((name, index) => ({ index, name }));
  writeFileSync(join(folder, 'classes.json'), JSON.stringify({ classes }));
  return folder;
}
