/** Our own form: `index.jsonl` and the classes of several sets. */
import { basename } from 'node:path';
import { isIndexFolder, readIndex, type PhotoRow } from '../data/photo-index.ts';
import type { SetClasses } from '../data/set-classes.ts';
import { readIndexMask } from '../image/index-mask.ts';
import { limitsOf } from '../image/picture.ts';
import { NONE, UNKNOWN, type AnnotatedPicture, type AnnotatedSet } from './annotated-set.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import type { Form } from './form.ts';
import { expectSize, maskError } from './mask-fault.ts';

const MISSING = -1;

export const INDEX_FORM: Form = { form: 'index-jsonl', known: 'index-jsonl (index.jsonl, classes.json)', open };

async function open(files: ExportFiles, signal: AbortSignal | undefined): Promise<AnnotatedSet[] | undefined> {
  const asked = files.only === undefined || files.only === 'index.jsonl';
  if (!asked || !files.has('index.jsonl') || !(await isIndexFolder(files.root))) return undefined;
  const request = {
    action: 'read annotations',
    split: undefined,
    sets: undefined,
    rename: undefined,
    classes: undefined,
  };
  const { sets, rows } = await readIndex(files.root, { ...request, signal });
  return sets.map((set) => {
    if (set.labels.length > NONE)
      throw annotationError(`set "${set.name}" must have at most ${NONE} classes`, `${set.labels.length}`);
    const values = valuesOf(set);
    const own = rows.filter((row) => row.set === set);
    return {
      name: set.name,
      form: 'index-jsonl',
      description: `index-jsonl (index.jsonl, set ${set.name} of ${basename(files.root)})`,
      classes: set.labels.map(({ name }) => name),
      exhaustive: set.exhaustive,
      pictures: own.map((row) => pictureOf(row, values)),
      notes: [],
    };
  });
}

function valuesOf({ labels, background }: SetClasses): Int16Array {
  const values = new Int16Array(256).fill(MISSING);
  values[UNKNOWN] = UNKNOWN;
  if (background !== undefined) values[background] = NONE;
  for (const [index, label] of labels.entries()) for (const value of label.values) values[value] = index;
  return values;
}

function pictureOf({ key, image, mask, split, captions }: PhotoRow, values: Int16Array): AnnotatedPicture {
  return {
    ...{ key, image, source: mask, split, labeled: true },
    ...(captions.length > 0 && { captions }),
    readMask: async (limits) => {
      const { data, ...size } = await readIndexMask(mask, mask, limitsOf(limits));
      await expectSize(key, image, size, limits);
      const odd = data.find((value) => values[value] === MISSING);
      if (odd !== undefined) throw maskError('mask-value', key, 'its values must be of classes.json', `${odd}`);
      return { ...size, data: data.map((value) => values[value]!) };
    },
  };
}
