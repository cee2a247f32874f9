/**
 * The checkpoints of clipseg.json, made from a seed: both heads, the second one conditioned later and on other taps.
 *
 * `npx tsx test/golden/clipseg-cases.ts FOLDER` writes them for clipseg.py.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { encode } from 'fast-png';
import { writeTinyClipseg, type TinyClipseg } from '../support/tiny-clipseg.ts';

const CASES = {
  simple: { seed: 31, hidden: 16, size: 24, patch: 8 },
  // Its kernels are a quarter of a patch each, which makes a patch of 16 and of no other size.
  refined: {
    seed: 32,
    hidden: 16,
    size: 32,
    patch: 16,
    head: 'refined',
    blocks: 4,
    taps: [0, 2, 3],
    conditionalLayer: 1,
  },
} as const satisfies Readonly<Record<string, TinyClipseg>>;
const NAMES = Object.keys(CASES) as readonly (keyof typeof CASES)[];

/** Writes the checkpoints with their picture and `case.json`; returns their names. */
export function writeCases(folder: string): readonly string[] {
  for (const name of NAMES) {
    const { size } = CASES[name];
    const root = writeTinyClipseg(join(folder, name), CASES[name]);
    const data = Uint8Array.from({ length: size * size * 3 }, (_, place) => {
      const [row, column] = [Math.floor(place / 3 / size), Math.floor(place / 3) % size];
      return (7 * row + 13 * column * ((place % 3) + 1) + Math.floor((row * column) / 4)) % 256;
    });
    writeFileSync(join(root, 'pixels.rgb'), data);
    writeFileSync(join(root, 'image.png'), encode({ width: size, height: size, data, channels: 3, depth: 8 }));
    const imageStatistics = { imageMean: [0.485, 0.456, 0.406], imageStd: [0.229, 0.224, 0.225] };
    const spec = { prompts: ['road', 'the red car'], inputSize: size, ...imageStatistics };
    writeFileSync(join(root, 'case.json'), JSON.stringify(spec));
  }
  return NAMES;
}

if (process.argv[1] === import.meta.filename) writeCases(resolve(process.argv[2] ?? 'out/clipseg'));
