/** Where generated files live. Everything here can be deleted at any time and is made again when needed. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';

/** The kinds of things the cache holds, each a folder. */
export const CACHE_SECTIONS = ['graphs', 'embeddings', 'fingerprints'] as const;

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

/** Counts files and bytes per section; a folder that is not there counts as empty. */
export async function cacheUsage(folder: string): Promise<CacheUsage[]> {
  return Promise.all(
    CACHE_SECTIONS.map(async (section) => {
      const root = join(folder, section);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      const files = entries.filter((entry) => entry.isFile());
      // A file may vanish between listing and stat: another process may be clearing the cache.
      const sizes = await Promise.all(files.map((file) => stat(join(file.parentPath, file.name)).then(({ size }) => size, () => 0)));
      return { section, files: files.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    }),
  );
}

/** Deletes the given sections. Running segmenters keep working: they have what they need in memory. */
export async function clearCache(folder: string, sections: readonly CacheSection[] = CACHE_SECTIONS): Promise<void> {
  await Promise.all(sections.map((section) => rm(join(folder, section), { recursive: true, force: true })));
}
