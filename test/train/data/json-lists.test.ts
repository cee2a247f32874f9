/** Lists of a large JSON object, element by element. */
import { Buffer } from 'node:buffer';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyOutline, jsonElements, type JsonOutline } from '../../../packages/train/src/data/json-lists.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

async function read(
  text: string | Uint8Array,
  ...lists: string[]
): Promise<{ elements: [string, number, unknown][]; outline: JsonOutline }> {
  const path = join(folder, 'file.json');
  writeFileSync(path, text);
  const outline = emptyOutline();
  const elements: [string, number, unknown][] = [];
  for await (const found of jsonElements({ path, action: 'read', what: 'file' }, lists, outline))
    elements.push(...found.map(({ list, index, value }) => [list, index, value] as [string, number, unknown]));
  return { elements, outline };
}

describe('jsonElements()', () => {
  it('gives the elements of the lists asked for, of any kind, even where others have these names within', async () => {
    const value = {
      info: { note: 'images [ { " } ] annotations', nested: { images: [{ id: 1 }] } },
      images: [{ id: 1, tags: [1, [2]] }, 'text', null, 7, [true]],
      empty: [],
      annotations: [{ caption: 'a "dog" {in} [a] box\\', __proto__: 1 }],
    };
    const { elements, outline } = await read(JSON.stringify(value, undefined, 1), 'images', 'annotations', 'empty');
    expect(elements).toEqual([
      ...value.images.map((element, index) => ['images', index, element]),
      ['annotations', 0, value.annotations[0]],
    ]);
    expect({ ...outline, lists: [...outline.lists] }).toEqual({
      kind: 'object',
      fields: ['info', 'images', 'empty', 'annotations'],
      lists: ['images', 'empty', 'annotations'],
      whole: true,
    });
  });

  it('keeps letters and numbers whole over the pieces of a file, in UTF-8 and UTF-16', async () => {
    const list = Array.from({ length: 20_000 }, (_, index) => ({ id: index * 1_000_003, name: `ä😀${index}` }));
    const text = `\uFEFF${JSON.stringify({ list })}`;
    for (const bytes of [Buffer.from(text), Buffer.from(text, 'utf16le')])
      expect((await read(bytes, 'list')).elements.map(([, , value]) => value)).toEqual(list);
  });

  it('says what else a file is, and whether it ends too early', async () => {
    expect((await read('[{"images":[1]}]', 'images')).outline.kind).toBe('list');
    expect((await read('7 ', 'images')).outline.kind).toBe('value');
    expect((await read('', 'images')).outline).toMatchObject({ kind: 'nothing', whole: false });
    const cut = await read('{"images":[1,{"a":', 'images');
    expect([cut.elements, cut.outline.whole]).toEqual([[['images', 0, 1]], false]);
  });

  it.each(['{"images":[1,}', '{"images":[1]} more', 'images'])('names what is no JSON: %s', async (text) => {
    await expect(read(text, 'images')).rejects.toMatchObject({
      code: 'DATASET_FORMAT',
      message: expect.stringMatching(/^Cannot read: file must be JSON, got ".*file\.json" \(Unexpected /) as string,
    });
  });

  it('gives up on what nests without end', async () => {
    await expect(read('['.repeat(100_001))).rejects.toThrow('more than 100000 lists and objects within each other');
  });
});
