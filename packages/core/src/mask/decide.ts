/**
 * From activation maps to a label map in JavaScript: the twin of the graph (`model/postprocess.ts`), for maps that were
 * changed after inference, for instance averaged over time.
 *
 * The graph decides between logits, this file between activations, which are the logits' sigmoid as float32. Both agree
 * wherever the numbers tell: the sigmoid rises, so the larger logit has the larger activation, and a logit is above a
 * threshold's where its activation is above the threshold's. They may differ only where float32 has merged several
 * logits into one activation, in steps of 6e-8 that are coarser as logits the further they are from 0. There the first
 * of two labels wins, and an activation equal to the threshold's counts as reaching it: none of 8 million pixels of
 * photos was such a case. Saturated logits (beyond ±17) are merged altogether.
 */
import { decisionOf, type Background } from '../model/postprocess.ts';
import { BACKGROUND } from '../model/background.ts';
import { checkKind, rangeError } from '../guard/arguments.ts';
import { checkActivation, checkBackground, checkInteger, checkSides } from './check.ts';

const ACTION = 'decide labels';

/** Pixels decided at a time: their best activations stay in the processor's nearest cache. */
const BLOCK = 4096;

/** A rule that decides pixels between labels: a `LabelSet`, or plain data that travels between threads. */
export interface DecisionRule {
  /** Activation in [0, 1] a label must reach, one per label; undefined where none was given. */
  readonly thresholds: readonly (number | undefined)[];
  /** A number in [0, 1]: a plane of that activation; `'threshold'`: where no label reaches its own; `'none'`: never. */
  readonly background: Background;
  /**
   * Activations that labels without a threshold must reach where `background` is `'threshold'`. Where they differ, each
   * label competes with its logit less half that of its own. @default 0.5 each
   */
  readonly defaultThresholds?: readonly number[];
}

/**
 * Decides every pixel between the labels by their activations, as `Segmenter.segment()` does.
 *
 * A label cannot win where it is below its threshold (with a numeric background only labels that have one; with
 * `'none'` never), nor below a numeric background. The highest activation wins, the first label of equals; where
 * default thresholds differ, the highest logit less half the logit of its label's. A NaN never wins.
 *
 * @param activations Float32Array, [labels, height, width], row-major, [0, 1].
 * @returns Uint8Array, [height, width], row-major, label index, 255 = background.
 * @throws TypeError when an argument is of the wrong kind.
 * @throws RangeError when a side is not a positive integer, there are no or more than 255 labels, `activations` does
 *   not hold labels × width × height values, or a threshold or the background is a number outside [0, 1].
 * @example
 * ```ts
 * import { decideLabels } from '@synseg/core/masks';
 * const activations = Float32Array.of(...[0.9, 0.4, 0.1], ...[0.2, 0.4, 0.3]);
 * const rule = { thresholds: [undefined, 0.25], background: 'none' } as const;
 * console.assert(decideLabels(activations, 3, 1, rule).join() === '0,0,1');
 * console.assert(decideLabels(activations, 3, 1, { ...rule, background: 0.35 }).join() === '0,0,255');
 * ```
 */
export function decideLabels(activations: Float32Array, width: number, height: number, rule: DecisionRule): Uint8Array {
  checkKind(ACTION, 'activations', activations, activations instanceof Float32Array, 'be a Float32Array');
  const fits = typeof rule === 'object' && rule !== null && Array.isArray(rule.thresholds);
  checkKind(ACTION, 'rule', rule, fits, 'have a list of thresholds');
  const { thresholds, background, defaultThresholds } = rule;
  const labels = thresholds.length;
  checkSides(ACTION, [width, height], ['width', 'height']);
  checkInteger(ACTION, 'thresholds.length', labels, 1, BACKGROUND);
  const pixels = width * height;
  const values = `hold labels × width × height = ${labels * pixels} values`;
  if (activations.length !== labels * pixels) throw rangeError(ACTION, 'activations', values, activations.length);
  for (const [index, threshold] of thresholds.entries()) checkActivation(ACTION, `thresholds[${index}]`, threshold);
  if (defaultThresholds !== undefined && defaultThresholds.length !== labels)
    throw rangeError(ACTION, 'defaultThresholds', `be one per label = ${labels}`, defaultThresholds.length);
  for (const [index, threshold] of (defaultThresholds ?? []).entries())
    checkActivation(ACTION, `defaultThresholds[${index}]`, threshold);
  checkBackground(ACTION, background);

  const decision = decisionOf(thresholds, background, defaultThresholds);
  const cuts = Float32Array.from(decision.winThresholds, activationOf);
  // A logit less a handicap is, as odds a / (1 − a), a multiple.
  const factors = decision.handicaps?.map((handicap) => Math.exp(-handicap));
  const labelMap = new Uint8Array(pixels).fill(decision.background ? BACKGROUND : 0);
  const best = new Float32Array(Math.min(BLOCK, pixels));
  for (let first = 0; first < pixels; first += BLOCK) {
    const length = Math.min(BLOCK, pixels - first);
    best.fill(-1);
    for (let label = 0; label < labels; label++) {
      const cut = cuts[label]!;
      const factor = factors?.[label];
      const offset = label * pixels + first;
      const block = activations.subarray(offset, offset + length);
      for (let pixel = 0; pixel < length; pixel++) {
        const activation = block[pixel]!;
        const strength = factor === undefined ? activation : (activation / (1 - activation)) * factor;
        if (activation >= cut && strength > best[pixel]!) {
          best[pixel] = strength;
          labelMap[first + pixel] = label;
        }
      }
    }
  }
  return labelMap;
}

/** The activation of one of {@link decisionOf}'s logits; of the one no logit reaches, more than any activation. */
function activationOf(logit: number): number {
  return logit >= UNREACHABLE ? Infinity : 1 / (1 + Math.exp(-logit));
}

/** The value of `logitOf(1)`: as a threshold or plane, it is above every logit of a network. */
const UNREACHABLE = Math.fround(3e38);
