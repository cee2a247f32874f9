/** What openAnnotations() finds, and what it says when it finds nothing. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonHead } from '../../../packages/train/src/annotations/json-head.ts';
import { listFiles } from '../../../packages/train/src/annotations/export-files.ts';
import { openAnnotations } from '../../../packages/train/src/annotations/open-annotations.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { photo, writeTree } from '../benchmarks/miniature.ts';

const folder = temporaryFolder();
const small = photo([
  [0, 0],
  [0, 0],
]);

describe('openAnnotations()', () => {
  it('says what it found and which forms it knows', async () => {
    const root = await writeTree(join(folder, 'nothing'), { 'notes.md': 'hi', 'pictures/a.jpg': small });
    await expect(openAnnotations(root)).rejects.toThrow(
      /^Cannot read annotations: ".*nothing" must hold annotations of a known form \(.*COCO \(JSON.*\), got notes.md, pictures \(1 .jpg\)$/,
    );
  });

  it('names a path that is neither folder nor file', async () => {
    await expect(openAnnotations(join(folder, 'none'))).rejects.toThrow(
      /^Cannot read annotations: ".*none" must be a readable folder, zip or file, got ENOENT/,
    );
  });

  it('ends with the reason of its signal', async () => {
    const reason = new Error('enough');
    await expect(openAnnotations(folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('the list of files', () => {
  it('leaves hidden files out, and follows links to files of the folder only', async () => {
    const root = await writeTree(join(folder, 'links/root'), {
      'b/one.txt': '1',
      '.hidden': '',
      '__MACOSX/x.json': '',
    });
    await writeTree(join(folder, 'links'), { 'outside.txt': 'secret' });
    mkdirSync(join(root, 'c'));
    symlinkSync('../../outside.txt', join(root, 'c/out.txt'));
    symlinkSync('..', join(root, 'c/round'));
    symlinkSync('../b/one.txt', join(root, 'c/in.txt'));
    expect((await listFiles(root)).paths).toEqual(['b/one.txt', 'c/in.txt']);
  });

  it('is that of the folder around a file', async () => {
    const root = await writeTree(join(folder, 'one'), { 'annotations/a.json': '{}', 'annotations/b.json': '{}' });
    const files = await listFiles(join(root, 'annotations/b.json'));
    expect(files.paths).toEqual(['annotations/a.json', 'annotations/b.json']);
    expect(files.annotations('.json')).toEqual(['annotations/b.json']);
  });
});

describe('jsonHead()', () => {
  it('has the outermost fields, of a list those of its first element', () => {
    expect(jsonHead(' {"a": {"b": [1]}, "c\\"": "}", "d": [{"e')).toEqual({
      kind: 'object',
      fields: ['a', 'c\\"', 'd'],
    });
    expect(jsonHead('[{"id": 1, "data": {"image": 2}}, {"x": 1}]')).toEqual({ kind: 'list', fields: ['id', 'data'] });
    expect(jsonHead('7')).toEqual({ kind: 'other', fields: [] });
  });
});
