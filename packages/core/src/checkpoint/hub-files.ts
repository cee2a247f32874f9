/**
 * Which files of a hub repository make a checkpoint.
 *
 * Only files at the top of the repository count; names outside the list never reach the file system.
 */
import { SynsegError } from '../errors.ts';
import { isWeights } from './hub-cache.ts';
import { hubError } from './hub-request.ts';

const ETAG = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Besides `*.safetensors` and its index, the files a checkpoint may need. */
const NEEDED = new Set([
  'config.json',
  'preprocessor_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'special_tokens_map.json',
  'vision.onnx',
]);

/** A file of a repository, as the hub's tree lists it. */
export interface ListedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Git blob sha1. */
  readonly oid?: string;
  /** Large files: `oid` is the sha256 of the content. */
  readonly lfs?: { readonly oid: string; readonly size: number };
}

/** A file to fetch. */
export interface RemoteFile {
  readonly path: string;
  readonly url: string;
  /** Bytes. */
  readonly size: number;
  /** sha256 of the content in hex (LFS files), or its git blob sha1. */
  readonly etag: string;
}

/**
 * Picks the checkpoint's files, the weights last: where they are cached, the rest is too.
 *
 * @param baseUrl URL the paths are appended to.
 * @throws {SynsegError} `CHECKPOINT_FORMAT` when there are no safetensors weights or no `config.json`.
 * @throws {SynsegError} `HUB_DOWNLOAD` when the hub lists a file without a digest.
 */
export function checkpointFiles(repo: string, listed: readonly ListedFile[], baseUrl: string): RemoteFile[] {
  const names = listed.map((entry) => entry.path);
  const absent = [names.some(isWeights) ? '' : '*.safetensors', names.includes('config.json') ? '' : 'config.json'].filter(Boolean);
  if (absent.length > 0) {
    const pickle = names.some((name) => /\.(?:bin|pt|pth|ckpt)$/.test(name)) ? '; pickle weights (.bin, .pt) are not loaded' : '';
    const got = names.length === 0 ? 'no files' : names.join(', ');
    throw new SynsegError('CHECKPOINT_FORMAT', `Cannot download ${repo}: repository must have ${absent.join(' and ')}, got ${got}${pickle}`);
  }
  const single = names.includes('model.safetensors');
  const files = listed.filter(({ path }) => NEEDED.has(path) || (isSafetensors(path) && (!single || !isCopy(path))));
  return files
    .map(({ path, size, oid, lfs }): RemoteFile => {
      const etag = lfs?.oid ?? oid ?? '';
      if (!ETAG.test(etag)) throw hubError(repo, `digest of ${path} must be listed by the hub, got "${etag}"`);
      return { path, etag, size: lfs?.size ?? size, url: `${baseUrl}/${path}` };
    })
    .sort((a, b) => Number(isWeights(a.path)) - Number(isWeights(b.path)));
}

function isSafetensors(path: string): boolean {
  return /^[\w.-]+\.safetensors(?:\.index\.json)?$/.test(path);
}

/** Beside a `model.safetensors`: shards, their index and variants (`model.fp16.safetensors`) of the same weights. */
function isCopy(path: string): boolean {
  return path.endsWith('.index.json') || (isWeights(path) && path !== 'model.safetensors');
}
