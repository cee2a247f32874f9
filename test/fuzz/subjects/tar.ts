/** Shards in the webdataset layout: their headers, their members, and samples drawn from them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packTar } from 'modern-tar';
import { encodePNG } from '../../../packages/core/src/image/encode.ts';
import { mutateBytes, mutateJson, mutateText } from '../mutation.ts';
import type { Draw } from '../draw.ts';
import type { Subject } from '../subject.ts';
import { drawSamples } from './dataset-cases.ts';

const BLOCK = 512;

export async function open(folder: string): Promise<Subject> {
  const png = await encodePNG(new Uint8Array(8 * 6 * 3), 8, 6);
  const members: (readonly [string, string | Uint8Array])[] = [0, 1, 2].flatMap(
    (index) =>
      [
        [`part/00${String(index)}.png`, png],
        [`part/00${String(index)}.txt`, `a red car ${String(index)}`],
        [`part/00${String(index)}.json`, JSON.stringify({ tags: ['car', 'road'], caption: 'a car', split: 'train' })],
      ] as const,
  );
  const pack = (list: typeof members): Promise<Uint8Array> =>
    packTar(
      list.map(([name, content]) => ({
        header: { name, size: Buffer.byteLength(content), mtime: new Date(0) },
        body: content,
      })),
    );
  const whole = await pack(members);
  const long = await pack([
    [`${'long/'.repeat(40)}000.png`, png],
    [`${'long/'.repeat(40)}000.txt`, 'a sky'],
    ...members.slice(0, 3),
  ]);

  /** A header with another field and the checksum that goes with it. */
  const headerChanged = (draw: Draw, given: Uint8Array): Uint8Array => {
    const bytes = Buffer.from(given);
    const headers = Array.from({ length: bytes.length / BLOCK }, (_, index) => index * BLOCK).filter(
      (at) => bytes.toString('latin1', at + 257, at + 262) === 'ustar',
    );
    const at = draw.pick(headers);
    const [offset, length] = draw.pick([
      [0, 100],
      [100, 8],
      [124, 12],
      [124, 12],
      [136, 12],
      [156, 1],
      [156, 1],
      [157, 100],
      [257, 8],
      [345, 155],
    ] as const);
    const text = draw.pick([
      '',
      '0',
      '7',
      '77777777777',
      '00000000000',
      '-1',
      'x',
      '../../../x',
      '/dev/null',
      '\u0080\0\0\0\0\0\0\u0001',
      '\u00ff'.repeat(12),
      'a.b.c.d',
      '.hidden',
      'g',
      'L',
      'K',
      '5',
      '2',
      draw.text(),
    ]);
    bytes.fill(0, at + offset, at + offset + length);
    bytes.write(text.slice(0, length), at + offset, 'latin1');
    bytes.fill(0x20, at + 148, at + 156);
    const sum = bytes.subarray(at, at + BLOCK).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
    return bytes;
  };
  return {
    make: (draw) => {
      const base = draw.pick([whole, whole, long]);
      const shards = {
        'a.tar': draw.once(3)
          ? mutateBytes(draw, base)
          : headerChanged(draw, draw.once(3) ? headerChanged(draw, base) : base),
      };
      const named = { source: join(folder, 'a.tar'), ...(draw.once(2) ? { keys: { tags: 'tags' } } : {}) };
      const seed = draw.integer(0, 9);
      if (!draw.once(4)) return { files: shards, run: () => drawSamples(named, seed) };
      // Members that are whole and say something odd.
      const spoken = members.map(
        ([name, content]) =>
          [
            name,
            name.endsWith('.json')
              ? mutateJson(draw, JSON.parse(content as string))
              : name.endsWith('.txt')
                ? mutateText(draw, content as string)
                : content,
          ] as const,
      );
      return {
        shown: JSON.stringify(spoken.filter(([, content]) => typeof content === 'string')).slice(0, 10_000),
        run: async () => {
          await writeFile(join(folder, 'b.tar'), await pack(spoken));
          await drawSamples({ ...named, source: join(folder, 'b.tar') }, seed);
        },
      };
    },
  };
}
