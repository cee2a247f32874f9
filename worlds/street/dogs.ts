/** Dogs: small and large, with pointed or hanging ears, plain or spotted. */
import type { Point } from './camera.ts';
import { scaled, type Color } from './color.ts';
import { wave } from './figure.ts';
import type { Item } from './item.ts';
import { Board, Painter, aspectOf, type Stage } from './painter.ts';
import { Random } from './random.ts';
import type { Shape } from './shape.ts';

/** Draws a dog; `height` is that of its back. */
export function drawDog(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const [right, away] = aspectOf(stage.view, item.turn);
  const side = Math.abs(right) > 0.45;
  const board = new Board(stage.view, item.x, item.z, side ? Math.sign(right) : 1);
  if (!board.visible) return [];
  const size = item.height / 0.55;
  const random = new Random(item.seed);
  painter.shadow(item.x, item.z, 0.38 * size, 0.16);
  if (side) drawSide(item, painter, board, size, random);
  else drawFront(item, painter, board, size, away > 0);
  return painter.shapes;
}

function drawSide(item: Item, painter: Painter, board: Board, size: number, random: Random): void {
  const { paint } = item;
  const at = ([x, y]: Point): Point => [x * size, y * size];
  const polygon = (points: readonly Point[]): string => board.polygon(points.map(at));
  const ellipse = (x: number, y: number, rx: number, ry: number): string =>
    board.ellipse(x * size, y * size, rx * size, ry * size);
  const leg = (x: number, swing: number): string =>
    polygon([
      [x - 0.05, 0.32],
      [x + 0.06, 0.32],
      [x + swing + 0.04, 0],
      [x + swing - 0.05, 0],
    ]);
  const swing = item.traits.includes('walking') ? 0.1 * wave(item.gait) : 0;
  painter.add(leg(-0.24, -swing) + leg(0.26, swing), scaled(paint, 0.72));
  const tail: Point[] =
    item.form === 'terrier'
      ? [
          [-0.34, 0.5],
          [-0.42, 0.76],
          [-0.35, 0.77],
          [-0.27, 0.52],
        ]
      : [
          [-0.34, 0.48],
          [-0.56, 0.62],
          [-0.58, 0.56],
          [-0.3, 0.4],
        ];
  painter.add(polygon(tail), scaled(paint, 0.9));
  const chest: Point[] = [
    [-0.36, 0.34],
    [-0.3, 0.28],
    [0, 0.29],
    [0.28, 0.26],
    [0.4, 0.36],
    [0.42, 0.56],
    [0.28, 0.6],
    [-0.28, 0.58],
    [-0.38, 0.5],
  ];
  painter.add(polygon(chest) + leg(-0.3, swing) + leg(0.32, -swing), paint);
  painter.add(
    polygon([
      [0.26, 0.54],
      [0.42, 0.42],
      [0.56, 0.7],
      [0.42, 0.78],
    ]),
    paint,
  );
  painter.add(
    ellipse(0.5, 0.76, 0.15, 0.13) +
      polygon([
        [0.5, 0.66],
        [0.74, 0.66],
        [0.76, 0.74],
        [0.62, 0.82],
        [0.5, 0.84],
      ]),
    paint,
  );
  const ear: Point[] =
    item.form === 'hound'
      ? [
          [0.4, 0.86],
          [0.5, 0.84],
          [0.46, 0.58],
          [0.36, 0.62],
        ]
      : [
          [0.38, 0.82],
          [0.5, 0.86],
          [0.42, 1.02],
        ];
  painter.add(polygon(ear), scaled(paint, 0.7));
  if (item.traits.includes('spotted')) {
    const spots = [
      [-0.2, 0.46, 0.1],
      [0.06, 0.5, 0.08],
      [0.24, 0.38, 0.07],
      [0.5, 0.8, 0.06],
    ]
      .map(([x, y, r]) => ellipse(x! + random.range(-0.03, 0.03), y!, r!, r! * 0.8))
      .join('');
    painter.add(spots, item.trim, { mark: true });
  }
  painter.add(ellipse(0.74, 0.72, 0.03, 0.03) + ellipse(0.56, 0.78, 0.022, 0.022), [28, 24, 26], { mark: true });
  painter.add(
    polygon([
      [0.3, 0.6],
      [0.34, 0.64],
      [0.5, 0.56],
      [0.46, 0.51],
    ]),
    COLLAR,
    { mark: true },
  );
}

const COLLAR: Color = [196, 52, 56];

function drawFront(item: Item, painter: Painter, board: Board, size: number, back: boolean): void {
  const { paint } = item;
  const polygon = (points: readonly Point[]): string => board.polygon(points.map(([x, y]) => [x * size, y * size]));
  const ellipse = (x: number, y: number, rx: number, ry: number): string =>
    board.ellipse(x * size, y * size, rx * size, ry * size);
  painter.add(
    [-0.13, 0.13]
      .map((x) =>
        polygon([
          [x - 0.055, 0],
          [x + 0.055, 0],
          [x + 0.05, 0.36],
          [x - 0.05, 0.36],
        ]),
      )
      .join(''),
    scaled(paint, 0.85),
  );
  painter.add(ellipse(0, 0.44, 0.2, 0.2), paint);
  if (back)
    painter.add(
      polygon([
        [-0.03, 0.5],
        [0.03, 0.5],
        [0.1, 0.82],
        [0.04, 0.84],
      ]),
      scaled(paint, 0.9),
    );
  painter.add(ellipse(0, 0.72, 0.16, 0.15), back ? scaled(paint, 0.94) : paint);
  for (const flip of [-1, 1]) {
    const ear: Point[] =
      item.form === 'hound'
        ? [
            [0.1, 0.84],
            [0.2, 0.78],
            [0.22, 0.58],
            [0.14, 0.62],
          ]
        : [
            [0.05, 0.84],
            [0.16, 0.78],
            [0.15, 0.98],
          ];
    painter.add(polygon(ear.map(([x, y]) => [x * flip, y])), scaled(paint, 0.7));
  }
  if (item.traits.includes('spotted'))
    painter.add(ellipse(0.07, 0.78, 0.06, 0.06) + ellipse(-0.08, 0.46, 0.07, 0.08), item.trim, { mark: true });
  if (back) return;
  painter.add(ellipse(0, 0.67, 0.075, 0.06), scaled(paint, 1.12), { mark: true });
  painter.add(
    ellipse(0, 0.69, 0.03, 0.024) + ellipse(-0.065, 0.76, 0.02, 0.022) + ellipse(0.065, 0.76, 0.02, 0.022),
    [28, 24, 26],
    { mark: true },
  );
}
