/** Lines of YOLO's label files: a class and a polygon in shares of the picture, or a box. */
import { shapeName } from './make-set.ts';
import { NoClassError, type MaskCanvas } from './mask-canvas.ts';
import { numberIn } from './numbers.ts';

/** Bytes of a label file. */
export const MAX_LABEL_BYTES = 16 * 2 ** 20;
/** A class and the corners that a picture may have. */
const MAX_WORDS = 2_000_003;
/** A class and the four numbers of a box. */
const BOX = /^\S+(?:\s+\S+){4}$/;

/** Number of polygons and boxes; what is neither counts as polygon, and is told when it is read. */
export function countLines(text: string): { readonly areas: number; readonly boxes: number } {
  let [areas, boxes] = [0, 0];
  for (const { line } of linesIn(text)) {
    if (BOX.test(line)) boxes += 1;
    else areas += 1;
  }
  return { areas, boxes };
}

/**
 * Paints the polygons, in the order of the lines.
 *
 * @param values - mask value of each class index
 * @throws RangeError when a line is neither a polygon nor a box of a class
 */
export async function paintLines(
  canvas: MaskCanvas,
  text: string,
  values: readonly number[],
  names: readonly string[],
): Promise<void> {
  for (const { number, line } of linesIn(text)) {
    if (BOX.test(line)) continue;
    const [index, ...shares] = line.split(/\s+/, MAX_WORDS).map((word) => numberIn(word, `line ${number}`));
    const value = values[index!];
    if (value === undefined)
      throw new NoClassError(`line ${number} must begin with a class from 0 to ${values.length - 1}, got ${index}`);
    if (shares.length % 2 !== 0 || shares.length < 4)
      throw new RangeError(`line ${number} must be a class and pairs of numbers, got ${shares.length} numbers`);
    const points = shares.map((share, at) => share * (at % 2 === 0 ? canvas.width : canvas.height));
    await canvas.polygon(points, value, shapeName('polygon', names[index!]!));
  }
}

/** The lines of a text that are not empty, trimmed. */
export function* linesIn(text: string): Generator<{ readonly number: number; readonly line: string }> {
  for (let [start, number] = [0, 1]; start < text.length; number++) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end).trim();
    if (line !== '') yield { number, line };
    start = end < 0 ? text.length : end + 1;
  }
}
