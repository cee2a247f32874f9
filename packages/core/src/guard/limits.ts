/**
 * Every limit on input from outside, in one place. A limit is checked before the work it bounds begins; each is an
 * option of the public function that reads the input, under the name it has here, and each error names limit and value.
 */
import { SynsegError, type SynsegErrorCode } from '../errors.ts';
import { integer, readOptions, withDefault, type Resolved } from './options.ts';

/** The limit of pictures, masks and video frames. */
export const PIXEL_LIMIT = {
  /** Most pixels that one picture, mask or video frame may have: width × height. @default 100 million */
  maxPixels: withDefault(integer(), 100_000_000),
};

/** Limits of one encoded picture. */
export const FETCH_LIMITS = {
  /** Most bytes that one encoded picture may have, read from a file or fetched. @default 256 MiB */
  maxImageBytes: withDefault(integer(), 256 * 2 ** 20),
  /** Most seconds from the request for a picture to its last byte. @default 60 */
  maxFetchSeconds: withDefault(integer(), 60),
};

/** The limit of results that hold a plane for each label. */
export const RESULT_LIMIT = {
  /** Most labels × pixels of one result with masks (a byte each) or activations (four). @default 500 million */
  maxLabelPixels: withDefault(integer(), 500_000_000),
};

/** Limits of a download from a hub. */
export const DOWNLOAD_LIMITS = {
  /** Seconds without data after which a download is tried again on a new connection. @default 30 */
  maxSilenceSeconds: withDefault(integer(), 30),
  /** Most files and folders at the top of a hub repository. @default 10,000 */
  maxListedFiles: withDefault(integer(), 10_000),
  /** Most bytes of all files of a downloaded checkpoint. @default 50 GiB */
  maxDownloadBytes: withDefault(integer(), 50 * 2 ** 30),
};

/** Limits of files that are read whole. */
export const FILE_LIMITS = {
  /** Bytes of one text file that is read whole: configurations, class lists, COCO JSON. @default 500 million */
  maxTextBytes: withDefault(integer(), 500_000_000), // a longer text does not fit V8's strings
  /** Bytes of the header of a safetensors file, and of one page of a hub's list. @default 16 MiB */
  maxHeaderBytes: withDefault(integer(), 16 * 2 ** 20),
};

/** Every limit on input from outside. */
export const LIMIT_OPTIONS = { ...PIXEL_LIMIT, ...FETCH_LIMITS, ...RESULT_LIMIT, ...DOWNLOAD_LIMITS, ...FILE_LIMITS };
export type Limits = Resolved<typeof LIMIT_OPTIONS>;

/** Defaults of {@link LIMIT_OPTIONS}. */
export const DEFAULT_LIMITS: Limits = Object.freeze(readOptions('set limits', LIMIT_OPTIONS, {}));

/**
 * The error for a value over its limit, in the package's form: `Cannot <action>: <what> must be at most <limit>
 * (<name>), got <value>`.
 *
 * @param unit - unit of the count, such as "pixels"
 */
export function limitError(
  code: SynsegErrorCode,
  action: string,
  what: string,
  name: string,
  limit: number,
  unit: string,
  got: string | number,
): SynsegError {
  return new SynsegError(code, `Cannot ${action}: ${what} must be at most ${limit} ${unit} (${name}), got ${got}`);
}
