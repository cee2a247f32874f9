/**
 * Shapes of LabelMe's JSON. Rectangles and circles are areas here, as in LabelMe's own conversion to masks: they are
 * drawn by hand around what they fill.
 */
import { describeValue } from '@synseg/core/guards';
import { isRecord } from '../data/json-kinds.ts';
import { shortJson } from '../data/data-error.ts';
import { readIndexMask } from '../image/index-mask.ts';
import { limitsOf, type PictureLimits } from '../image/picture.ts';
import { annotationError } from './export-files.ts';
import { MAX_SHAPES, shapeName } from './make-set.ts';
import { NoClassError, type MaskCanvas } from './mask-canvas.ts';
import { LINES, POINTS } from './passed-over.ts';

/** A shape of a picture. */
export interface LabelMeShape {
  readonly label: string;
  readonly kind: string;
  /** Pairs of pixels; checked when it is painted. */
  readonly points: unknown;
  /** PNG of a mask within its box. */
  readonly mask: unknown;
}

type Corner = readonly [x: number, y: number];

const AREAS = new Set(['polygon', 'rectangle', 'oriented_rectangle', 'rotation', 'circle', 'mask']);

/** Kinds that are passed over, and what they are. */
export const PASSED: ReadonlyMap<string, string> = new Map([
  ['line', LINES],
  ['linestrip', LINES],
  ['point', POINTS],
  ['points', POINTS],
]);

export function isArea(kind: string): boolean {
  return AREAS.has(kind);
}

/** @throws SynsegError `DATASET_FORMAT` when they are no list of shapes with labels */
export function shapesOf(value: unknown, source: string): LabelMeShape[] {
  if (!Array.isArray(value) || value.length > MAX_SHAPES)
    throw annotationError(`"${source}" must have shapes, a list of at most ${MAX_SHAPES}`, describeValue(value));
  return value.map((shape: unknown, index) => {
    const { label, shape_type: kind, points, mask } = isRecord(shape) ? shape : {};
    if (typeof label !== 'string' || label.trim() === '')
      throw annotationError(`"${source}" must give each shape a label`, `shapes[${index}] = ${shortJson(shape, 200)}`);
    return { label: label.trim(), kind: typeof kind === 'string' ? kind : 'polygon', points, mask };
  });
}

/**
 * Paints the shapes in their order.
 *
 * @throws RangeError when a shape breaks a rule; SynsegError `IMAGE_DECODE` when a mask is no PNG
 */
export async function paintLabelMe(
  canvas: MaskCanvas,
  shapes: readonly LabelMeShape[],
  valueOf: ReadonlyMap<string, number>,
  limits: PictureLimits,
  source: string,
): Promise<void> {
  for (const { label, kind, points, mask } of shapes) {
    if (!isArea(kind)) continue;
    const what = shapeName(kind, label);
    const value = valueOf.get(label);
    if (value === undefined) throw new NoClassError(`label of ${what} must be one of the set's, got another`);
    const corners = cornersOf(points, what);
    const [from, to] = corners;
    const isOfTwo = kind === 'circle' || kind === 'mask' || (kind === 'rectangle' && corners.length < 3);
    if (!isOfTwo) await canvas.polygon(corners.flat(), value, what);
    else if (from === undefined || to === undefined)
      canvas.note(`${what} of fewer than 2 points, passed over`, 'shape-incomplete');
    else if (kind === 'rectangle')
      await canvas.polygon([from[0], from[1], to[0], from[1], to[0], to[1], from[0], to[1]], value, what);
    else if (kind === 'circle') {
      const radius = Math.hypot(to[0] - from[0], to[1] - from[1]);
      await canvas.ellipse([from[0], from[1], radius, radius], value, what);
    } else {
      if (typeof mask !== 'string') throw new RangeError(`${what} must hold a PNG, got ${describeValue(mask)}`);
      const png = await readIndexMask(Buffer.from(mask, 'base64'), `${what} in ${source}`, limitsOf(limits));
      const box = { left: Math.trunc(from[0]), top: Math.trunc(from[1]), width: png.width, height: png.height };
      await canvas.bitmap(box, (pixel) => png.data[pixel] !== 0, value, what);
    }
  }
}

function cornersOf(points: unknown, what: string): Corner[] {
  if (!Array.isArray(points)) throw new RangeError(`points of ${what} must be a list, got ${describeValue(points)}`);
  return points.map((point: unknown): Corner => {
    const [x, y] = Array.isArray(point) ? (point as unknown[]) : [];
    if (typeof x !== 'number' || typeof y !== 'number' || !Number.isFinite(x) || !Number.isFinite(y))
      throw new RangeError(`points of ${what} must be pairs of numbers, got ${shortJson(point)}`);
    return [x, y];
  });
}
