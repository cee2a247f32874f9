import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../../../packages/train/src/sources/open-dataset.ts';
import { START, type DatasetPosition } from '../../../packages/train/src/data/dataset.ts';
import { tarMembers } from '../../../packages/train/src/data/tar-index.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { draw, failureOf, openWarned, phrases, tar, write } from './fixtures.ts';

const folder = temporaryFolder();
const at = (...names: string[]): string => join(folder, ...names);
const text = (bytes: string | Uint8Array | undefined): string =>
  typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);

/** Shards of samples whose pictures and captions are their names. */
async function shards(name: string, counts: readonly number[]): Promise<string> {
  for (const [shard, count] of counts.entries()) {
    const members = Array.from({ length: count }, (_, index) => [
      [`${shard}-${index}.jpg`, `picture ${shard}-${index}`],
      [`${shard}-${index}.txt`, `caption ${shard}-${index}`],
    ]).flat();
    await tar(at(name, `s-00${shard}.tar`), Object.fromEntries(members) as Record<string, string>);
  }
  return at(name, `s-{000..00${counts.length - 1}}.tar`);
}

const keysOf = async (
  data: Parameters<typeof openWarned>[0],
  count: number,
  from?: DatasetPosition,
  seed?: number,
): Promise<string[]> =>
  (await draw((await openWarned(data)).dataset, count, from, seed)).map(({ sample }) => sample.key);

describe('openDataset() on tar shards', () => {
  it('reads picture and caption of each sample, all of them once an epoch', async () => {
    const source = await shards('plain', [3, 2]);
    const { dataset, warnings } = await openWarned(source);
    expect([dataset.size, dataset.description]).toEqual([undefined, '2 shards from s-000.tar']);
    const drawn = await draw(dataset, 10);
    for (const { sample, index } of drawn) {
      const [, shard, name] = /^s-00(\d)\.tar\/(.*)$/.exec(sample.key)!;
      expect([text(sample.image), sample.categories, index]).toEqual([
        `picture ${name}`,
        [`caption ${name}`],
        Number(shard) * 10_000_000 + Number(name!.slice(2)),
      ]);
    }
    for (const epoch of [drawn.slice(0, 5), drawn.slice(5)]) {
      expect(epoch.map(({ sample }) => sample.key).sort()).toEqual([
        's-000.tar/0-0',
        's-000.tar/0-1',
        's-000.tar/0-2',
        's-001.tar/1-0',
        's-001.tar/1-1',
      ]);
    }
    expect(warnings).toEqual([]);
  });

  it('takes a folder of shards, or a list, like a pattern', async () => {
    const pattern = await shards('many', [2, 2, 2]);
    const expected = await keysOf(pattern, 12);
    expect(await keysOf(at('many'), 12)).toEqual(expected);
    expect(await keysOf({ source: [at('many', 's-{000,001}.tar'), at('many', 's-002.tar')] }, 12)).toEqual(expected);
  });

  it('shuffles by the seed: shards, and samples within the buffer', async () => {
    const source = await shards('shuffled', [4, 4, 4, 4, 4]);
    const whole = await keysOf(source, 40);
    expect(await keysOf(source, 40)).toEqual(whole);
    expect(await keysOf(source, 40, START, 2)).not.toEqual(whole);
    expect(whole.slice(0, 20)).not.toEqual(whole.slice(20));
    const unbuffered = await keysOf({ source, shuffleBuffer: 1 }, 20);
    expect(unbuffered.map((key) => key.slice(-1))).toEqual(Array.from({ length: 20 }, (_, index) => String(index % 4)));
    const shardsInOrder = unbuffered.filter((_, index) => index % 4 === 0).map((key) => key.slice(0, 5));
    expect(shardsInOrder).not.toEqual([...shardsInOrder].sort());
  });

  it('mixes what the buffer holds and no more', async () => {
    const source = await shards('buffer', [9, 9, 9]);
    const unbuffered = await keysOf({ source, shuffleBuffer: 1 }, 27);
    const buffered = await keysOf({ source, shuffleBuffer: 6 }, 27);
    for (let start = 0; start < 27; start += 6) {
      expect(buffered.slice(start, start + 6).sort()).toEqual(unbuffered.slice(start, start + 6).sort());
    }
    expect(buffered).not.toEqual(unbuffered);
  });

  it.each([1, 4, 5, 100])(
    'goes on from every position as if it had not stopped, buffer of %d',
    async (shuffleBuffer) => {
      const source = await shards('resumed', [5, 1, 4]);
      const { dataset } = await openWarned({ source, shuffleBuffer });
      const whole = await draw(dataset, 25);
      const keys = whole.map(({ sample }) => sample.key);
      for (const [count, { after }] of whole.slice(0, 24).entries()) {
        const stored = JSON.parse(JSON.stringify(after)) as DatasetPosition;
        expect(await keysOf({ source, shuffleBuffer }, 24 - count, stored), 'with the place of the buffer').toEqual(
          keys.slice(count + 1),
        );
        const bare = { epoch: after.epoch, consumed: after.consumed };
        expect(await keysOf({ source, shuffleBuffer }, 24 - count, bare), 'with epoch and count alone').toEqual(
          keys.slice(count + 1),
        );
      }
    },
  );

  it('keeps places and not bytes of what is buffered', async () => {
    const picture = new Uint8Array(4_000_000).fill(7);
    for (const shard of [0, 1]) {
      await tar(
        at('large', `${shard}.tar`),
        Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`${index}.jpg`, picture])),
      );
    }
    const { dataset } = await openWarned(at('large'));
    const before = process.memoryUsage().arrayBuffers;
    for await (const { sample, after } of dataset.draw(START, 1)) {
      expect(sample.image.length).toBe(picture.length);
      if (after.consumed === 1) break;
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5 * picture.length);
  });

  it('leaves out missing shards without changing the order of the others', async () => {
    const source = await shards('gaps', [2, 2, 2]);
    const whole = await keysOf({ source, shuffleBuffer: 1 }, 6);
    const wider = at('gaps', 's-{000..004}.tar');
    const { dataset, warnings } = await openWarned({ source: wider, shuffleBuffer: 1 });
    expect(warnings).toEqual([
      {
        kind: 'missing-shard',
        count: 2,
        message: `2 of 5 shards are missing: [${at('gaps', 's-003.tar')}, ${at('gaps', 's-004.tar')}]`,
      },
    ]);
    expect((await draw(dataset, 6)).map(({ sample }) => sample.key).sort()).toEqual(whole.sort());
    const rest = await keysOf(
      { source: [at('gaps', 's-000.tar'), at('none.tar'), at('gaps', 's-002.tar')], shuffleBuffer: 1 },
      4,
    );
    const all = await keysOf({ source, shuffleBuffer: 1 }, 6);
    expect(rest).toEqual(all.filter((key) => !key.startsWith('s-001')));
  });

  it('takes what is whole of a truncated shard, and says where it ends', async () => {
    const source = await shards('cut', [3, 3]);
    const path = at('cut', 's-001.tar');
    const members: { name: string; start: number; end: number }[] = [];
    for await (const member of tarMembers(path)) members.push(member);
    truncateSync(path, members[4]!.start + 4); // within the picture of the third sample
    const { dataset, warnings } = await openWarned(source);
    const keys = (await draw(dataset, 5)).map(({ sample }) => sample.key);
    expect(keys.sort()).toEqual(['s-000.tar/0-0', 's-000.tar/0-1', 's-000.tar/0-2', 's-001.tar/1-0', 's-001.tar/1-1']);
    expect(warnings).toEqual([
      {
        kind: 'broken-shard',
        count: 1,
        message:
          `Rest of shard left out: "${path}" ends at byte ${members[4]!.start + 4}, within 1-2.jpg, after 2 ` +
          'samples',
      },
    ]);
    truncateSync(path, members[3]!.start - 100); // within the header of the second sample's caption
    const second = await openWarned(source);
    expect(
      (await draw(second.dataset, 4)).map(({ sample }) => sample.key).filter((key) => key.startsWith('s-001')),
    ).toEqual(['s-001.tar/1-0']);
    expect(second.warnings[0]?.message).toContain('within a header, after 1 sample');
  });

  it('leaves out the rest of a shard whose header is damaged, and a file that is no tar', async () => {
    const source = await shards('damaged', [3, 1]);
    const path = at('damaged', 's-000.tar');
    const bytes = readFileSync(path);
    // The third sample's first header: four members of a header and a block each precede it.
    bytes[4 * 1024 + 3]! ^= 255;
    writeFileSync(path, bytes);
    write(at('damaged', 's-002.tar'), 'this is no tar file '.repeat(100));
    const { dataset, warnings } = await openWarned(at('damaged'));
    expect((await draw(dataset, 2)).map(({ sample }) => sample.key).sort()).toEqual(['s-000.tar/0-0', 's-001.tar/1-0']);
    expect(warnings.map(({ message }) => message.replace(/.*"(.*)"/, '$1')).sort()).toEqual([
      `${path} has no valid header at byte 4096, after 1 sample`,
      `${at('damaged', 's-002.tar')} has no valid header at byte 0, after 0 samples`,
    ]);
    expect(source).toContain('damaged');
  });

  it('leaves out samples without picture or with broken JSON, and counts them', async () => {
    await tar(at('mixed.tar'), {
      'a.jpg': 'A',
      'a.json': '{"caption":"one,two"}',
      'b.txt': 'no picture',
      'c.png': 'C',
      'c.json': '{"cap',
      'd.webp': 'D',
      'd.json': '{"tags":["hat"]}',
    });
    const { dataset, warnings } = await openWarned(at('mixed.tar'));
    const drawn = await draw(dataset, 3);
    expect(
      drawn
        .slice(0, 2)
        .map(({ sample }) => [sample.key, sample.categories])
        .sort(),
    ).toEqual([
      ['mixed.tar/a', ['one', 'two']],
      ['mixed.tar/d', ['hat']],
    ]);
    expect(new Set(warnings.map(({ kind }) => kind))).toEqual(new Set(['broken-sample']));
    expect(warnings[0]!.message).toBe('Sample left out: mixed.tar/b must have a picture, got [txt]');
    expect(warnings[1]!.message).toContain('Sample left out: mixed.tar/c: json must be JSON, got ');
  });

  it('takes members by the names given, masks and folders included', async () => {
    await tar(at('named.tar'), {
      './x/1.input.jpg': 'P',
      './x/1.output.txt': 'cap',
      './x/1.seg.png': 'M',
      './x/._1.input.jpg': 'junk',
      './x/noextension': 'junk',
    });
    const { dataset } = await openWarned({
      source: at('named.tar'),
      keys: { image: 'input.jpg', caption: ['output.txt'] },
    });
    const [first] = await draw(dataset, 1);
    const { key, image, mask, categories } = first!.sample;
    expect([key, text(image), text(await mask), categories]).toEqual(['named.tar/x/1', 'P', 'M', ['cap']]);
  });

  it('prefers the text to the JSON, unless a field of the JSON is named', async () => {
    await tar(at('both.tar'), { '1.jpg': 'P', '1.txt': 'cap', '1.json': '{"caption":"other","words":["hat"]}' });
    const categories = async (keys: object): Promise<readonly string[]> =>
      (await draw((await openWarned({ source: at('both.tar'), keys })).dataset, 1))[0]!.sample.categories;
    expect(await categories({})).toEqual(['cap']);
    expect(await categories({ nouns: 'words' })).toEqual(['hat']);
    expect(await categories({ caption: 'caption' })).toEqual(['other']);
  });

  it('joins phrases found before, by key', async () => {
    await tar(at('joined.tar'), { '1.jpg': 'P', '1.txt': 'cap' });
    const phrases = write(at('joined.jsonl'), '{"key":"1","nouns":["bird"]}\n');
    const { dataset } = await openWarned({ source: at('joined.tar'), phrases });
    expect((await draw(dataset, 1))[0]!.sample.categories).toEqual(['bird']);
  });

  it('says what the samples have when none has a picture', async () => {
    await tar(at('none.tar'), { '1.input.jpg': 'P', '1.txt': 'cap' });
    const { dataset } = await openWarned(at('none.tar'));
    expect(await failureOf(draw(dataset, 1))).toBe(
      'DATASET_FORMAT: Cannot open dataset: shards must hold samples with a picture (jpg, jpeg, png, webp; see ' +
        'keys), got samples of [input.jpg, txt]',
    );
    await tar(at('empty.tar'), {});
    expect(await failureOf(draw((await openWarned(at('empty.tar'))).dataset, 1))).toContain('see keys), got no sample');
  });

  it('refuses shards that are all missing, compressed, or elsewhere', async () => {
    expect(await failureOf(openWarned(at('x-{0..3}.tar')))).toBe(
      'DATASET_FORMAT: Cannot open dataset: source must name shards that exist, got ' +
        `[${[0, 1, 2].map((index) => at(`x-${index}.tar`)).join(', ')}, …]`,
    );
    expect(await failureOf(openWarned({ source: at('x.tar.gz'), format: 'webdataset' }))).toBe(
      `DATASET_FORMAT: Cannot open dataset: shards must be plain tar files, not compressed, got "${at('x.tar.gz')}"`,
    );
    expect(await failureOf(openWarned('https://x.org/{0..3}.tar'))).toBe(
      'DATASET_FORMAT: Cannot open dataset: source must be local files (download them first), got "https://x.org/…"',
    );
    expect(await failureOf(openWarned('https://ann:hunter2@x.org/a.tar?key=s3cret'))).toBe(
      'DATASET_FORMAT: Cannot open dataset: source must be local files (download them first), ' +
        'got "https://x.org/a.tar"',
    );
    expect(await failureOf(openWarned('pipe:curl -H "Authorization: s3cret" https://x.org/a.tar'))).toContain(
      'got "pipe:…"',
    );
    if (process.platform !== 'win32')
      expect(await failureOf(openWarned({ source: '/dev/zero', format: 'webdataset' }))).toBe(
        'DATASET_FORMAT: Cannot open dataset: shards must be a readable file, got "/dev/zero", a device or a pipe',
      );
  });

  it('leaves out samples whose members are larger than allowed', async () => {
    await tar(at('large.tar'), { '1.jpg': 'x'.repeat(3000), '1.txt': 'large', '2.jpg': 'P', '2.txt': 'small' });
    const warnings: string[] = [];
    const dataset = await openDataset(at('large.tar'), {
      phrases,
      limits: { maxImageBytes: 2000 },
      onWarning: ({ message }) => warnings.push(message),
    });
    expect((await draw(dataset, 2)).map(({ sample }) => sample.key)).toEqual(['large.tar/2', 'large.tar/2']);
    expect(warnings[0]).toBe(
      'Sample left out: large.tar/1: 1.jpg must be a picture, mask or text, got 3000 bytes, more than 2000 ' +
        '(maxImageBytes)',
    );
  });

  it('stops with the reason of its signal', async () => {
    const { dataset } = await openWarned(await shards('aborted', [5]));
    const drawing = (async () => {
      const controller = new AbortController();
      for await (const { after } of dataset.draw(START, 1, controller.signal))
        if (after.consumed === 3) controller.abort(new Error('enough'));
    })();
    expect(await failureOf(drawing)).toBe('Error: enough');
  });
});

describe('tarMembers()', () => {
  it('reads long names and passes over folders and links', async () => {
    const long = `${'folder/'.repeat(40)}file.txt`;
    await tar(at('long.tar'), { 'a.txt': 'A', [long]: 'B', 'empty.txt': '', 'é.txt': 'C' });
    const found: [string, string][] = [];
    const bytes = readFileSync(at('long.tar'));
    for await (const { name, start, end } of tarMembers(at('long.tar')))
      found.push([name, bytes.subarray(start, end).toString()]);
    expect(found).toEqual([
      ['a.txt', 'A'],
      [long, 'B'],
      ['empty.txt', ''],
      ['é.txt', 'C'],
    ]);
  });
});
