/**
 * One matrix of a MAT-file of MATLAB's level 5, such as the label maps of Pascal Context. The format is MathWorks's
 * "MAT-File Format"; what is read here is a real matrix of whole numbers from 0 to 65,535, packed or not.
 *
 * Not a library: the one on npm is under the GPL and unpacks whatever a file says. Here a matrix is unpacked once its
 * beginning has said how large it is.
 */
import { constants, inflateSync } from 'node:zlib';
import { SynsegError } from '@synseg/core';
import { DEFAULT_LIMITS, messageOf } from '@synseg/core/guards';
import { readBytes, type PictureLimits } from './picture.ts';

/** A matrix of whole numbers. */
export interface Matrix {
  readonly width: number;
  readonly height: number;
  /** `Uint16Array, [height, width], row-major` */
  readonly data: Uint16Array;
}

const HEADER_BYTES = 128;
const ENDIAN_AT = 126;
const TAG_BYTES = 8;
const PACKED = 15;
const MATRIX = 14;
/** Packed bytes that hold the beginning of any matrix: its flags, dimensions and name. */
const BEGINNING = 512;
/** Bytes around the numbers of a matrix at most, its imaginary part not counted. */
const FRAME_BYTES = 4096;
const BYTES_OF_NUMBER = 8;
/** Classes of numbers among those of arrays: double, single and integers of 8 to 64 bits. */
const [FIRST_NUMBERS, LAST_NUMBERS] = [6, 15];
const COMPLEX = 0x08;

type ReadNumber = (view: DataView, at: number, little: boolean) => number;

/** Bytes and reader of each type of number. */
const NUMBERS: Readonly<Record<number, readonly [bytes: number, read: ReadNumber]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
};

/** Data of a type, and where the next begins. */
interface Element {
  readonly type: number;
  readonly start: number;
  readonly bytes: number;
  readonly next: number;
}

/** What stands before the numbers of a matrix. */
interface MatrixHead {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Place of the numbers. */
  readonly at: number;
}

/**
 * Reads a matrix by its name.
 *
 * @throws SynsegError `IMAGE_DECODE` when the file cannot be read, is no MAT-file of level 5, has no such matrix, or is
 *   over a limit
 */
export async function readMatMatrix(path: string, name: string, limits: PictureLimits = {}): Promise<Matrix> {
  const bytes = await readBytes('read mask', path, limits);
  try {
    return matrixOf(bytes, name, limits.maxPixels ?? DEFAULT_LIMITS.maxPixels);
  } catch (cause) {
    throw new SynsegError('IMAGE_DECODE', `Cannot read mask ${path}: ${messageOf(cause)}`, { cause });
  }
}

function matrixOf(bytes: Uint8Array, name: string, maxPixels: number): Matrix {
  const text = Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString('latin1');
  if (bytes.length < HEADER_BYTES || !text.startsWith('MATLAB 5.0 MAT-file')) {
    const other = /^MATLAB \d\.\d MAT-file/.exec(text)?.[0];
    throw new Error(`it must be a MAT-file of level 5, got ${other ?? `${bytes.length} bytes of something else`}`);
  }
  const little = text.slice(ENDIAN_AT) === 'IM';
  const found: string[] = [];
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const element = elementAt(viewOf(bytes), at, little, true);
    const own = bytes.subarray(element.start, element.start + element.bytes);
    const packed = element.type === PACKED;
    const beginning = packed ? unpack(own.subarray(0, BEGINNING)) : bytes.subarray(at, element.next);
    const head = headOf(beginning, little);
    if (head?.name === name) {
      const pixels = head.width * head.height;
      if (pixels > maxPixels)
        throw new Error(`it must have at most ${maxPixels} pixels (maxPixels), got ${head.width}×${head.height}`);
      const whole = packed ? unpack(own, pixels * BYTES_OF_NUMBER + FRAME_BYTES) : beginning;
      return numbersOf(whole, head, little);
    }
    if (head !== undefined) found.push(head.name);
    at = element.next;
  }
  throw new Error(`it must have a matrix "${name}", got [${found.slice(0, 8).join(', ')}]`);
}

/** Unpacks up to a number of bytes; without one, as much as the beginning of a packed element holds. */
function unpack(bytes: Uint8Array, maxOutputLength?: number): Uint8Array {
  return inflateSync(
    bytes,
    maxOutputLength === undefined ? { finishFlush: constants.Z_SYNC_FLUSH } : { maxOutputLength },
  );
}

/** Flags, dimensions and name of a matrix of numbers; undefined for anything else. */
function headOf(bytes: Uint8Array, little: boolean): MatrixHead | undefined {
  const view = viewOf(bytes);
  const matrix = elementAt(view, 0, little, false);
  if (matrix.type !== MATRIX) return undefined;
  const flags = elementAt(view, matrix.start, little, true);
  const word = view.getUint32(flags.start, little);
  const sides = elementAt(view, flags.next, little, true);
  const name = elementAt(view, sides.next, little, true);
  const kind = word & 0xff;
  const isPlain = kind >= FIRST_NUMBERS && kind <= LAST_NUMBERS && ((word >> 8) & COMPLEX) === 0;
  if (!isPlain || sides.bytes !== 8) return undefined;
  return {
    name: Buffer.from(bytes.subarray(name.start, name.start + name.bytes)).toString('latin1'),
    height: view.getInt32(sides.start, little),
    width: view.getInt32(sides.start + 4, little),
    at: name.next,
  };
}

/** The numbers, which stand column by column, row by row. */
function numbersOf(bytes: Uint8Array, { width, height, at }: MatrixHead, little: boolean): Matrix {
  const view = viewOf(bytes);
  const { type, start, bytes: length } = elementAt(view, at, little, true);
  const [size, read] = NUMBERS[type] ?? [0, undefined];
  const fits = width > 0 && height > 0 && length === width * height * size;
  if (read === undefined || !fits)
    throw new Error(`its matrix must hold ${height}×${width} numbers, got ${length} bytes of type ${type}`);
  const data = new Uint16Array(width * height);
  for (let x = 0, place = start; x < width; x++) {
    for (let y = 0; y < height; y++, place += size) {
      const value = read(view, place, little);
      data[y * width + x] = value;
      if (data[y * width + x] !== value)
        throw new Error(`its matrix must hold whole numbers from 0 to 65535, got ${value}`);
    }
  }
  return { width, height, data };
}

/** The element at a place: eight bytes of tag and its data, or both in eight bytes. */
function elementAt(view: DataView, at: number, little: boolean, whole: boolean): Element {
  if (at + TAG_BYTES > view.byteLength) throw new Error('it must be whole, got an end within a tag');
  const word = view.getUint32(at, little);
  const small = word >>> 16;
  const type = small === 0 ? word : word & 0xffff;
  const start = at + (small === 0 ? TAG_BYTES : TAG_BYTES / 2);
  const bytes = small === 0 ? view.getUint32(at + 4, little) : small;
  const padding = small !== 0 || type === PACKED ? 0 : -bytes & 7;
  if (small > 4 || (whole && start + bytes > view.byteLength))
    throw new Error('it must be whole, got an element that is cut off');
  return { type, start, bytes, next: small === 0 ? start + bytes + padding : at + TAG_BYTES };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
