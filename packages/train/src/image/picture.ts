/** Pictures and masks of a set: their limits, their bytes, and core's decoder. */
import { readFile, stat } from 'node:fs/promises';
import { SynsegError } from '@synseg/core';
import { DEFAULT_LIMITS, integer, messageOf, type OptionsOf } from '@synseg/core/guards';
import { openImage, type OpenedImage } from '@synseg/core/runtime';

/** Limits of a picture or a mask. */
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

/** The limits among other options. */
export function limitsOf({ maxPixels, maxImageBytes }: PictureLimits): PictureLimits {
  return { maxPixels, maxImageBytes };
}

/**
 * Opens a picture of a set and checks its header; decodes nothing yet.
 *
 * @param input - path, or the bytes of the file
 * @throws SynsegError `IMAGE_DECODE` when the file cannot be read, is no whole picture, or is over a limit
 */
export async function openPicture(input: string | Uint8Array, limits: PictureLimits = {}): Promise<OpenedImage> {
  return openImage(await readBytes('open image', input, limits), limits);
}

/**
 * The bytes of a file, unless they are given. Anything but a file is refused: a device has no end, and a pipe may never
 * send anything.
 *
 * @throws SynsegError `IMAGE_DECODE` naming what is there instead, or the limit
 */
export async function readBytes(
  action: string,
  input: string | Uint8Array,
  { maxImageBytes }: PictureLimits,
): Promise<Uint8Array> {
  if (typeof input !== 'string') return input;
  try {
    const info = await stat(input);
    if (!info.isFile()) throw new Error(info.isDirectory() ? 'EISDIR: a folder' : 'a device or a pipe');
    const problem = tooLarge(info.size, maxImageBytes);
    if (problem !== undefined) throw new Error(problem);
    return await readFile(input);
  } catch (cause) {
    throw new SynsegError(
      'IMAGE_DECODE',
      `Cannot ${action} ${input}: path must be a readable file, got ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** The problem of a file of this size, if there is one. */
export function tooLarge(bytes: number, maxImageBytes: number = DEFAULT_LIMITS.maxImageBytes): string | undefined {
  return bytes > maxImageBytes ? `${bytes} bytes, more than ${maxImageBytes} (maxImageBytes)` : undefined;
}
