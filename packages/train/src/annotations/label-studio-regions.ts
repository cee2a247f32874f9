/** Regions of an annotation of Label Studio: places in percent of the picture, or run lengths of brush strokes. */
import { describeValue } from '@synseg/core/guards';
import { shortJson } from '../data/data-error.ts';
import { isRecord } from '../data/json-kinds.ts';
import { annotationError } from './export-files.ts';
import { decodeBrush } from './brush-rle.ts';
import { MAX_SHAPES, shapeName } from './make-set.ts';
import { NoClassError, type MaskCanvas } from './mask-canvas.ts';
import { BOXES, LINES, POINTS, TAGS } from './passed-over.ts';

/** A region, its fields unchecked but for the size. */
export interface Region {
  readonly value: Readonly<Record<string, unknown>>;
  /** Size of the picture, pixels. */
  readonly width: number | undefined;
  readonly height: number | undefined;
}

type Kind = 'area' | 'box' | 'point' | 'line' | 'tag';

/** What kinds that are passed over are. */
export const PASSED: ReadonlyMap<Kind, string> = new Map([
  ['box', BOXES],
  ['point', POINTS],
  ['line', LINES],
  ['tag', TAGS],
]);

/** @throws SynsegError `DATASET_FORMAT` when there are too many */
export function regionsOf(results: readonly unknown[], source: string): Region[] {
  if (results.length > MAX_SHAPES)
    throw annotationError(`"${source}" must have at most ${MAX_SHAPES} regions in an annotation`, `${results.length}`);
  return results.filter(isRecord).map((result) => {
    const [width, height] = [sideOf(result['original_width']), sideOf(result['original_height'])];
    return { value: isRecord(result['value']) ? result['value'] : result, width, height };
  });
}

/** What a region is, by its fields. */
export function kindOf({ value }: Region): Kind {
  const has = (...fields: readonly string[]): boolean => fields.every((field) => value[field] !== undefined);
  const isLabeled = Object.keys(value).some((field) => field.endsWith('labels'));
  if (has('points') || has('rle') || has('radiusX', 'radiusY')) return isLabeled ? 'area' : 'tag';
  if (has('vertices')) return 'line';
  if (has('x', 'y', 'height')) return 'box';
  return has('x', 'y') ? 'point' : 'tag';
}

/** The first of a region's labels, if it has any. */
export function labelOf({ value }: Region): string | undefined {
  for (const [field, labels] of Object.entries(value)) {
    const [first] = field.endsWith('labels') && Array.isArray(labels) ? (labels as unknown[]) : [];
    if (typeof first === 'string' && first.trim() !== '') return first.trim();
  }
  return undefined;
}

/**
 * Paints the regions in their order.
 *
 * @throws RangeError when a region breaks a rule
 */
export async function paintResults(
  canvas: MaskCanvas,
  regions: readonly Region[],
  valueOf: ReadonlyMap<string, number>,
): Promise<void> {
  for (const region of regions.filter((one) => kindOf(one) === 'area')) {
    const { points, rle, x, y, radiusX, radiusY, rotation } = region.value;
    const label = labelOf(region);
    if (label === undefined) {
      canvas.note('a region without a label, passed over', 'shape-incomplete');
      continue;
    }
    const what = shapeName(rle !== undefined ? 'brush' : points !== undefined ? 'polygon' : 'ellipse', label);
    const value = valueOf.get(label);
    if (value === undefined) throw new NoClassError(`label of ${what} must be one of the set's, got another`);
    const across = (share: unknown): number => (numberOf(share, what) * canvas.width) / 100;
    const down = (share: unknown): number => (numberOf(share, what) * canvas.height) / 100;
    if (rle !== undefined) {
      const mask = decodeBrush(bytesOf(rle, what), canvas.width, canvas.height);
      const box = { left: 0, top: 0, width: canvas.width, height: canvas.height };
      await canvas.bitmap(box, (pixel) => mask[pixel] === 1, value, what);
    } else if (points !== undefined) {
      if (!Array.isArray(points))
        throw new RangeError(`points of ${what} must be a list, got ${describeValue(points)}`);
      const corners = points.flatMap((point: unknown) => {
        if (!Array.isArray(point) || point.length !== 2)
          throw new RangeError(`points of ${what} must be pairs, got ${shortJson(point)}`);
        return [across(point[0]), down(point[1])];
      });
      await canvas.polygon(corners, value, what);
    } else {
      const turn = rotation === undefined ? 0 : numberOf(rotation, what);
      await canvas.ellipse([across(x), down(y), across(radiusX), down(radiusY), turn], value, what);
    }
  }
}

function bytesOf(rle: unknown, what: string): Uint8Array {
  if (!Array.isArray(rle)) throw new RangeError(`rle of ${what} must be a list of bytes, got ${describeValue(rle)}`);
  const bytes = new Uint8Array(rle.length);
  for (const [at, byte] of rle.entries()) {
    if (!Number.isInteger(byte) || byte < 0 || byte > 255)
      throw new RangeError(`rle of ${what} must be a list of bytes, got ${shortJson(byte)}`);
    bytes[at] = byte as number;
  }
  return bytes;
}

function numberOf(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new RangeError(`places of ${what} must be numbers, got ${shortJson(value)}`);
  return value;
}

function sideOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}
