/**
 * Argument checks of masks, label maps and how labels are decided; nothing here is public.
 *
 * A wrong kind is a `TypeError`, a wrong value a `RangeError`, both of the form `Cannot <action>: <name> must <rule>,
 * got <value>`. They run once per call, never per pixel, except {@link checkLabels}, whose single pass is cheap next to
 * what follows it.
 */
import { checkKind, describeNumbers, describeValue, rangeError } from '../guard/arguments.ts';
import { choice, either, number, type Option } from '../guard/options.ts';
import { DEFAULT_LIMITS, limitError } from '../guard/limits.ts';
import { isActivation, type Background } from '../model/postprocess.ts';
import { BACKGROUND } from '../model/background.ts';
import { isColor } from './palette.ts';

/** @throws RangeError unless `value` is an integer of `min`..`max`. */
export function checkInteger(action: string, name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw rangeError(action, name, `be an integer from ${min} to ${max}`, describeValue(value));
}

/** @throws RangeError unless `value` is a finite number of `min`..`max`. */
export function checkNumber(action: string, name: string, value: number, min: number, max: number): void {
  if (Number.isFinite(value) && value >= min && value <= max) return;
  const rule = max === Infinity ? `be a finite number of at least ${min}` : `be a number from ${min} to ${max}`;
  throw rangeError(action, name, rule, describeValue(value));
}

/** @throws RangeError unless every side is a positive integer. */
export function checkSides(action: string, sides: readonly number[], names: readonly string[]): void {
  const index = sides.findIndex((side) => !Number.isInteger(side) || side < 1);
  if (index >= 0) throw rangeError(action, names[index]!, 'be a positive integer', describeValue(sides[index]));
}

/** @throws SynsegError `IMAGE_DECODE` when a picture of that size has more than `maxPixels`. */
export function checkPixels(
  action: string,
  what: string,
  width: number,
  height: number,
  maxPixels = DEFAULT_LIMITS.maxPixels,
): void {
  if (width * height > maxPixels)
    throw limitError('IMAGE_DECODE', action, what, 'maxPixels', maxPixels, 'pixels', `${width}×${height}`);
}

/**
 * @throws TypeError unless `plane` is a Uint8Array, RangeError unless both sides are positive integers and it holds
 * `width × height × channels` values.
 */
export function checkPlane(
  action: string,
  plane: { readonly name: string; readonly data: ArrayLike<number>; readonly channels?: 1 | 3 | 4 },
  width: number,
  height: number,
  names: readonly [width: string, height: string] = ['width', 'height'],
): void {
  checkKind(action, plane.name, plane.data, plane.data instanceof Uint8Array, 'be a Uint8Array');
  checkSides(action, [width, height], names);
  const length = width * height * (plane.channels ?? 1);
  if (plane.data.length === length) return;
  const product = [...names, ...(plane.channels === undefined ? [] : [plane.channels])].join(' × ');
  throw rangeError(action, plane.name, `hold ${product} = ${length} values`, plane.data.length);
}

/** @throws RangeError when a value of `labelMap` is neither {@link BACKGROUND} nor below `labelCount`. */
export function checkLabels(action: string, labelMap: Uint8Array, labelCount: number): void {
  for (let index = 0; index < labelMap.length; index++) {
    const label = labelMap[index]!;
    if (label < labelCount || label === BACKGROUND) continue;
    throw rangeError(action, 'labelMap', `hold ${BACKGROUND} or indices below ${labelCount}`, `${label} at ${index}`);
  }
}

/**
 * @throws TypeError unless `colors` is a list, RangeError unless there are at most 255 and each is three integers of
 * 0..255.
 */
export function checkColors(action: string, colors: readonly (readonly [number, number, number])[]): void {
  checkKind(action, 'colors', colors, Array.isArray(colors), 'be a list of colors');
  checkInteger(action, 'colors.length', colors.length, 0, BACKGROUND);
  const index = colors.findIndex((color) => !isColor(color));
  if (index < 0) return;
  throw rangeError(action, `colors[${index}]`, 'be three integers from 0 to 255', describeNumbers(colors[index]));
}

/** @throws RangeError unless the value is undefined or in [0, 1] */
export function checkActivation(action: string, name: string, value: number | undefined): number | undefined {
  if (value === undefined || isActivation(value)) return value;
  throw rangeError(action, name, 'be in [0, 1]', describeValue(value));
}

/** @throws RangeError unless the value is a {@link Background} */
export function checkBackground(action: string, value: Background): Background {
  if (value === 'threshold' || value === 'none' || isActivation(value)) return value;
  throw rangeError(action, 'background', 'be a number in [0, 1], "threshold" or "none"', describeValue(value));
}

/** The option for the rule of background pixels. */
export function backgroundRule(): Option<Background> {
  const activation = number({ least: 0, most: 1 });
  return either('be "threshold", "none" or a number from 0 to 1', choice(['threshold', 'none']), activation);
}
