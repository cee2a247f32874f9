/** What the pixels of a clip show, as label maps over the classes that occur in it. */
import { join } from 'node:path';
import { CLASSES, IGNORED, type ClassName } from '@synseg/street-world/classes.ts';
import type { Clip } from '@synseg/street-world/clip.ts';
import { decodeMask } from '@synseg/street-world/draw.ts';

/** The ground truth of a clip. */
export interface GroundTruth {
  /** The classes that occur, in any frame. */
  readonly names: readonly ClassName[];
  /** For each frame `Uint8Array, [height, width]`: index in `names`, or 255 where the pixel does not count. */
  readonly maps: readonly Uint8Array[];
}

/** Reads the masks that were written with a clip. */
export async function readGroundTruth({ masks, frames }: Clip): Promise<GroundTruth> {
  const maps: Uint8Array[] = [];
  const pixels = new Uint32Array(IGNORED + 1);
  for (let frame = 0; frame < frames; frame++) {
    const map = await decodeMask(join(masks, `${String(frame).padStart(5, '0')}.png`));
    for (const value of map) pixels[value]! += 1;
    maps.push(map);
  }
  const names = CLASSES.filter((_, index) => pixels[index]! > 0);
  const indexOf = new Uint8Array(IGNORED + 1).fill(IGNORED);
  for (const [index, name] of names.entries()) indexOf[CLASSES.indexOf(name)] = index;
  return { names, maps: maps.map((map) => map.map((value) => indexOf[value]!)) };
}
