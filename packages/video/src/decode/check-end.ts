/** Errors of sources that give nothing, or less than they hold. */
import { SynsegError } from '@synseg/core';
import { limitError } from '@synseg/core/guards';
import type { Exit } from '../process/ffmpeg.ts';
import { sourceName, type VideoSource } from '../source/source.ts';
import type { Selection } from './selection.ts';

/** @throws {SynsegError} `VIDEO_DECODE` naming the source when its pictures are larger than they may be. */
export function checkPixels(
  source: VideoSource,
  size: readonly [height: number, width: number] | undefined,
  maxPixels: number,
): void {
  if (size === undefined || size[0] * size[1] <= maxPixels) return;
  throw limitError(
    'VIDEO_DECODE',
    `decode video "${sourceName(source)}"`,
    'width × height',
    'maxPixels',
    maxPixels,
    'pixels',
    `${size[1]} × ${size[0]}`,
  );
}

/** @throws {SynsegError} `VIDEO_DECODE` naming the source when ffmpeg was killed or no frame came. */
export function checkEnd(
  source: VideoSource,
  frames: number,
  exit: Exit | undefined,
  lastLines: string,
  selection: Selection,
): void {
  const name = sourceName(source);
  const said = lastLines === '' ? '' : ` ffmpeg said: ${lastLines}`;
  if (exit?.signal) {
    const how = `ffmpeg was ended by ${exit.signal} after ${frames} frames.`;
    throw new SynsegError('VIDEO_DECODE', `Cannot decode video "${name}": ${how}${said}`);
  }
  if (frames > 0) return;
  if (/matches no streams/.test(lastLines)) {
    throw new SynsegError('VIDEO_DECODE', `Cannot decode video "${name}": it must have a video stream.${said}`);
  }
  const range = selection.start === undefined && selection.end === undefined ? '' : ' between start and end';
  throw new SynsegError('VIDEO_DECODE', `Cannot decode video "${name}": no frame could be decoded${range}.${said}`);
}
