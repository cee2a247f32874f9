/** The bytes of a picture or a mask of a set, never more than allowed. */
import { readFile, stat } from 'node:fs/promises';
import { DEFAULT_LIMITS, integer, type OptionsOf } from '@synseg/core/guards';

/** Bounds of a picture or a mask. */
export const PICTURE_LIMITS = {
  /**
   * Pixels of one picture or mask: width × height.
   * @default 100 million
   */
  maxPixels: integer(),
  /**
   * Bytes of one encoded picture or mask.
   * @default 256 MiB
   */
  maxImageBytes: integer(),
};
export type PictureLimits = OptionsOf<typeof PICTURE_LIMITS>;

/** The bounds that are given, and nothing else. */
export function limitsOf({ maxPixels, maxImageBytes }: PictureLimits): PictureLimits {
  return {
    ...(maxPixels === undefined ? {} : { maxPixels }),
    ...(maxImageBytes === undefined ? {} : { maxImageBytes }),
  };
}

/**
 * Reads a file. Anything else is refused: a device has no end, and a pipe may never say anything.
 *
 * @throws Error saying what is there instead, or naming the limit
 */
export async function readPictureBytes(
  path: string,
  maxImageBytes: number = DEFAULT_LIMITS.maxImageBytes,
): Promise<Uint8Array> {
  const info = await stat(path);
  if (!info.isFile()) throw new Error(info.isDirectory() ? 'EISDIR: a folder' : 'a device or a pipe');
  const problem = tooLarge(info.size, maxImageBytes);
  if (problem !== undefined) throw new Error(problem);
  return readFile(path);
}

/** What is wrong with so many bytes, if anything. */
export function tooLarge(bytes: number, maxImageBytes: number = DEFAULT_LIMITS.maxImageBytes): string | undefined {
  return bytes > maxImageBytes
    ? `${String(bytes)} bytes, more than ${String(maxImageBytes)} (maxImageBytes)`
    : undefined;
}
