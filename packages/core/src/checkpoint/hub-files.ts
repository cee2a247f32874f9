/**
 * The files of a hub repository that make a checkpoint.
 *
 * Only files at the top of the repository count; names outside the list never reach the file system.
 */
import { describeValue, shortJson } from '../guard/arguments.ts';
import { checkpointError } from './checkpoint-error.ts';
import { isWeights } from './hub-cache.ts';
import { hubError } from './hub-request.ts';

const ETAG = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Most file names in a message. */
const MOST_NAMES = 20;

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
  'words.json',
]);

/** A file of a repository, as the hub's tree lists it; fields of type `unknown` are not checked yet. */
interface ListedFile {
  readonly path: string;
  /** Bytes. */
  readonly size?: unknown;
  /** Git blob sha1. */
  readonly oid?: unknown;
  /** Large files: `oid` is the sha256 of the content. */
  readonly lfs?: { readonly oid?: unknown; readonly size?: unknown } | null;
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
 * @param listed the hub's list, unchecked
 * @param baseUrl URL the paths are appended to.
 * @throws {SynsegError} `CHECKPOINT_FORMAT` when there are no safetensors weights or no `config.json`.
 * @throws {SynsegError} `HUB_DOWNLOAD` when the hub lists a file without a digest or a size.
 */
export function checkpointFiles(repo: string, listed: readonly unknown[], baseUrl: string): RemoteFile[] {
  const entries = listed.map((entry) => listedFile(repo, entry)).filter((entry) => entry !== undefined);
  const names = entries.map((entry) => entry.path);
  const absent = [
    ...(names.some(isWeights) ? [] : ['*.safetensors']),
    ...(names.includes('config.json') ? [] : ['config.json']),
  ];
  if (absent.length > 0) {
    const hasPickle = names.some((name) => /\.(?:bin|pt|pth|ckpt)$/.test(name));
    const pickle = hasPickle ? '; pickle weights (.bin, .pt) are not loaded' : '';
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
    const got = names.length === 0 ? 'no files' : `${names.slice(0, MOST_NAMES).join(', ')}${more}`;
    throw checkpointError(`download ${repo}`, `repository must have ${absent.join(' and ')}, got ${got}${pickle}`);
  }
  const single = names.includes('model.safetensors');
  return entries
    .filter(({ path }) => NEEDED.has(path) || (isSafetensors(path) && (!single || !isCopy(path))))
    .map(({ path, size, oid, lfs }): RemoteFile => {
      const etag = lfs?.oid ?? oid;
      const bytes = lfs?.size ?? size;
      if (typeof etag !== 'string' || !ETAG.test(etag))
        throw hubError(repo, `digest of ${path} must be listed by the hub, got ${describeValue(etag)}`);
      if (!Number.isSafeInteger(bytes) || (bytes as number) < 0)
        throw hubError(repo, `size of ${path} must be a whole number of bytes, got ${describeValue(bytes)}`);
      return { path, etag, size: bytes as number, url: `${baseUrl}/${path}` };
    })
    .sort((a, b) => Number(isWeights(a.path)) - Number(isWeights(b.path)));
}

/** The entry if it is a file. */
function listedFile(repo: string, entry: unknown): ListedFile | undefined {
  const { type, path } = (entry ?? {}) as { readonly type?: unknown; readonly path?: unknown };
  if (typeof type !== 'string' || typeof path !== 'string')
    throw hubError(repo, `each entry of the list must have a type and a path, got ${shortJson(entry)}`);
  return type === 'file' ? (entry as ListedFile) : undefined;
}

function isSafetensors(path: string): boolean {
  return /^[\w.-]+\.safetensors(?:\.index\.json)?$/.test(path);
}

/** Beside a `model.safetensors`: shards, their index and variants (`model.fp16.safetensors`) of the same weights. */
function isCopy(path: string): boolean {
  return path.endsWith('.index.json') || (isWeights(path) && path !== 'model.safetensors');
}
