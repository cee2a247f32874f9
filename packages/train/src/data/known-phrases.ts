/**
 * Noun phrases extracted earlier, by `synseg phrases` or spaCy, joined to samples by key, address or caption: a table
 * of addresses and captions (CC12M) knows no keys, and the shards made of it name no table.
 *
 * Where there is such a file it has the word: a sample that is not in it has no phrases.
 */
import { dataError, fieldNames } from './data-error.ts';
import type { WarningCounter } from './data-warning.ts';
import { RowError, readRow, rowFields } from './row.ts';
import { openTable } from './table.ts';

/** Names of a row that samples are joined by. */
export const PHRASE_NAMES = ['key', 'image', 'caption'] as const;
const fields = rowFields();

/** Looks up phrases by any name of a sample: key, path or address of its picture, caption. */
export class KnownPhrases {
  readonly path: string;
  /** One string per name: an array of strings takes twice the memory. */
  readonly #joined = new Map<string, string>();
  #matched = false;

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a row: rows of the same name, such as the captions of one picture, are joined. */
  add(names: readonly string[], phrases: readonly string[]): void {
    const joined = phrases.join('\n');
    for (const name of names.map(folded)) {
      const before = this.#joined.get(name) ?? '';
      this.#joined.set(name, before === '' || before === joined ? joined : `${before}\n${joined}`);
    }
  }

  /** Phrases of the first of these names that is in the file, possibly none; undefined when none of them is. */
  find(...names: readonly (string | undefined)[]): readonly string[] | undefined {
    for (const name of names) {
      const joined = name === undefined ? undefined : this.#joined.get(folded(name));
      if (joined === undefined) continue;
      this.#matched = true;
      return joined === '' ? [] : joined.split('\n');
    }
    return undefined;
  }

  /** Names in the file. */
  get size(): number {
    return this.#joined.size;
  }

  /** One of the names in the file. */
  get example(): string | undefined {
    return this.#joined.keys().next().value;
  }

  /** True when a name has been found. */
  get matched(): boolean {
    return this.#matched;
  }
}

/** Downloaders and tables trim white space, or break lines elsewhere. */
function folded(name: string): string {
  return name.trim().replace(/\s+/g, ' ');
}

/**
 * Reads a JSONL file of {key | image | caption, nouns}.
 *
 * @throws SynsegError `DATASET_FORMAT` when no row has phrases
 */
export async function loadPhrases(path: string, warnings: WarningCounter, signal?: AbortSignal): Promise<KnownPhrases> {
  const known = new KnownPhrases(path);
  let problem = 'an empty file';
  const table = openTable({ path, action: 'open dataset', what: 'phrases', signal }, 'jsonl', { fields, asked: [] });
  for await (const row of table.rows()) {
    try {
      const value = row.value();
      const { words } = readRow(value, fields);
      const found = PHRASE_NAMES.map((name) => (value as Readonly<Record<string, unknown>>)[name]);
      const names = found.filter((name) => typeof name === 'string');
      if (names.length === 0 || !('categories' in words))
        throw new RowError(
          `row must have nouns and one of ${PHRASE_NAMES.join(', ')}, got the fields ${fieldNames(value as object)}`,
        );
      known.add(names, words.categories);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      problem = `line ${row.line}: ${error.message}`;
      warnings.warn('broken-row', `Row left out: ${path} ${problem}`);
    }
  }
  if (known.size === 0) throw dataError(`phrases must be JSONL with nouns, "${path}"`, problem);
  return known;
}
