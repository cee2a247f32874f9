/** The folder of generated files. Everything in it can be deleted at any time and is regenerated when needed. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { SynsegError, messageOf } from '../errors.ts';
import { checkKind, describeValue } from '../guard/arguments.ts';

/** The kinds of things the cache holds, each a folder. */
const CACHE_SECTIONS = ['graphs', 'embeddings', 'fingerprints'] as const;

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

/**
 * Counts files and bytes per section; a missing folder counts as empty. @throws TypeError unless `folder` is a string
 */
export async function cacheUsage(folder: string): Promise<CacheUsage[]> {
  checkFolder('measure cache', folder);
  return Promise.all(
    CACHE_SECTIONS.map(async (section) => {
      const root = join(folder, section);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => entry.isFile());
      // A file may vanish between listing and stat: another process may be clearing the cache.
      const sizes = await Promise.all(
        files.map((file) =>
          stat(join(file.parentPath, file.name)).then(
            ({ size }) => size,
            () => 0,
          ),
        ),
      );
      return { section, files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
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
  for (const section of sections) {
    if (!CACHE_SECTIONS.includes(section))
      throw new RangeError(
        `Cannot ${action}: sections must be of ${CACHE_SECTIONS.join(', ')}, got ${describeValue(section)}`,
      );
  }
  try {
    await Promise.all(sections.map((section) => rm(join(folder, section), { recursive: true, force: true })));
  } catch (cause) {
    throw new SynsegError(
      'FILE_WRITE',
      `Cannot ${action}: folder must be one whose files can be deleted, got ${describeValue(folder)} ` +
        `(${messageOf(cause)})`,
      { cause },
    );
  }
}

function checkFolder(action: string, folder: string): void {
  checkKind(action, 'folder', folder, typeof folder === 'string' && folder !== '', 'be a path');
}
