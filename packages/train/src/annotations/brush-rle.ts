/**
 * Label Studio's run lengths of brush strokes: the bytes of an RGBA picture, packed to the bit.
 *
 * 32 bits: number of bytes. 5 bits: bits of a word, less 1. Four times 4 bits: sizes of lengths, less 1. Then records:
 * 1 bit that is set for a run of one word, 2 bits that say which of the sizes its length has, the length less 1, and
 * the word, or as many words as the length. Source: `label_studio_sdk.converter.brush`.
 */

/** Alpha from which a pixel is of the stroke. */
const HALF = 128;
const CHANNELS = 4;

/** Reads bits, the highest of a byte first. */
class Bits {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A number of up to 32 bits. @throws RangeError at the end */
  read(bits: number): number {
    if (this.#at + bits > 8 * this.#bytes.length)
      throw new RangeError('run lengths of a brush must be whole, got fewer bits than they announce');
    let value = 0;
    for (let left = bits; left > 0;) {
      const inByte = this.#at & 7;
      const taken = Math.min(left, 8 - inByte);
      const part = (this.#bytes[this.#at >> 3]! >> (8 - inByte - taken)) & ((1 << taken) - 1);
      value = value * 2 ** taken + part;
      this.#at += taken;
      left -= taken;
    }
    return value;
  }
}

/**
 * Decodes run lengths to a mask of 0 and 1, `Uint8Array, [height, width], row-major`.
 *
 * @throws RangeError when they are not of a picture of this size
 * @example
 * ```ts
 * import { decodeBrush } from './brush-rle.ts';
 * // Eight bytes of eight bits: a run of four times 0, then one of four times 255.
 * const rle = Uint8Array.of(0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128);
 * console.assert(decodeBrush(rle, 2, 1).join() === '0,1');
 * ```
 */
export function decodeBrush(rle: Uint8Array, width: number, height: number): Uint8Array {
  const bits = new Bits(rle);
  const total = bits.read(32);
  if (total !== CHANNELS * width * height)
    throw new RangeError(
      `run lengths of a brush must have ${CHANNELS * width * height} bytes (${width}×${height}×4), got ${total}`,
    );
  const word = bits.read(5) + 1;
  const sizes = [0, 1, 2, 3].map(() => bits.read(4) + 1);
  const mask = new Uint8Array(width * height);
  for (let at = 0; at < total;) {
    const isRun = bits.read(1) === 1;
    const end = at + bits.read(sizes[bits.read(2)]!) + 1;
    if (end > total) throw new RangeError(`run lengths of a brush must end at ${total} bytes, got ${end}`);
    if (isRun) {
      // The pixels whose fourth byte lies in the run.
      if (bits.read(word) >= HALF) mask.fill(1, at >> 2, end >> 2);
    } else {
      for (let byte = at; byte < end; byte++) {
        const value = bits.read(word);
        if (value >= HALF && (byte & 3) === 3) mask[byte >> 2] = 1;
      }
    }
    at = end;
  }
  return mask;
}
