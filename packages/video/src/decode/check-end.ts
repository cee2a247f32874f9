/** Errors of sources that give nothing, or less than they hold. */
import { limitError } from '@synseg/core/guards';
import type { Exit } from '../process/ffmpeg.ts';
import type { Selection } from './selection.ts';
import { videoError } from '../video-error.ts';

/** Height and width in pixels. */
export type PixelSize = readonly [height: number, width: number];

/** @throws {SynsegError} `VIDEO_DECODE` when a picture is larger than it may be; `action` names its source. */
export function checkPixels(action: string, size: PixelSize | undefined, maxPixels: number, of = ''): void {
  if (size === undefined || size[0] * size[1] <= maxPixels) return;
  const got = `${size[1]} × ${size[0]}`;
  throw limitError('VIDEO_DECODE', action, `width × height${of}`, 'maxPixels', maxPixels, 'pixels', got);
}

/** @throws {SynsegError} `VIDEO_DECODE` when ffmpeg was killed or no frame came; `action` names the source. */
export function checkEnd(action: string, frames: number, exit: Exit | undefined, said: string, of: Selection): void {
  const fail = (why: string): never => {
    throw videoError('VIDEO_DECODE', `Cannot ${action}: ${why}.${said === '' ? '' : ` ffmpeg said: ${said}`}`);
  };
  if (exit?.signal) fail(`ffmpeg was ended by ${exit.signal} after ${frames} frames`);
  if (frames > 0) return;
  if (/matches no streams/.test(said)) fail('it must have a video stream');
  const range = of.start === undefined && of.end === undefined ? '' : ' between start and end';
  fail(`no frame could be decoded${range}`);
}
