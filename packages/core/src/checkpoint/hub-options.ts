/** Options of downloads from a hub. */
import { DOWNLOAD_LIMITS } from '../guard/limits.ts';
import { SIGNAL_OPTION, callback, flag, secretText, text, withDefault, type OptionsOf } from '../guard/options.ts';

/** Progress of one file of a download. */
export interface DownloadProgress {
  /** File name in the repository. */
  readonly file: string;
  /** Bytes on disk, with those of an earlier, interrupted run. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** Options that select the files and the hub, and limit the download; each overrides the environment. */
export const HUB_OPTIONS = {
  /** Branch, tag or commit of a hub checkpoint. A full commit hash that is cached needs no network. @default 'main' */
  revision: withDefault(text(), 'main'),
  /** Uses the hub's cache only, never the network. @default HF_HUB_OFFLINE, else false */
  offline: flag(),
  /** Address of the hub. @default HF_ENDPOINT, else 'https://huggingface.co' */
  hubUrl: text(),
  /** Token for private and gated repositories; sent to the hub only, never printed. @default HF_TOKEN */
  accessToken: secretText(),
  ...DOWNLOAD_LIMITS,
};

/** Options of {@link downloadCheckpoint}. */
export const DOWNLOAD_CHECKPOINT_OPTIONS = {
  ...HUB_OPTIONS,
  /** Folder of the hub's cache. @default HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub */
  cacheDir: text(),
  /** Called for each file that is downloaded here, from its first byte to its last. */
  onProgress: callback<(progress: DownloadProgress) => void>(),
  ...SIGNAL_OPTION,
};
export type DownloadCheckpointOptions = OptionsOf<typeof DOWNLOAD_CHECKPOINT_OPTIONS>;
