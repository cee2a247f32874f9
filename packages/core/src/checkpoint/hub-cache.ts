/**
 * The files of one repository inside the Hugging Face hub cache, as Python's `huggingface_hub` lays them out:
 *
 * ```text
 * models--owner--name/refs/main                    the commit `main` had when last asked
 * models--owner--name/blobs/<etag>                 one file per content; etag = sha256 (LFS) or git blob sha1
 * models--owner--name/snapshots/<commit>/<file>    relative symlink to ../../blobs/<etag>
 * ```
 *
 * No network here. Every write is a rename, so a reader never sees half a file.
 */
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sizeOf } from '../guard/input-file.ts';
import { hubError } from './hub-request.ts';

const VOCABULARY = 'vocab.safetensors';

/** True for a file of model weights, which every checkpoint has. */
export function isWeights(file: string): boolean {
  return file.endsWith('.safetensors') && file !== VOCABULARY;
}

/**
 * Names what a snapshot folder lacks: `loadable` asks for config and weights only, `complete` also for the tokenizer
 * and preprocessing files. Python callers often cache a part of a repository, and without `preprocessor_config.json` a
 * CLIPSeg model would quietly run at the wrong input size.
 */
export async function snapshotGaps(folder: string, level: 'loadable' | 'complete'): Promise<string[]> {
  const listed = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(listed.map((file) => sizeOf(join(folder, file))));
  const files = new Set(listed.filter((_, index) => sizes[index] !== undefined));
  const gaps: string[] = [];
  const needs = (...alternatives: string[][]): void => {
    if (!alternatives.some((names) => names.every((name) => files.has(name))))
      gaps.push(alternatives.map((names) => names.join(' + ')).join(' or '));
  };
  needs(['config.json']);
  if (!files.has('model.safetensors')) {
    const indexes = [...files].filter((file) => file.endsWith('.safetensors.index.json'));
    const shards = (await Promise.all(indexes.map((file) => shardsOf(join(folder, file))))).flat();
    if (shards.length > 0) needs([...new Set(shards)]);
    else if (![...files].some(isWeights)) gaps.push('model.safetensors');
  }
  if (level === 'complete') {
    needs(['tokenizer.json'], ['vocab.json', 'merges.txt'], ['vocab.json', VOCABULARY]);
    needs(['preprocessor_config.json'], ['vision.onnx']);
  }
  return gaps;
}

async function shardsOf(indexPath: string): Promise<string[]> {
  try {
    const index = JSON.parse(await readFile(indexPath, 'utf8')) as { weight_map?: Record<string, unknown> };
    return Object.values(index.weight_map ?? {}).map(String);
  } catch {
    return [];
  }
}

/** The commit a branch or tag had when the cache last saw it. */
export async function readRef(repoFolder: string, revision: string): Promise<string | undefined> {
  const text = await readFile(join(repoFolder, 'refs', revision), 'utf8').catch(() => '');
  return /^[0-9a-f]{40}$/.exec(text.trim())?.[0];
}

/** Remembers the commit of a branch or tag; writes nothing when it is known already (read-only caches stay usable). */
export async function writeRef(repoFolder: string, revision: string, commit: string): Promise<void> {
  if ((await readRef(repoFolder, revision)) === commit) return;
  await replace(repoFolder, join('refs', revision), (temporary) => writeFile(temporary, commit));
}

/** Makes `file` of a snapshot show a blob: a relative symlink, or a copy where links are not permitted. */
export async function linkBlob(repoFolder: string, etag: string, commit: string, file: string): Promise<void> {
  const blob = join(repoFolder, 'blobs', etag);
  await replace(repoFolder, join('snapshots', commit, file), (temporary) =>
    symlink(join('..', '..', 'blobs', etag), temporary, 'file').catch(() => copyFile(blob, temporary)),
  );
}

async function replace(repoFolder: string, path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const target = join(repoFolder, path);
  await mkdir(dirname(target), { recursive: true });
  // Not beside the target: cache tools list the folders `refs` and `snapshots`.
  const temporary = join(repoFolder, `${randomUUID()}.tmp`);
  try {
    await write(temporary);
    await rename(temporary, target);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A failure of the file system as `HUB_DOWNLOAD`; any other error stays what it is. */
export function diskError(repo: string, cacheDir: string, error: unknown): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  const rule = full ? 'have room (free some, then run again to resume)' : 'be a folder you can write';
  const got = `${code}; set cacheDir or HF_HUB_CACHE to use another`;
  return hubError(repo, `cache ${cacheDir} must ${rule}, got ${got}`, error);
}
