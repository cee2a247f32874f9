/** Noun phrases extracted earlier, by `synseg phrases` or spaCy, joined to samples by key or caption. */
import { dataError, fieldNames } from './data-error.ts';
import type { WarningCounter } from './data-warning.ts';
import { RowError, readRow, rowFields } from './row.ts';
import { openTable } from './table.ts';

const KEYS = ['key', 'image', 'caption'] as const;
const fields = rowFields();

/** Looks up phrases by key, image path or caption. */
export class KnownPhrases {
  /** One string per row: an array of strings takes twice the memory. */
  readonly #joined = new Map<string, string>();

  set(name: string, phrases: readonly string[]): void {
    this.#joined.set(name, phrases.join('\n'));
  }

  get(name: string): readonly string[] | undefined {
    return this.#joined.get(name)?.split('\n');
  }

  get size(): number {
    return this.#joined.size;
  }
}

/**
 * Reads a JSONL file of {key | image | caption, nouns}; each row counts under the first of the three that it has.
 *
 * @throws SynsegError `DATASET_FORMAT` when no row has phrases
 */
export async function loadPhrases(path: string, warnings: WarningCounter, signal?: AbortSignal): Promise<KnownPhrases> {
  const known = new KnownPhrases();
  let problem = 'an empty file';
  const table = openTable({ path, action: 'open dataset', what: 'phrases', signal }, 'jsonl', { fields, asked: [] });
  for await (const row of table.rows()) {
    try {
      const value = row.value();
      const { words } = readRow(value, fields);
      const name = KEYS.map((key) => (value as Record<string, unknown>)[key]).find((key) => typeof key === 'string');
      if (typeof name !== 'string' || !('categories' in words))
        throw new RowError(
          `row must have nouns and one of ${KEYS.join(', ')}, got the fields ${fieldNames(value as object)}`,
        );
      known.set(name, words.categories);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      problem = `line ${row.line}: ${error.message}`;
      warnings.warn('broken-row', `Row left out: ${path} ${problem}`);
    }
  }
  if (known.size === 0) throw dataError(`phrases must be JSONL with nouns, "${path}"`, problem);
  return known;
}
