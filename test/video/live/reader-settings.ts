/** Settings of a SourceReader, from as many as a test is about. */
import { readOptions, type OptionsOf } from '../../../packages/core/src/guard/options.ts';
import { DECODE_OPTIONS, SOURCE_OPTIONS } from '../../../packages/video/src/decode/decode-options.ts';
import { LIVE_OPTIONS, type ReaderOptions } from '../../../packages/video/src/live/reader-options.ts';

const { size, fullResolution } = DECODE_OPTIONS;
const READER_OPTIONS = { ...SOURCE_OPTIONS, ...LIVE_OPTIONS, size, fullResolution };
export type ReaderSettings = OptionsOf<typeof READER_OPTIONS>;

export function readerSettings(options: ReaderSettings): ReaderOptions {
  return readOptions('read source', READER_OPTIONS, { size: { width: 32, height: 24 }, ...options }, ['size']);
}
