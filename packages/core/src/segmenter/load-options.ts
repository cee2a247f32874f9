/** Options of `Segmenter.load()`, checked and filled in once, at the door. */
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { defaultCacheFolder } from '../cache/cache-folder.ts';
import { EMBEDDED, embeddedFolder } from '../checkpoint/embedded.ts';
import { downloadCheckpoint, type DownloadBounds, type DownloadProgress } from '../checkpoint/hub.ts';
import { SynsegError } from '../errors.ts';
import {
  checkBooleans,
  checkCallback,
  checkKind,
  checkOptions,
  checkStrings,
  describeValue,
  optionNames,
} from '../guard/arguments.ts';
import { DEFAULT_LIMITS, checkLimits, type Limits } from '../guard/limits.ts';
import type { ImageOptions } from '../image/picture-bytes.ts';
import type { EngineSettings, Precision } from '../session/protocol.ts';
import { PROVIDERS, type Provider } from '../session/providers.ts';

/** How far loading is. */
export type LoadProgress = ({ readonly stage: 'download' } & DownloadProgress) | { readonly stage: 'load' };

/** What bounds the pictures of a segmenter. */
export type ImageBounds = Pick<Limits, 'maxPixels' | 'maxLabelPixels'> & Required<Omit<ImageOptions, 'signal'>>;

/** Options of `Segmenter.load()`. */
export interface SegmenterOptions extends Partial<ImageBounds>, DownloadBounds {
  /**
   * Execution provider. `'auto'` takes CUDA on Linux and WebGPU elsewhere when they start, else the CPU, and says which
   * in `segmenter.device`; a named device that does not start is an error.
   * @default 'auto'
   */
  readonly device?: Provider | 'auto';
  /**
   * Precision inside the network; `'auto'` is fp32. `'int8'` is about twice as fast on CPUs at a small cost. @default
   * 'auto'
   */
  readonly precision?: Precision | 'auto';
  /** Side of the square picture the trunk takes, pixels; a multiple of the patch size. @default the checkpoint's own */
  readonly inputSize?: number;
  /** Processor threads of one operator. @default the processor's, at most 8 */
  readonly threads?: number;
  /** Pictures the trunk takes in one run. @default 4 */
  readonly maxBatch?: number;
  /** Calls of `segment()` in progress at once; further ones wait. @default 16 */
  readonly maxQueue?: number;
  /** Folder of generated graphs and cached embeddings. @default SYNSEG_CACHE, else the platform's cache folder */
  readonly cacheFolder?: string;
  /** Branch, tag or commit of a hub checkpoint. @default 'main' */
  readonly revision?: string;
  /** Never touch the network. @default HF_HUB_OFFLINE, else false */
  readonly offline?: boolean;
  /** @default HF_ENDPOINT, else 'https://huggingface.co' */
  readonly hubUrl?: string;
  /** The hub's cache. @default HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub */
  readonly hubCacheFolder?: string;
  /** For private and gated checkpoints; never printed. @default HF_TOKEN */
  readonly accessToken?: string;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}

/** Checked options. */
export interface LoadRequest extends ImageBounds {
  readonly settings: EngineSettings;
  readonly maxQueue: number;
}

const NAMES = optionNames<SegmenterOptions>({
  device: true,
  precision: true,
  inputSize: true,
  threads: true,
  maxBatch: true,
  maxQueue: true,
  maxPixels: true,
  maxLabelPixels: true,
  maxImageBytes: true,
  maxFetchSeconds: true,
  maxSilenceSeconds: true,
  maxListedFiles: true,
  maxDownloadBytes: true,
  allowSVG: true,
  publicOnly: true,
  cacheFolder: true,
  revision: true,
  offline: true,
  hubUrl: true,
  hubCacheFolder: true,
  accessToken: true,
  onProgress: true,
  signal: true,
});

const PRECISIONS = ['auto', 'fp32', 'fp16', 'int8'] as const;
/** More threads than this seldom help one operator. */
const MAX_DEFAULT_THREADS = 8;

/** Processor threads of one operator when nobody says: the processor's, at most 8. */
export function defaultThreads(): number {
  return Math.min(MAX_DEFAULT_THREADS, availableParallelism());
}

const HUB_ID = /^[\w-][\w.-]*\/[\w.-]+$/;

/**
 * Checks the options and finds the checkpoint's folder: the package's own for `'embedded'`, downloaded for a hub id.
 */
export async function resolveLoad(source: string, options: SegmenterOptions): Promise<LoadRequest> {
  const action = 'load checkpoint';
  checkKind(
    action,
    'source',
    source,
    typeof source === 'string' && source !== '',
    'be a folder, a hub id or "embedded"',
  );
  checkOptions(action, options, NAMES);
  checkCallback(action, 'onProgress', options.onProgress);
  checkStrings(action, options, ['cacheFolder', 'revision', 'hubUrl', 'hubCacheFolder', 'accessToken']);
  checkBooleans(action, options, ['offline', 'allowSVG', 'publicOnly']);
  checkLimits(action, options);
  options.signal?.throwIfAborted();
  const device = oneOf('device', options.device ?? 'auto', ['auto', ...PROVIDERS]);
  const precision = oneOf('precision', options.precision ?? 'auto', PRECISIONS);
  const positive = (name: string, value: number): number => {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`Cannot load checkpoint: ${name} must be a positive integer, got ${describeValue(value)}`);
    return value;
  };
  const settings = {
    inputSize: options.inputSize === undefined ? undefined : positive('inputSize', options.inputSize),
    cacheFolder: options.cacheFolder ?? defaultCacheFolder(),
    device,
    precision,
    threads: positive('threads', options.threads ?? defaultThreads()),
    maxBatch: positive('maxBatch', options.maxBatch ?? 4),
  };
  const maxQueue = positive('maxQueue', options.maxQueue ?? 16);
  const {
    maxPixels = DEFAULT_LIMITS.maxPixels,
    maxLabelPixels = DEFAULT_LIMITS.maxLabelPixels,
    maxImageBytes = DEFAULT_LIMITS.maxImageBytes,
  } = options;
  const { maxFetchSeconds = DEFAULT_LIMITS.maxFetchSeconds, allowSVG = false, publicOnly = false } = options;
  const folder = await checkpointFolder(source, options);
  options.onProgress?.({ stage: 'load' });
  return {
    settings: { folder, ...settings },
    maxQueue,
    maxPixels,
    maxLabelPixels,
    maxImageBytes,
    maxFetchSeconds,
    allowSVG,
    publicOnly,
  };
}

async function checkpointFolder(source: string, options: SegmenterOptions): Promise<string> {
  if (source === EMBEDDED) return embeddedFolder();
  const info = await stat(source).catch(() => undefined);
  if (info !== undefined) return source;
  if (!HUB_ID.test(source)) {
    throw new SynsegError(
      'MODEL_LOAD',
      'Cannot load checkpoint: source must be an existing folder, a hub id like owner/name or "embedded", got ' +
        `"${source}"`,
    );
  }
  const {
    revision,
    offline,
    hubUrl,
    hubCacheFolder: cacheDir,
    accessToken,
    maxSilenceSeconds,
    maxListedFiles,
    maxDownloadBytes,
    onProgress,
    signal,
  } = options;
  return downloadCheckpoint(source, {
    maxSilenceSeconds,
    maxListedFiles,
    maxDownloadBytes,
    revision,
    offline,
    hubUrl,
    cacheDir,
    accessToken,
    signal,
    onProgress: onProgress === undefined ? undefined : (progress) => onProgress({ stage: 'download', ...progress }),
  });
}

function oneOf<Choice extends string>(name: string, value: Choice, choices: readonly Choice[]): Choice {
  if (!choices.includes(value))
    throw new RangeError(
      `Cannot load checkpoint: ${name} must be one of ${choices.join(', ')}, got ${describeValue(value)}`,
    );
  return value;
}
