/** Folders with an index of photos: its rows, and the classes of its sets. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';
import { mutateBytes, mutateJson } from '../mutation.ts';
import type { Subject } from '../subject.ts';
import { drawSamples } from './dataset-cases.ts';

const CLASSES = {
  rooms: { classes: ['wall', 'person'], exhaustive: true, note: 'of people' },
  things: { classes: ['cat', 'face', 'body'], background: 254, exhaustive: false },
};
const ROWS = [
  { image: 'rooms/a.png', mask: 'rooms/a.png', labels: ['wall'], set: 'rooms', split: 'train' },
  { image: 'things/a.png', mask: 'things/a.png', labels: ['cat', 'face'], set: 'things', split: 'train' },
  { image: 'things/a.png', mask: 'things/a.png', labels: [], set: 'things', split: 'val', captions: ['a cat'] },
];

export async function open(folder: string): Promise<Subject> {
  const png = await encodePNG(new Uint8Array(8 * 6 * 3), 8, 6);
  for (const set of ['rooms', 'things']) {
    mkdirSync(join(folder, set), { recursive: true });
    writeFileSync(join(folder, set, 'a.png'), png);
  }
  return {
    make: (draw) => {
      const lines = ROWS.map((row) => (draw.once(3) ? String(mutateJson(draw, row)) : JSON.stringify(row)));
      const index = Buffer.from(`${lines.join('\n')}\n`);
      const files = {
        'index.jsonl': draw.once(4) ? mutateBytes(draw, index) : index,
        'classes.json': draw.once(2) ? mutateJson(draw, CLASSES) : JSON.stringify(CLASSES),
      };
      const rename = draw.once(3) ? { rename: { face: 'person', body: 'person' } } : {};
      const sets = draw.once(4) ? { sets: { rooms: 1, things: 2 } } : {};
      const seed = draw.integer(0, 9);
      return { files, run: () => drawSamples({ source: folder, format: 'index-jsonl', ...rename, ...sets }, seed) };
    },
  };
}
