/** Buildings: boxes with rows of windows, shops on the ground floor, flat or pitched roofs; and their awnings. */
import type { Point3 } from './camera.ts';
import { mixed, scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import { Frame, Painter, drawPrism, type Normal, type Stage } from './painter.ts';
import { Random } from './random.ts';
import type { Shape } from './shape.ts';

/** One upright wall: `along` meters from its left end, `up` meters. */
interface Wall {
  readonly at: (along: number, up: number) => Point3;
  readonly normal: Normal;
  readonly length: number;
  readonly distance: number;
  readonly front: boolean;
}

/**
 * Draws a building. Its place is the middle of its ground, its turn where the street front looks; `width` runs along
 * the
 * street, `length` away from it.
 */
export function drawBuilding(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const frame = new Frame(item.x, item.z, item.turn);
  const random = new Random(item.seed);
  const { view } = stage;
  const [wide, deep] = [item.width / 2, item.length / 2];
  const pitched = item.traits.includes('house');
  const walls: Wall[] = [];
  const wall = (
    from: readonly [number, number],
    to: readonly [number, number],
    normal: Normal,
    front: boolean,
  ): void => {
    const length = front ? item.width : item.length;
    const at = (along: number, up: number): Point3 =>
      frame.at(from[0] + ((to[0] - from[0]) * along) / length, from[1] + ((to[1] - from[1]) * along) / length, up);
    const middle = at(length / 2, 0);
    if (frame.sees(view, middle, normal))
      walls.push({ at, normal, length, distance: view.distance(middle[0], middle[2]), front });
  };
  wall([deep, -wide], [deep, wide], frame.direction(1, 0, 0), true);
  wall([-deep, wide], [deep, wide], frame.direction(0, 1, 0), false);
  wall([deep, -wide], [-deep, -wide], frame.direction(0, -1, 0), false);
  walls.sort((a, b) => b.distance - a.distance);
  for (const face of walls) drawWall(item, painter, face, random);
  if (pitched) drawPitchedRoof(item, painter, frame, random);
  else {
    for (const { at, normal, length } of walls) {
      const [low, high] = [item.height - 0.25, item.height + 0.3];
      painter.face([at(-0.15, low), at(length + 0.15, low), at(length + 0.15, high), at(-0.15, high)], item.trim, {
        normal,
      });
    }
  }
  return painter.shapes;
}

function drawPitchedRoof(item: Item, painter: Painter, frame: Frame, random: Random): void {
  const [wide, deep] = [item.width / 2, item.length / 2];
  const rise = Math.min(deep, 4) * random.range(0.7, 1);
  const { height } = item;
  if (random.chance(0.6)) {
    const [u, w] = [random.range(-0.3, 0) * deep, random.range(-0.5, 0.5) * wide];
    drawPrism(
      painter,
      new Frame(...ground(frame, u, w), item.turn),
      [
        [-0.35, height],
        [0.35, height],
        [0.35, height + rise + 0.8],
        [-0.35, height + rise + 0.8],
      ],
      0.4,
      scaled(item.paint, 0.8),
    );
  }
  drawPrism(
    painter,
    frame,
    [
      [-deep, height],
      [deep, height],
      [0, height + rise],
    ],
    wide,
    item.paint,
  );
  const eave = deep + 0.35;
  for (const end of [1, -1]) {
    const length = Math.sqrt(rise * rise + eave * eave);
    const normal = frame.direction((end * rise) / length, 0, eave / length);
    const top = frame.at(0, 0, height + rise);
    if (!frame.sees(painter.view, top, normal)) continue;
    const drop = height - (0.35 * rise) / deep;
    painter.face(
      [
        frame.at(end * eave, -wide - 0.3, drop),
        frame.at(end * eave, wide + 0.3, drop),
        frame.at(0, wide + 0.3, height + rise + 0.1),
        frame.at(0, -wide - 0.3, height + rise + 0.1),
      ],
      item.trim,
      { normal },
    );
    const rows = [0.25, 0.5, 0.75].map((share) =>
      [-wide - 0.3, wide + 0.3, wide + 0.3, -wide - 0.3].map((w, corner) =>
        frame.at(
          end * eave * (1 - share - (corner > 1 ? 0.03 : 0)),
          w,
          drop + (height + rise - drop) * (share + (corner > 1 ? 0.03 : 0)),
        ),
      ),
    );
    painter.faces(rows, scaled(item.trim, 0.82), { normal, mark: true });
  }
}

function ground(frame: Frame, u: number, w: number): [number, number] {
  const [x, , z] = frame.at(u, w, 0);
  return [x, z];
}

function drawWall(item: Item, painter: Painter, wall: Wall, random: Random): void {
  const { at, normal, length } = wall;
  const { height, paint } = item;
  const rectangle = (from: number, to: number, low: number, high: number): Point3[] => [
    at(from, low),
    at(to, low),
    at(to, high),
    at(from, high),
  ];
  painter.face(rectangle(0, length, 0, height), paint, { normal });
  const near = painter.view.unitsPerMeter(Math.max(2, wall.distance)) > 52;
  if (item.traits.includes('brick') && near)
    painter.faces(bricks(rectangle, length, height, random), scaled(paint, 0.8), { normal, mark: true, opacity: 0.75 });
  if (near) painter.face(rectangle(0, length, 0, 0.45), scaled(paint, 0.72), { normal, mark: true });

  const shop = item.traits.includes('shop') && wall.front;
  const ground = shop ? 3.3 : 0.5;
  const storeys = Math.max(1, Math.floor((height - ground - 0.3) / 2.9));
  const storey = (height - ground - 0.4) / storeys;
  const columns = Math.max(1, Math.floor(length / random.range(1.9, 2.7)));
  const pitch = length / columns;
  const [halfWindow, tall] = [Math.min(random.range(0.42, 0.66), pitch * 0.36), storey * random.range(0.46, 0.62)];
  const glass: Color = painter.dark ? [52, 58, 78] : mixed([96, 118, 138], painter.weather.skyTop, 0.3);
  const frames: Point3[][] = [];
  const panes: Point3[][] = [];
  const lights: Point3[][] = [];
  const bars: Point3[][] = [];
  const door = shop ? -1 : Math.floor(columns / 2);
  for (let level = 0; level < storeys; level++) {
    for (let column = 0; column < columns; column++) {
      if (level === 0 && column === door && wall.front) continue;
      const middle = (column + 0.5) * pitch;
      const low = ground + level * storey + storey * 0.24;
      if (near)
        frames.push(rectangle(middle - halfWindow - 0.09, middle + halfWindow + 0.09, low - 0.14, low + tall + 0.09));
      (random.chance(painter.dark ? 0.5 : near ? 0.04 : 0) ? lights : panes).push(
        rectangle(middle - halfWindow, middle + halfWindow, low, low + tall),
      );
      if (near) bars.push(rectangle(middle - 0.04, middle + 0.04, low, low + tall));
    }
  }
  painter.faces(frames, scaled(item.trim, 1.04), { normal, mark: true });
  painter.faces(panes, glass, { normal, mark: true });
  painter.faces(lights, painter.dark ? [252, 216, 128] : [214, 222, 226], { normal, glow: painter.dark, mark: true });
  painter.faces(bars, scaled(item.trim, 0.96), { normal, mark: true });
  if (!wall.front) return;
  // Too far for doors.
  if (painter.view.unitsPerMeter(Math.max(2, wall.distance)) < 16) return;
  if (shop) drawShopfront(painter, wall, rectangle, item, random, near);
  else {
    const middle = (door + 0.5) * pitch;
    if (near)
      painter.face(rectangle(middle - 0.62, middle + 0.62, 0, 2.35), scaled(item.trim, 0.9), { normal, mark: true });
    painter.face(rectangle(middle - 0.48, middle + 0.48, 0, 2.18), random.pick(DOORS), { normal, mark: true });
  }
}

const DOORS: readonly Color[] = [
  [112, 62, 44],
  [54, 84, 70],
  [64, 72, 104],
  [140, 48, 48],
  [70, 62, 58],
];

function drawShopfront(
  painter: Painter,
  { normal, length }: Wall,
  rectangle: (from: number, to: number, low: number, high: number) => Point3[],
  item: Item,
  random: Random,
  near: boolean,
): void {
  painter.face(rectangle(0.2, length - 0.2, 0.1, 3.1), scaled(item.trim, 0.62), { normal, mark: true });
  const doorAt = random.chance(0.5) ? length * 0.22 : length * 0.78;
  const inside: Color = painter.dark ? [252, 224, 156] : [128, 144, 150];
  const panes = [
    rectangle(0.45, doorAt - 0.7, 0.6, 2.45),
    rectangle(doorAt + 0.7, length - 0.45, 0.6, 2.45),
    rectangle(doorAt - 0.42, doorAt + 0.42, 0.5, 2.3),
  ];
  painter.faces(panes, inside, { normal, glow: painter.dark, mark: true });
  if (!near) return;
  const goods: Point3[][] = [];
  for (let x = 0.7; x < length - 0.9; x += random.range(0.5, 0.9)) {
    if (Math.abs(x - doorAt) > 1) goods.push(rectangle(x, x + random.range(0.2, 0.4), 0.62, random.range(0.9, 1.5)));
  }
  painter.faces(
    goods,
    random.pick([
      [176, 92, 72],
      [96, 112, 84],
      [86, 96, 132],
      [172, 142, 82],
    ] as const),
    { normal, mark: true },
  );
}

/** A few courses of bricks and their joints, as thin lines. */
function bricks(
  rectangle: (from: number, to: number, low: number, high: number) => Point3[],
  length: number,
  height: number,
  random: Random,
): Point3[][] {
  const lines: Point3[][] = [];
  const course = Math.max(0.4, height / 22);
  for (let up = course; up < height; up += course) lines.push(rectangle(0, length, up, up + 0.05));
  for (let joint = 0; joint < 24; joint++) {
    const row = Math.floor(random.next() * (height / course)) * course;
    const x = random.range(0, length - 0.2);
    lines.push(rectangle(x, x + 0.06, row, Math.min(height, row + course)));
  }
  return lines;
}
