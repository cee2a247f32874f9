/** Options of `Segmenter.load()`, checked once, with defaults filled in. */
import { availableParallelism } from 'node:os';
import { defaultCacheFolder } from '../cache/cache-folder.ts';
import { EMBEDDED, embeddedFolder } from '../checkpoint/embedded.ts';
import { HUB_OPTIONS, type DownloadProgress } from '../checkpoint/hub-options.ts';
import { downloadCheckpoint } from '../checkpoint/hub.ts';
import { SynsegError } from '../errors.ts';
import { checkKind, rangeError } from '../guard/arguments.ts';
import { sizeOf } from '../guard/input-file.ts';
import { RESULT_LIMIT } from '../guard/limits.ts';
import { callback, choice, integer, readOptions, text, withDefault } from '../guard/options.ts';
import type { OptionsOf, Resolved } from '../guard/options.ts';
import { IMAGE_OPTIONS } from '../image/picture-bytes.ts';
import type { EngineSettings } from '../session/protocol.ts';
import { isOpenVino, OPENVINO_DEVICES, PROVIDERS } from '../session/providers.ts';

/** Progress of loading. */
export type LoadProgress = ({ readonly stage: 'download' } & DownloadProgress) | { readonly stage: 'load' };

/** Options of `Segmenter.load()`. */
export const LOAD_OPTIONS = {
  /**
   * Execution provider. `'auto'` takes CUDA on Linux and WebGPU elsewhere when they start, else the CPU, and says which
   * in `segmenter.device`; a named device that does not start is an error. `'openvino'` is the CPU by OpenVINO, which
   * is installed apart.
   * @default 'auto'
   */
  device: withDefault(choice(['auto', ...PROVIDERS, ...OPENVINO_DEVICES]), 'auto'),
  /**
   * Precision of the network; 'auto' is fp32, 'int8' 1.5 to 2 times as fast on CPUs and less exact, 'bf16' for OpenVINO
   * only.
   * @default 'auto'
   */
  precision: withDefault(choice(['auto', 'fp32', 'fp16', 'bf16', 'int8']), 'auto'),
  /** Side of the square picture of the trunk, pixels; a multiple of its patch. @default the checkpoint's own */
  inputSize: integer(),
  /** Statistics that pixels are normalized with: ImageNet's or those of CLIP. @default the checkpoint's own */
  statistics: choice(['imagenet', 'clip']),
  /** Processor threads of one operator. @default the processor's, at most 8 */
  threads: integer(),
  /** Pictures that the trunk takes in one run. @default 4 */
  maxBatch: withDefault(integer(), 4),
  /** Calls of `segment()` in progress at once; further ones wait. @default 16 */
  maxQueue: withDefault(integer(), 16),
  /** Folder of generated graphs and cached embeddings. @default SYNSEG_CACHE, else the platform's cache folder */
  cacheFolder: text(),
  ...HUB_OPTIONS,
  /** Folder of the hub's cache. @default HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub */
  hubCacheFolder: text(),
  /** Called with the progress of the download and of loading. */
  onProgress: callback<(progress: LoadProgress) => void>(),
  ...RESULT_LIMIT,
  ...IMAGE_OPTIONS,
};
export type SegmenterOptions = OptionsOf<typeof LOAD_OPTIONS>;
type LoadRequest = Resolved<typeof LOAD_OPTIONS>;

/** Limits on the pictures and calls of a segmenter. */
export type Bounds = Pick<
  LoadRequest,
  'maxQueue' | 'maxPixels' | 'maxLabelPixels' | 'maxImageBytes' | 'maxFetchSeconds' | 'allowSVG' | 'publicOnly'
>;

/** More threads than this seldom help one operator. */
const MAX_DEFAULT_THREADS = 8;

/** Default number of processor threads of one operator: the processor's, at most 8. */
export function defaultThreads(): number {
  return Math.min(MAX_DEFAULT_THREADS, availableParallelism());
}

const HUB_ID = /^[\w-][\w.-]*\/[\w.-]+$/;

/** The folder of a checkpoint, downloaded where it is a hub id: what `Segmenter.load()` opens. */
export async function checkpointFolderOf(source: string, options: SegmenterOptions = {}): Promise<string> {
  return checkpointFolder(source, readLoad(source, options));
}

/** Checks the source of a checkpoint and its options. */
export function readLoad(source: string, options: SegmenterOptions): LoadRequest {
  const fits = typeof source === 'string' && source !== '';
  checkKind('load checkpoint', 'source', source, fits, 'be a folder, a hub id or "embedded"');
  const request = readOptions('load checkpoint', LOAD_OPTIONS, options);
  if (request.precision === 'bf16' && !isOpenVino(request.device)) {
    const rule = `be another than "bf16" on device "${request.device}", which only OpenVINO computes in`;
    throw rangeError('load checkpoint', 'precision', rule, '"bf16"');
  }
  return request;
}

/** Finds the checkpoint's folder: the package's own for `'embedded'`, downloaded for a hub id. */
export async function resolveLoad(
  source: string,
  request: LoadRequest,
): Promise<{ readonly settings: EngineSettings; readonly bounds: Bounds }> {
  request.signal?.throwIfAborted();
  const folder = await checkpointFolder(source, request);
  request.onProgress?.({ stage: 'load' });
  const { device, precision, inputSize, statistics, maxBatch } = request;
  const { threads = defaultThreads(), cacheFolder = defaultCacheFolder() } = request;
  const { maxQueue, maxPixels, maxLabelPixels, maxImageBytes, maxFetchSeconds, allowSVG, publicOnly } = request;
  return {
    settings: { folder, device, precision, inputSize, statistics, threads, maxBatch, cacheFolder },
    bounds: { maxQueue, maxPixels, maxLabelPixels, maxImageBytes, maxFetchSeconds, allowSVG, publicOnly },
  };
}

async function checkpointFolder(source: string, request: LoadRequest): Promise<string> {
  if (source === EMBEDDED) return embeddedFolder();
  if ((await sizeOf(source)) !== undefined) return source;
  if (!HUB_ID.test(source)) {
    const rule = 'be an existing folder, a hub id like owner/name or "embedded"';
    throw new SynsegError('MODEL_LOAD', `Cannot load checkpoint: source must ${rule}, got "${source}"`);
  }
  const { revision, offline, hubUrl, hubCacheFolder: cacheDir, accessToken, signal, onProgress } = request;
  const { maxSilenceSeconds, maxListedFiles, maxDownloadBytes } = request;
  return downloadCheckpoint(source, {
    ...{ revision, offline, hubUrl, cacheDir, accessToken, signal },
    ...{ maxSilenceSeconds, maxListedFiles, maxDownloadBytes },
    onProgress: onProgress && ((progress) => onProgress({ stage: 'download', ...progress })),
  });
}
