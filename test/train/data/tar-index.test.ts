/** Tar files that are broken or made to harm: each is read to where it breaks, and none is read for ever. */
import { join } from 'node:path';
import { packTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { tarMembers } from '../../../packages/train/src/data/tar-index.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { write } from './fixtures.ts';

const folder = temporaryFolder();

/** A header block with a right checksum; fields as they are, however wrong. */
function header({ name = 'a.txt', type = '0', size = '00000000000' }): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(size, 124, 'latin1');
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

const padded = (text: string): Buffer =>
  Buffer.concat([Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)]);
const octal = (size: number): string => `${size.toString(8).padStart(11, '0')}\0`;
/** An extended header of one record, `KEY=VALUE`. */
function pax(record: string): Buffer {
  const text = ` ${record}\n`;
  const length = String(text.length + String(text.length).length);
  const whole = `${length}${text}`;
  return Buffer.concat([header({ name: 'pax', type: 'x', size: octal(whole.length) }), padded(whole)]);
}
const good = Buffer.concat([header({ name: 'first.txt', size: octal(5) }), padded('hello')]);
const end = Buffer.alloc(1024);

async function read(...parts: readonly Uint8Array[]): Promise<{ names: string[]; problem: string | undefined }> {
  const path = write(join(folder, 'x.tar'), Buffer.concat(parts));
  const names: string[] = [];
  try {
    for await (const { name } of tarMembers(path)) names.push(name);
  } catch (error) {
    return { names, problem: (error as Error).message };
  }
  return { names, problem: undefined };
}

describe('tarMembers()', () => {
  it.each([
    ['leads back', '-0000001000'],
    ['leads nowhere', '-0000000000'],
    ['is no number', 'xyzxyzxyzxyz'],
    ['is empty', '\0\0\0\0\0\0\0\0\0\0\0\0'],
    ['is binary', '\x80\0\0\0\0\0\0\0\0\0\0\x01'],
  ])('ends at an extended header whose size %s', async (_what, size) => {
    expect(await read(good, header({ type: 'x', size }), end)).toEqual({
      names: ['first.txt'],
      problem: 'has no valid header at byte 1024',
    });
    expect(await read(good, header({ type: 'L', size }), end)).toEqual({
      names: ['first.txt'],
      problem: 'has no valid header at byte 1024',
    });
  });

  it('ends at extended headers without end', async () => {
    const many = Array.from({ length: 1100 }, () => pax('comment=x'));
    expect((await read(good, ...many, end)).problem).toMatch(
      /^has extended headers of more than 1048576 bytes at byte \d+$/,
    );
    expect((await read(good, header({ type: 'x', size: octal(1 << 30) }), end)).problem).toBe(
      'has extended headers of more than 1048576 bytes at byte 1024',
    );
  });

  it.each(['-1024', '1e30', 'NaN', '99999999999999999999'])(
    'ends at a member whose extended header says size=%s',
    async (size) => {
      const { names, problem } = await read(
        good,
        pax(`size=${size}`),
        header({ name: 'b.txt', size: octal(3) }),
        padded('abc'),
        end,
      );
      expect(names.slice(0, 1)).toEqual(['first.txt']);
      expect(names.length === 2 || problem !== undefined).toBe(true);
    },
  );

  it('ends at a member of a negative binary size, and at one larger than the file', async () => {
    expect(
      (await read(good, header({ size: '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfc\x00' }), end)).problem,
    ).toMatch(/^has (?:no valid header|a member of -\d+ bytes) at byte 1024$/);
    expect((await read(good, header({ name: 'big.txt', size: octal(1 << 30) }), end)).problem).toBe(
      'ends at byte 2560, within big.txt',
    );
  });

  it('reads long names, and stops at the end mark', async () => {
    const long = `${'folder/'.repeat(20)}picture.jpg`;
    const bytes = await packTar([{ header: { name: long, size: 3, mtime: new Date(0) }, body: 'abc' }]);
    expect(await read(good, bytes)).toEqual({ names: ['first.txt', long], problem: undefined });
  });
});
