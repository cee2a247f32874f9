/** One source, as most people have it. */
import type { LabelSet } from '@synseg/core';
import { checkOptions } from '@synseg/core/guards';
import type { VideoStream } from './pipeline/video-stream.ts';
import { segmentVideos, type VideoSegmenter } from './segment-videos.ts';
import { checkSource, type VideoSource } from './source/source.ts';
import { optionsOfOne, type SegmentVideoOptions } from './video-options.ts';

/**
 * Segments a video frame by frame and yields the frames in order. Leaving the loop (`break`, an exception, abort) ends
 * ffmpeg and finishes the files. See {@link segmentVideos} for what becomes of them when something fails.
 *
 * @throws {TypeError | RangeError} at the call, when an argument is of the wrong kind or out of range.
 * @throws {SynsegError} from the iterator: `VIDEO_DECODE`, `VIDEO_ENCODE`, `FFMPEG_MISSING`, and the segmenter's own.
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint and a clip
 * import { Segmenter } from '@synseg/core';
 * import { segmentVideo } from '@synseg/video';
 * const segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const street = await segmenter.labels(['road', 'car', 'person']);
 * for await (const frame of segmentVideo('drive.mp4', segmenter, street, { overlay: 'overlay.mp4' })) {
 *   console.log(frame.index, frame.timeSeconds, frame.areas);
 * }
 * await segmenter.dispose();
 * ```
 */
export function segmentVideo(
  source: VideoSource,
  segmenter: VideoSegmenter,
  labels: LabelSet,
  options: SegmentVideoOptions = {},
): VideoStream {
  checkSource(source);
  checkOptions('segment video', options, optionsOfOne);
  const { overlay, jsonl, coco, csv, pngFolder, ...shared } = options;
  const files = Object.entries({ overlay, jsonl, coco, csv, pngFolder }).filter(([, path]) => path !== undefined);
  return segmentVideos([{ source, ...Object.fromEntries(files) }], segmenter, labels, shared);
}
