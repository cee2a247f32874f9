import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readMatMatrix } from '../../../packages/train/src/image/mat-matrix.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { matFile } from '../benchmarks/miniature.ts';

const folder = temporaryFolder();
let files = 0;
const write = (bytes: Uint8Array): string => {
  const path = join(folder, `${files++}.mat`);
  writeFileSync(path, bytes);
  return path;
};
/** Header of 128 bytes, as SciPy writes it. */
const HEADER = Buffer.from('MATLAB 5.0 MAT-file Platform: posix'.padEnd(124, '\0') + '\0\x01IM', 'latin1');
/** What SciPy 1.x writes behind it for `LabelMap`, [[2, 9, 459], [0, 458, 18]] of 16 bits, unpacked and packed. */
const PLAIN =
  'DgAAAEgAAAAGAAAACAAAAAsAAAAAAAAABQAAAAgAAAACAAAAAwAAAAEAAAAIAAAATGFiZWxNYXAEAAAADAAAAAIAAAAJAMoBywESAAAAAAA=';
const PACKED = 'DwAAADgAAAB4nONjYGDwAGI2IOYAYm4GCGCF8pmAmBmIGaF8n8Sk1BzfxAIWIJsHKs/JcIrxNKMQWB8Aiv0FTQ==';

it.each([
  ['plain', PLAIN],
  ['packed', PACKED],
])('reads what SciPy writes, %s, row by row', async (_, text) => {
  const path = write(Buffer.concat([HEADER, Buffer.from(text, 'base64')]));
  expect(await readMatMatrix(path, 'LabelMap')).toEqual({
    width: 3,
    height: 2,
    data: Uint16Array.of(2, 9, 459, 0, 458, 18),
  });
});

it('passes other matrices over, and names them where the one asked for is not there', async () => {
  const label = matFile('LabelMap', [[7]]).subarray(128);
  const path = write(Buffer.concat([matFile('scores', [[1, 2]]), label]));
  expect((await readMatMatrix(path, 'LabelMap')).data).toEqual(Uint16Array.of(7));
  await expect(readMatMatrix(path, 'labels')).rejects.toMatchObject({
    code: 'IMAGE_DECODE',
    message: `Cannot read mask ${path}: it must have a matrix "labels", got [scores, LabelMap]`,
  });
});

it.each([
  [
    'another level',
    Buffer.from('MATLAB 7.3 MAT-file'.padEnd(256)),
    'be a MAT-file of level 5, got MATLAB 7.3 MAT-file',
  ],
  ['something else', Buffer.from('PNG'), 'be a MAT-file of level 5, got 3 bytes of something else'],
  [
    'a file that is cut off',
    matFile('LabelMap', [[7, 8, 9]]).subarray(0, -5),
    'be whole, got an element that is cut off',
  ],
])('refuses %s', async (_, bytes, rule) => {
  const path = write(bytes);
  await expect(readMatMatrix(path, 'LabelMap')).rejects.toThrow(`Cannot read mask ${path}: it must ${rule}`);
});

it('refuses a matrix over the limit before it is unpacked, and one that holds more than it says', async () => {
  const large = write(
    matFile(
      'LabelMap',
      Array.from({ length: 300 }, () => Array.from({ length: 400 }, () => 1)),
    ),
  );
  await expect(readMatMatrix(large, 'LabelMap', { maxPixels: 1000 })).rejects.toThrow(
    'it must have at most 1000 pixels (maxPixels), got 400×300',
  );
  const head = Buffer.from(PLAIN, 'base64').subarray(0, 56);
  const bomb = deflateSync(Buffer.concat([head, Buffer.alloc(10_000_000)]));
  const tag = Buffer.from(Uint32Array.of(15, bomb.length).buffer);
  await expect(readMatMatrix(write(Buffer.concat([HEADER, tag, bomb])), 'LabelMap')).rejects.toThrow(
    /larger than 41\d\d/,
  );
});
