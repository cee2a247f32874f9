/** The ground as drawn: surfaces whose haze grows towards the horizon, markings, slabs, tufts, puddles. */
import { UNITS, type Point3 } from './camera.ts';
import { hex, mixed, scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import type { Stage } from './painter.ts';
import { Random } from './random.ts';
import { TENTHS, ellipsePath, polygonPath, type Shape, type Sprite } from './shape.ts';
import { STREET_END, type Side, type Street } from './street.ts';
import { lit } from './weather.ts';

/** Depths that a surface's color is written for, meters; between them it is blended. */
const STOPS = [600, 150, 80, 45, 28, 18, 11, 7, 4, 2] as const;
/** Ground is drawn this far to each side. */
const WIDE = 400;

/** What the ground is drawn with. */
export interface Ground {
  readonly sprites: readonly Sprite[];
  /** SVG definitions of its paints. */
  readonly definitions: string;
}

/** Draws all items that lie flat. */
export function drawGround(items: readonly Item[], street: Street, stage: Stage): Ground {
  const sheet = new Sheet(stage);
  const sprites: Sprite[] = [];
  for (const item of items) {
    const shapes = shapesOf(item, street, stage, sheet);
    if (shapes !== undefined) sprites.push({ item: item.id, layer: 0, depth: -item.id, shapes });
  }
  return { sprites, definitions: sheet.definitions };
}

/** Paints whose haze follows the depth. */
class Sheet {
  definitions = '';
  readonly #stage: Stage;
  readonly #known = new Map<string, string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** A fill: over flat ground the depth, and so the haze, follows from the height in the picture alone. */
  fill(color: Color): string {
    const { view, weather } = this.#stage;
    const key = hex(color);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { camera } = view;
    let stops = '';
    for (const depth of STOPS) {
      const down = (camera.focal * camera.y) / depth / (1 - camera.horizon);
      stops +=
        `<stop offset="${Math.round(Math.min(1, down) * 1000) / 1000}" ` +
        `stop-color="${hex(lit(weather, color, depth, [0, 0.6, 0]))}"/>`;
    }
    const name = `g${this.#known.size}`;
    this.definitions +=
      `<linearGradient id="${name}" gradientUnits="userSpaceOnUse" x1="0" x2="0" ` +
      `y1="${Math.round(view.horizon * TENTHS)}" y2="${UNITS * TENTHS}">${stops}</linearGradient>`;
    this.#known.set(key, `url(#${name})`);
    return `url(#${name})`;
  }
}

function shapesOf(item: Item, street: Street, stage: Stage, sheet: Sheet): Shape[] | undefined {
  switch (item.kind) {
    case 'grass':
      return drawGrass(item, stage, sheet);
    case 'pavement':
      return drawPavement(item, street, stage, sheet);
    case 'road':
      return drawRoad(item, street, stage, sheet);
    case 'crosswalk':
      return drawCrosswalk(item, street, stage, sheet);
    default:
      return undefined;
  }
}

type Rectangle = readonly [x1: number, x2: number, z1: number, z2: number];

function paths({ view }: Stage, rectangles: readonly Rectangle[]): string {
  let path = '';
  for (const [x1, x2, z1, z2] of rectangles)
    path += polygonPath(
      view.polygon([
        [x1, 0, z1],
        [x2, 0, z1],
        [x2, 0, z2],
        [x1, 0, z2],
      ] satisfies Point3[]),
    );
  return path;
}

function marks(stage: Stage, sheet: Sheet, rectangles: readonly Rectangle[], color: Color, opacity?: number): Shape {
  return {
    path: paths(stage, rectangles),
    fill: sheet.fill(color),
    solid: false,
    ...(opacity === undefined ? {} : { opacity }),
  };
}

function drawGrass(item: Item, stage: Stage, sheet: Sheet): Shape[] {
  const { view } = stage;
  const { width, horizon } = view;
  const random = new Random(item.seed);
  let tufts = '';
  for (let tuft = 0; tuft < 34; tuft++) {
    const share = random.next();
    const y = horizon + 8 + share * share * (UNITS - horizon);
    const size = 3 + (y - horizon) * 0.035;
    const x = random.range(0, width);
    tufts += `${polygonPath([
      [x - size, y],
      [x + size, y],
      [x + size * 0.4, y - size * 1.6],
      [x - size * 0.2, y - size * 0.6],
    ])}`;
  }
  const floor = polygonPath([
    [-10, horizon],
    [width + 10, horizon],
    [width + 10, UNITS + 10],
    [-10, UNITS + 10],
  ]);
  return [
    { path: floor, fill: sheet.fill(item.paint), solid: true },
    { path: tufts, fill: sheet.fill(scaled(item.paint, 0.8)), solid: false },
  ];
}

function drawPavement(item: Item, street: Street, stage: Stage, sheet: Sheet): Shape[] {
  const { halfRoad, crossing, sides } = street;
  const edge = ({ sign, pavement, verge, frontage }: Side): number =>
    sign * (halfRoad + pavement + (frontage === 'shops' && verge === 0 ? 0.3 : 0));
  const surfaces: Rectangle[] = sides.map(
    (side) => [side.sign * halfRoad, edge(side), -STREET_END, STREET_END] as const,
  );
  if (crossing !== undefined)
    surfaces.push([-WIDE, WIDE, crossing.z - crossing.halfRoad - 2, crossing.z + crossing.halfRoad + 2]);
  const shapes: Shape[] = [{ path: paths(stage, surfaces), fill: sheet.fill(item.paint), solid: true }];
  const { z: eye } = stage.view.camera;
  if (item.form === 'slabs') {
    const joints: Rectangle[] = [];
    for (const side of sides) {
      for (let step = -14; step < 34; step++)
        joints.push([side.sign * halfRoad, edge(side), Math.floor(eye) + step, Math.floor(eye) + step + 0.045]);
      for (let across = 1; across < side.pavement; across += 1)
        joints.push([side.sign * (halfRoad + across), side.sign * (halfRoad + across + 0.04), eye - 20, eye + 34]);
    }
    shapes.push(marks(stage, sheet, joints, scaled(item.paint, 0.84)));
  }
  const kerbs: Rectangle[] = sides.map(
    ({ sign }) => [sign * halfRoad, sign * (halfRoad + 0.2), -STREET_END, STREET_END] as const,
  );
  shapes.push(marks(stage, sheet, kerbs, mixed(scaled(item.paint, 1.12), [236, 234, 228], 0.4)));
  return shapes;
}

function drawRoad(item: Item, street: Street, stage: Stage, sheet: Sheet): Shape[] {
  const { halfRoad, crossing, markings } = street;
  const { weather, view } = stage;
  const random = new Random(item.seed);
  const surfaces: Rectangle[] = [[-halfRoad, halfRoad, -STREET_END, STREET_END]];
  if (crossing !== undefined)
    surfaces.push([-WIDE, WIDE, crossing.z - crossing.halfRoad, crossing.z + crossing.halfRoad]);
  const wet = weather.sky === 'rain';
  const shapes: Shape[] = [
    { path: paths(stage, surfaces), fill: sheet.fill(wet ? scaled(item.paint, 0.86) : item.paint), solid: true },
  ];
  const { z: eye } = view.camera;
  const patches: Rectangle[] = [];
  for (let patch = random.integer(2, 5); patch > 0; patch--) {
    const [x, z] = [random.range(-halfRoad, halfRoad * 0.5), eye + random.range(-8, 20)];
    patches.push([x, x + random.range(0.5, halfRoad * 0.5), z, z + random.range(0.8, 3)]);
  }
  shapes.push(marks(stage, sheet, patches, scaled(item.paint, 0.84)));
  if (wet)
    shapes.push({
      path: puddles(stage, halfRoad, random),
      fill: hex(mixed(weather.skyBottom, lit(weather, item.paint, 5), 0.35)),
      solid: false,
      opacity: 0.75,
    });
  const white: Color = [226, 224, 214];
  const gap = (z: number): boolean =>
    street.crosswalks.some((place) => Math.abs(z + 1 - place) < 3.2) ||
    (crossing !== undefined && Math.abs(z + 1 - crossing.z) < crossing.halfRoad + 2);
  const lines: Rectangle[] = [];
  for (let z = Math.floor((eye - 40) / 5) * 5; z < eye + 100; z += 5) {
    if (gap(z)) continue;
    if (markings === 'dashes') lines.push([-0.08, 0.08, z, z + 2.6]);
    if (markings === 'double') lines.push([-0.2, -0.08, z, z + 5], [0.08, 0.2, z, z + 5]);
  }
  shapes.push(marks(stage, sheet, lines, markings === 'double' ? [230, 196, 90] : white));
  return shapes;
}

function puddles({ view }: Stage, halfRoad: number, random: Random): string {
  let path = '';
  for (let puddle = random.integer(2, 5); puddle > 0; puddle--) {
    const [x, z] = [random.range(-halfRoad, halfRoad), view.camera.z + random.range(-6, 18)];
    const seen = view.point(x, 0, z);
    const depth = view.depth(x, z);
    if (seen === undefined || depth < 2.5) continue;
    const half = random.range(0.4, 1) * view.unitsPerMeter(depth);
    path += ellipsePath(seen[0], seen[1], half, (half * 0.55 * view.camera.y) / depth);
  }
  return path;
}

function drawCrosswalk(item: Item, { halfRoad }: Street, stage: Stage, sheet: Sheet): Shape[] {
  const half = item.length / 2;
  const [from, to] = [item.z - half, item.z + half];
  const stripes: Rectangle[] = [];
  for (let x = -halfRoad + 0.25; x < halfRoad - 0.62; x += 0.95) stripes.push([x, x + 0.52, from, to]);
  return [
    { path: paths(stage, [[-halfRoad + 0.1, halfRoad - 0.1, from, to]]), fill: sheet.fill(item.paint), solid: true },
    marks(stage, sheet, stripes, item.trim),
  ];
}
