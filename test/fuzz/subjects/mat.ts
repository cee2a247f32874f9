/** MAT-files: tags, lengths and packed bytes. */
import { join } from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { readMatMatrix } from '../../../packages/train/src/image/mat-matrix.ts';
import { matFile } from '../../train/benchmarks/miniature.ts';
import { mutateBytes } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Subject } from '../subject.ts';

const HEADER_BYTES = 128;
const TAG_BYTES = 8;

export function open(folder: string): Subject {
  const bytes = Buffer.from(
    matFile('LabelMap', [
      [2, 9, 459],
      [0, 458, 18],
    ]),
  );
  const header = bytes.subarray(0, HEADER_BYTES);
  const matrix = inflateSync(bytes.subarray(HEADER_BYTES + TAG_BYTES));
  const packed = (draw: Draw): Buffer => {
    const data = deflateSync(mutateBytes(draw, matrix));
    return Buffer.concat([header, Buffer.from(Uint32Array.of(15, data.length).buffer), data]);
  };
  return {
    make: (draw) => ({
      files: {
        'map.mat': draw.once(3)
          ? mutateBytes(draw, bytes)
          : draw.once(2)
            ? Buffer.concat([header, mutateBytes(draw, matrix)])
            : packed(draw),
      },
      run: () => readMatMatrix(join(folder, 'map.mat'), 'LabelMap', { maxPixels: 10_000 }),
    }),
  };
}
