/** Trees, bushes, hills, clouds and the sun. */
import { UNITS, type Point } from './camera.ts';
import { mixed, scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import { Board, Painter, type Stage } from './painter.ts';
import { Random } from './random.ts';
import { ellipsePath, polygonPath, type Shape } from './shape.ts';

/** Draws a tree; `width` is that of its crown. */
export function drawTree(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const board = new Board(stage.view, item.x, item.z);
  if (!board.visible) return [];
  const random = new Random(item.seed);
  painter.shadow(item.x, item.z, item.width * 0.42, 0.5);
  const { height, trim } = item;
  const bare = item.form === 'pine' ? height * 0.16 : item.form === 'poplar' ? height * 0.14 : height * 0.36;
  const trunk = Math.max(0.1, height * 0.028);
  const lean = random.range(-0.12, 0.12);
  painter.add(
    board.polygon([
      [-trunk * 1.3, 0],
      [trunk * 1.3, 0],
      [trunk * 0.7 + lean, bare * 1.35],
      [-trunk * 0.7 + lean, bare * 1.35],
    ]),
    trim,
  );
  if (item.form === 'birch') {
    const marks = [0.2, 0.42, 0.6, 0.82]
      .map((share) =>
        board.box(-trunk * random.range(0.4, 1), bare * share, trunk * random.range(0, 0.7), bare * share + 0.07),
      )
      .join('');
    painter.add(marks, [62, 60, 58], { mark: true });
  }
  if (item.form === 'pine') drawPine(item, painter, board, bare, random);
  else drawCrown(item, painter, board, bare, random);
  return painter.shapes;
}

function drawPine({ height, width, paint }: Item, painter: Painter, board: Board, bare: number, random: Random): void {
  const tiers = random.integer(3, 5);
  const step = (height - bare) / (tiers + 0.6);
  for (let tier = 0; tier < tiers; tier++) {
    const low = bare + tier * step;
    const half = (width / 2) * (1 - tier / (tiers + 0.7)) * random.range(0.92, 1.08);
    const top = Math.min(height, low + step * 1.75);
    const outline: Point[] = [
      [-half, low],
      [-half * 0.55, low - step * 0.06],
      [-half * 0.2, low + step * 0.08],
      [half * 0.3, low - step * 0.05],
      [half * 0.62, low + step * 0.05],
      [half, low],
      [0, tier === tiers - 1 ? height : top],
    ];
    painter.add(board.polygon(outline), scaled(paint, 0.86 + tier * 0.07));
    painter.add(
      board.polygon([
        [-half, low],
        [-half * 0.3, low + step * 0.1],
        [0, top * 0.98 + low * 0.02],
      ]),
      scaled(paint, 0.74 + tier * 0.07),
      { mark: true, opacity: 0.7 },
    );
  }
}

/** A crown of overlapping balls, light above and towards the sun, dark below. */
function drawCrown(
  { height, width, paint, form }: Item,
  painter: Painter,
  board: Board,
  bare: number,
  random: Random,
): void {
  const [middle, halfHeight] = [(height + bare) / 2, (height - bare) / 2];
  const half = width / 2;
  const count = random.integer(6, 9);
  const balls: { x: number; y: number; r: number }[] = [];
  for (let index = 0; index < count; index++) {
    // Places on a rough ring, from a square rather than by sine and cosine.
    const place = index / count;
    const ringX = place < 0.5 ? place * 4 - 1 : 3 - place * 4;
    const ringY = (place < 0.5 ? 1 : -1) * (1 - ringX * ringX) * 0.9;
    const r = random.range(0.36, 0.52) * Math.min(half, halfHeight);
    const slim = form === 'poplar' ? 1 - 0.45 * Math.abs(ringY) : 1;
    balls.push({
      x: ringX * (half - r) * slim + random.range(-0.1, 0.1) * half,
      y: middle + ringY * (halfHeight - r) + random.range(-0.08, 0.08) * halfHeight,
      r,
    });
  }
  const core = board.ellipse(0, middle, half * 0.78, halfHeight * 0.82);
  painter.add(core + balls.map(({ x, y, r }) => board.ellipse(x, y, r, r)).join(''), scaled(paint, 0.84));
  const sun = painter.weather.sun[0] > 0 ? 1 : -1;
  painter.add(
    balls.map(({ x, y, r }) => board.ellipse(x + sun * r * 0.12, y + r * 0.14, r * 0.76, r * 0.74)).join('') +
      board.ellipse(sun * half * 0.1, middle + halfHeight * 0.15, half * 0.5, halfHeight * 0.5),
    paint,
    { mark: true },
  );
  const leaves = { light: '', dark: '' };
  const dabs = Math.min(26, Math.floor((board.scale * width) / 14));
  for (let dab = 0; dab < dabs; dab++) {
    const { x, y, r } = random.pick(balls);
    const [dx, dy] = [random.range(-0.6, 0.6) * r, random.range(-0.6, 0.6) * r];
    const leaf = board.spot(x + dx, y + dy, r * 0.2, r * 0.15);
    if (dy + sun * dx * 0.5 > 0) leaves.light += leaf;
    else leaves.dark += leaf;
  }
  if (board.scale * width < 60) return;
  painter.add(leaves.light, mixed(scaled(paint, 1.2), [255, 250, 200], 0.08), { mark: true });
  painter.add(leaves.dark, scaled(paint, 0.66), { mark: true });
}

/** Draws a bush. */
export function drawBush(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const board = new Board(stage.view, item.x, item.z);
  if (!board.visible) return [];
  const random = new Random(item.seed);
  const { width, height, paint } = item;
  painter.shadow(item.x, item.z, width * 0.52, 0.35);
  const balls = [-0.32, 0, 0.32].map((share) => ({
    x: share * width,
    y: height * random.range(0.36, 0.5),
    r: random.range(0.24, 0.3) * width,
  }));
  const path = (shift: number, size: number): string =>
    balls.map(({ x, y, r }) => board.ellipse(x, y + shift * r, r * size, Math.min(r, height * 0.55) * size)).join('');
  painter.add(path(0, 1) + board.box(-width * 0.42, 0, width * 0.42, height * 0.4), scaled(paint, 0.82));
  painter.add(path(0.2, 0.72), paint, { mark: true });
  let dots = '';
  for (let dot = Math.min(12, Math.floor((board.scale * width) / 8)); dot > 0; dot--) {
    const { x, y, r } = random.pick(balls);
    dots += board.spot(
      x + random.range(-0.7, 0.7) * r,
      y + random.range(-0.7, 0.6) * Math.min(r, height * 0.5),
      width * 0.042,
      width * 0.038,
    );
  }
  painter.add(dots, item.form === 'flowers' ? item.trim : scaled(paint, 0.68), { mark: true });
  return painter.shapes;
}

/** Draws a range of hills along the horizon; `height` in picture units. */
export function drawHill(item: Item, { view, weather }: Stage): Shape[] {
  const painter = new Painter({ view, weather }, view.camera.x, view.camera.z + Math.min(item.z, weather.sight * 1.6));
  const random = new Random(item.seed);
  const base = view.horizon + 6;
  const points: Point[] = [[-20, base]];
  let crest = random.range(0.3, 0.8);
  const steps = 12;
  for (let step = 0; step <= steps; step++) {
    const next = Math.min(1, Math.max(0.15, crest + random.range(-0.34, 0.34)));
    for (const part of [0, 0.25, 0.5, 0.75]) {
      // Smoothstep between two crests.
      const height = (crest + (next - crest) * part * part * (3 - 2 * part)) * item.height;
      points.push([-20 + ((view.width + 40) * (step + part)) / (steps + 1), base - height]);
    }
    crest = next;
  }
  points.push([view.width + 20, base]);
  painter.add(polygonPath(points), item.paint);
  let trees = '';
  if (item.traits.includes('wooded')) {
    for (let tree = 0; tree < 40; tree++) {
      const [x, y] = points[random.integer(2, points.length - 3)]!;
      trees += ellipsePath(x + random.range(-12, 12), y + random.range(6, Math.max(7, base - y)), 11, 9);
    }
  }
  painter.add(trees, scaled(item.paint, 0.82), { mark: true });
  return painter.shapes;
}

/** Draws a cloud: x is its middle in picture widths, z its height above the horizon in picture heights. */
export function drawCloud(item: Item, { view, weather }: Stage): Shape[] {
  const painter = new Painter({ view, weather }, view.camera.x, view.camera.z + weather.sight * 0.25);
  const random = new Random(item.seed);
  const [x, y] = [item.x * view.width, view.horizon - item.z * UNITS];
  const [half, rise] = [item.width / 2, item.height];
  const balls: [number, number, number, number][] = [[0, 0, half * 0.55, rise * 0.5]];
  for (let index = random.integer(4, 6); index > 0; index--) {
    const place = random.range(-0.72, 0.72);
    const tall = (1 - place * place) * rise * random.range(0.3, 0.5);
    balls.push([place * half, -tall * 0.5 * random.next(), half * random.range(0.2, 0.32), tall + rise * 0.12]);
  }
  const path = (shift: number, size: number): string =>
    balls.map(([dx, dy, rx, ry]) => ellipsePath(x + dx, y + dy + shift * rise, rx * size, ry * size)).join('');
  const flat = polygonPath([
    [x - half * 0.7, y],
    [x + half * 0.7, y],
    [x + half * 0.62, y + rise * 0.42],
    [x - half * 0.62, y + rise * 0.42],
  ]);
  painter.add(path(0, 1) + flat, item.trim);
  painter.add(path(-0.1, 0.82), item.paint, { mark: true });
  return painter.shapes;
}

/** Draws the sun, in the same coordinates as a cloud. */
export function drawSun(item: Item, stage: Stage): Shape[] {
  const { view } = stage;
  const painter = new Painter(stage, view.camera.x, view.camera.z);
  const [x, y] = [item.x * view.width, view.horizon - item.z * UNITS];
  const radius = item.width / 2;
  for (const [size, opacity] of [
    [2.6, 0.13],
    [1.7, 0.2],
  ] as const)
    painter.add(ellipsePath(x, y, radius * size), item.trim, { mark: true, glow: true, opacity });
  painter.add(ellipsePath(x, y, radius), item.paint, { glow: true });
  return painter.shapes;
}

/** Greens of grass and leaves. */
export const LEAF_GREENS: readonly Color[] = [
  [74, 132, 58],
  [96, 148, 66],
  [58, 112, 62],
  [112, 150, 74],
];
