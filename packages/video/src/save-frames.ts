/** Frames of a source as pictures in a folder, as they are wanted by whoever draws masks on them. */
import { basename } from 'node:path';
import { checkKind, checkOutputs, readOptions } from '@synseg/core/guards';
import { encodePicture } from '@synseg/core/runtime';
import { guarded, throwingFor } from './callbacks.ts';
import { checkPixels } from './decode/check-end.ts';
import type { DecodeEnd, VideoFrame } from './decode/decode-options.ts';
import { checkDecode } from './decode/decode.ts';
import { expectedFrames } from './decode/expected-frames.ts';
import { usualMaxGapSeconds } from './decode/frame-clock.ts';
import { SourceReader } from './live/source-reader.ts';
import { sourceFiles } from './pipeline/output-files.ts';
import { SAVE_FRAMES_OPTIONS, type SaveFramesOptions } from './save-frames-options.ts';
import { PictureFolder } from './sinks/picture-folder.ts';
import { describeSource, type VideoSource } from './source/source.ts';
import { sourceStems } from './source/stems.ts';
import { HoldGate } from './temporal/hold.ts';

interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** What {@link saveFrames} has saved. */
export interface SavedFrames {
  /** Number of pictures. */
  readonly frames: number;
  /** Frames that were left out because too little had changed: `leastChange`. */
  readonly leftOut: number;
  /** Width of the last picture, pixels. */
  readonly width: number;
  /** Height of the last picture, pixels. */
  readonly height: number;
  /** Paths of the first picture and of the last. */
  readonly first: string;
  readonly last: string;
}

/** Every how manieth frame is taken where nobody says. */
const USUAL_STEP = 30;
/** What is looked at for changes: two samples for each cell of a thumbnail. Pixels. */
const SMALL = { width: 176, height: 176 };

/**
 * Saves frames of a video as pictures: every thirtieth, unless told otherwise. They stand upright and have square
 * pixels. Frame 30 of `drive.mp4` becomes `drive_000030.jpg`; the pictures of an image sequence keep their names.
 *
 * No file that is there is replaced, unless `overwrite` is set; each is put in place when it is whole. A camera or a
 * stream goes on until `limit`, `end` or `signal` ends it.
 *
 * @param folder - made where it is missing
 * @throws {TypeError | RangeError} when an argument is of the wrong kind or out of range; when a file of such a name is
 *   there, or the folder holds what is read
 * @throws {SynsegError} `VIDEO_DECODE` when no frame can be decoded or ffmpeg is killed; `VIDEO_ENCODE` when a picture
 *   cannot be written; `FFMPEG_MISSING` when there is no ffmpeg
 * @example
 * ```ts
 * import { mkdtemp, readdir } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { saveFrames } from '@synseg/video';
 * async function* gray() {
 *   for (let index = 0; index < 5; index++) yield { data: new Uint8Array(64 * 48 * 3), width: 64, height: 48 };
 * }
 * const folder = await mkdtemp(join(tmpdir(), 'frames-'));
 * const { frames } = await saveFrames(gray(), folder, { every: 2, format: 'png' });
 * console.assert(frames === 3);
 * console.assert((await readdir(folder)).join() === 'frames_000000.png,frames_000002.png,frames_000004.png');
 * ```
 */
export async function saveFrames(
  source: VideoSource,
  folder: string,
  options?: SaveFramesOptions,
): Promise<SavedFrames> {
  const action = 'save frames';
  const { kind } = describeSource(source);
  checkKind(action, 'folder', folder, typeof folder === 'string' && folder !== '', 'be a path');
  const given = readOptions(action, SAVE_FRAMES_OPTIONS, options);
  const { every = given.fps === undefined && kind !== 'sequence' ? USUAL_STEP : 1 } = given;
  const settings = { ...given, every };
  checkDecode(action, source, settings);
  const { limit = Infinity, leastChange, overwrite, onProgress, onState, onEnd, stem = stemOf(source) } = settings;
  const ending = `.${settings.format}`;
  const read = await sourceFiles(source);
  await checkOutputs(action, [{ name: 'folder', path: folder, folder: true, endings: [ending] }], read);
  const pictures = kind === 'sequence' ? read.map((path) => basename(path)) : [];
  const output = await PictureFolder.open(folder, { stem, ending, overwrite }, pictures);
  const gate = leastChange === undefined ? undefined : new HoldGate({ threshold: leastChange, maxFrames: Infinity });
  let reader: SourceReader | undefined;
  const frames = throwingFor((tell) => {
    const opened: SourceReader = new SourceReader(source, {
      ...{ ...settings, loop: false, realTime: false, maxGapSeconds: usualMaxGapSeconds },
      ...{ size: SMALL, fullResolution: true },
      onState: guarded(onState, tell),
      onEnd: guarded((end: DecodeEnd) => onEnd?.({ source: opened.name, ...end }), tell),
    });
    reader = opened;
    return opened.frames();
  });
  let saved: Omit<SavedFrames, 'leftOut'> | undefined;
  let leftOut = 0;
  for await (const frame of frames) {
    if (gate?.admits(frame) === false) {
      leftOut += 1;
      continue;
    }
    const size = shownSize(frame, settings.maxSide);
    checkPixels(`${action} of "${reader?.name}"`, [size.height, size.width], settings.maxPixels);
    const { full = frame.data, sourceWidth, sourceHeight, index, timeSeconds } = frame;
    const form = { format: settings.format === 'jpg' ? 'jpeg' : 'png', quality: settings.quality, size } as const;
    const path = await output.write(frame, await encodePicture(full, sourceWidth, sourceHeight, form));
    saved = { frames: (saved?.frames ?? 0) + 1, ...size, first: saved?.first ?? path, last: path };
    const expected = expectedFrames(reader?.info, settings);
    const total = Number.isNaN(expected) ? limit : Math.min(limit, expected);
    const told = { path, index, timeSeconds, frames: saved.frames, leftOut };
    // It may return a promise, whatever its type says.
    await (onProgress?.({ ...told, ...(total === Infinity ? {} : { total }) }) as unknown);
    if (saved.frames >= limit) break;
  }
  if (saved === undefined) throw new Error('internal: a source has ended without a frame and without an error');
  return { ...saved, leftOut };
}

/** Size of the picture with square pixels: the side along which pixels are too short grows. */
function shownSize({ sourceWidth, sourceHeight, pixelAspect }: VideoFrame, maxSide = Infinity): PixelSize {
  const [width, height] = [sourceWidth * Math.max(1, pixelAspect), sourceHeight / Math.min(1, pixelAspect)];
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function stemOf(source: VideoSource): string {
  return sourceStems([source])[0] as string;
}
