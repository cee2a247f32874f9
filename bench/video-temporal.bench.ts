/**
 * What each temporal option does to flicker, to accuracy and to the work, on the road-scene checkpoint.
 *
 * Every frame is segmented once with one view and once with five; each variant then goes its own way from these maps,
 * so
 * that all see the same. Needs the reference data beside the repository.
 *
 *   npm run bench -- video-temporal [--frames 40] [--photos 101] [--only REGEXP]
 */
/* eslint-disable max-lines -- one measurement, read from top to bottom */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Segmenter, type LabelSet } from '@synseg/core';
import { decideLabels } from '@synseg/core/masks';
import { decodeFrames } from '../packages/video/src/decode/decode.ts';
import { HOLD_OPTIONS, HoldGate, type HoldOptions } from '../packages/video/src/temporal/hold.ts';
import { KEYFRAME_OPTIONS, KeyframeSchedule } from '../packages/video/src/temporal/keyframes.ts';
import type { Picture } from '../packages/video/src/temporal/motion.ts';
import { readOptions } from '@synseg/core/guards';
import {
  smoothActivations,
  SMOOTHING_OPTIONS,
  smoothingOf,
  type Smoothing,
  type SmoothingOptions,
  type SmoothingState,
} from '../packages/video/src/temporal/smoothing.ts';
import { circumstances, load } from './support/machine.ts';
import { median, table } from './support/statistics.ts';
import {
  camvidFrames,
  classNames,
  clipFrames,
  namesOf,
  shared,
  type Frame,
  type Sequence,
} from './support/temporal-frames.ts';
import {
  STILL,
  compare,
  countPixels,
  emptyTally,
  meanIoU,
  softLuminance,
  type Tally,
} from './support/temporal-tally.ts';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '40' },
    photos: { type: 'string', default: '101' },
    only: { type: 'string', default: '' },
  },
});
const street = join(shared, 'checkpoints/street');
if (!existsSync(street)) throw new Error(`Cannot run bench: reference data must lie in ${shared}, got none`);

/** What became of a frame; `views` 0 is a held one. */
interface Outcome {
  readonly labelMap: Uint8Array;
  readonly views: 0 | 1 | 5;
  /** Time beside the network's. */
  readonly milliseconds: number;
}

/** One way to go from frames to label maps. */
interface Variant {
  readonly title: string;
  readonly start: (labels: LabelSet) => (frame: Frame) => Outcome;
}

const decide = (maps: Float32Array, { width, height }: Picture, labels: LabelSet): Uint8Array =>
  decideLabels(maps, width, height, labels);

/** Label maps as the network gives them. */
function each(viewsOf: () => (frame: Frame) => 1 | 5): Variant['start'] {
  return (labels) => {
    const choose = viewsOf();
    return (frame) => {
      const started = performance.now();
      const views = choose(frame);
      const milliseconds = performance.now() - started;
      return {
        labelMap: decide(views === 1 ? frame.oneView : frame.fiveViews, frame.picture, labels),
        views,
        milliseconds,
      };
    };
  };
}

const smoothingFor = (views: 1 | 5, options: SmoothingOptions, keyframes = false): Smoothing =>
  smoothingOf(readOptions('smooth', SMOOTHING_OPTIONS, options), views, keyframes);

/** Maps smoothed with the options for the frame's views. */
function smoothed(viewsOf: () => (frame: Frame) => 1 | 5, options: (views: 1 | 5) => Smoothing): Variant['start'] {
  return (labels) => {
    let state: SmoothingState | undefined;
    const choose = viewsOf();
    return (frame) => {
      const choosing = performance.now();
      const views = choose(frame);
      const chosen = performance.now();
      // A copy, as smoothing overwrites and the next variant needs them too: no cost of the option.
      const activations = views === 1 ? frame.oneView.slice() : frame.fiveViews.slice();
      const started = performance.now();
      const { width, height } = frame.picture;
      state = smoothActivations(state, { activations, width, height, key: labels.key }, frame.picture, options(views));
      const labelMap = decide(state.activations, frame.picture, labels);
      return { labelMap, views, milliseconds: performance.now() - started + chosen - choosing };
    };
  };
}

function held(options: HoldOptions): Variant['start'] {
  return (labels) => {
    const gate = new HoldGate(readOptions('hold', HOLD_OPTIONS, options));
    let labelMap: Uint8Array = new Uint8Array(0);
    return (frame) => {
      const started = performance.now();
      const admitted = gate.admits(frame.picture);
      const milliseconds = performance.now() - started;
      if (admitted) labelMap = decide(frame.oneView, frame.picture, labels);
      return { labelMap, views: admitted ? 1 : 0, milliseconds };
    };
  };
}

const always = (views: 1 | 5) => () => () => views;

const keyframes = (every: number) => () => {
  const schedule = new KeyframeSchedule(readOptions('place key frames', KEYFRAME_OPTIONS, { every }));
  return ({ picture }: Frame): 1 | 5 => schedule.views(picture);
};

const smoothing = (title: string, options: SmoothingOptions): Variant => ({
  title: `smoothing, ${title}`,
  start: smoothed(always(1), (views) => smoothingFor(views, options)),
});

const HOLD_THRESHOLDS = [0.02, 0.03, 0.05];

const all: readonly Variant[] = [
  { title: 'off', start: each(always(1)) },
  ...[0.5, 0.3, 0.2, 0.1].map((weight) => smoothing(`weight ${weight}`, { weight })),
  ...[0.02, 0.1].map((motionThreshold) =>
    smoothing(`weight 0.3, motionThreshold ${motionThreshold}`, { weight: 0.3, motionThreshold }),
  ),
  smoothing('weight 0.3, no reset where it moves', { weight: 0.3, motionThreshold: 2, sceneCutThreshold: 2 }),
  ...HOLD_THRESHOLDS.map((threshold): Variant => ({
    title: `hold, threshold ${threshold}`,
    start: held({ threshold }),
  })),
  { title: 'five views in every frame', start: each(always(5)) },
  ...[4, 8].flatMap((every): Variant[] => [
    { title: `key frames, every ${every}`, start: each(keyframes(every)) },
    {
      title: `key frames, every ${every}, plain smoothing`,
      start: smoothed(keyframes(every), (views) => smoothingFor(views, { weight: 0.3 })),
    },
    {
      title: `key frames, every ${every}, key frame smoothing`,
      start: smoothed(keyframes(every), (views) => smoothingFor(views, {}, true)),
    },
  ]),
];
const variants = all.filter(
  ({ title }) => title === 'off' || title.startsWith('five views in') || new RegExp(values.only).test(title),
);

async function measure({ labels, frames }: Sequence): Promise<Tally[]> {
  const count = labels.names.length;
  const tallies = variants.map(() => emptyTally(count));
  const runs = variants.map(({ start }) => start(labels));
  let before: Float32Array | undefined;
  let last: Uint8Array[] = [];
  for await (const frame of frames()) {
    const soft = softLuminance(frame.picture);
    const still =
      before === undefined
        ? undefined
        : soft.map((value, pixel) => (Math.abs(value - before![pixel]!) <= STILL ? 1 : 0));
    const five = decide(frame.fiveViews, frame.picture, labels);
    const outcomes = runs.map((run) => run(frame));
    const maps = outcomes.map(({ labelMap }) => labelMap);
    for (const [index, { views, milliseconds }] of outcomes.entries()) {
      const tally = tallies[index]!;
      tally.views[views] += 1;
      tally.frames += 1;
      tally.milliseconds += milliseconds;
      compare(tally, { map: maps[index]!, last: last[index], off: maps[0]!, five, still });
      if (frame.truth !== undefined) countPixels(tally.confusion, maps[index]!, frame.truth, count);
    }
    [before, last] = [soft, maps];
    process.stderr.write('.');
  }
  return tallies;
}

/** Share of a whole clip's frames that would be held, %, per threshold; needs no network. */
async function heldShares(file: string): Promise<string[]> {
  const gates = HOLD_THRESHOLDS.map((threshold) => ({
    gate: new HoldGate(readOptions('hold', HOLD_OPTIONS, { threshold })),
    held: 0,
  }));
  let frames = 0;
  for await (const { data } of decodeFrames(join(shared, 'data/video', file), { size: { width: 352, height: 352 } })) {
    frames++;
    for (const each of gates) each.held += each.gate.admits({ data, width: 352, height: 352 }) ? 0 : 1;
  }
  return gates.map(({ held }) => ((100 * held) / frames).toFixed(0));
}

/** Milliseconds a frame takes in the network, with one view and with five. */
async function inferenceTimes(
  segmenter: Segmenter,
  labels: LabelSet,
): Promise<{ readonly oneView: number; readonly fiveViews: number }> {
  const [height, width] = segmenter.inputSize;
  const noise = (scale: number): { data: Uint8Array; width: number; height: number } => ({
    data: new Uint8Array(width * height * 3 * scale ** 2).map((_, index) => (index * 7919) % 251),
    ...{ width: width * scale, height: height * scale },
  });
  const [small, large] = [noise(1), noise(2)];
  const times = { oneView: [] as number[], fiveViews: [] as number[] };
  for (let round = 0; round < 15; round++) {
    const started = performance.now();
    await segmenter.segment(small, labels, { size: 'model', output: ['activations'] });
    const half = performance.now();
    await segmenter.segment(large, labels, { views: 5, size: { width, height }, output: ['activations'] });
    if (round > 0) times.oneView.push(half - started);
    if (round > 0) times.fiveViews.push(performance.now() - half);
  }
  return { oneView: median(times.oneView), fiveViews: median(times.fiveViews) };
}

const cacheFolder = mkdtempSync(join(tmpdir(), 'synseg-temporal-'));
const loadBefore = load();
try {
  await using segmenter = await Segmenter.load(street, { device: 'cpu', cacheFolder });
  const road = await segmenter.labels(classNames(), { background: 'none' });
  const room = await segmenter.labels(
    ['person', 'wall-other', 'floor-other', 'door-stuff', 'table', 'bottle', 'window-other', 'chair'],
    { background: 'none' },
  );
  const clip = (file: string, framesPerSecond: number, start: number, labels: LabelSet): Sequence => ({
    title: file,
    framesPerSecond,
    labels,
    frames: () => clipFrames(segmenter, `${file}.mp4`, labels, start, Number(values.frames)),
  });
  const photos = (title: string, split: string, prefix: string, framesPerSecond: number): Sequence => ({
    ...{ title, framesPerSecond, labels: road },
    frames: () =>
      camvidFrames(
        segmenter,
        split,
        namesOf(split)
          .filter((name) => name.startsWith(prefix))
          .slice(0, Number(values.photos)),
        road,
      ),
  });
  const clips: readonly Sequence[] = [
    clip('car-detection', 12.5, 8, road),
    clip('one-by-one-person-detection', 10, 8, room),
    clip('bottle-detection', 29.8, 5, room),
    clip('solidWhiteRight', 25, 0, road),
  ];
  const dense = photos('CamVid 0016E5, 15 Hz', 'val', '0016E5', 15);
  const sparse = [photos('Seq05VD', 'test', 'Seq05VD', 1), photos('0001TP', 'test', '0001TP', 1)];
  const times = await inferenceTimes(segmenter, road);
  const tallies = new Map<Sequence, Tally[]>();
  for (const sequence of [...clips, dense, ...sparse]) tallies.set(sequence, await measure(sequence));
  const of = (sequence: Sequence, variant: number): Tally => tallies.get(sequence)![variant]!;
  const sum = (of: readonly Tally[], value: (tally: Tally) => number): number =>
    of.reduce((total, tally) => total + value(tally), 0);
  const percent = (part: number, whole: number, digits = 1): string => ((100 * part) / whole).toFixed(digits);
  const cost = (some: readonly Tally[]): number => {
    const network = sum(some, ({ views }) => views[1] * times.oneView + views[5] * times.fiveViews);
    return (network + sum(some, ({ milliseconds }) => milliseconds)) / sum(some, ({ frames }) => frames);
  };
  const rows = variants.map(({ title }, variant) => {
    const some = clips.map((sequence) => of(sequence, variant));
    const offs = clips.map((sequence) => of(sequence, 0));
    const flicker = [...clips, dense].map((sequence) =>
      ((of(sequence, variant).changes / of(sequence, variant).still) * sequence.framesPerSecond).toFixed(2),
    );
    const confusion = sparse
      .map((sequence) => of(sequence, variant).confusion)
      .reduce((a, b) => a.map((value, index) => value + b[index]!));
    return [
      ...[title, ...flicker],
      percent(
        sum(some, (tally) => tally.differing),
        sum(some, (tally) => tally.pixels),
      ),
      percent(
        sum(some, (tally) => tally.differingMoving),
        sum(some, (tally) => tally.moving),
      ),
      percent(
        sum(some, (tally) => tally.unlikeFive),
        sum(some, (tally) => tally.pixels),
      ),
      ...[meanIoU(of(dense, variant).confusion), meanIoU(confusion)].map((share) => (100 * share).toFixed(2)),
      some.map((tally) => percent(tally.views[0], tally.frames, 0)).join(', '),
      (sum(some, (tally) => tally.milliseconds) / sum(some, (tally) => tally.frames)).toFixed(1),
      (cost(offs) / cost(some)).toFixed(2),
    ];
  });
  console.log(
    `\n${circumstances(['@synseg/core', 'onnxruntime-node', 'sharp'])}; load before ${loadBefore}, after ${load()}`,
  );
  console.log(`network, ms a frame: one view ${times.oneView.toFixed(0)}, five views ${times.fiveViews.toFixed(0)}\n`);
  const flickers = ['cars', 'persons', 'bottles', 'driving', 'CamVid, 15 Hz'].map((name) => `flicker: ${name}`);
  console.log(
    table(
      [
        'option',
        ...flickers,
        'differs from off, %',
        'where it moves, %',
        'differs from five views, %',
        'mIoU 15 Hz',
        'mIoU 1 Hz',
        'held, %',
        'beside the network, ms',
        'frames/s',
      ],
      rows,
    ),
  );
  const wholeClips = [
    'car-detection',
    'one-by-one-person-detection',
    'bottle-detection',
    'friday',
    'flower',
    'solidWhiteRight',
  ];
  const shares: string[][] = [];
  for (const file of wholeClips) shares.push([file, ...(await heldShares(`${file}.mp4`))]);
  console.log(
    `\n${table(['frames held, %', ...HOLD_THRESHOLDS.map((threshold) => `threshold ${threshold}`)], shares)}`,
  );
} finally {
  rmSync(cacheFolder, { recursive: true, force: true });
}
