/** Folders of the format `index-jsonl` for tests: small pictures of several sets. */
import { join } from 'node:path';
import { encodeIndexMask } from '../../../packages/train/src/image/index-mask.ts';
import { plainPicture, write } from './fixtures.ts';

/** Two sets that both know people: one that covers its pictures, and one with a background. */
export const SETS = {
  rooms: { classes: ['wall', 'person', 'sofa'], exhaustive: true },
  things: { classes: ['cat', 'body', 'face', 'tv'], background: 254, exhaustive: false },
};

/** A photo: its row of the index, and the rows of its mask; the picture is as large. */
export interface Photo {
  readonly set: string;
  readonly labels: readonly string[];
  readonly mask: readonly (readonly number[])[];
  readonly split?: string;
  readonly captions?: readonly string[];
}

/** Photos of {@link SETS}, of both splits. */
export const PHOTOS: readonly Photo[] = [
  {
    set: 'rooms',
    split: 'train',
    labels: ['wall', 'sofa'],
    mask: [
      [0, 0],
      [2, 255],
    ],
  },
  {
    set: 'rooms',
    split: 'train',
    labels: ['wall'],
    mask: [
      [0, 0],
      [0, 0],
    ],
  },
  {
    set: 'things',
    split: 'train',
    labels: ['body', 'face'],
    mask: [
      [1, 2],
      [254, 254],
    ],
    captions: ['a man'],
  },
  {
    set: 'things',
    split: 'train',
    labels: [],
    mask: [
      [254, 254],
      [254, 254],
    ],
  },
  {
    set: 'rooms',
    split: 'val',
    labels: ['person'],
    mask: [
      [1, 1],
      [1, 255],
    ],
  },
  {
    set: 'things',
    split: 'val',
    labels: ['cat', 'tv'],
    mask: [
      [0, 0],
      [3, 254],
    ],
  },
];

/** Writes `index.jsonl`, `classes.json`, and `SET/N.png` with `SET/N.mask.png`. */
export async function writePhotos(
  root: string,
  photos: readonly Photo[] = PHOTOS,
  sets: object = SETS,
): Promise<string> {
  const rows: string[] = [];
  for (const [number, { mask, ...row }] of photos.entries()) {
    const [image, masked] = [`${row.set}/${number}.png`, `${row.set}/${number}.mask.png`];
    const [height, width] = [mask.length, mask[0]!.length];
    write(join(root, image), await plainPicture([20 * number, 100, 50], width, height));
    write(join(root, masked), encodeIndexMask({ width, height, data: Uint8Array.from(mask.flat()) }));
    rows.push(JSON.stringify({ image, mask: masked, ...row }));
  }
  write(join(root, 'index.jsonl'), `${rows.join('\n')}\n`);
  write(join(root, 'classes.json'), JSON.stringify(sets));
  return root;
}
