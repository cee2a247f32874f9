/** Area and box of a mask, as in COCO annotations, from its run lengths: the mask is never unpacked. */
import { checkRLE, runsOf, type CocoRle } from './rle.ts';

/** Extent of a mask. */
export interface MaskMeasure {
  /** Number of pixels set. */
  readonly area: number;
  /** Smallest box around them, in pixels; all zeros for an empty mask. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
}

/**
 * Measures a mask given as COCO RLE; the numbers are those of pycocotools' `area` and `toBbox`.
 *
 * @throws TypeError when `rle` is no object with `size` and `counts`.
 * @throws RangeError when `size` is not two positive integers, `counts` breaks the encoding, or its runs do not add up
 *   to height × width.
 * @example
 * ```ts
 * import { encodeRLE, measureRLE } from '@synseg/core/masks';
 * const { area, box } = measureRLE(encodeRLE(Uint8Array.of(0, 1, 1, 0, 1, 0), 3, 2));
 * console.assert(area === 3 && box.join() === '1,0,2,2');
 * ```
 */
export function measureRLE(rle: CocoRle): MaskMeasure {
  const [height, width] = checkRLE('measure RLE', rle);
  let area = 0;
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
  let [start, inside] = [0, false];
  for (const count of runsOf('measure RLE', rle.counts, height * width)) {
    if (inside && count > 0) {
      const last = start + count - 1;
      const [firstColumn, lastColumn] = [Math.floor(start / height), Math.floor(last / height)];
      const isOneColumn = firstColumn === lastColumn;
      area += count;
      left = Math.min(left, firstColumn);
      right = Math.max(right, lastColumn);
      // A run that goes on in the next column has the picture's last row and its first.
      top = isOneColumn ? Math.min(top, start % height) : 0;
      bottom = isOneColumn ? Math.max(bottom, last % height) : height - 1;
    }
    start += count;
    inside = !inside;
  }
  return { area, box: area === 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1] };
}

/** Pixels of each label in a label map, 255 being the background; four at a time, as neighbors mostly agree. */
export function countLabels(labelMap: Uint8Array): Float64Array {
  const counts = new Float64Array(256);
  const { length } = labelMap;
  const isAligned = labelMap.byteOffset % 4 === 0;
  const words = isAligned ? new Uint32Array(labelMap.buffer, labelMap.byteOffset, length >> 2) : new Uint32Array(0);
  let run = 0;
  let last = -1;
  for (let word = 0; word < words.length; word++) {
    const four = words[word]!;
    if (four === last) run += 4;
    else {
      const label = four & 255;
      if (four === label * 0x01010101) {
        if (last >= 0) counts[last & 255]! += run;
        last = four;
        run = 4;
      } else for (let pixel = word * 4; pixel < word * 4 + 4; pixel++) counts[labelMap[pixel]!]!++;
    }
  }
  if (last >= 0) counts[last & 255]! += run;
  for (let pixel = words.length * 4; pixel < length; pixel++) counts[labelMap[pixel]!]!++;
  return counts;
}
