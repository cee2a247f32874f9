/**
 * The way from the street to the picture: meters to picture units.
 *
 * Street: x across (right of the road positive), z along, y up; meters, the road's middle is x = 0. Picture: x right,
 * y down, 1000 units to the picture's height. The lens is shifted and never tilted, so that upright lines stay upright.
 * Only + − × ÷ are used, and turns are given as (cos, sin): the trigonometry of a platform would end in its pixels.
 */

/** Units of the picture's height. */
export const UNITS = 1000;
/** What is nearer than this is cut away, meters. */
const NEAR = 0.35;
/** Outlines are cut this far outside the picture, units: a renderer's numbers do not reach to the end of a street. */
const MARGIN = 3000;

/** cos and sin of an angle, 0 along the street, growing to the right. */
export type Turn = readonly [cos: number, sin: number];

/** A point of the street. */
export type Point3 = readonly [x: number, y: number, z: number];

/** A point of the picture. */
export type Point = readonly [x: number, y: number];

/** Where the picture is taken from. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly turn: Turn;
  /** Focal length in picture heights. */
  readonly focal: number;
  /** Height of the horizon in the picture, 0 top … 1 bottom. */
  readonly horizon: number;
  /** Width ÷ height. */
  readonly aspect: number;
}

/** The turn whose half angle has this tangent: 0 is 0°, 0.414 is 45°, 1 is 90°. */
export function turnOf(halfTangent: number): Turn {
  const square = halfTangent * halfTangent;
  return [(1 - square) / (1 + square), (2 * halfTangent) / (1 + square)];
}

/** Projects with one camera. */
export class View {
  readonly camera: Camera;
  readonly width: number;
  readonly #horizon: number;
  readonly #scale: number;

  constructor(camera: Camera) {
    this.camera = camera;
    this.width = UNITS * camera.aspect;
    this.#horizon = camera.horizon * UNITS;
    this.#scale = camera.focal * UNITS;
  }

  /** Picture height of the horizon, units. */
  get horizon(): number {
    return this.#horizon;
  }

  /** Meters to the right of the camera's axis and in front of the camera. */
  relative(x: number, z: number): readonly [right: number, depth: number] {
    const { camera } = this;
    const [cos, sin] = camera.turn;
    const [dx, dz] = [x - camera.x, z - camera.z];
    return [dx * cos - dz * sin, dx * sin + dz * cos];
  }

  /** Meters in front of the camera. */
  depth(x: number, z: number): number {
    return this.relative(x, z)[1];
  }

  /** Meters from the camera over the ground. */
  distance(x: number, z: number): number {
    const [dx, dz] = [x - this.camera.x, z - this.camera.z];
    return Math.sqrt(dx * dx + dz * dz);
  }

  /** Units of a meter at this depth. */
  unitsPerMeter(depth: number): number {
    return this.#scale / depth;
  }

  /** Where a point of the street is seen; undefined behind the camera. */
  point(x: number, y: number, z: number): Point | undefined {
    const [right, depth] = this.relative(x, z);
    return depth < NEAR ? undefined : this.#seen(right, y, depth);
  }

  /** A polygon of the street as seen, cut at the camera; empty where nothing is left. */
  polygon(points: readonly Point3[]): Point[] {
    const seen: Point[] = [];
    let [lastRight, lastDepth, lastY] = [0, 0, 0];
    for (let index = -1; index < points.length; index++) {
      const [x, y, z] = points[index < 0 ? points.length - 1 : index]!;
      const [right, depth] = this.relative(x, z);
      if (index >= 0) {
        if (depth < NEAR !== lastDepth < NEAR) {
          const share = (NEAR - lastDepth) / (depth - lastDepth);
          seen.push(this.#seen(lastRight + (right - lastRight) * share, lastY + (y - lastY) * share, NEAR));
        }
        if (depth >= NEAR) seen.push(this.#seen(right, y, depth));
      }
      [lastRight, lastDepth, lastY] = [right, depth, y];
    }
    if (this.#misses(seen)) return [];
    if (seen.every(([x, y]) => x > -MARGIN && x < this.width + MARGIN && y > -MARGIN && y < UNITS + MARGIN))
      return seen;
    return cut(cut(cut(cut(seen, 0, 1, -MARGIN), 0, -1, -this.width - MARGIN), 1, 1, -MARGIN), 1, -1, -UNITS - MARGIN);
  }

  /** True for an outline that lies on one side of the picture. */
  #misses(points: readonly Point[]): boolean {
    let [left, right, above, below] = [true, true, true, true];
    for (const [x, y] of points) {
      left &&= x < 0;
      right &&= x > this.width;
      above &&= y < 0;
      below &&= y > UNITS;
    }
    return left || right || above || below;
  }

  #seen(right: number, y: number, depth: number): Point {
    const scale = this.#scale / depth;
    return [this.width / 2 + right * scale, this.#horizon + (this.camera.y - y) * scale];
  }
}

/** The part of a polygon where `sign` × its coordinate is at least `least` (Sutherland–Hodgman). */
function cut(points: readonly Point[], axis: 0 | 1, sign: 1 | -1, least: number): Point[] {
  const kept: Point[] = [];
  let last = points.at(-1);
  for (const point of points) {
    const [before, here] = [sign * last![axis] - least, sign * point[axis] - least];
    if (before < 0 !== here < 0) {
      const share = before / (before - here);
      kept.push([last![0] + (point[0] - last![0]) * share, last![1] + (point[1] - last![1]) * share]);
    }
    if (here >= 0) kept.push(point);
    last = point;
  }
  return kept;
}
