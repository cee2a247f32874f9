/**
 * Argument checks shared by this folder; nothing here is public.
 *
 * Every check throws a `RangeError` of the form `Cannot <action>: <name> must <rule>, got <value>`. They run once per
 * call, never per pixel, except {@link checkLabels}, whose single pass is cheap next to what follows it.
 */
import { BACKGROUND } from './background.ts';

/** @throws RangeError unless `value` is an integer of `min`..`max`. */
export function checkInteger(action: string, name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`Cannot ${action}: ${name} must be an integer from ${min} to ${max}, got ${value}`);
}

/** @throws RangeError unless `value` is a finite number of `min`..`max`. */
export function checkNumber(action: string, name: string, value: number, min: number, max: number): void {
  if (Number.isFinite(value) && value >= min && value <= max) return;
  const rule = max === Infinity ? `be a finite number of at least ${min}` : `be a number from ${min} to ${max}`;
  throw new RangeError(`Cannot ${action}: ${name} must ${rule}, got ${value}`);
}

/** @throws RangeError unless every side is a positive integer. */
export function checkSides(action: string, sides: readonly number[], names: readonly string[]): void {
  for (const [index, side] of sides.entries()) {
    if (Number.isInteger(side) && side > 0) continue;
    throw new RangeError(`Cannot ${action}: ${names[index]} must be a positive integer, got ${side}`);
  }
}

/** @throws RangeError unless both sides are positive integers and `plane` holds `width × height × channels` values. */
export function checkPlane(
  action: string,
  plane: { readonly name: string; readonly data: ArrayLike<number>; readonly channels?: 1 | 3 | 4 },
  width: number,
  height: number,
  names: readonly [width: string, height: string] = ['width', 'height'],
): void {
  checkSides(action, [width, height], names);
  const length = width * height * (plane.channels ?? 1);
  if (plane.data.length === length) return;
  const product = `${names.join(' × ')}${plane.channels === undefined ? '' : ` × ${plane.channels}`}`;
  throw new RangeError(
    `Cannot ${action}: ${plane.name} must hold ${product} = ${length} values, got ${plane.data.length}`,
  );
}

/** @throws RangeError when a value of `labelMap` is neither {@link BACKGROUND} nor below `labelCount`. */
export function checkLabels(action: string, labelMap: Uint8Array, labelCount: number): void {
  for (let index = 0; index < labelMap.length; index++) {
    const label = labelMap[index]!;
    if (label < labelCount || label === BACKGROUND) continue;
    throw new RangeError(
      `Cannot ${action}: labelMap must hold ${BACKGROUND} or indices below ${labelCount}, got ${label} at ${index}`,
    );
  }
}

/** @throws RangeError unless there are at most 255 colors and each is three integers of 0..255. */
export function checkColors(action: string, colors: readonly (readonly [number, number, number])[]): void {
  checkInteger(action, 'colors.length', colors.length, 0, BACKGROUND);
  for (const [index, color] of colors.entries()) {
    if (color.length === 3 && color.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)) continue;
    throw new RangeError(
      `Cannot ${action}: colors[${index}] must be three integers from 0 to 255, got ${JSON.stringify(color)}`,
    );
  }
}
