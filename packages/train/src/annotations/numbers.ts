/** Numbers in texts of annotations, read without a list of their parts: a mask may have millions. */

const COMMA = 44;
const SPACE = 32;

/**
 * Integers separated by commas or spaces.
 *
 * @throws RangeError when something else stands there
 * @example
 * ```ts
 * import { integersIn } from './numbers.ts';
 * console.assert([...integersIn('3, 4,15')].join() === '3,4,15');
 * ```
 */
export function* integersIn(text: string): Generator<number> {
  let [value, digits] = [0, 0];
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : COMMA;
    if (code >= 48 && code <= 57) {
      value = 10 * value + code - 48;
      digits += 1;
    } else if (code === COMMA || code === SPACE || (code >= 9 && code <= 13)) {
      if (digits > 0) yield value;
      [value, digits] = [0, 0];
    } else throw new RangeError(`runs must be integers from 0, got ${JSON.stringify(text.slice(at, at + 20))}`);
  }
}

/**
 * Corners `x,y;x,y;…` as `[x, y, x, y, …]`.
 *
 * @throws RangeError when there are more than `most` numbers, or something else
 */
export function cornersIn(text: string, what: string, most = 2_000_000): number[] {
  let parts = 1;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) === COMMA || text[at] === ';') parts += 1;
  if (parts > most) throw new RangeError(`corners of ${what} must be at most ${most / 2}, got more`);
  const numbers: number[] = [];
  for (const pair of text.split(';')) {
    const coordinates = pair.split(',');
    if (coordinates.length !== 2)
      throw new RangeError(`corners of ${what} must be pairs x,y, got ${JSON.stringify(pair.slice(0, 40))}`);
    for (const coordinate of coordinates) numbers.push(numberIn(coordinate, `corners of ${what}`));
  }
  return numbers;
}

/** A number. @throws RangeError naming what it is of */
export function numberIn(text: string | undefined, what: string): number {
  const value = text === undefined || text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value))
    throw new RangeError(`${what} must be finite numbers, got ${JSON.stringify(text?.slice(0, 40) ?? 'nothing')}`);
  return value;
}
