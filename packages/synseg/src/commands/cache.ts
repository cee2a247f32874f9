/** `synseg cache`: the size of the cache, and clearing it. Downloaded checkpoints, in the hub's own cache, stay. */
import { cacheUsage, clearCache, defaultCacheFolder, hubDefaults } from '@synseg/core/checkpoint';
import { flag, withDefault } from '@synseg/core/guards';
import { command } from '../context.ts';
import { megabytes, table } from '../text.ts';

const CACHE_FLAGS = {
  /** Deletes generated graphs, embeddings, fingerprints and unpacked exports. */
  clear: withDefault(flag(), false),
};

export const cache = command({
  name: 'CACHE_FLAGS',
  flags: CACHE_FLAGS,
  async run(_, { clear = false }) {
    const folder = defaultCacheFolder();
    if (clear) await clearCache(folder);
    const sections = await cacheUsage(folder);
    const rows = sections.map(({ section, files, bytes }) => [section, `${files} files`, megabytes(bytes)]);
    const hubFolder = hubDefaults().cacheDir;
    const text = `${folder}\n${table(rows)}\ncheckpoints from the hub: ${hubFolder}`;
    return { json: { folder, cleared: clear, sections, hubFolder }, text };
  },
});
