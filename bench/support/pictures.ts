/** Encoded pictures, written once: files that a decoder has to work on. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { benchCache } from './machine.ts';
import { seededPicture } from './random.ts';

const SIZES = [
  [640, 480, 'jpg'],
  [1920, 1080, 'jpg'],
  [1920, 1080, 'png'],
  [4000, 3000, 'jpg'],
] as const;

/** Paths of a few pictures from 0.3 to 12 megapixels, JPEG and PNG. */
export async function pictureFiles(): Promise<string[]> {
  const folder = join(benchCache, 'pictures');
  mkdirSync(folder, { recursive: true });
  return Promise.all(
    SIZES.map(async ([width, height, type], index) => {
      const path = join(folder, `${width}x${height}.${type}`);
      if (!existsSync(path))
        await sharp(seededPicture(10 + index, width, height), { raw: { width, height, channels: 3 } }).toFile(path);
      return path;
    }),
  );
}
