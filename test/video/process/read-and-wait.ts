/**
 * Decodes the source given as JSON, prints a line for the first frames, and then takes no more. For tests of the end.
 */
import type { DecodeOptions } from '../../../packages/video/src/decode/decode-options.ts';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import type { VideoSource } from '../../../packages/video/src/source/source.ts';

const { source, frames, listen, ...options } = JSON.parse(process.argv[2] ?? '{}') as Partial<DecodeOptions> & {
  readonly source: VideoSource;
  /** Frames taken before it says so and waits; more are asked for when it is 0. */
  readonly frames: number;
  /** Handles SIGINT itself. */
  readonly listen?: boolean;
};
if (listen === true) process.once('SIGINT', () => console.log('handled'));
let count = 0;
const decoding = (async () => {
  for await (const frame of decodeFrames(source, { size: { width: 320, height: 240 }, ...options })) {
    count += 1;
    console.log(`frame ${frame.index}`);
    if (count === frames) await new Promise((resolve) => setTimeout(resolve, 3_600_000));
  }
})();
console.log('begun');
await decoding;
