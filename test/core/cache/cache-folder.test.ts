import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cacheUsage, clearCache } from '../../../packages/core/src/cache/cache-folder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

it('counts what lies in each section, and deletes the sections it is given', async () => {
  for (const section of ['graphs', 'embeddings', 'other']) {
    mkdirSync(join(folder, section));
    writeFileSync(join(folder, section, 'file'), '12345');
  }
  expect(await cacheUsage(folder)).toEqual([
    { section: 'graphs', files: 1, bytes: 5 },
    { section: 'openvino', files: 0, bytes: 0 },
    { section: 'embeddings', files: 1, bytes: 5 },
    { section: 'fingerprints', files: 0, bytes: 0 },
    { section: 'exports', files: 0, bytes: 0 },
  ]);
  await clearCache(folder, ['graphs']);
  expect(readdirSync(folder).sort()).toEqual(['embeddings', 'other']);
});

it('checks its arguments before it deletes anything', async () => {
  await expect(cacheUsage(undefined as never)).rejects.toThrow(
    new TypeError('Cannot measure cache: folder must be a path, got undefined'),
  );
  await expect(clearCache(Promise.resolve('x') as never)).rejects.toThrow(
    new TypeError('Cannot clear cache: folder must be a path, got a Promise (did you forget await?)'),
  );
  await expect(clearCache(folder, 'embeddings' as never)).rejects.toThrow(
    new TypeError('Cannot clear cache: sections must be a list, got "embeddings"'),
  );
  await expect(clearCache(folder, ['../other'] as never)).rejects.toThrow(
    new RangeError(
      'Cannot clear cache: sections must be of graphs, openvino, embeddings, fingerprints, exports, got "../other"',
    ),
  );
  await expect(clearCache(join(folder, 'other', 'file'))).rejects.toMatchObject({
    code: 'FILE_WRITE',
    message: expect.stringContaining(' (ENOTDIR') as unknown,
  });
  await expect(clearCache(folder, ['embeddings', 'others'] as never)).rejects.toThrow(RangeError);
  expect(readdirSync(folder).sort()).toEqual(['embeddings', 'other']);
});
