/** Columns of a CSV or TSV file: by the names in its first row, by index, or by what looks like an address. */
import { SynsegError } from '@synseg/core';
import { RowError, rowFields, type FieldKind, type Fields } from './row.ts';
import type { TableSource } from './table-source.ts';

/** The wanted columns. */
export interface ColumnOptions {
  readonly fields: Fields;
  /** Kinds of field whose names the caller gave: a header must have one name of each. */
  readonly asked: readonly FieldKind[];
  /** A kind that a header must have. */
  readonly required?: FieldKind;
  /** True when the first row is a header; undefined: it is one when it holds a known name. */
  readonly header?: boolean | undefined;
}

/** Cells → a row by name and by index; empty cells are null. */
export type RowOf = (cells: readonly string[]) => Readonly<Record<string, string | null>>;

/** A cell that is a picture's address rather than a caption. */
const ADDRESS = /^https?:\/\/\S+$|^\S+\.(?:jpe?g|png|webp|gif|bmp|tiff?)$/i;
const MAX_COLUMNS = 10_000;

/**
 * Finds the columns by the first row.
 *
 * @throws SynsegError `DATASET_FORMAT` when a name that is asked for is not there
 */
export function columnsOf(
  first: readonly string[],
  { fields, asked, required, header }: ColumnOptions,
  source: TableSource,
): { readonly isHeader: boolean; readonly rowOf: RowOf } {
  const names = first.map((cell) => cell.trim());
  const lower = names.map((name) => name.toLowerCase());
  const columnOf = (name: string): number => lower.indexOf(name.toLowerCase());
  const all = [fields, rowFields()].flatMap((names) => Object.values(names).flat());
  const isHeader = header ?? all.some((name) => !isIndex(name) && columnOf(name) >= 0);
  const missing = (kind: FieldKind): boolean => !fields[kind].some((name) => isIndex(name) || columnOf(name) >= 0);
  const lost = asked.find(missing);
  if (lost !== undefined) throw missingError(`"${fields[lost].join('" or "')}"`, names, source);
  if (isHeader && required !== undefined && missing(required)) throw missingError(`a ${required}`, names, source);
  const named = isHeader ? headerNames(names, all, columnOf) : unnamedColumns(first, fields);
  return {
    isHeader,
    rowOf: (cells) => {
      if (cells.length > MAX_COLUMNS)
        throw new RowError(`row must have at most ${MAX_COLUMNS} columns, got ${cells.length}`);
      // A comma inside an unquoted caption has made a cell of its rest.
      if (isHeader && cells.length > names.length)
        throw new RowError(`row must have at most ${names.length} columns, got ${cells.length}`);
      const filled = cells.map((cell) => (cell.trim() === '' ? null : cell));
      return Object.fromEntries([
        ...filled.entries(),
        ...named.map(([name, column]) => [name, filled[column] ?? null] as const),
      ]);
    },
  };
}

type Named = readonly (readonly [name: string, column: number])[];

/** Names of the header, and those that are asked for as the caller writes them. */
function headerNames(names: readonly string[], wanted: readonly string[], columnOf: (name: string) => number): Named {
  const asked = wanted.map((name) => [name, columnOf(name)] as const).filter(([, column]) => column >= 0);
  return [...names.map((name, column) => [name, column] as const), ...asked];
}

/** Without a header and an index, the address is the picture, and the other of the first two the caption. */
function unnamedColumns(first: readonly string[], { image, caption }: Fields): Named {
  const indexIn = (names: readonly string[]): number | undefined => names.filter(isIndex).map(Number)[0];
  const address = first.findIndex((cell) => ADDRESS.test(cell.trim()));
  const picture = indexIn(image) ?? (address >= 0 ? address : first.length > 1 ? 0 : undefined);
  const text = indexIn(caption) ?? (picture === 0 ? 1 : 0);
  return [
    ...(picture === undefined || picture === text ? [] : [[image[0] ?? '', picture] as const]),
    [caption[0] ?? '', text],
  ];
}

function isIndex(name: string): boolean {
  return /^\d+$/.test(name);
}

function missingError(asked: string, names: readonly string[], { action, path }: TableSource): SynsegError {
  const shown = names.slice(0, 8).map((name) => `"${name.length > 40 ? `${name.slice(0, 39)}…` : name}"`);
  return new SynsegError(
    'DATASET_FORMAT',
    `Cannot ${action}: the first row of "${path}" must name ${asked}, got ${shown.join(', ')}`,
  );
}
