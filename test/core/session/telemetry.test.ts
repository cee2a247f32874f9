/** onnxruntime's telemetry, which `CI` in the environment would hide: nothing but our cache is written. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasEmbedded, runToEnd } from '../../support/installed-core.ts';
import { commandOf } from '../../support/runtimes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { CI: _, XDG_CACHE_HOME: __, SYNSEG_CACHE: ___, ORT_DISABLE_TELEMETRY: ____, ...environment } = process.env;
const root = temporaryFolder();
const script = join(import.meta.dirname, 'telemetry-process.mjs');

/** Folders and files of a home folder, three levels down. */
function writtenIn(home: string): string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) => path.split(/[/\\]/).length <= 3).sort();
}

describe.skipIf(!hasEmbedded)('disableTelemetry()', () => {
  it.each(['this Node', 'a newer Node', 'Deno'].flatMap((runtime) => ['here', 'worker'].map((where) => [runtime, where] as const)))(
    'leaves nothing of the runtime in the home folder under %s, used %s',
    async (runtime, where) => {
      const [program = '', ...args] = commandOf(runtime as 'Deno');
      const home = join(root, `${runtime} ${where}`);
      const cache = join(home, '.cache', 'synseg');
      const env = { ...environment, HOME: home, SYNSEG_CACHE: cache, DENO_DIR: join(root, 'deno') };
      const { code, stderr } = await runToEnd(program, [...args, script, where], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(writtenIn(home)).toEqual(['.cache', '.cache/synseg', '.cache/synseg/embeddings', '.cache/synseg/fingerprints', '.cache/synseg/graphs']);
    },
  );
});
