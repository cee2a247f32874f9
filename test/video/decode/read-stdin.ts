/** Decodes the video on stdin and prints what came, for the test of stdin. */
import { messageOf } from '@synseg/core/guards';
import type { OpenedSource } from '../../../packages/video/src/decode/decode-options.ts';
import { decodeFrames } from '../../../packages/video/src/decode/decode.ts';
import { sourceName } from '../../../packages/video/src/source/source.ts';

const indices: number[] = [];
const times: number[] = [];
let info: OpenedSource | undefined;
try {
  for await (const { index, timeSeconds } of decodeFrames('-', {
    size: { width: 32, height: 24 },
    onOpen: (value) => (info = value),
  })) {
    indices.push(index);
    times.push(timeSeconds);
  }
  console.log(JSON.stringify({ name: sourceName('-'), indices, times, width: info?.width, live: info?.live }));
} catch (error) {
  console.log(JSON.stringify({ error: messageOf(error) }));
}
