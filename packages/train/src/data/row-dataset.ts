/** Datasets of one row a sample: JSONL, CSV and TSV. */
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { messageOf } from '@synseg/core/guards';
import { dataError, fieldNames } from './data-error.ts';
import type { Dataset, Opening } from './dataset.ts';
import { IndexedDataset } from './indexed-dataset.ts';
import { readMaskClasses } from './mask-classes.ts';
import { FIELD_KINDS, RowError, categoriesOf, readRow, rowFields, type Fields, type Row } from './row.ts';
import type { Sample } from './sample.ts';
import { exists, expectFiles, isRemote, shownSource } from './source.ts';
import { openTable, type Table, type TableFormat } from './table.ts';
import { openUnpacked, readAt, type TableSource } from './table-source.ts';

/** Pictures looked for when a dataset is opened. */
const PROBES = 20;

/** Opens a table: reads it through once and keeps the places of usable rows. */
export async function openRows(opening: Opening, format: TableFormat): Promise<Dataset> {
  const { sources, options, phrases, known, captionsOnly, signal } = opening;
  const [path] = sources;
  await expectFiles('source', [path]);
  const source: TableSource = { path, action: 'open dataset', what: 'source', signal };
  const fields = rowFields(options.keys, captionsOnly);
  const asked = FIELD_KINDS.filter((kind) => options.keys?.[kind] !== undefined && fields[kind].length > 0);
  const table = openTable(source, format, { fields, asked, header: options.header });
  const imageRoot = options.images ?? dirname(path);
  const maskRoot = options.masks ?? imageRoot;
  const { starts, ends, probes, masks } = await usableRows(opening, path, table, fields);
  await expectPictures(
    probes.map((image) => resolve(imageRoot, image)),
    imageRoot,
  );

  const toSample = ({ image = '', mask, words }: Row): Sample => {
    const before = known?.find(image);
    return {
      key: image,
      image: resolve(imageRoot, image),
      categories: categoriesOf(before === undefined ? words : { categories: before }, phrases),
      ...(mask === undefined ? {} : { mask: resolve(maskRoot, mask) }),
    };
  };
  const readSample = async (file: FileHandle, index: number): Promise<Sample> => {
    const bytes = await readAt(file, starts[index]!, ends[index]!);
    try {
      return toSample(readRow(table.parse(bytes), fields));
    } catch (cause) {
      throw dataError(`"${path}" must not change while it is read`, messageOf(cause), cause);
    }
  };
  return new IndexedDataset({
    of: basename(path),
    size: starts.length,
    ...(masks || options.classes !== undefined
      ? await readMaskClasses(options.classes, [dirname(path), imageRoot, maskRoot])
      : {}),
    open: async () => {
      const file = await openUnpacked(source);
      return { read: (index) => readSample(file, index), close: () => file.close() };
    },
  });
}

interface UsableRows {
  /** First byte of each row. */
  readonly starts: readonly number[];
  /** Byte after each row. */
  readonly ends: readonly number[];
  /** Pictures of the first rows, as written. */
  readonly probes: readonly string[];
  /** True when a row has a mask. */
  readonly masks: boolean;
}

async function usableRows(
  { options, warnings }: Opening,
  path: string,
  table: Table,
  fields: Fields,
): Promise<UsableRows> {
  const [starts, ends, probes]: [number[], number[], string[]] = [[], [], []];
  const splits = new Set<string>();
  let masks = false;
  let problem: string | undefined;
  for await (const found of table.rows()) {
    try {
      const value = found.value();
      const row = readRow(value, fields);
      if (row.split !== undefined) splits.add(row.split);
      if (options.split !== undefined && row.split !== options.split) continue;
      if (row.image === undefined)
        throw new RowError(
          `row must have a picture (${fields.image.join(', ')}; see keys), got the fields ` +
            `${fieldNames(value as object)}`,
        );
      if (isRemote(row.image))
        throw new RowError(
          `picture must be a local file (download it first, e.g. with img2dataset), got "${shownSource(row.image)}"`,
        );
      starts.push(found.start);
      ends.push(found.end);
      masks ||= row.mask !== undefined;
      if (probes.length < PROBES) probes.push(row.image);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const message = `line ${found.line}: ${error.message}`;
      problem ??= message;
      warnings.warn('broken-row', `Row left out: ${path} ${message}`);
    }
  }
  if (starts.length > 0) return { starts, ends, probes, masks };
  if (problem !== undefined) throw dataError(`"${path}" must have a usable row`, problem);
  if (options.split === undefined) throw dataError(`"${path}" must have a usable row`, 'an empty file');
  throw dataError(
    `"${path}" must have rows of split "${options.split}"`,
    splits.size === 0 ? 'rows without split' : `the splits ${[...splits].slice(0, 8).join(', ')}`,
  );
}

/** Fails when none of the paths exists: the folder is wrong then, rather than a few files missing. */
export async function expectPictures(paths: readonly string[], root: string): Promise<void> {
  const found = await Promise.all(paths.map(exists));
  if (paths.length > 0 && !found.includes(true))
    throw dataError(
      `images must be the folder that the pictures' paths start from`,
      `"${root}", where "${paths[0]!}" does not exist`,
    );
}
