/**
 * Results of an evaluation in a file, picture by picture: a run that was ended goes on from there, and runs over parts
 * of a data set, in several processes, add up to exactly the score of one.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { SynsegError } from '@synseg/core';
import { writeFileAtomic } from '@synseg/core/checkpoint';
import { messageOf } from '@synseg/core/guards';
import type { EvaluationSample } from '../benchmarks/evaluation-set.ts';
import type { PictureRecord } from './picture-record.ts';
import type { SetResult } from './set-score.ts';

const FORMAT = 'synseg evaluation 1';
/** Time between two writes; less is lost by a kill. */
const EVERY_MS = 10_000;

/** All that must be equal for records to belong together. */
type Identity = Omit<SetResult, 'records' | 'timeSeconds'> & {
  /** Hash of the keys of all pictures of the data set, in its order. */
  readonly pictures: string;
};

/** One set in the file. */
interface StoredSet extends Identity {
  readonly records: readonly PictureRecord[];
  readonly timeSeconds: number;
}

/** A file of an earlier run. */
interface Earlier {
  readonly path: string;
  readonly sets: readonly StoredSet[];
}

/** The results of one set, as they grow. */
export interface GrowingSet {
  readonly records: PictureRecord[];
  timeSeconds: number;
}

/** A set of this run. */
interface Started {
  readonly identity: Identity;
  readonly growing: GrowingSet;
  /** Of the run's own file, pictures that this time were not asked for. */
  readonly others: readonly PictureRecord[];
}

/** The results of an evaluation: read from files of earlier runs, and written to one. */
export class ResultsFile {
  readonly #path: string | undefined;
  readonly #earlier: readonly Earlier[];
  readonly #sets: Started[] = [];
  #writtenAt = performance.now();
  #writing: Promise<void> | undefined;

  private constructor(path: string | undefined, earlier: readonly Earlier[]) {
    this.#path = path;
    this.#earlier = earlier;
  }

  /**
   * Reads what there is.
   *
   * @param path - the run's own file, which need not exist; undefined to write none
   * @param others - files of other runs
   * @throws SynsegError `DATASET_FORMAT` for a file of another kind
   */
  static async open(path: string | undefined, others: readonly string[]): Promise<ResultsFile> {
    const earlier: Earlier[] = [];
    const own = path === undefined ? undefined : await readResults(path, true);
    if (own !== undefined) earlier.push({ path: path!, sets: own });
    for (const other of others) earlier.push({ path: other, sets: (await readResults(other, false))! });
    return new ResultsFile(path, earlier);
  }

  /**
   * Starts a set with what earlier runs found of these pictures.
   *
   * @param first - index of the first picture
   * @throws RangeError when a file is of another evaluation, or two have one picture
   */
  startSet(
    result: Omit<SetResult, 'records' | 'timeSeconds'>,
    all: readonly EvaluationSample[],
    first: number,
    count: number,
  ): GrowingSet {
    const hash = createHash('sha256');
    for (const { key } of all) hash.update(`${key}\n`);
    const identity = plain({ ...result, pictures: hash.digest('hex') });
    const growing: GrowingSet = { records: [], timeSeconds: 0 };
    const others: PictureRecord[] = [];
    const foundIn = new Map<number, string>();
    for (const { path, sets } of this.#earlier) {
      const stored = sets.find(({ protocol }) => protocol.set === identity.protocol.set);
      if (stored === undefined) continue;
      const different = differenceOf(stored, identity);
      if (different !== undefined)
        throw new RangeError(
          `Cannot evaluate: results must be of the same evaluation, got ${path} with another ${different}`,
        );
      const asked = ({ order }: PictureRecord): boolean => order >= first && order < first + count;
      if (path === this.#path) others.push(...stored.records.filter((record) => !asked(record)));
      for (const record of stored.records.filter(asked)) {
        const other = foundIn.get(record.order);
        if (other !== undefined)
          throw new RangeError(
            `Cannot evaluate: results must have each picture once, got ${record.key} in ${other} and ${path}`,
          );
        foundIn.set(record.order, path);
        growing.records.push(record);
      }
      growing.timeSeconds += stored.timeSeconds;
    }
    this.#sets.push({ identity, growing, others });
    return growing;
  }

  /** Writes the file when the last time is long enough ago. */
  async grown(): Promise<void> {
    if (this.#writing === undefined && performance.now() - this.#writtenAt >= EVERY_MS) await this.write();
  }

  /** Writes the file, after a write that is under way. */
  async write(): Promise<void> {
    if (this.#path === undefined) return;
    await this.#writing;
    const started = this.#sets.map(({ identity, growing: { records, timeSeconds }, others }): StoredSet => ({
      ...identity,
      records: [...others, ...records],
      timeSeconds,
    }));
    const before = this.#earlier.find(({ path }) => path === this.#path)?.sets ?? [];
    const isStarted = ({ protocol }: StoredSet): boolean => started.some((set) => set.protocol.set === protocol.set);
    const sets = [...started, ...before.filter((set) => !isStarted(set))];
    this.#writing = writeFileAtomic(this.#path, `${JSON.stringify({ format: FORMAT, sets })}\n`);
    await this.#writing;
    this.#writing = undefined;
    this.#writtenAt = performance.now();
  }
}

async function readResults(path: string, mayBeMissing: boolean): Promise<readonly StoredSet[] | undefined> {
  let stored: { readonly format?: unknown; readonly sets?: unknown };
  try {
    stored = JSON.parse(await readFile(path, 'utf8')) as typeof stored;
  } catch (cause) {
    if (mayBeMissing && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw notResults(path, messageOf(cause), cause);
  }
  if (stored?.format !== FORMAT || !Array.isArray(stored.sets)) throw notResults(path, 'another file');
  return stored.sets as StoredSet[];
}

function notResults(path: string, got: string, cause?: unknown): SynsegError {
  const text = `Cannot evaluate: ${path} must be a file of results of evaluate(), got ${got}`;
  return new SynsegError('DATASET_FORMAT', text, { cause });
}

/** The first thing in which a set differs from this evaluation; which pictures were asked for may. */
function differenceOf(stored: StoredSet, { protocol, ...identity }: Identity): string | undefined {
  const rules = Object.keys({ ...stored.protocol, ...protocol }).filter(
    (name) => name !== 'offset' && name !== 'limit',
  );
  const differs = (one: object, other: object, name: string): boolean =>
    !isDeepStrictEqual(one[name as keyof typeof one], other[name as keyof typeof other]);
  return (
    rules.find((name) => differs(stored.protocol, protocol, name)) ??
    Object.keys(identity).find((name) => differs(stored, identity, name))
  );
}

/** The value as it comes back from a file. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
