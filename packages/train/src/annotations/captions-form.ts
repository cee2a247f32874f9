/** Pictures with captions or tags and without masks: a table with a row for each, or a text file beside each. */
import { basename, dirname, parse } from 'node:path';
import { isSynsegError } from '@synseg/core';
import { readTextFile } from '@synseg/core/guards';
import { TEXT_ENDS, isPicture } from '../data/picture-folders.ts';
import { readRow, RowError, rowFields } from '../data/row.ts';
import { tableFormat } from '../data/source.ts';
import { openTable } from '../data/table.ts';
import type { AnnotatedPicture, AnnotatedSet } from './annotated-set.ts';
import type { ExportFiles } from './export-files.ts';
import { isSplit, pictureFinder } from './find-pictures.ts';
import type { Form } from './form.ts';
import { makeSet, splitOfFolder } from './make-set.ts';
import { NAME_FILES } from './mask-names.ts';
import { NO_PICTURE, PassedOver } from './passed-over.ts';
import { unknownMask } from './unknown-mask.ts';

const TABLES = ['.jsonl', '.ndjson', '.csv', '.tsv', '.tab'];
/** Captions of a picture, the first ones. */
const MOST_CAPTIONS = 32;
const MAX_TEXT_BYTES = 2 ** 20;
const BROKEN = 'rows without a picture, or that cannot be read';
/** Numbers alone are labels of some other tool. */
const WORD = /\p{L}{2}/u;

export const CAPTIONS_FORM: Form = {
  form: 'captions',
  known: 'captions or tags (.jsonl, .csv or .tsv with a picture and its caption or tags a row; or a .txt each)',
  open,
};

/** What is said of a picture. */
interface Said {
  readonly source: string;
  readonly split: string | undefined;
  readonly captions: string[];
}

async function open(files: ExportFiles, signal: AbortSignal | undefined): Promise<AnnotatedSet[] | undefined> {
  const passed = new PassedOver();
  const said = (await ofTables(files, passed, signal)) ?? (await ofTexts(files, signal));
  if (said === undefined) return undefined;
  const pictures = Array.from(said, ([key, { source, split, captions }]): readonly [string, AnnotatedPicture] => {
    const image = files.at(key);
    return [
      key,
      { key, image, source, split, labeled: false, captions, readMask: (limits) => unknownMask(image, limits) },
    ];
  });
  const known = [...new Set([...said.values()].map(({ source }) => basename(source)))];
  return [
    makeSet(files, {
      form: 'captions',
      title: 'captions',
      known,
      classes: [],
      pictures: new Map(pictures),
      notes: passed.notes(),
    }),
  ];
}

/** Rows of pictures that are there; undefined where no table has any. */
async function ofTables(
  files: ExportFiles,
  passed: PassedOver,
  signal: AbortSignal | undefined,
): Promise<Map<string, Said> | undefined> {
  const find = pictureFinder(files);
  const said = new Map<string, Said>();
  for (const path of files.annotations(...TABLES)) {
    if (NAME_FILES.includes(basename(path))) continue;
    const source = files.at(path);
    const table = openTable({ path: source, action: 'read annotations', what: 'table', signal }, tableFormat(path), {
      fields: rowFields(),
      asked: [],
      header: undefined,
    });
    const stem = parse(path).name;
    try {
      for await (const found of table.rows()) {
        const row = rowOf(() => found.value());
        // What has masks is of another form.
        if (row?.mask !== undefined) return undefined;
        if (row?.image === undefined) {
          passed.add(BROKEN);
          continue;
        }
        const texts = 'categories' in row.words ? row.words.categories : row.words.captions;
        const key = find(row.image, { folder: dirname(path), split: row.split });
        if (key === undefined) passed.add(NO_PICTURE);
        else if (texts.length > 0) {
          const split = row.split ?? (isSplit(stem) ? stem : splitOfFolder(key));
          const before = said.get(key) ?? { source, split, captions: [] };
          before.captions.push(...texts.slice(0, MOST_CAPTIONS - before.captions.length));
          said.set(key, before);
        }
      }
    } catch (error) {
      // A table of something else; one that was named says what is wrong with it.
      if (files.only !== undefined || !isSynsegError(error)) throw error;
    }
  }
  return said.size > 0 ? said : undefined;
}

function rowOf(value: () => unknown): ReturnType<typeof readRow> | undefined {
  try {
    return readRow(value(), rowFields());
  } catch (error) {
    if (error instanceof RowError) return undefined;
    throw error;
  }
}

/** Text files of the names of pictures beside them. */
async function ofTexts(files: ExportFiles, signal: AbortSignal | undefined): Promise<Map<string, Said> | undefined> {
  if (files.only !== undefined) return undefined;
  const said = new Map<string, Said>();
  for (const key of files.paths.filter(isPicture)) {
    signal?.throwIfAborted();
    const { dir, name } = parse(key);
    const path = TEXT_ENDS.map((end) => (dir === '' ? '' : `${dir}/`) + name + end).find((text) => files.has(text));
    if (path === undefined) continue;
    const text = (await readTextFile(files.at(path), MAX_TEXT_BYTES)).trim();
    if (WORD.test(text)) said.set(key, { source: files.at(path), split: splitOfFolder(key), captions: [text] });
  }
  return said.size > 0 ? said : undefined;
}
