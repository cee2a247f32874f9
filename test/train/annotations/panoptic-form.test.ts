/** COCO's panoptic JSON. */
import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { frame, opener, rowsOf } from './opened.ts';

const opened = opener();
/** Two segments of two pixels each, of numbers 7 and 256 + 7. */
const colors = Array.from({ length: 12 }, (_, at) => (at < 2 ? [7, 0, 0] : at < 4 ? [7, 1, 0] : [0, 0, 0]));
const data = Uint8Array.from(colors.flat());

describe('COCO panoptic', () => {
  it.each([
    ['none of the classes where segments cover little', 2, '.'],
    ['unknown where they cover nearly everything', 5, '?'],
  ])('takes what is of no segment for %s', async (_, area, sign) => {
    const set = await opened({
      'annotations/panoptic_train.json': JSON.stringify({
        images: [{ id: 1, file_name: 'a.jpg', width: 4, height: 3 }],
        categories: ['cat', 'dog'].map((name, id) => ({ id, name })),
        annotations: [
          {
            image_id: 1,
            file_name: 'a.png',
            segments_info: [7, 263].map((id, category) => ({ id, category_id: category, area })),
          },
        ],
      }),
      'annotations/panoptic_train/a.png': encode({ width: 4, height: 3, channels: 3, data }),
      'images/train/a.jpg': frame,
    });
    expect(set).toMatchObject({ form: 'coco-panoptic', classes: ['cat', 'dog'] });
    expect(await rowsOf(set.pictures[0])).toEqual(['0011', sign.repeat(4), sign.repeat(4)]);
  });
});
