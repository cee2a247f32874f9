/**
 * Tar shards in the webdataset layout: files of one sample share the name up to the first dot and follow each other.
 *
 * Each epoch goes through the shards in a random order of its own, fills a buffer with the places of samples, and draws
 * the buffer in random order until it is empty. Buffers do not overlap, so a position needs no more than where the last
 * one was filled, and resuming reads the headers of one buffer and not of the epoch.
 */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '@synseg/core/guards';
import { tooLarge, type PictureLimits } from '../image/picture.ts';
import { dataError, few } from './data-error.ts';
import type { Dataset, DatasetPosition, Drawn, MaskClass, Opening } from './dataset.ts';
import { readMaskClasses } from './mask-classes.ts';
import { Random, permutation } from './random.ts';
import { RowError, categoriesOf, memberFields, readRow, rowFields, type Fields, type Words } from './row.ts';
import type { Sample } from './sample.ts';
import { exists, expectFiles, shardsIn } from './source.ts';
import { readAt } from './table-source.ts';
import { BrokenTarError, tarMembers, type TarMember } from './tar-index.ts';

const DEFAULT_SHUFFLE_BUFFER = 20_000;
/** Sample numbers per shard; a shard with more would share numbers with the next. */
const NUMBERS_PER_SHARD = 10_000_000;
const JSON_MEMBER = 'json';

/** A sample in a shard: the places of its members, by the part of their names after the first dot. */
interface Located {
  readonly key: string;
  readonly shard: number;
  /** Rank in the shard. */
  readonly rank: number;
  readonly members: ReadonlyMap<string, TarMember>;
}

/** A shuffle buffer of samples. */
interface Buffered {
  readonly filled: NonNullable<DatasetPosition['filled']>;
  readonly samples: readonly Located[];
}

/** Opens shards; those that are missing are left out, with a warning. */
export async function openWebdataset(opening: Opening): Promise<Dataset> {
  const { sources, options, warnings } = opening;
  const lists = await Promise.all(
    sources.map(async (path) => {
      const folder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
      return folder ? (await shardsIn(path)).map((name) => join(path, name)) : [path];
    }),
  );
  const shards = lists.flat();
  const compressed = shards.find((path) => /\.(t?gz|zst|bz2|xz)$/i.test(path));
  if (compressed !== undefined) throw dataError('shards must be plain tar files, not compressed', `"${compressed}"`);
  await expectFiles('shards', shards);
  const there = await Promise.all(shards.map(exists));
  const missing = shards.filter((_, index) => there[index] !== true);
  if (missing.length === shards.length) throw dataError('source must name shards that exist', few(missing, 3));
  if (missing.length > 0)
    warnings.warn(
      'missing-shard',
      `${missing.length} of ${shards.length} shards are missing: ${few(missing, 3)}`,
      missing.length,
    );
  const classes = options.classes === undefined ? {} : await readMaskClasses(options.classes, []);
  return new ShardDataset(opening, shards, there, classes);
}

class ShardDataset implements Dataset {
  readonly description: string;
  readonly size = undefined;
  declare readonly classes?: readonly MaskClass[];
  readonly #opening: Opening;
  readonly #shards: readonly string[];
  readonly #there: readonly boolean[];
  readonly #bufferSize: number;
  readonly #members: Fields;
  readonly #fields: Fields;

  constructor(opening: Opening, shards: readonly string[], there: readonly boolean[], classes: object) {
    const count = there.filter(Boolean).length;
    this.description =
      `${count.toLocaleString('en-US')} ${count === 1 ? 'shard' : 'shards'} from ` +
      `${basename(shards[there.indexOf(true)] ?? '')}`;
    this.#opening = opening;
    this.#shards = shards;
    this.#there = there;
    this.#bufferSize = opening.options.shuffleBuffer ?? DEFAULT_SHUFFLE_BUFFER;
    this.#members = memberFields(opening.options.keys);
    // Of shards, the key of the picture is a member's.
    this.#fields = { ...rowFields(opening.options.keys, opening.captionsOnly), image: rowFields().image };
    Object.assign(this, classes);
  }

  async *draw(from: DatasetPosition, seed: number, signal?: AbortSignal): AsyncGenerator<Drawn> {
    for (let position = from; ; position = { epoch: position.epoch + 1, consumed: 0 }) {
      const { epoch } = position;
      const seen = new Set<string>();
      let drawn = position.consumed;
      for await (const { filled, samples } of this.#buffers(position, seed, seen, signal)) {
        const order = permutation(samples.length, new Random(seed, epoch, filled.consumed, 'buffer'));
        for (let taken = Math.max(0, position.consumed - filled.consumed); taken < samples.length; taken++) {
          signal?.throwIfAborted();
          const located = samples[order[taken]!]!;
          const sample = await this.#read(located);
          if (sample === undefined) continue;
          drawn += 1;
          const after = { epoch, consumed: filled.consumed + taken + 1, filled };
          yield { sample, index: located.shard * NUMBERS_PER_SHARD + located.rank, after };
        }
      }
      if (drawn === 0)
        throw dataError(
          `shards must hold samples with a picture (${this.#members.image.join(', ')}; see keys)`,
          seen.size === 0 ? 'no sample' : `samples of ${few(seen)}`,
        );
    }
  }

  /** Buffers of an epoch, from the one that holds `position` on. */
  async *#buffers(
    { epoch, consumed, filled }: DatasetPosition,
    seed: number,
    seen: Set<string>,
    signal?: AbortSignal,
  ): AsyncGenerator<Buffered> {
    const order = permutation(this.#shards.length, new Random(seed, epoch, 'shards'));
    let start = filled ?? { consumed: 0, shard: 0, sample: 0 };
    let samples: Located[] = [];
    for (let turn = start.shard; turn < order.length; turn++) {
      for await (const located of this.#samples(order[turn]!, seen, signal)) {
        if (turn === start.shard && located.rank < start.sample) continue;
        if (samples.length === this.#bufferSize) {
          if (start.consumed + samples.length > consumed) yield { filled: start, samples };
          start = { consumed: start.consumed + samples.length, shard: turn, sample: located.rank };
          samples = [];
        }
        samples.push(located);
      }
    }
    if (samples.length > 0) yield { filled: start, samples };
  }

  /** Samples of a shard that have a picture; a broken shard ends with a warning where it breaks. */
  async *#samples(shard: number, seen: Set<string>, signal?: AbortSignal): AsyncGenerator<Located> {
    if (this.#there[shard] !== true) return;
    const path = this.#shards[shard]!;
    let rank = 0;
    try {
      for await (const { key, members } of groups(tarMembers(path, signal))) {
        if (seen.size < 20) for (const name of members.keys()) seen.add(name);
        if (this.#members.image.some((name) => members.has(name))) yield { key, shard, rank, members };
        else
          this.#opening.warnings.warn(
            'broken-sample',
            `Sample left out: ${basename(path)}/${key} must have a picture, got ${few(members.keys())}`,
          );
        rank += 1;
      }
    } catch (error) {
      signal?.throwIfAborted();
      const broken = error instanceof BrokenTarError || (error instanceof Error && 'syscall' in error);
      if (!broken) throw error;
      this.#opening.warnings.warn(
        'broken-shard',
        `Rest of shard left out: "${path}" ${messageOf(error)}, after ${rank} ${rank === 1 ? 'sample' : 'samples'}`,
      );
    }
  }

  /** Reads a sample; one that is broken is a warning. */
  async #read({ key, shard, members }: Located): Promise<Sample | undefined> {
    const { phrases, warnings, limits } = this.#opening;
    const path = this.#shards[shard]!;
    const name = `${basename(path)}/${key}`;
    const member = (names: readonly string[]): TarMember | undefined =>
      names.map((candidate) => members.get(candidate)).find((found) => found !== undefined);
    let handle: FileHandle | undefined;
    try {
      handle = await open(path);
      const image = await readMember(handle, member(this.#members.image)!, limits);
      const mask = member(this.#members.mask);
      const words = await this.#words(handle, [key, name], member(this.#members.caption), members.get(JSON_MEMBER));
      return {
        key: name,
        image,
        categories: categoriesOf(words, phrases),
        ...(mask === undefined ? {} : { mask: await readMember(handle, mask, limits) }),
      };
    } catch (error) {
      const broken = error instanceof RowError || (error instanceof Error && 'syscall' in error);
      if (!broken) throw error;
      warnings.warn('broken-sample', `Sample left out: ${name}: ${messageOf(error)}`);
      return undefined;
    } finally {
      await handle?.close();
    }
  }

  /**
   * Phrases found before, by key, caption or address; else the text member, or the JSON one, where there is no text or
   * the fields of tags or nouns are named.
   */
  async #words(
    handle: FileHandle,
    keys: readonly string[],
    text: TarMember | undefined,
    json: TarMember | undefined,
  ): Promise<Words> {
    const { known, limits, options } = this.#opening;
    const before = known?.find(...keys);
    if (before !== undefined) return { categories: before };
    const caption = text === undefined ? [] : [decoded(await readMember(handle, text, limits))];
    const found = known?.find(...caption);
    if (found !== undefined) return { categories: found };
    const plain = text !== undefined && options.keys?.tags === undefined && options.keys?.nouns === undefined;
    if (json === undefined || (plain && known === undefined)) return { captions: caption };
    const value = parsed(decoded(await readMember(handle, json, limits)));
    const { image, words } = readRow(value, this.#fields);
    const joined = known?.find(image);
    if (joined !== undefined) return { categories: joined };
    return text !== undefined && (plain || 'captions' in words) ? { captions: caption } : words;
  }
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new RowError(`json must be JSON, got ${messageOf(cause)}`, { cause });
  }
}

/** Members that follow each other and share the name up to the first dot. */
async function* groups(
  members: AsyncIterable<TarMember>,
): AsyncGenerator<{ key: string; members: ReadonlyMap<string, TarMember> }> {
  let key: string | undefined;
  let group = new Map<string, TarMember>();
  try {
    for await (const member of members) {
      const split = splitName(member.name);
      if (split === undefined) continue;
      if (split.key !== key && key !== undefined) {
        yield { key, members: group };
        group = new Map();
      }
      key = split.key;
      group.set(split.field, member);
    }
  } catch (error) {
    // The member that is cut off may belong to this sample; it is whole only when that member belongs to the next.
    const next = error instanceof BrokenTarError && error.within !== undefined ? splitName(error.within)?.key : key;
    if (key !== undefined && next !== undefined && next !== key) yield { key, members: group };
    throw error;
  }
  if (key !== undefined) yield { key, members: group };
}

/** `folder/000.input.jpg` is field `input.jpg` of `folder/000`; hidden files and the like belong to no sample. */
function splitName(name: string): { key: string; field: string } | undefined {
  const slash = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', slash);
  if (dot <= slash) return undefined;
  return { key: name.slice(0, dot).replace(/^\.\//, ''), field: name.slice(dot + 1).toLowerCase() };
}

async function readMember(
  handle: FileHandle,
  { start, end, name }: TarMember,
  { maxImageBytes }: PictureLimits,
): Promise<Uint8Array> {
  const problem = tooLarge(end - start, maxImageBytes);
  if (problem !== undefined) throw new RowError(`${name} must be a picture, mask or text, got ${problem}`);
  const bytes = await readAt(handle, start, end);
  if (bytes.length < end - start)
    throw new RowError(`${name} must be whole, got ${bytes.length} of ${end - start} bytes`);
  return bytes;
}
