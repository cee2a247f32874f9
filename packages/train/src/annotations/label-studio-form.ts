/**
 * Label Studio's JSON and JSON-MIN: a list of tasks, read one at a time and never kept. Of several annotations of a
 * picture the newest counts that was not cancelled.
 */
import { dirname } from 'node:path';
import { isRecord } from '../data/json-kinds.ts';
import { namedClasses, type AnnotatedPicture, type AnnotatedSet } from './annotated-set.ts';
import { annotationError, type ExportFiles } from './export-files.ts';
import { pictureFinder } from './find-pictures.ts';
import type { Form } from './form.ts';
import { jsonHead } from './json-head.ts';
import { jsonParts, readPart, type JsonPart } from './json-parts.ts';
import { kindOf, labelOf, paintResults, PASSED, regionsOf, type Region } from './label-studio-regions.ts';
import { pictureNames, taskOf } from './label-studio-task.ts';
import { LabelNames, makeSet, splitOfFolder } from './make-set.ts';
import { paintMask } from './mask-canvas.ts';
import { DOUBLED, NO_PICTURE, PassedOver } from './passed-over.ts';
import { unknownMask } from './unknown-mask.ts';

const MOST_LOOKED_AT = 32;

export const LABEL_STUDIO_FORM: Form = {
  form: 'label-studio',
  known: 'Label Studio (its JSON or JSON-MIN, with the pictures)',
  open: openLabelStudio,
};

/** What the newest annotation of a picture says, and where it lies. */
interface Found {
  readonly path: string;
  readonly part: JsonPart;
  /** Time of the annotation; −1 where nobody has annotated. */
  readonly time: number;
  readonly annotated: boolean;
  readonly labeled: boolean;
  readonly labels: ReadonlySet<string>;
  readonly passed: readonly string[];
}

async function openLabelStudio(
  files: ExportFiles,
  signal: AbortSignal | undefined,
): Promise<AnnotatedSet[] | undefined> {
  const known: string[] = [];
  for (const path of files.annotations('.json').slice(0, MOST_LOOKED_AT))
    if (isLabelStudio(await files.head(path))) known.push(path);
  if (known.length === 0) return undefined;
  const passed = new PassedOver();
  const find = pictureFinder(files);
  const found = new Map<string, Found>();
  for (const path of known) {
    for await (const { value, ...part } of jsonParts(files.at(path), signal)) {
      if (!isRecord(value)) throw annotationError(`"${files.at(path)}" must be a list of tasks`, typeof value);
      const key = pictureNames(value).reduce<string | undefined>(
        (before, name) => before ?? find(name, { folder: dirname(path) }),
        undefined,
      );
      if (key === undefined) passed.add(NO_PICTURE);
      else {
        const before = found.get(key);
        const now = summaryOf(value, path, part);
        if (before?.annotated === true && now.annotated) passed.add(DOUBLED.replace('the first', 'the newest'));
        if (before === undefined || now.time >= before.time) found.set(key, now);
      }
    }
  }
  const labels = new LabelNames(files.root);
  for (const one of found.values()) {
    one.labels.forEach((label) => labels.add(label));
    one.passed.forEach((kind) => passed.add(kind));
  }
  const { classes, valueOf } = namedClasses([...labels.names].sort());
  const pictures = new Map<string, AnnotatedPicture>();
  for (const [key, { path, part, labeled }] of found) {
    const [image, source] = [files.at(key), files.at(path)];
    const readMask: AnnotatedPicture['readMask'] = async (limits, told) => {
      const task = labeled ? taskOf(await readPart(source, part)) : undefined;
      if (task === undefined) return unknownMask(image, limits);
      const regions = regionsOf(task.results, source);
      const stated = statedSize(regions);
      return paintMask({ key, image, source, stated }, limits, told, (canvas) =>
        paintResults(canvas, regions, valueOf),
      );
    };
    pictures.set(key, { key, image, source, split: splitOfFolder(key), labeled, readMask });
  }
  const title = 'Label Studio';
  return [makeSet(files, { form: 'label-studio', title, known, classes, pictures, notes: passed.notes() })];
}

/** True for the beginning of a list of tasks. */
function isLabelStudio(head: string): boolean {
  const { kind, fields } = jsonHead(head);
  if (kind !== 'list') return false;
  return (
    fields.includes('annotations') ||
    fields.includes('completions') ||
    fields.includes('annotation_id') ||
    /"(?:polygon|brush|ellipse|rectangle)labels"|"original_width"|"format"\s*:\s*"rle"/.test(head)
  );
}

function summaryOf(value: Readonly<Record<string, unknown>>, path: string, part: JsonPart): Found {
  const task = taskOf(value);
  const none = { path, part, annotated: false, labeled: false, time: -1, labels: new Set<string>(), passed: [] };
  if (task === undefined) return none;
  const regions = regionsOf(task.results, path);
  const areas = regions.filter((region) => kindOf(region) === 'area');
  const labels = new Set(areas.flatMap((region) => labelOf(region) ?? []));
  return {
    ...none,
    annotated: true,
    labeled: task.results.length === 0 || areas.length > 0,
    time: task.time,
    labels,
    passed: regions.flatMap((region) => PASSED.get(kindOf(region)) ?? []),
  };
}

function statedSize(regions: readonly Region[]): { readonly width: number; readonly height: number } | undefined {
  const sized = regions.find(({ width, height }) => width !== undefined && height !== undefined);
  return sized === undefined ? undefined : { width: sized.width!, height: sized.height! };
}
