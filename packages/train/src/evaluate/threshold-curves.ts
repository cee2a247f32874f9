/** How well the mask of a label, the pixels that reach a threshold, overlaps with the truth, by threshold. */
import { UNCOUNTED } from './confusion-matrix.ts';

/** A label and what its threshold was found from. */
export interface CalibratedLabel {
  readonly name: string;
  /** Pictures that have the label. */
  readonly pictures: number;
  readonly threshold: number;
  /** IoU of the label's mask at its threshold, 0 to 1: over all pictures whose set has the label. */
  readonly iou: number;
  /** IoU at the threshold for all labels, 0 to 1. */
  readonly iouAtCommon: number;
}

/** Thresholds that are tried: whole percents; 0 and 1 are no thresholds. */
const STEPS = 100;
/** Pictures that the mean curve counts as beside a label's own: with fewer, its best threshold is mostly chance. */
const PRIOR_PICTURES = 8;

/** Counts of pixels of one label, by activation in percent. */
interface Counts {
  readonly right: Float64Array;
  readonly wrong: Float64Array;
  pictures: number;
}

/** Collects activations and truth, picture by picture. */
export class ThresholdCurves {
  readonly #labels = new Map<string, Counts>();

  /**
   * Adds a picture whose set has the label.
   *
   * @param activations - Float32Array, [pixels], 0 to 1
   * @param values - Uint8Array, [pixels]: mask values
   * @param places - place of the class of each mask value, UNCOUNTED where nothing is known
   * @param place - the label's
   */
  add(label: string, activations: Float32Array, values: Uint8Array, places: Int16Array, place: number): void {
    const counts = this.#labels.get(label) ?? {
      right: new Float64Array(STEPS + 1),
      wrong: new Float64Array(STEPS + 1),
      pictures: 0,
    };
    this.#labels.set(label, counts);
    let has = false;
    for (let pixel = 0; pixel < values.length; pixel++) {
      const truth = places[values[pixel]!]!;
      if (truth === UNCOUNTED) continue;
      const bin = Math.floor(activations[pixel]! * STEPS);
      if (truth === place) {
        counts.right[bin]!++;
        has = true;
      } else counts.wrong[bin]!++;
    }
    if (has) counts.pictures++;
  }

  /** The best thresholds. Labels that no picture has are left out. */
  best(): { threshold: number; thresholds: Record<string, number>; labels: CalibratedLabel[] } {
    const found = [...this.#labels].filter(([, { pictures }]) => pictures > 0);
    const curves = found.map(([, counts]) => curveOf(counts));
    const mean = Float64Array.from({ length: STEPS }, (_, step) =>
      curves.reduce((sum, curve) => sum + curve[step]! / curves.length, 0),
    );
    const common = highest(mean);
    const labels = found.map(([name, { pictures }], at): CalibratedLabel => {
      const curve = curves[at]!;
      const step = highest(curve.map((iou, place) => pictures * iou + PRIOR_PICTURES * mean[place]!));
      return { name, pictures, threshold: step / STEPS, iou: curve[step]!, iouAtCommon: curve[common]! };
    });
    const thresholds = Object.fromEntries(labels.map(({ name, threshold }) => [name, threshold]));
    return { threshold: common / STEPS, thresholds, labels };
  }
}

/** IoU of the pixels with an activation of at least each percent, and the label's. */
function curveOf({ right, wrong }: Counts): Float64Array {
  const labeled = right.reduce((sum, count) => sum + count, 0);
  const curve = new Float64Array(STEPS);
  let [hits, misses] = [right[STEPS]!, wrong[STEPS]!];
  for (let step = STEPS - 1; step >= 0; step--) {
    hits += right[step]!;
    misses += wrong[step]!;
    curve[step] = hits / (labeled + misses);
  }
  return curve;
}

/** The step with the highest value, of those from 1. */
function highest(curve: Float64Array): number {
  let best = 1;
  for (let step = 2; step < STEPS; step++) if (curve[step]! > curve[best]!) best = step;
  return best;
}
