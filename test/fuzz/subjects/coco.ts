/** COCO JSON: captions, instances as polygons and run lengths, and the masks painted from them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';
import { mutateBytes, mutateJson } from '../mutation.ts';
import type { Subject } from '../subject.ts';
import { drawSamples } from './dataset-cases.ts';

const IMAGES = [
  { id: 1, file_name: 'a.png', width: 8, height: 6 },
  { id: '2', file_name: 'b.png' },
];
const INSTANCES = {
  info: { year: 2026 },
  images: IMAGES,
  categories: [
    { id: 1, name: 'car' },
    { id: 90, name: 'road', supercategory: 'ground' },
  ],
  annotations: [
    {
      id: 1,
      image_id: 1,
      category_id: 1,
      iscrowd: 0,
      area: 12,
      bbox: [1, 1, 4, 3],
      segmentation: [
        [1, 1, 5, 1, 5, 4, 1, 4],
        [6.5, 0, 8, 0, 8, 2.5],
      ],
    },
    { id: 2, image_id: 1, category_id: 90, iscrowd: 1, segmentation: { size: [6, 8], counts: [10, 20, 18] } },
    { id: 3, image_id: 2, category_id: 90, iscrowd: 0, segmentation: { size: [6, 8], counts: '`1' } },
  ],
};
const CAPTIONS = {
  images: IMAGES,
  annotations: [
    { id: 1, image_id: 1, caption: 'a red car' },
    { id: 2, image_id: 2, caption: 'the road' },
    { id: 3, image_id: 1, caption: 'a car, parked' },
  ],
};

export async function open(folder: string): Promise<Subject> {
  const png = await encodePNG(new Uint8Array(8 * 6 * 3), 8, 6);
  for (const name of ['a.png', 'b.png']) writeFileSync(join(folder, name), png);
  return {
    make: (draw) => {
      const base = draw.pick([INSTANCES, INSTANCES, CAPTIONS]);
      const files = {
        'coco.json': draw.once(8) ? mutateBytes(draw, Buffer.from(JSON.stringify(base))) : mutateJson(draw, base),
        'captions.json': JSON.stringify(CAPTIONS),
      };
      const source = draw.once(4)
        ? [join(folder, 'coco.json'), join(folder, 'captions.json')]
        : join(folder, 'coco.json');
      const seed = draw.integer(0, 9);
      return { files, run: () => drawSamples({ source }, seed) };
    },
  };
}
