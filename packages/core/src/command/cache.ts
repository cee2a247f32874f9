/** `synseg cache`: what is cached, and away with it. */
import { cacheUsage, clearCache, defaultCacheFolder } from '../cache/cache-folder.ts';
import { hubDefaults } from '../checkpoint/hub.ts';
import { megabytes, table, type CommandContext, type CommandResult } from './output.ts';

/** Runs `synseg cache`. Downloaded checkpoints belong to the hub's own cache and are left alone. */
export async function cacheCommand(_: CommandContext, flags: { readonly clear?: true }): Promise<CommandResult> {
  const folder = defaultCacheFolder();
  if (flags.clear === true) await clearCache(folder);
  const sections = await cacheUsage(folder);
  const rows = sections.map(({ section, files, bytes }) => [section, `${String(files)} files`, megabytes(bytes)]);
  const { cacheDir } = hubDefaults();
  return {
    json: { folder, cleared: flags.clear === true, sections, hubFolder: cacheDir },
    text: `${folder}\n${table(rows)}checkpoints from the hub: ${cacheDir}\n`,
  };
}
