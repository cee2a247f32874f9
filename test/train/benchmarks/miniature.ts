/** Miniatures of published data sets: a few pixels in files with the names, palettes and ids of the originals. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import sharp from 'sharp';

/** Rows of mask values. */
export type Rows = readonly (readonly number[])[];

/** Contents of a file. */
export type TreeFile = Uint8Array | string | Promise<Uint8Array>;

/** Writes files by their paths below a folder, which is returned. */
export async function writeTree(root: string, files: Readonly<Record<string, TreeFile>>): Promise<string> {
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), await bytes);
  }
  return root;
}

/** A gray picture as large as a mask, JPEG or PNG. */
export function photo(rows: Rows, format: 'jpeg' | 'png' = 'jpeg'): Promise<Uint8Array> {
  const [height, width] = [rows.length, rows[0]!.length];
  return sharp({ create: { width, height, channels: 3, background: '#777' } })
    .toFormat(format)
    .toBuffer();
}

/** A mask as gray PNG of 8 bits: Cityscapes, ADE20K, COCO-Stuff. */
export function grayMask(rows: Rows): Uint8Array {
  return encode({ width: rows[0]!.length, height: rows.length, data: Uint8Array.from(rows.flat()), channels: 1 });
}

/** A mask as PNG with VOC's palette: the bits of an index make its color, from the highest bits of each channel. */
export function paletteMask(rows: Rows): Uint8Array {
  const palette = Array.from({ length: 256 }, (_, index) => {
    const channels = [0, 1, 2].map((channel) =>
      [0, 1, 2].reduce((sum, triple) => sum | (((index >> (3 * triple + channel)) & 1) << (7 - triple)), 0),
    );
    return channels as [number, number, number];
  });
  const data = Uint8Array.from(rows.flat());
  return encode({ width: rows[0]!.length, height: rows.length, data, channels: 1, palette });
}

/** A MAT-file of level 5 with one matrix of 16-bit integers, packed as MATLAB does it by default. */
export function matFile(name: string, rows: Rows): Uint8Array {
  const [height, width] = [rows.length, rows[0]!.length];
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file, Platform: GLNXA64', 'latin1');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126, 'latin1');
  const columns = Uint16Array.from({ length: width * height }, (_, at) => rows[at % height]![Math.floor(at / height)]!);
  const matrix = element(14, [
    element(6, [Uint8Array.of(11, 0, 0, 0, 0, 0, 0, 0)]),
    element(5, [new Uint8Array(Int32Array.of(height, width).buffer)]),
    element(1, [Buffer.from(name)]),
    element(4, [new Uint8Array(columns.buffer)]),
  ]);
  const packed = deflateSync(matrix);
  return Buffer.concat([header, tag(15, packed.length), packed]);
}

function element(type: number, parts: readonly Uint8Array[]): Buffer {
  const data = Buffer.concat(parts);
  return Buffer.concat([tag(type, data.length), data, Buffer.alloc(-data.length & 7)]);
}

function tag(type: number, bytes: number): Buffer {
  return Buffer.from(Uint32Array.of(type, bytes).buffer);
}
