/** Run lengths of masks, as core decodes and measures them and as the trainer paints them from COCO files. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CocoRle } from '@synseg/core';
import { decodeRLE, encodeRLE, measureRLE } from '@synseg/core/masks';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';
import { mutateJson, mutateText } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Subject } from '../subject.ts';
import { drawSamples } from './dataset-cases.ts';

function rle(draw: Draw, width: number, height: number): CocoRle {
  const bytes = draw.bytes(8);
  return encodeRLE(
    Uint8Array.from({ length: width * height }, (_, index) => (bytes[(index >> 3) % 8]! >> (index % 8)) & 1),
    width,
    height,
  );
}

/** Alternating run lengths as a list, which COCO also has. */
function listed({ size, counts }: CocoRle): { size: readonly number[]; counts: readonly number[] } {
  const mask = decodeRLE({ size, counts });
  const [height, width] = size;
  const runs: number[] = [];
  let last = 0;
  let run = 0;
  for (let pixel = 0; pixel < mask.length; pixel++) {
    const value = mask[(pixel % height) * width + Math.floor(pixel / height)]!;
    if (value === last) run++;
    else {
      runs.push(run);
      [last, run] = [value, 1];
    }
  }
  return { size, counts: [...runs, run] };
}

export async function open(folder: string): Promise<Subject> {
  const [width, height] = [12, 9];
  writeFileSync(join(folder, 'a.png'), await encodePNG(new Uint8Array(width * height * 3), width, height));
  return {
    make: (draw) => {
      const painted = draw.once(3);
      const valid = painted ? rle(draw, width, height) : rle(draw, draw.integer(1, 40), draw.integer(1, 40));
      const value = draw.once(3)
        ? JSON.stringify({ ...valid, counts: mutateText(draw, valid.counts) })
        : mutateJson(draw, painted && draw.once(2) ? listed(valid) : valid);
      if (!painted) {
        return {
          shown: value.slice(0, 100_000),
          run: () => {
            // What is no JSON stands for the counts.
            const mask = parse(value, { ...valid, counts: value }) as CocoRle;
            measureRLE(mask);
            return decodeRLE(mask);
          },
        };
      }
      const coco = JSON.stringify({
        images: [{ id: 1, file_name: 'a.png' }],
        categories: [{ id: 1, name: 'car' }],
        annotations: [{ id: 1, image_id: 1, category_id: 1, segmentation: '@' }],
      });
      return {
        files: { 'coco.json': coco.replace('"@"', () => value) },
        run: () => drawSamples({ source: join(folder, 'coco.json') }, 1),
      };
    },
  };
}

function parse(text: string, fallback: unknown): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return fallback;
  }
}
