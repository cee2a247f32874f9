/** The doors of the main job: one source, as most people have it, or many. */
import { LabelSet } from '@synseg/core';
import { checkKind, readOptions } from '@synseg/core/guards';
import type { SourceWithFiles, VideoSegmenter } from './pipeline/track.ts';
import { openStream, type VideoStream } from './pipeline/video-stream.ts';
import { checkSource, type VideoSource } from './source/source.ts';
import { OUTPUT_FILES, SEGMENT_VIDEO_OPTIONS, SEGMENT_VIDEOS_OPTIONS } from './video-options.ts';
import type { SegmentVideoOptions, SegmentVideosOptions } from './video-options.ts';

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
 *   console.log(frame.index, frame.timeSeconds, frame.segmentation.areas);
 * }
 * await segmenter.dispose();
 * ```
 */
export function segmentVideo(
  source: VideoSource,
  segmenter: VideoSegmenter,
  labels: LabelSet,
  options?: SegmentVideoOptions,
): VideoStream {
  checkSource(source);
  checkModel('segment video', segmenter, labels);
  const settings = readOptions('segment video', SEGMENT_VIDEO_OPTIONS, options);
  return openStream('segment video', [{ ...settings, source }], segmenter, labels, settings);
}

/**
 * Segments many sources with one session, and yields their frames as they are done, each source's in order. A source
 * that is slow, stalls or fails does not hold up the others; the iterator ends when all have ended, and throws only
 * when all have failed. `onState` and `failure` in the stream's `sources` say that one has failed.
 *
 * Leaving the loop (`break`, an exception, abort) ends ffmpeg and finishes the files with the frames done so far. Where
 * something fails, its files are left under the names they grew under, `sources[…].unfinished`, and what was there
 * under their own stays. No file may be one that is read, or another file's. What a callback throws is thrown by the
 * iterator.
 *
 * @throws {TypeError | RangeError} at the call, when an argument is of the wrong kind or out of range
 * @throws {RangeError} from the iterator, before anything is opened: a file to write is one that is read, or another's
 * @throws {SynsegError} from the iterator: `VIDEO_DECODE`, `VIDEO_ENCODE`, `FFMPEG_MISSING`, and the segmenter's own
 * @example
 * ```ts
 * // type-checked only: needs a checkpoint and cameras
 * import { Segmenter } from '@synseg/core';
 * import { segmentVideos } from '@synseg/video';
 * const segmenter = await Segmenter.load('CIDAS/clipseg-rd64-refined');
 * const street = await segmenter.labels(['road', 'car', 'person']);
 * for await (const frame of segmentVideos(['rtsp://front/1', 'camera:0'], segmenter, street)) {
 *   console.log(frame.source, frame.index, frame.dropped, frame.latencySeconds, frame.segmentation.areas);
 * }
 * await segmenter.dispose();
 * ```
 */
export function segmentVideos(
  sources: readonly (VideoSource | SourceWithFiles)[],
  segmenter: VideoSegmenter,
  labels: LabelSet,
  options?: SegmentVideosOptions,
): VideoStream {
  const isList = Array.isArray(sources);
  checkKind('segment videos', 'sources', sources, isList, 'be a list (segmentVideo() takes one source)');
  if (sources.length === 0)
    throw new RangeError('Cannot segment videos: sources must name at least one source, got none');
  const withFiles = sources.map((entry, index) => {
    const { source, ...files } = hasFiles(entry) ? entry : { source: entry };
    checkSource(source);
    return { source, ...readOptions('segment videos', OUTPUT_FILES, files, [], `sources[${index}]`) };
  });
  checkModel('segment videos', segmenter, labels);
  const settings = readOptions('segment videos', SEGMENT_VIDEOS_OPTIONS, options);
  return openStream('segment videos', withFiles, segmenter, labels, settings);
}

/** @throws {TypeError | RangeError} when there is no segmenter, or the labels are not for it. */
function checkModel(action: string, segmenter: VideoSegmenter, labels: LabelSet): void {
  const given = typeof segmenter === 'object' ? (segmenter as VideoSegmenter | null) : undefined;
  const isSegmenter = typeof given?.share === 'function' && Array.isArray(given.inputSize);
  checkKind(action, 'segmenter', segmenter, isSegmenter, 'be a Segmenter (from Segmenter.load())');
  const isSet = labels instanceof LabelSet;
  checkKind(action, 'labels', labels, isSet, 'be a LabelSet (from segmenter.labels() or LabelSet.load())');
  const { embeddingDim = labels.embeddingDim } = segmenter;
  if (labels.embeddingDim === embeddingDim) return;
  const got = `${labels.embeddingDim} (made for another checkpoint)`;
  throw new RangeError(`Cannot ${action}: labels must have embeddings of ${embeddingDim} dimensions, got ${got}`);
}

function hasFiles(source: VideoSource | SourceWithFiles): source is SourceWithFiles {
  return typeof source === 'object' && source !== null && 'source' in source && !(Symbol.asyncIterator in source);
}
