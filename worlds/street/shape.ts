/** What is drawn: outlines in picture units with a paint, in the order they cover each other. */
import type { Point } from './camera.ts';

/** One outline or several, filled with one paint. */
export interface Shape {
  /** SVG path data; every part runs clockwise, so that parts add and never cut each other out. */
  readonly path: string;
  /** `#rrggbb` or `url(#…)`. */
  readonly fill: string;
  /** 0 … 1; @default 1 */
  readonly opacity?: number;
  /** Whether it is a part of the thing, and so of its mask; a shadow, a glow and a mark on the thing are not. */
  readonly solid: boolean;
}

/** Shapes that are drawn together. */
export interface Sprite {
  /** The item they belong to. */
  readonly item: number;
  /** 0 behind everything … 3 in front; within a layer what is farther is drawn first. */
  readonly layer: number;
  readonly depth: number;
  readonly shapes: readonly Shape[];
}

/** What a path's numbers count: tenths of a unit. Whole numbers are short, quick to write, and the same everywhere. */
export const TENTHS = 10;

function tenths(value: number): number {
  return Math.round(value * TENTHS);
}

/** Path data of a polygon, clockwise; empty for fewer than three points. */
export function polygonPath(points: readonly Point[]): string {
  if (points.length < 3) return '';
  let area = 0;
  let [lastX, lastY] = points.at(-1)!;
  for (const [x, y] of points) {
    area += lastX * y - x * lastY;
    [lastX, lastY] = [x, y];
  }
  let path = '';
  let [fromX, fromY] = [0, 0];
  for (let index = 0; index < points.length; index++) {
    const point = points[area < 0 ? points.length - 1 - index : index]!;
    const [x, y] = [tenths(point[0]), tenths(point[1])];
    path += index === 0 ? `M${x},${y}l` : index === 1 ? `${x - fromX},${y - fromY}` : ` ${x - fromX},${y - fromY}`;
    [fromX, fromY] = [x, y];
  }
  return `${path}z`;
}

/** Path data of an ellipse, clockwise. */
export function ellipsePath(x: number, y: number, radiusX: number, radiusY = radiusX): string {
  const [a, b] = [tenths(radiusX), tenths(radiusY)];
  if (a <= 0 || b <= 0) return '';
  return `M${tenths(x) - a},${tenths(y)}a${a},${b} 0 1 1 ${2 * a},0a${a},${b} 0 1 1 ${-2 * a},0z`;
}

/** Path data of a small leaf-like spot. */
export function spotPath(x: number, y: number, radiusX: number, radiusY: number): string {
  const [a, b] = [tenths(radiusX), tenths(radiusY)];
  return a <= 0 || b <= 0 ? '' : `M${tenths(x) - a},${tenths(y)}l${a},${-b} ${a},${b} ${-a},${b}z`;
}

/** Path data of a straight bar of the given thickness. */
export function barPath([x1, y1]: Point, [x2, y2]: Point, thickness: number): string {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = Math.sqrt(dx * dx + dy * dy);
  if (length === 0) return '';
  const [nx, ny] = [(-dy / length) * (thickness / 2), (dx / length) * (thickness / 2)];
  return polygonPath([
    [x1 + nx, y1 + ny],
    [x2 + nx, y2 + ny],
    [x2 - nx, y2 - ny],
    [x1 - nx, y1 - ny],
  ]);
}

/** Points of a circle of radius 1, counter-clockwise from (1, 0): cos and sin of 0°, 30°, 60° … as literals. */
export const CIRCLE: readonly Point[] = [
  [1, 0],
  [0.866025, 0.5],
  [0.5, 0.866025],
  [0, 1],
  [-0.5, 0.866025],
  [-0.866025, 0.5],
  [-1, 0],
  [-0.866025, -0.5],
  [-0.5, -0.866025],
  [0, -1],
  [0.5, -0.866025],
  [0.866025, -0.5],
];
