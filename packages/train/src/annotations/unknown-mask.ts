/** The mask of a picture that nobody has looked at yet. */
import type { IndexMask } from '../image/index-mask.ts';
import { limitsOf, openPicture, type PictureLimits } from '../image/picture.ts';
import { UNKNOWN } from './annotated-set.ts';

/** A mask of the picture's size of which nothing is known. @throws SynsegError `IMAGE_DECODE` for no picture */
export async function unknownMask(image: string, limits: PictureLimits): Promise<IndexMask> {
  const { width, height } = await openPicture(image, limitsOf(limits));
  return { width, height, data: new Uint8Array(width * height).fill(UNKNOWN) };
}
