/** Texts and the name that each stands for, from a table. */
import type { Vocabulary } from '@synseg/core/checkpoint';
import { dataError, shortJson } from './data-error.ts';
import { RowError, rowFields } from './row.ts';
import { tableFormat } from './source.ts';
import { openTable } from './table.ts';

/** A line of the table. */
export interface NamedText {
  readonly text: string;
  /** Place of its name among the vocabulary's. */
  readonly row: number;
}

/** Letters of a text that are read: more than a text encoder has tokens for. */
const MAX_LETTERS = 10_000;

/**
 * Reads all lines, in order.
 *
 * @throws SynsegError `DATASET_FORMAT` for a line that is no object, an empty text, a name that is not in the
 *   vocabulary, a text with two names, or a table without lines; the message has file, line, rule and value
 */
export async function readNamedTexts(
  path: string,
  vocabulary: Pick<Vocabulary, 'row' | 'nearest' | 'names'>,
  signal: AbortSignal | undefined,
): Promise<readonly NamedText[]> {
  const source = { path, action: 'open dataset', what: 'data', signal };
  const options = { fields: rowFields(), asked: [], required: 'caption' } as const;
  const texts: NamedText[] = [];
  const known = new Map<string, { readonly row: number; readonly line: number }>();
  for await (const found of openTable(source, tableFormat(path), options).rows()) {
    const { line } = found;
    try {
      const named = namedText(found.value(), vocabulary);
      const key = named.text.toLowerCase().replace(/\s+/g, ' ');
      const before = known.get(key) ?? { row: named.row, line };
      known.set(key, before);
      if (before.row !== named.row) {
        const [one, two] = [before.row, named.row].map((row) => shortJson(vocabulary.names[row]));
        throw new RowError(
          `text ${shortJson(named.text)} must have one name, got ${two}, in line ${before.line} ${one}`,
        );
      }
      texts.push(named);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const [rule = '', got = ''] = error.message.split(/, got (.*)/s);
      throw dataError(`"${path}" line ${line}: ${rule}`, got, error);
    }
  }
  if (texts.length === 0) throw dataError(`"${path}" must have lines`, 'none');
  return texts;
}

function namedText(value: unknown, vocabulary: Pick<Vocabulary, 'row' | 'nearest' | 'names'>): NamedText {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RowError(`row must be an object, got ${shortJson(value)}`);
  const { text, name } = value as Readonly<Record<string, unknown>>;
  if (typeof text !== 'string' || text.trim() === '')
    throw new RowError(`text must be a text that is not empty, got ${shortJson(text)}`);
  if (typeof name !== 'string') throw new RowError(`name must be a text, got ${shortJson(name)}`);
  const row = vocabulary.row(name);
  if (row !== undefined) return { text: text.slice(0, MAX_LETTERS).trim(), row };
  const nearest = vocabulary.nearest(name).map((entry) => shortJson(entry));
  const rule = `name must be one of the ${vocabulary.names.length} with a vector`;
  throw new RowError(`${rule}, got ${shortJson(name)}; nearest: ${nearest.join(', ')}`);
}
