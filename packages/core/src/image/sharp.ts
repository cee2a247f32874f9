/** The only file that imports sharp, and only when a picture is decoded or encoded: its code is native. */
import type sharp from 'sharp';
import type { Sharp } from 'sharp';

export type { Sharp };

/** The library. */
export async function loadSharp(): Promise<typeof sharp> {
  return (await import('sharp')).default;
}

/** Wraps raw pixels as a picture of the library. */
export async function rawPicture(
  data: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  channels: 1 | 3 | 4 = 3,
): Promise<Sharp> {
  return (await loadSharp())(data, { raw: { width, height, channels }, limitInputPixels: false });
}

/** Bytes of a buffer, without a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
