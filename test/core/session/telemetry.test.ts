/** onnxruntime's telemetry, which `CI` in the environment would hide: nothing but our cache is written. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runAtCleanHome } from '../../support/clean-home.ts';
import { hasEmbedded } from '../../support/installed-core.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const script = join(import.meta.dirname, 'telemetry-process.mjs');

describe.skipIf(!hasEmbedded)('disableTelemetry()', () => {
  it.each(
    (['this Node', 'a newer Node', 'Deno'] as const).flatMap((runtime) =>
      ['here', 'worker'].map((where) => [runtime, where] as const),
    ),
  )('leaves nothing of the runtime in the home folder under %s, used %s', async (runtime, where) => {
    const { written, ...ended } = await runAtCleanHome(root, runtime, script, where);
    expect(ended).toEqual({ code: 0, stderr: '' });
    expect(written).toEqual([
      '.cache',
      '.cache/synseg',
      '.cache/synseg/embeddings',
      '.cache/synseg/fingerprints',
      '.cache/synseg/graphs',
    ]);
  });
});
