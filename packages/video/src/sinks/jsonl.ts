/**
 * Masks as JSON lines. One line per frame, written when the frame is done:
 *
 * `{"source":"drive.mp4","index":0,"timeSeconds":0,"dropped":0,"latencySeconds":0.051,"width":352,"height":352,`
 * `"sourceWidth":960,"sourceHeight":540,"pixelAspect":1,"areas":{"road":0.4},"background":0.6,`
 * `"masks":{"road":{"size":[352,352],"counts":"…"}}}`
 *
 * `width` and `height` are the label map's, as is each mask's `size` (COCO order: height, width); scale masks by
 * `sourceWidth / width` and `sourceHeight / height` to lay them over the picture. `counts` is COCO's compressed RLE. A
 * pixel of the source is `pixelAspect` times as wide as high. `areas` has every label the frame was segmented with,
 * `background` is the share of no label, `masks` has the labels with a pixel. `"held":true` marks a frame that took
 * over the result of the one before. For pictures of an image sequence `"fileName":"0001.jpg"` stands behind the
 * source. The file grows under a name of its own, `.name.….partial.jsonl`, and gets its name when it is closed.
 */
import type { SegmentedFrame } from '../segmented-frame.ts';
import { sixDecimals } from './csv-text.ts';
import { TextSink } from './text-sink.ts';

/** Writes frames of any sources to one JSONL file. */
export const jsonlSink = {
  needs: { rle: true },
  open: (path: string): Promise<TextSink> => TextSink.open(path, 'masks', line),
} as const;

function line(frame: SegmentedFrame): string {
  const { source, fileName, index, timeSeconds, dropped, sourceWidth, sourceHeight, pixelAspect } = frame;
  const { width, height, areas, background } = frame.segmentation;
  const facts = {
    ...{ source, ...(fileName === undefined ? {} : { fileName }), index, timeSeconds, dropped },
    ...{ latencySeconds: sixDecimals(frame.latencySeconds), ...(frame.held ? { held: true } : {}) },
    ...{ width, height, sourceWidth, sourceHeight, pixelAspect, areas, background },
    masks: frame.segmentation.toRLE(),
  };
  return `${JSON.stringify(facts)}\n`;
}
