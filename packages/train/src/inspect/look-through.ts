/** Looks through the pictures of a set: each is decoded, and its mask read, once. */
import { createHash } from 'node:crypto';
import { messageOf } from '@synseg/core/guards';
import type { AnnotatedPicture, AnnotatedSet } from '../annotations/annotated-set.ts';
import { faultOf, type ShapeFault } from '../annotations/mask-fault.ts';
import { limitsOf, openPicture, readBytes, type PictureLimits } from '../image/picture.ts';
import type { SeenPicture } from './set-tally.ts';

/** Pictures that are decoded while others are counted. */
const AHEAD = 4;
/** Side that a picture is decoded to, pixels: enough to read all of its bytes. */
const DECODED_SIDE = 32;

/**
 * What is found in each picture, in the set's order.
 *
 * @throws the signal's reason when aborted
 */
export async function* lookThrough(
  set: AnnotatedSet,
  limits: PictureLimits,
  signal: AbortSignal | undefined,
): AsyncGenerator<SeenPicture> {
  const waiting: Promise<SeenPicture>[] = [];
  let next = 0;
  try {
    while (next < set.pictures.length || waiting.length > 0) {
      signal?.throwIfAborted();
      while (next < set.pictures.length && waiting.length < AHEAD)
        waiting.push(lookAt(set.pictures[next++]!, limitsOf(limits)));
      yield await waiting.shift()!;
    }
  } finally {
    await Promise.allSettled(waiting);
  }
}

async function lookAt(picture: AnnotatedPicture, limits: PictureLimits): Promise<SeenPicture> {
  const faults: SeenPicture['faults'][number][] = [];
  let found: Pick<SeenPicture, 'size' | 'digest'> = {};
  try {
    const bytes = await readBytes('open image', picture.image, limits);
    found = { digest: createHash('sha256').update(bytes).digest('hex') };
    const opened = await openPicture(bytes, limits);
    await opened.resized(DECODED_SIDE, DECODED_SIDE);
    found = { ...found, size: { width: opened.width, height: opened.height } };
  } catch (error) {
    faults.push({ fault: 'picture-unreadable', message: messageOf(error) });
    return { picture, ...found, faults };
  }
  if (!picture.labeled) return { picture, ...found, faults };
  try {
    const told = (message: string, fault: ShapeFault): void => void faults.push({ fault, message });
    return { picture, ...found, mask: await picture.readMask(limits, told), faults };
  } catch (error) {
    faults.push({ fault: faultOf(error), message: messageOf(error) });
    return { picture, ...found, faults };
  }
}
