/** The folder of generated files. Everything in it can be deleted at any time and is regenerated when needed. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { SynsegError, messageOf } from '../errors.ts';
import { checkKind, describeValue, rangeError } from '../guard/arguments.ts';
import { sizeOf } from '../guard/input-file.ts';

/** The kinds of things the cache holds, each a folder. */
const CACHE_SECTIONS = ['graphs', 'openvino', 'embeddings', 'fingerprints', 'exports'] as const;

/** One of {@link CACHE_SECTIONS}. */
export type CacheSection = (typeof CACHE_SECTIONS)[number];

/** The cache folder: `SYNSEG_CACHE`, or the platform's cache folder for `synseg`. */
export function defaultCacheFolder(): string {
  const override = process.env['SYNSEG_CACHE'];
  return override !== undefined && override !== '' ? override : envPaths('synseg', { suffix: '' }).cache;
}

/** Size of one section. */
export interface CacheUsage {
  readonly section: CacheSection;
  readonly files: number;
  readonly bytes: number;
}

/** Counts files and bytes per section; a missing folder is empty. @throws TypeError unless `folder` is a string */
export async function cacheUsage(folder: string): Promise<CacheUsage[]> {
  checkFolder('measure cache', folder);
  return Promise.all(
    CACHE_SECTIONS.map(async (section) => {
      const root = join(folder, section);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => entry.isFile());
      // A file may vanish between listing and stat: another process may be clearing the cache.
      const sizes = await Promise.all(files.map((file) => sizeOf(join(file.parentPath, file.name))));
      return { section, files: files.length, bytes: sizes.reduce<number>((sum, size = 0) => sum + size, 0) };
    }),
  );
}

/**
 * Deletes the given sections. Running segmenters keep working: they have what they need in memory.
 *
 * @throws TypeError unless `folder` is a string and `sections` a list
 * @throws RangeError for a section that is none of {@link CACHE_SECTIONS}
 * @throws SynsegError `FILE_WRITE` when something cannot be deleted
 */
export async function clearCache(folder: string, sections: readonly CacheSection[] = CACHE_SECTIONS): Promise<void> {
  const action = 'clear cache';
  checkFolder(action, folder);
  checkKind(action, 'sections', sections, Array.isArray(sections), 'be a list');
  for (const section of sections)
    if (!CACHE_SECTIONS.includes(section))
      throw rangeError(action, 'sections', `be of ${CACHE_SECTIONS.join(', ')}`, describeValue(section));
  try {
    await Promise.all(sections.map((section) => rm(join(folder, section), { recursive: true, force: true })));
  } catch (cause) {
    const rest = `folder must be one whose files can be deleted, got ${describeValue(folder)} (${messageOf(cause)})`;
    throw new SynsegError('FILE_WRITE', `Cannot ${action}: ${rest}`, { cause });
  }
}

function checkFolder(action: string, folder: string): void {
  checkKind(action, 'folder', folder, typeof folder === 'string' && folder !== '', 'be a path');
}
