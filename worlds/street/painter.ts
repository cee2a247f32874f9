/** Collects the shapes of one item: meters and paints in, outlines and lit colors out. */
import type { View } from './camera.ts';
import type { Point, Point3, Turn } from './camera.ts';
import { hex, type Color } from './color.ts';
import { CIRCLE, barPath, ellipsePath, polygonPath, spotPath, type Shape } from './shape.ts';
import { glowing, isDark, lit, type Weather } from './weather.ts';

/** A direction of length about 1. */
export type Normal = readonly [x: number, y: number, z: number];

/** What every drawing function is given. */
export interface Stage {
  readonly view: View;
  readonly weather: Weather;
}

/** How a shape is painted. */
export interface Finish {
  /** Where the face looks. */
  readonly normal?: Normal;
  /** A mark on the thing, or beside it, that its mask does not follow. */
  readonly mark?: boolean;
  /** A light: not dimmed by dusk. */
  readonly glow?: boolean;
  readonly opacity?: number;
}

/** A brush for one item. */
export class Painter {
  readonly view: View;
  readonly weather: Weather;
  readonly dark: boolean;
  readonly shapes: Shape[] = [];
  /** Meters from the camera, for the haze. */
  readonly distance: number;

  constructor({ view, weather }: Stage, x: number, z: number) {
    this.view = view;
    this.weather = weather;
    this.dark = isDark(weather);
    this.distance = view.distance(x, z);
  }

  /** Adds outlines in picture units. */
  add(path: string, color: Color, { normal, mark = false, glow = false, opacity }: Finish = {}): void {
    if (path === '') return;
    const fill = hex(
      glow ? glowing(this.weather, color, this.distance) : lit(this.weather, color, this.distance, normal),
    );
    this.shapes.push({ path, fill, solid: !mark, ...(opacity === undefined ? {} : { opacity }) });
  }

  /** Adds a flat face of the street. */
  face(points: readonly Point3[], color: Color, finish?: Finish): void {
    this.add(polygonPath(this.view.polygon(points)), color, finish);
  }

  /** Adds several flat faces with one paint. */
  faces(faces: readonly (readonly Point3[])[], color: Color, finish?: Finish): void {
    let path = '';
    for (const points of faces) path += polygonPath(this.view.polygon(points));
    this.add(path, color, finish);
  }

  /** A dark soft spot on the ground, `radius` meters wide to each side. */
  shadow(x: number, z: number, radiusX: number, radiusZ = radiusX * 0.5): void {
    const depth = this.view.depth(x, z);
    const seen = this.view.point(x, 0, z);
    if (seen === undefined || depth < 0.6 || depth > 45) return;
    const scale = this.view.unitsPerMeter(depth);
    const flat = (this.view.camera.y / depth) * radiusZ * scale;
    this.add(ellipsePath(seen[0], seen[1], radiusX * scale, Math.max(flat, 1)), [30, 32, 40], {
      mark: true,
      opacity: 0.28,
    });
  }
}

/**
 * How a thing that looks along `turn` is seen: 1 to the right, −1 to the left in the first; 1 from behind, −1 from the
 * front in the second.
 */
export function aspectOf(view: View, [cos, sin]: Turn): readonly [right: number, away: number] {
  const [viewCos, viewSin] = view.camera.turn;
  return [sin * viewCos - cos * viewSin, sin * viewSin + cos * viewCos];
}

/** An upright board that always faces the camera: people, trees, signs are drawn on it. */
export class Board {
  readonly scale: number;
  readonly visible: boolean;
  readonly #x: number;
  readonly #y: number;

  /** @param squeeze what widths are multiplied with: −1 mirrors, 0.3 shows a flat thing nearly edge-on */
  constructor(view: View, x: number, z: number, squeeze = 1) {
    const depth = view.depth(x, z);
    const foot = view.point(x, 0, z);
    this.visible = foot !== undefined && depth > 0.9;
    this.scale = this.visible ? view.unitsPerMeter(depth) : 0;
    [this.#x, this.#y] = foot ?? [0, 0];
    this.squeeze = squeeze;
  }

  readonly squeeze: number;

  /** Picture point of `right` and `up`, meters from the foot. */
  at(right: number, up: number): Point {
    return [this.#x + right * this.squeeze * this.scale, this.#y - up * this.scale];
  }

  /** Path of a polygon given in meters. */
  polygon(points: readonly Point[]): string {
    return polygonPath(points.map(([right, up]) => this.at(right, up)));
  }

  /** Path of an ellipse given in meters. */
  ellipse(right: number, up: number, radiusX: number, radiusY = radiusX): string {
    const [x, y] = this.at(right, up);
    return ellipsePath(x, y, radiusX * Math.abs(this.squeeze) * this.scale, radiusY * this.scale);
  }

  /** Path of a small spot given in meters. */
  spot(right: number, up: number, radiusX: number, radiusY: number): string {
    const [x, y] = this.at(right, up);
    return spotPath(x, y, radiusX * this.scale, radiusY * this.scale);
  }

  /** Path of a bar given in meters. */
  bar(from: Point, to: Point, thickness: number): string {
    return barPath(this.at(...from), this.at(...to), thickness * this.scale);
  }

  /** Path of an upright rectangle given in meters. */
  box(left: number, bottom: number, right: number, top: number): string {
    return this.polygon([
      [left, bottom],
      [right, bottom],
      [right, top],
      [left, top],
    ]);
  }
}

/** A body's own axes: u forward, w to its right, v up; meters. */
export class Frame {
  readonly x: number;
  readonly z: number;
  readonly turn: Turn;

  constructor(x: number, z: number, turn: Turn) {
    this.x = x;
    this.z = z;
    this.turn = turn;
  }

  /** The street point of (u, w, v). */
  at(u: number, w: number, v: number): Point3 {
    const [cos, sin] = this.turn;
    return [this.x + u * sin + w * cos, v, this.z + u * cos - w * sin];
  }

  /** The street direction of (u, w, v). */
  direction(u: number, w: number, v: number): Normal {
    const [cos, sin] = this.turn;
    return [u * sin + w * cos, v, u * cos - w * sin];
  }

  /** True when the camera sees the face through `point` that looks along `normal`. */
  sees(view: View, [x, y, z]: Point3, [nx, ny, nz]: Normal): boolean {
    const { camera } = view;
    return (camera.x - x) * nx + (camera.y - y) * ny + (camera.z - z) * nz > 0;
  }

  /** A circle in the plane w = constant. */
  wheel(u: number, w: number, v: number, radius: number): Point3[] {
    return CIRCLE.map(([cos, sin]) => this.at(u + cos * radius, w, v + sin * radius));
  }
}

/**
 * Draws a body with the same outline all across its width: roofs, vehicle bodies, boxes.
 *
 * @param profile outline in (u, v), counter-clockwise, about convex
 */
export function drawPrism(
  painter: Painter,
  frame: Frame,
  profile: readonly Point[],
  halfWidth: number,
  color: Color,
  edges: readonly (Color | undefined)[] = [],
  inset = 0,
): void {
  const { view } = painter;
  // Upper points may lie nearer to the middle: the walls of a car's cabin lean in.
  const base = profile.reduce((low, [, v]) => Math.min(low, v), Infinity);
  const half = (v: number): number => (v > base + 0.01 ? halfWidth - inset : halfWidth);
  const quads: { points: Point3[]; normal: Normal; color: Color; distance: number }[] = [];
  for (let index = 0; index < profile.length; index++) {
    const [u1, v1] = profile[index]!;
    const [u2, v2] = profile[(index + 1) % profile.length]!;
    const length = Math.sqrt((u2 - u1) * (u2 - u1) + (v2 - v1) * (v2 - v1)) || 1;
    const normal = frame.direction((v2 - v1) / length, 0, -(u2 - u1) / length);
    const points = [
      frame.at(u1, -half(v1), v1),
      frame.at(u1, half(v1), v1),
      frame.at(u2, half(v2), v2),
      frame.at(u2, -half(v2), v2),
    ];
    const middle = frame.at((u1 + u2) / 2, 0, (v1 + v2) / 2);
    if (frame.sees(view, middle, normal))
      quads.push({ points, normal, color: edges[index] ?? color, distance: view.distance(middle[0], middle[2]) });
  }
  for (const { points, normal, color: paint } of quads.sort((a, b) => b.distance - a.distance))
    painter.face(points, paint, { normal });
  for (const side of [-1, 1]) {
    const normal = frame.direction(0, side, 0);
    if (!frame.sees(view, frame.at(0, side * (halfWidth - inset), 0.5), normal)) continue;
    painter.face(
      profile.map(([u, v]) => frame.at(u, side * half(v), v)),
      color,
      { normal },
    );
  }
}
