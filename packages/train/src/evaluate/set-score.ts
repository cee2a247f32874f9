/** From the records of pictures to scores: of one set, and of several as one. */
import { bootstrap } from './bootstrap.ts';
import { ConfusionMatrix } from './confusion-matrix.ts';
import type { PictureRecord } from './picture-record.ts';
import { measure, type EvaluationProtocol, type Score } from './score.ts';
import { Tally, type Field } from './tally.ts';
import type { CurvePoint } from './threshold-curve.ts';

/** The pictures of a set as they were found. */
export interface SetResult {
  readonly field: Field;
  /** Names of the classes that the checkpoint has no embedding for. */
  readonly leftOut: readonly string[];
  readonly records: readonly PictureRecord[];
  readonly protocol: EvaluationProtocol;
  readonly timeSeconds: number;
}

/** A set with its sums, which the score of several needs. */
export interface ScoredSet {
  readonly score: Score;
  readonly tally: Tally;
}

/** The score of a set. It depends on its records, not on their order. @param seed - of the interval */
export function scoreSet({ field, leftOut, records, protocol, timeSeconds }: SetResult, seed: number): ScoredSet {
  const tally = new Tally(field, records);
  const failed = records.flatMap(({ order, key, failure }) => (failure === undefined ? [] : [{ order, key, failure }]));
  const score: Score = {
    ...measure(tally.matrix, tally.outlines, field.classes),
    interval: bootstrap([tally], seed),
    ...tally.chance(),
    ...(protocol.thresholds === undefined ? {} : { curve: tally.curve(protocol.thresholds) }),
    images: tally.counted.length,
    leftOut: { classes: leftOut, pixels: sum(records.map((record) => record.leftOut ?? 0)) },
    imagesWithoutClasses: records.length - failed.length - tally.counted.length,
    failures: failed.sort((a, b) => a.order - b.order).map(({ key, failure }) => ({ key, reason: failure })),
    protocol,
    timeSeconds,
  };
  return { score, tally };
}

/**
 * One score of several: means over the sets, and counts of each label over all sets that have it.
 *
 * @param leftOut - names of the sets of which the checkpoint has no class
 * @param seed - of the interval
 */
export function joinScores(
  sets: ReadonlyMap<string, ScoredSet>,
  leftOut: readonly string[],
  protocol: EvaluationProtocol,
  timeSeconds: number,
  seed: number,
): Score {
  const [scores, tallies] = [
    [...sets.values()].map(({ score }) => score),
    [...sets.values()].map(({ tally }) => tally),
  ];
  const classes = [...new Set(scores.flatMap((score) => score.classes))];
  const matrix = new ConfusionMatrix(classes.length);
  const outlines = { both: new Float64Array(classes.length), either: new Float64Array(classes.length) };
  for (const tally of tallies) {
    const places = tally.field.classes.map((name) => classes.indexOf(name));
    matrix.addSome(places, tally.matrix);
    for (const [from, to] of places.entries()) {
      outlines.both[to]! += tally.outlines.both[from]!;
      outlines.either[to]! += tally.outlines.either[from]!;
    }
  }
  const mean = (read: (score: Score) => number): number => sum(scores.map(read)) / scores.length;
  const outlined = scores.flatMap(({ boundaryIoU }) => boundaryIoU ?? []);
  const images = sum(scores.map((score) => score.images));
  return {
    ...measure(matrix, outlines, classes),
    mIoU: mean((score) => score.mIoU),
    interval: bootstrap(tallies, seed),
    fwIoU: mean((score) => score.fwIoU),
    pixelAccuracy: mean((score) => score.pixelAccuracy),
    meanAccuracy: mean((score) => score.meanAccuracy),
    boundaryIoU: outlined.length === 0 ? null : sum(outlined) / outlined.length,
    chanceMIoU: mean((score) => score.chanceMIoU),
    ...(protocol.thresholds === undefined ? {} : { curve: meanCurve(scores.map(({ curve }) => curve!)) }),
    labelsPerImage: sum(scores.map((score) => score.labelsPerImage * score.images)) / images,
    images,
    leftOut: {
      classes: [...new Set(scores.flatMap((score) => score.leftOut.classes))],
      pixels: sum(scores.map((score) => score.leftOut.pixels)),
      sets: leftOut,
    },
    imagesWithoutClasses: sum(scores.map((score) => score.imagesWithoutClasses)),
    failures: scores.flatMap((score) => score.failures),
    protocol,
    timeSeconds,
    sets: Object.fromEntries([...sets].map(([name, { score }]) => [name, score])),
  };
}

/** The mean over sets, threshold by threshold. */
function meanCurve(curves: readonly (readonly CurvePoint[])[]): CurvePoint[] {
  const mean = (read: (curve: readonly CurvePoint[]) => number): number => sum(curves.map(read)) / curves.length;
  return curves[0]!.map(({ threshold }, at) => ({
    threshold,
    mIoU: mean((curve) => curve[at]!.mIoU),
    pixelAccuracy: mean((curve) => curve[at]!.pixelAccuracy),
  }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
