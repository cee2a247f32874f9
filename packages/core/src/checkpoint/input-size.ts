/** The size of the picture that a trunk takes: the folder's own, or the one that a caller asks for. */
import { rangeError } from '../guard/arguments.ts';
import type { Fields } from './json-fields.ts';

/** CLIP's, used when a folder has no `preprocessor_config.json`. */
const CLIP_SIZE = 224;
/** The trunk's work grows with the fourth power of the side. */
export const LARGEST_SIDE = 8192;

/** Size of the folder's pictures: a number, `{ height, width }`, `{ shortest_edge }`; CLIP's where there is none. */
export function preprocessorSize(preprocessor: Fields, patchSize: number): readonly [height: number, width: number] {
  if (!preprocessor.has('size')) return [CLIP_SIZE, CLIP_SIZE];
  const sides =
    typeof preprocessor.raw('size') === 'number'
      ? square(preprocessor.integer('size'))
      : sidesOf(preprocessor.section('size'));
  if (sides.some((side) => side % patchSize !== 0))
    throw preprocessor.error('size', `multiples of the patch size ${patchSize}`);
  if (sides.some((side) => side > LARGEST_SIDE)) throw preprocessor.error('size', `at most ${LARGEST_SIDE}`);
  return sides;
}

function sidesOf(size: Fields): readonly [height: number, width: number] {
  return size.has('height') ? [size.integer('height'), size.integer('width')] : square(size.integer('shortest_edge'));
}

function square(side: number): readonly [height: number, width: number] {
  return [side, side];
}

/** A square of a side that the trunk can take. @throws RangeError for any other */
export function squareSize(side: number, patchSize: number, where: string): readonly [height: number, width: number] {
  const refuse = (rule: string): Error => rangeError('load checkpoint', 'inputSize', rule, `${side} (${where})`);
  if (side > LARGEST_SIDE) throw refuse(`be at most ${LARGEST_SIDE}`);
  if (!Number.isInteger(side) || side < patchSize || side % patchSize !== 0)
    throw refuse(`be a positive multiple of the patch size ${patchSize}`);
  return square(side);
}
