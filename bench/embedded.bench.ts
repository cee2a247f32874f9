/**
 * How good a checkpoint is on the drawn world, and what its decoder adds to its encoders: mIoU on scenes that no
 * training
 * saw, held-out combinations ("green car"), held-out synonyms ("automobile"), beside raw patch–text similarity of the
 * same
 * encoders, the same encoders under a decoder that learnt nothing, and a decoder that learnt from masks.
 *
 *   npm run bench -- embedded [--model embedded|FOLDER …] [--masks FOLDER] [--untrained FOLDER] [--pictures 500]
 *       [--each 24] [--words nouns|names] [--templates plain|clipseg|imagenet80] [--variants first|none|all]
 *       [--details]
 *
 * --each: pictures of each combination; --variants: which models are scored with int8 and five views too. The reference
 * points are those of the first model's encoders. Test pictures are made once, below out/.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter, type Precision, type TemplateName } from '@synseg/core';
import { describeProtocol, type EvaluatedModel, type Score } from '@synseg/train';
import { CLASSES } from '@synseg/street-world/classes.ts';
import { countOf, oneOf } from './support/arguments.ts';
import { benchCache, circumstances } from './support/machine.ts';
import { table } from './support/statistics.ts';
import {
  combinationPictures,
  scoreCombinations,
  type CombinationScores,
} from '@synseg/street-world/bench/combinations.ts';
import { modelFolder, untrainedHead } from './support/heads.ts';
import { PatchSimilarity } from './support/patch-similarity.ts';
import { describeAsking, type Asking } from '@synseg/street-world/bench/prompts.ts';
import { scoreClasses, scoreSynonyms, type SynonymScore } from '@synseg/street-world/bench/scores.ts';
import { readPictures, testSet } from '@synseg/street-world/bench/sets.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: ['embedded'] },
    masks: { type: 'string' },
    untrained: { type: 'string' },
    pictures: { type: 'string', default: '500' },
    each: { type: 'string', default: '24' },
    words: { type: 'string', default: 'nouns' },
    templates: { type: 'string', default: 'plain' },
    variants: { type: 'string', default: 'first' },
    details: { type: 'boolean', default: false },
  },
});

/** One row of the table. */
interface Row {
  readonly title: string;
  readonly all: Score;
  /** Figures that variants go without. */
  readonly more?: {
    readonly present: Score;
    readonly combinations: CombinationScores;
    readonly synonyms: readonly SynonymScore[];
  };
}

const asking: Asking = {
  words: oneOf('words', values.words, ['nouns', 'names']),
  templates: oneOf<TemplateName>('templates', values.templates, ['plain', 'clipseg', 'imagenet80']),
};
const variants = oneOf('variants', values.variants, ['first', 'none', 'all']);
const cacheFolder = join(benchCache, 'synseg');
const folder = mkdtempSync(join(tmpdir(), 'synseg-embedded-'));
const started = performance.now();

process.stderr.write('test pictures: a minute or two on the first run\n');
const test = await testSet(countOf('pictures', values.pictures));
const pictures = await readPictures(test.folder, test.names);
const combined = await combinationPictures(countOf('each', values.each));
const made = (performance.now() - started) / 1000;

/** Everything that is measured of a model. */
async function rowOf(title: string, model: EvaluatedModel): Promise<Row> {
  const all = await scoreClasses(model, test, { asking });
  const present = await scoreClasses(model, test, { asking, labels: 'present' });
  const synonyms = await scoreSynonyms(model, pictures, asking, all.perClass);
  const row = {
    title,
    all,
    more: { present, combinations: await scoreCombinations(model, combined, asking), synonyms },
  };
  process.stderr.write(`${title}: ${all.mIoU.toFixed(1)}\n`);
  return row;
}

async function checkpointRow(title: string, model: string): Promise<Row> {
  await using segmenter = await load(model, 'fp32');
  return await rowOf(title, segmenter);
}

/** The other precision and the other number of views: mIoU alone. */
async function variantRows(title: string, model: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const precision of ['fp32', 'int8'] as const) {
    await using segmenter = await load(model, precision);
    for (const views of [1, 5] as const) {
      if (precision === 'fp32' && views === 1) continue;
      rows.push({
        title: `${title}, ${precision}, ${views === 1 ? '1 view' : '5 views'}`,
        all: await scoreClasses(segmenter, test, { asking, views }),
      });
    }
  }
  return rows;
}

function load(model: string, precision: Precision): Promise<Segmenter> {
  return Segmenter.load(modelFolder(model), { device: 'cpu', precision, cacheFolder });
}

async function similarityRow(title: string, model: string, standardise: boolean): Promise<Row> {
  await using similarity = await PatchSimilarity.load(modelFolder(model), { standardise, cacheFolder });
  return await rowOf(title, similarity);
}

/** "runs/a/last" → "a/last": nobody's folders in a table. */
function nameOf(model: string): string {
  return model === 'embedded' ? model : join(basename(dirname(model)), basename(model));
}

const percent = (value: number | null | undefined): string => value?.toFixed(1) ?? '';

function cellsOf({ title, all, more }: Row): string[] {
  const synonym = (name: string): string => {
    const found = more?.synonyms.find((score) => score.class === name);
    return found === undefined ? '' : `${percent(found.iou)} (${percent(found.own)})`;
  };
  const speed = (1000 * all.timeSeconds) / all.images;
  return [
    title,
    percent(all.mIoU),
    percent(more?.present.mIoU),
    percent(all.pixelAccuracy),
    percent(more?.combinations.heldOut),
    percent(more?.combinations.seen),
    synonym('car'),
    synonym('bicycle'),
    speed.toFixed(1),
  ];
}

/** What the first model has over raw similarity, and how near it comes to the head that learnt from masks. */
function verdict(rows: readonly Row[], head: string, raw: readonly string[], upper: string | undefined): string {
  const of = (title: string): number => rows.find((row) => row.title === title)?.all.mIoU ?? NaN;
  const parts = raw.map((title) => `${signed(of(head) - of(title))} points to ${title}`);
  if (upper !== undefined) parts.push(`${((100 * of(head)) / of(upper)).toFixed(0)} % of ${upper}`);
  return `mIoU of ${head}: ${parts.join('; ')}.`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

function details(rows: readonly Row[]): string {
  const full = rows.filter(({ more }) => more !== undefined);
  const classes = CLASSES.map((name) => [name, ...full.map(({ all }) => percent(all.perClass[name]))]);
  const scores = full[0]?.more?.combinations.combinations ?? [];
  const combinations = scores.map(({ name, heldOut, pictures: count }, index) => [
    `${name}${heldOut ? ', held out' : ''} (${String(count)} pictures)`,
    ...full.map(
      ({ more }) =>
        `${percent(more?.combinations.combinations[index]?.iou)} ` +
        `(${percent(more?.combinations.combinations[index]?.classIoU)})`,
    ),
  ]);
  const titles = full.map(({ title }) => title);
  const whole = table(['IoU, %', ...titles], classes);
  return `${whole}\n\n${table(['IoU, % (of the class, whichever color)', ...titles], combinations)}`;
}

try {
  const rows: Row[] = [];
  const [first] = values.model as [string, ...string[]];
  for (const [index, model] of values.model.entries()) {
    rows.push(await checkpointRow(nameOf(model), model));
    if (variants === 'all' || (variants === 'first' && index === 0))
      rows.push(...(await variantRows(nameOf(model), model)));
  }
  const raw = ['raw patch–text similarity', 'raw similarity, each label standardized over the picture'] as const;
  rows.push(await similarityRow(raw[0], first, false), await similarityRow(raw[1], first, true));
  const untrained =
    values.untrained ??
    (await untrainedHead(modelFolder(first), join(test.folder, 'metadata.jsonl'), join(folder, 'untrained')));
  rows.push(await checkpointRow('head untrained', untrained));
  const masks = values.masks === undefined ? undefined : 'head trained with masks';
  if (values.masks !== undefined) rows.push(await checkpointRow('head trained with masks', values.masks));

  const { all, more } = rows[0] as Row;
  console.log(`\n${circumstances(['@synseg/core', 'onnxruntime-node', 'sharp'])}\n`);
  console.log(
    `${test.names.length} scenes of the split test, seeds from 0; ` +
      `${((performance.now() - started) / 60_000).toFixed(1)} minutes in all, of which pictures ${made.toFixed(0)} s.`,
  );
  console.log(
    `Prompts: ${describeAsking(asking)}. Protocol of the first row: ${describeProtocol(all.protocol)}. mIoU by ` +
      `chance: ${percent(all.chanceMIoU)}; classes present: ${percent(more?.present.chanceMIoU)}.`,
  );
  console.log(
    `Combinations: ${values.each} pictures of each; 24 classes compete, the combination's own replaced by itself ` +
      'in each color it can have; IoU of the combination, mean of 8. Synonyms: IoU of the class asked by the ' +
      'synonym alone (by its own words).\n',
  );
  console.log(
    table(
      [
        'checkpoint',
        'mIoU, %',
        'classes present',
        'pixel accuracy',
        'held-out combinations',
        'seen combinations',
        '"automobile" (car)',
        '"bike" (bicycle)',
        'ms a picture',
      ],
      rows.map(cellsOf),
    ),
  );
  console.log(`\n${verdict(rows, nameOf(first), raw, masks)}`);
  if (values.details) console.log(`\n${details(rows)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
