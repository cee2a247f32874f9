/**
 * Frames that the caller pushes, in the form of decoded ones. Nothing is scaled here; pixels are copied as RGB, so that
 * the pusher may use its memory again, views into one buffer included, and the frames can be given away.
 */
import { describeValue } from '@synseg/core/guards';
import type { RawFrame } from '../source/source.ts';
import type { DecodeSettings, Frames } from './decode-options.ts';
import { checkPixels } from './check-end.ts';
import { PIXEL_FORMATS, pictureBytes, toRGB } from '../source/pixel-formats.ts';
import { turnOf } from './selection.ts';
import { SteadyTimes } from './frame-clock.ts';

/**
 * The selected frames of `source`. `source` is closed on every way out.
 *
 * @throws {TypeError} when a frame is no picture of its size and format.
 */
export async function* pushedFrames(source: AsyncIterable<RawFrame>, options: DecodeSettings): Frames {
  const { start = -Infinity, end = Infinity, fps, every, signal, fullResolution } = options;
  signal?.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  let aborted = (_reason: unknown): void => {};
  const abort = (): void => aborted(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  let done = false;
  const steady = new SteadyTimes(options.maxGapSeconds);
  let first: number | undefined;
  let lastArrival: number | undefined;
  let selected = 0;
  let turn: number | undefined;
  let frames = 0;
  try {
    for (let index = 0; ; index++) {
      signal?.throwIfAborted();
      // A promise of its own for each frame: racing against one that lives long would keep all of them.
      const next = await new Promise<IteratorResult<RawFrame>>((resolve, reject) => {
        aborted = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) {
        done = true;
        break;
      }
      const arrivedAt = performance.now();
      const { data, width, height, format = 'rgb', ...at } = checkFrame(next.value, index, options.maxPixels);
      const given = at.timeSeconds ?? (arrivedAt - (first ??= arrivedAt)) / 1000;
      const timeSeconds = steady.place(given, (arrivedAt - (lastArrival ?? arrivedAt)) / 1000);
      lastArrival = arrivedAt;
      if (timeSeconds >= end) break;
      if (timeSeconds < start) continue;
      if (fps !== undefined) {
        if (turn !== undefined && turnOf(timeSeconds, fps) <= turn) continue;
        turn = turnOf(timeSeconds, fps);
      }
      if (selected++ % every !== 0) continue;
      const { frameRate = 25, live = false } = options;
      if (frames === 0) options.onOpen?.({ width, height, pixelAspect: 1, frameRate, live });
      frames += 1;
      const pixels = toRGB(data, width, height, format);
      const size = { width, height, sourceWidth: width, sourceHeight: height, pixelAspect: 1 };
      const full = fullResolution ? { full: pixels.slice() } : {};
      yield { index, timeSeconds, data: pixels, ...size, arrivedAt, ...full };
    }
    options.onEnd?.({ frames, complaints: '', corrupt: 0, gaps: steady.gaps });
  } finally {
    signal?.removeEventListener('abort', abort);
    // Not awaited when aborted: a generator that waits for its next picture answers only when it has come.
    const closed = done ? undefined : iterator.return?.();
    if (signal?.aborted === true) closed?.then(undefined, () => {});
    else await closed;
  }
}

function checkFrame(frame: RawFrame, index: number, maxPixels: number): RawFrame {
  const refuse = (rule: string, value: unknown): never => {
    const got = typeof value === 'string' ? value : describeValue(value);
    throw new TypeError(`Cannot read pushed frames: frame ${index} must ${rule}, got ${got}`);
  };
  if (typeof frame !== 'object' || frame === null) return refuse('be { data, width, height }', frame);
  const { data, width, height, format = 'rgb', timeSeconds } = frame;
  for (const [name, value] of Object.entries({ width, height })) {
    if (!(Number.isInteger(value) && value > 0)) refuse(`have a ${name} in positive whole pixels`, value);
  }
  checkPixels('read pushed frames', [height, width], maxPixels, ` of frame ${index}`);
  if (!PIXEL_FORMATS.includes(format))
    refuse(`have a format of ${PIXEL_FORMATS.join(', ')}`, JSON.stringify(format) ?? describeValue(format));
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    return refuse('hold its pixels in a Uint8Array', data);
  const bytes = pictureBytes(format, width, height);
  if (data.length !== bytes) refuse(`hold ${bytes} bytes for ${width} × ${height} ${format}`, data.length);
  if (timeSeconds !== undefined && !Number.isFinite(timeSeconds)) refuse('have a finite timeSeconds', timeSeconds);
  return frame;
}
