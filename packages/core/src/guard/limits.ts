/**
 * Every limit on what comes from outside, in one place. A limit is checked before the work it bounds begins; each is an
 * option of the public function that reads the input, under the name it has here, and each error names limit and value.
 */
import { describeValue } from './arguments.ts';
import { SynsegError, type SynsegErrorCode } from '../errors.ts';

/** Limits on input from outside. */
export interface Limits {
  /** Pixels of one picture, mask or video frame: width × height. @default 100 million */
  readonly maxPixels: number;
  /**
   * Labels × pixels of one result, where masks (a byte each) or activation maps (four) are asked for. @default 500
   * million
   */
  readonly maxLabelPixels: number;
  /** Bytes of one encoded picture, read from a file or fetched. @default 256 MiB */
  readonly maxImageBytes: number;
  /** Bytes of one text file that is read whole: configurations, class lists, COCO JSON. @default 500 million */
  readonly maxTextBytes: number;
  /** Bytes of the header of a safetensors file, and of one page of a hub's list. @default 16 MiB */
  readonly maxHeaderBytes: number;
  /** Seconds from the request for a picture to its last byte. @default 60 */
  readonly maxFetchSeconds: number;
  /** Seconds that a download may bring nothing before the connection is dropped and tried again. @default 30 */
  readonly maxSilenceSeconds: number;
  /** Files and folders at the top of a hub repository. @default 10,000 */
  readonly maxListedFiles: number;
  /** Bytes of all files of a checkpoint that is downloaded. @default 50 GiB */
  readonly maxDownloadBytes: number;
}

/** Defaults of {@link Limits}. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxPixels: 100_000_000,
  maxLabelPixels: 500_000_000,
  maxImageBytes: 256 * 2 ** 20,
  // A longer text does not fit V8's strings.
  maxTextBytes: 500_000_000,
  maxHeaderBytes: 16 * 2 ** 20,
  maxFetchSeconds: 60,
  maxSilenceSeconds: 30,
  maxListedFiles: 10_000,
  maxDownloadBytes: 50 * 2 ** 30,
});

/**
 * Says that a value is over its limit, in the package's form: `Cannot <action>: <what> must be at most <limit>
 * (<name>), got <value>`.
 *
 * @param unit - what is counted, such as "pixels"
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
  return new SynsegError(
    code,
    `Cannot ${action}: ${what} must be at most ${String(limit)} ${unit} (${name}), got ${String(got)}`,
  );
}

/** @throws RangeError unless every limit that is given is a positive integer */
export function checkLimits(
  action: string,
  limits: { readonly [Name in keyof Limits]?: Limits[Name] | undefined },
): void {
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]) {
    const value = limits[name];
    if (value === undefined) continue;
    if (Number.isInteger(value) && value > 0) continue;
    throw new RangeError(`Cannot ${action}: ${name} must be a positive integer, got ${describeValue(value)}`);
  }
}
