/** One frame of a video as a picture file. */
import { decodeFrames } from '@synseg/video';
import { encodePng } from '@synseg/street-world/draw.ts';

/** The first frame, as PNG. */
export async function firstFrame(video: string): Promise<Buffer> {
  const anySize = { width: 2, height: 2 };
  for await (const { full, sourceWidth, sourceHeight } of decodeFrames(video, { size: anySize, fullResolution: true }))
    return encodePng(full!, sourceWidth, sourceHeight);
  throw new Error(`Cannot show video "${video}": it must have frames, got none`);
}
