/**
 * How fast and how good a checkpoint of photographs is: frames per second in each of its precisions, on onnxruntime's
 * CPU and on OpenVINO's, and how many pixels keep their label; mIoU per set of photographs with masks; outlines, beside
 * its own maps seen through a grid of 22×22; words that it should know and words that it should call unknown; and a
 * sheet of free pictures with what it makes of them.
 *
 *   npm run bench -- embedded [--model embedded|FOLDER] [--photos ../shared/data/photos]
 *       [--images ../shared/data/images] [--split val] [--pictures N] [--only speed,quality,outlines,words,sheet]
 *       [--rounds 5] [--frames 120] [--threads N] [--devices cpu,openvino]
 *
 * --photos: `index.jsonl` and `classes.json`; where there are none, the drawn street is scored and the parts that need
 * photographs are left out; --pictures: photographs of each set at most, or scenes; --frames: of a turn. The sheet is
 * out/embedded.png.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter, type Device, type Precision } from '@synseg/core';
import { evaluate, type EvaluateOptions, type Score } from '@synseg/train';
import { scoreClasses } from '@synseg/street-world/bench/scores.ts';
import { testSet } from '@synseg/street-world/bench/sets.ts';
import { countOf, someOf } from './support/arguments.ts';
import { writeContactSheet } from './support/contact-sheet.ts';
import { agreement } from './support/agreement.ts';
import { bestRate, frameRates, type Racer } from './support/frame-rate.ts';
import { benchCache, circumstances, load as loadAverage } from './support/machine.ts';
import { CELLS, scoreOutlines } from './support/photo-outlines.ts';
import { photoFolder, type Photo, type PhotoFolder } from './support/photo-set.ts';
import { scoreWords, strangersAmong } from './support/photo-words.ts';
import { mean, percent, spread, table } from './support/statistics.ts';
import { FORMS, STRANGERS, TRAINED } from './support/word-lists.ts';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    model: { ...text, default: 'embedded' },
    photos: { ...text, default: '../shared/data/photos' },
    images: { ...text, default: '../shared/data/images' },
    split: { ...text, default: 'val' },
    pictures: text,
    only: text,
    rounds: { ...text, default: '5' },
    frames: { ...text, default: '120' },
    threads: text,
    devices: text,
  },
});
const parts = someOf('only', values.only, ['speed', 'quality', 'outlines', 'words', 'sheet']);
const devices = someOf('devices', values.devices, ['cpu', 'openvino']);
const pictures = values.pictures === undefined ? undefined : countOf('pictures', values.pictures);
const threads = values.threads === undefined ? undefined : countOf('threads', values.threads);
const [rounds, frames] = [countOf('rounds', values.rounds), countOf('frames', values.frames)];
const cacheFolder = join(benchCache, 'synseg');

/** Labels of the bare session: any five that the checkpoint has. */
const RACE_LABELS = ['person', 'car', 'dog', 'road', 'sky'];
/** Calls under way. */
const UNDER_WAY = 3;
/** Classes of set voc with enough pixels in its photographs to tell checkpoints apart. */
const VOC_CLASSES = ['background', 'cat', 'cow', 'dog', 'horse', 'person', 'sheep'];
const OUTLINE_SET = 'voc';
/** Scenes of the drawn street, and photographs of a word's class, where no number is given. */
const [SCENES, WORD_PHOTOS] = [200, 24];
const SHEET = 'out/embedded.png';

/** A difference of shares in points of percent. */
const signed = (value: number): string => {
  const digits = percent(Math.abs(value));
  return `${Number(digits) === 0 ? '±' : value < 0 ? '−' : '+'}${digits}`;
};
const folderOf = (name: 'photos' | 'images', file: string): string | undefined => {
  const folder = resolve(values[name]);
  if (existsSync(join(folder, file))) return folder;
  console.log(`No ${file} in ${values[name]} (--${name}): what needs it is left out.\n`);
  return undefined;
};

const PRECISIONS = { cpu: ['fp32', 'fp16', 'int8'], openvino: ['fp32', 'bf16', 'int8'] } as const satisfies Partial<
  Record<Device, readonly Precision[]>
>;

/** The checkpoint in each precision that it has on this machine, the CPU's fp32 first. */
async function loadAll(): Promise<readonly Segmenter[]> {
  const loaded: Segmenter[] = [];
  for (const device of devices)
    for (const precision of PRECISIONS[device]) {
      try {
        loaded.push(await Segmenter.load(values.model, { device, precision, threads, cacheFolder }));
      } catch (error) {
        if (loaded.length === 0 || !(error instanceof Error)) throw error;
        console.log(`${device} ${precision} is left out: ${error.message}\n`);
      }
    }
  return loaded;
}

/** The title of an engine, as rows and columns name it. */
const titleOf = ({ device, precision }: Segmenter): string => (device === 'cpu' ? precision : `${device} ${precision}`);

async function speed(segmenters: readonly Segmenter[], photos: readonly Photo[]): Promise<void> {
  const racers: Racer[] = [];
  for (const segmenter of segmenters)
    racers.push({ title: titleOf(segmenter), segmenter, labels: await segmenter.labels(RACE_LABELS) });
  const before = loadAverage();
  const rates = await frameRates(racers, { rounds, frames, several: UNDER_WAY });
  const { what, shares } = await agreement(segmenters, photos);
  const rows = rates.map(({ title, alone, several }, at) => [
    title,
    spread(alone, 1),
    spread(several, 1),
    percent(shares[at]!, 2),
  ]);
  const { title, rate } = bestRate(rates);
  console.log(
    `Bare session, frames/s: prepared frames of ${segmenters[0]!.inputSize.join('×')}, ${RACE_LABELS.length} labels; ` +
      `median of ${rounds} rounds of ${frames} frames (lowest–highest); load average before ${before}, after ` +
      `${loadAverage()}. Pixels with the first's label: ${what}.\n`,
  );
  console.log(table(['precision', 'one at a time', `${UNDER_WAY} under way`, 'same labels, %'], rows));
  console.log(`\nBest: ${rate.toFixed(1)} frames/s (${title}).\n`);
}

async function quality(segmenters: readonly Segmenter[], photos: string | undefined): Promise<void> {
  if (photos === undefined) return street(segmenters[0]!);
  const options: EvaluateOptions = {
    dataset: 'index-jsonl',
    root: photos,
    split: values.split,
    ...(pictures === undefined ? {} : { limit: pictures }),
  };
  const scores: Score[] = [];
  for (const segmenter of segmenters) scores.push(await evaluate(segmenter, options));
  const [first, ...others] = scores as [Score, ...Score[]];
  const rowOf = (
    name: string,
    { images, mIoU, pixelAccuracy, chanceMIoU }: Score,
    rest: readonly Score[],
  ): string[] => [
    name,
    String(images),
    ...[mIoU, pixelAccuracy, chanceMIoU, ...rest.map((score) => score.mIoU)].map((share) => percent(share)),
  ];
  const sets = Object.entries(first.sets ?? {});
  const precisions = segmenters.map(titleOf);
  console.log(`Photographs of the split ${values.split}; ${first.protocol.metric}.\n`);
  console.log(
    table(
      ['set', 'photos', 'mIoU, %', 'pixel accuracy', 'chance', ...precisions.slice(1).map((name) => `mIoU, ${name}`)],
      [
        ...sets.map(([name, score]) =>
          rowOf(
            name,
            score,
            others.map((other) => other.sets![name]!),
          ),
        ),
        rowOf('mean of the sets', first, others),
      ],
    ),
  );
  for (const [index, other] of others.entries()) {
    const change = (name: string, score: Score): number => other.sets![name]!.mIoU - score.mIoU;
    const worst = sets.map(([name, score]) => ({ name, by: change(name, score) })).sort((a, b) => a.by - b.by)[0]!;
    console.log(
      `\n${precisions[index + 1]!} beside fp32: ${signed(other.mIoU - first.mIoU)} points; the worst set ` +
        `${worst.name}, ${signed(worst.by)}.`,
    );
  }
  const voc = first.sets?.[OUTLINE_SET];
  if (voc !== undefined) {
    const found = VOC_CLASSES.flatMap((name) => voc.perClass[name] ?? []);
    const ofClass = (iou: number | null | undefined): string => (typeof iou === 'number' ? percent(iou) : 'none');
    const each = VOC_CLASSES.map((name) => `${name} ${ofClass(voc.perClass[name])}`).join(', ');
    console.log(`\n${OUTLINE_SET}, mean IoU of ${found.length} classes: ${percent(mean(found))} % (${each}).\n`);
  }
}

async function street(segmenter: Segmenter): Promise<void> {
  const test = await testSet(pictures ?? SCENES);
  const { mIoU, pixelAccuracy, chanceMIoU } = await scoreClasses(segmenter, test);
  console.log(
    `${test.names.length} drawn scenes in place of photographs: mIoU ${percent(mIoU)} %, pixel accuracy ` +
      `${percent(pixelAccuracy)} %, mIoU by chance ${percent(chanceMIoU)} %.\n`,
  );
}

async function outlines(segmenter: Segmenter, folder: PhotoFolder): Promise<void> {
  const { photos, checkpoint, grid } = await scoreOutlines(segmenter, folder, OUTLINE_SET);
  const rows = Object.entries(checkpoint.perClass).map(([name, iou]) => [name, iou, grid.perClass[name]!] as const);
  console.log(
    `Outlines: boundary IoU, %, distance 2 % of the diagonal, ${photos} photographs of ${OUTLINE_SET}; the grid is ` +
      `the checkpoint's own maps as means over ${CELLS}×${CELLS} cells, enlarged bilinearly and decided alike.\n`,
  );
  console.log(
    table(
      ['class', 'checkpoint', `${CELLS}×${CELLS} grid`, 'difference'],
      [...rows, ['mean', checkpoint.mean, grid.mean] as const].map(([name, own, coarse]) => [
        name,
        percent(own),
        percent(coarse),
        signed(own - coarse),
      ]),
    ),
  );
  console.log();
}

async function words(segmenter: Segmenter, folder: PhotoFolder | undefined): Promise<void> {
  const unknown = await strangersAmong(segmenter, STRANGERS);
  const missed = STRANGERS.filter((word) => !unknown.some(({ asked }) => asked === word));
  const counted = (found: readonly unknown[], all: readonly unknown[]): string =>
    `${found.length} of ${all.length} are said to be unknown`;
  console.log(`Words that mean no class: ${counted(unknown, STRANGERS)}${listOf('not so', missed)}.`);
  const trained = TRAINED.map(({ asked }) => asked);
  const refused = (await strangersAmong(segmenter, trained)).map(({ asked }) => asked);
  console.log(`Names and kinds of classes: ${counted(refused, trained)}${listOf('they are', refused)}.`);
  if (folder === undefined) return console.log();
  const scores = await scoreWords(segmenter, folder, FORMS, pictures ?? WORD_PHOTOS);
  const measured = scores.flatMap(({ difference, ...score }) =>
    difference === undefined ? [] : [{ ...score, difference }],
  );
  const worst = [...measured].sort((a, b) => a.difference - b.difference)[0];
  const same = measured.filter((score) => score.same).length;
  const absent = scores.filter(({ difference }) => difference === undefined).map(({ asked }) => asked);
  console.log(
    `Plurals, synonyms and kinds: ${measured.length} of ${FORMS.length} have photographs of their class` +
      `${listOf('none has', absent)}; ${same} answer with the very embedding of the class, a difference of 0 without ` +
      `a ` +
      `run; mean difference of IoU ${signed(mean(measured.map(({ difference }) => difference)))} points` +
      (worst === undefined ? '.' : `; the worst "${worst.asked}" for "${worst.means}", ${signed(worst.difference)}.`),
  );
  for (const { asked, means, difference, photos, same: equal } of measured)
    if (!equal) console.log(`- ${asked} for ${means}: ${signed(difference)} points on ${photos} photographs`);
  console.log();
}

const listOf = (what: string, some: readonly string[]): string =>
  some.length === 0 ? '' : ` (${what}: ${some.join(', ')})`;

const segmenters = await loadAll();
try {
  const first = segmenters[0]!;
  const model = values.model === 'embedded' ? 'embedded' : 'another checkpoint';
  console.log(`${circumstances(['@synseg/core', 'onnxruntime-node', 'sharp'])}; ${model}\n`);
  const needPhotos = parts.some(
    (part) => part === 'speed' || part === 'quality' || part === 'outlines' || part === 'words',
  );
  const photos = needPhotos ? folderOf('photos', 'index.jsonl') : undefined;
  const folder = photos === undefined ? undefined : limited(photoFolder(photos, values.split));
  if (parts.includes('speed')) await speed(segmenters, folder?.photos ?? []);
  if (parts.includes('quality')) await quality(segmenters, photos);
  if (parts.includes('outlines') && folder !== undefined) await outlines(first, folder);
  if (parts.includes('words')) await words(first, folder);
  const images = parts.includes('sheet') ? folderOf('images', 'index.json') : undefined;
  if (images !== undefined) {
    const lines = await writeContactSheet(first, images, SHEET);
    console.log(`${SHEET}: ${lines.length} pictures\n\n${lines.map((line) => `- ${line}`).join('\n')}`);
  }
} finally {
  for (const segmenter of segmenters) await segmenter.dispose();
}

/** The first photographs of each set, where a number is given. */
function limited(all: PhotoFolder): PhotoFolder {
  if (pictures === undefined) return all;
  const seen = new Map<string, number>();
  return {
    ...all,
    photos: all.photos.filter(({ set }) => {
      seen.set(set, (seen.get(set) ?? 0) + 1);
      return seen.get(set)! <= pictures;
    }),
  };
}
