/**
 * Checkpoints of the Hugging Face hub, by name: `owner/name` in, a local folder out.
 *
 * The folder is a snapshot in the standard hub cache, shared with Python's `huggingface_hub`: what one downloads the
 * other finds. `@huggingface/hub` resolves revisions, lists files and knows where the cache is; the bytes are fetched
 * by `hub-transfer.ts`, because that client cannot resume and lets two processes write one file.
 */
import { getHFHubCachePath, getRepoFolderName, listFiles, modelInfo } from '@huggingface/hub';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isSynsegError } from '../errors.ts';
import { checkKind, rangeError } from '../guard/arguments.ts';
import { sizeOf } from '../guard/input-file.ts';
import type { DOWNLOAD_LIMITS } from '../guard/limits.ts';
import { readOptions, type Resolved } from '../guard/options.ts';
import { timeLimit } from '../guard/race-signal.ts';
import { DOWNLOAD_CHECKPOINT_OPTIONS, type DownloadCheckpointOptions, type DownloadProgress } from './hub-options.ts';
import { diskError, linkBlob, readRef, snapshotGaps, writeRef } from './hub-cache.ts';
import { checkpointFiles, type RemoteFile } from './hub-files.ts';
import { Unreachable, askJson, hubError, unreachable, unreachableError, type HubAddress } from './hub-request.ts';
import { fetchBlob } from './hub-transfer.ts';

const COMMIT = /^[0-9a-f]{40}$/;
/** Longest wait for the hub to name a commit or list files before the cache is used instead, seconds. */
const ANSWER_SECONDS = 10;

/**
 * The hub settings of this process's environment: the only place that reads it.
 *
 * @example
 * ```ts
 * import { hubDefaults } from '@synseg/core/checkpoint';
 * process.env.HF_ENDPOINT = 'https://hub.example.com';
 * console.assert(hubDefaults().hubUrl === 'https://hub.example.com');
 * ```
 */
export function hubDefaults(): { hubUrl: string; cacheDir: string; accessToken: string | undefined; offline: boolean } {
  const { HF_ENDPOINT, HF_HOME, HF_HUB_OFFLINE, HF_TOKEN } = process.env;
  return {
    hubUrl: HF_ENDPOINT || 'https://huggingface.co',
    // An empty HF_HUB_CACHE would be the current folder.
    cacheDir: getHFHubCachePath() || join(HF_HOME || join(homedir(), '.cache', 'huggingface'), 'hub'),
    accessToken: HF_TOKEN || undefined,
    offline: /^(?:1|true|yes|on)$/i.test(HF_HUB_OFFLINE ?? ''),
  };
}

/**
 * Downloads the files of a checkpoint from a hub repository and returns their folder.
 *
 * The weights must be safetensors; pickled `.bin` weights and everything else in the repository are left out. An
 * interrupted download resumes, several processes may call this at once, and every file's size and digest are checked.
 * When the hub cannot be reached, the last snapshot cached for the revision is returned silently, as `huggingface_hub`
 * does: pin a commit to know what you get.
 *
 * Proxies are taken from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.
 *
 * @param repo `owner/name`.
 * @returns the absolute path of `models--owner--name/snapshots/<commit>` in the cache.
 * @throws {TypeError} when an argument is of the wrong kind, or an option unknown.
 * @throws {RangeError} when `repo`, `revision`, `hubUrl`, the token or a limit is malformed.
 * @throws {SynsegError} `HUB_DOWNLOAD` when the revision is neither reachable nor cached, access is denied, the
 *   repository or revision does not exist, the disk is full, a limit is exceeded, or a file arrives with a wrong size
 *   or digest.
 * @throws {SynsegError} `CHECKPOINT_FORMAT` when the repository has no safetensors weights or no `config.json`.
 * @throws the signal's reason, at once; what was received is kept for the next call.
 * @example
 * ```ts
 * import { downloadCheckpoint, isSynsegError } from '@synseg/core';
 * // With network: const folder = await downloadCheckpoint('CIDAS/clipseg-rd64-refined');
 * const offline = downloadCheckpoint('CIDAS/clipseg-rd64-refined', { offline: true, cacheDir: '/no/such/cache' });
 * const error = await offline.catch((reason: unknown) => reason);
 * console.assert(isSynsegError(error) && error.code === 'HUB_DOWNLOAD');
 * ```
 */
export async function downloadCheckpoint(repo: string, options: DownloadCheckpointOptions = {}): Promise<string> {
  const request = resolveRequest(repo, options);
  options.signal?.throwIfAborted();
  try {
    return await snapshot(request);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw isSynsegError(error) ? error : diskError(repo, request.cacheDir, error);
  }
}

/** Options with all defaults filled in. */
interface HubRequest extends HubAddress, Resolved<typeof DOWNLOAD_LIMITS> {
  readonly cacheDir: string;
  readonly repoFolder: string;
  readonly locksFolder: string;
  readonly offline: boolean;
  onProgress(progress: DownloadProgress): void;
}

function resolveRequest(repo: string, options: DownloadCheckpointOptions): HubRequest {
  const action = 'download checkpoint';
  checkKind(action, 'repo', repo, typeof repo === 'string', 'be "owner/name"');
  const asked = readOptions(action, DOWNLOAD_CHECKPOINT_OPTIONS, options);
  const { revision, onProgress = () => undefined } = asked;
  const defaults = hubDefaults();
  const hubUrl = (asked.hubUrl ?? defaults.hubUrl).replace(/\/+$/, '');
  const cacheDir = resolve(asked.cacheDir ?? defaults.cacheDir);
  const accessToken = (asked.accessToken ?? defaults.accessToken)?.trim() || undefined;
  const refuse = (name: string, rule: string, got: string): RangeError =>
    rangeError(`download ${repo}`, name, rule, got);
  if (!/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?$/.test(repo)) throw rangeError(action, 'repo', 'be "owner/name"', `"${repo}"`);
  // The revision becomes a path below refs/.
  if (!/^[^\s\\:?*[~^/]+(?:\/[^\s\\:?*[~^/]+)*$/.test(revision) || revision.includes('..'))
    throw refuse('revision', 'be a branch, tag or commit', `"${revision}"`);
  const url = URL.canParse(hubUrl) ? new URL(hubUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username + url.password !== '') {
    const got = hubUrl.includes('@') ? 'one with a user name or password' : `"${hubUrl}"`;
    throw refuse('hubUrl', 'be a plain http or https URL', got);
  }
  if (accessToken !== undefined && !/^[\x21-\x7e]+$/.test(accessToken))
    throw refuse('accessToken', 'be printable ASCII', 'other characters');
  const folderName = getRepoFolderName({ type: 'model', name: repo });
  return {
    ...asked,
    ...{ repo, hubUrl, accessToken, cacheDir, onProgress },
    repoFolder: join(cacheDir, folderName),
    locksFolder: join(cacheDir, '.locks', folderName),
    offline: asked.offline ?? defaults.offline,
  };
}

async function snapshot(request: HubRequest): Promise<string> {
  const { revision, repoFolder } = request;
  if (request.offline) return cachedSnapshot(request);
  if (COMMIT.test(revision)) {
    const pinned = snapshotFolder(request, revision);
    if ((await snapshotGaps(pinned, 'complete')).length === 0) return pinned;
  }
  let commit: string;
  try {
    commit = await resolveCommit(request);
  } catch (error) {
    if (error instanceof Unreachable) return cachedSnapshot(request, error);
    throw error;
  }
  const folder = snapshotFolder(request, commit);
  try {
    if ((await snapshotGaps(folder, 'complete')).length > 0) await fill(request, commit);
  } catch (error) {
    if (error instanceof Unreachable) throw unreachableError(request, error);
    throw error;
  }
  // Last, so that a ref never names a snapshot that is not there yet.
  if (revision !== commit) await writeRef(repoFolder, revision, commit);
  return folder;
}

function snapshotFolder(request: HubRequest, commit: string): string {
  return join(request.repoFolder, 'snapshots', commit);
}

/** The cached snapshot of the revision. `cause` is the failure of the hub, undefined when offline by choice. */
async function cachedSnapshot(request: HubRequest, cause?: Unreachable): Promise<string> {
  const { repo, revision, repoFolder, cacheDir } = request;
  const commit = COMMIT.test(revision) ? revision : await readRef(repoFolder, revision);
  let got = `nothing cached for "${revision}" in ${cacheDir}`;
  if (commit !== undefined) {
    const folder = snapshotFolder(request, commit);
    const gaps = await snapshotGaps(folder, 'loadable');
    if (gaps.length === 0) return folder;
    got = `${folder} without ${gaps.join(', ')}`;
  }
  if (cause !== undefined) throw unreachableError(request, cause, ` and ${got}`);
  const remedy = 'download it once without offline and HF_HUB_OFFLINE, or pass a folder path';
  throw hubError(repo, `revision must be in the cache when offline, got ${got}; ${remedy}`);
}

async function resolveCommit(request: HubRequest): Promise<string> {
  const { repo, revision, hubUrl } = request;
  const { sha } = await answer(request, (fetch) =>
    modelInfo({ name: repo, revision, hubUrl, additionalFields: ['sha'], fetch }),
  );
  if (typeof sha !== 'string' || !COMMIT.test(sha)) throw new Unreachable('an answer without a commit');
  return sha;
}

/** Downloads the missing files of a snapshot, the weights last: where they are, the rest is too. */
async function fill(request: HubRequest, commit: string): Promise<void> {
  for (const file of await listCheckpoint(request, commit)) {
    const path = join(snapshotFolder(request, commit), file.path);
    if ((await sizeOf(path)) === file.size) continue;
    await fetchBlob(file, {
      address: request,
      blobPath: join(request.repoFolder, 'blobs', file.etag),
      lockPath: join(request.locksFolder, `${file.etag}.synseg.lock`),
      maxSilenceSeconds: request.maxSilenceSeconds,
      onProgress: (loadedBytes) => request.onProgress({ file: file.path, loadedBytes, totalBytes: file.size }),
    });
    await linkBlob(request.repoFolder, file.etag, commit, file.path);
  }
}

async function listCheckpoint(request: HubRequest, commit: string): Promise<RemoteFile[]> {
  const { repo, hubUrl, maxListedFiles, maxDownloadBytes } = request;
  const listed = await answer(request, async (fetch) => {
    const entries: unknown[] = [];
    for await (const entry of listFiles({ repo: { type: 'model', name: repo }, revision: commit, hubUrl, fetch })) {
      if (entries.push(entry) > maxListedFiles)
        throw hubError(repo, `repository must list at most ${maxListedFiles} files (maxListedFiles), got more`);
    }
    return entries;
  });
  const files = checkpointFiles(repo, listed, `${hubUrl}/${repo}/resolve/${commit}`);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > maxDownloadBytes)
    throw hubError(repo, `files must have at most ${maxDownloadBytes} bytes together (maxDownloadBytes), got ${bytes}`);
  return files;
}

/** Runs a call of the hub client over our own requests, so that its failures are {@link Unreachable} or final. */
async function answer<T>(request: HubRequest, call: (fetchLike: typeof fetch) => Promise<T>): Promise<T> {
  try {
    return await call(async (input) => {
      const limit = timeLimit(ANSWER_SECONDS, new Unreachable(`no answer within ${ANSWER_SECONDS} seconds`));
      const url = input instanceof Request ? input.url : input.toString();
      return askJson(request, url, limit.signal).finally(limit.clear);
    });
  } catch (error) {
    request.signal?.throwIfAborted();
    throw isSynsegError(error) ? error : unreachable(error);
  }
}
