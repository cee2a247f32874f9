/** The parts that people are made of: head, torso, limbs. */
import type { Point } from './camera.ts';
import { mixed, scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import type { Board, Painter } from './painter.ts';

/** What the figure is drawn from; meters for a grown-up of 1.75 m, scaled to the person's height. */
export interface Figure {
  readonly item: Item;
  readonly painter: Painter;
  readonly board: Board;
  /** Meters of the drawing to meters of the person. */
  readonly size: number;
  readonly side: boolean;
  readonly back: boolean;
  readonly skin: Color;
  readonly hair: Color;
  readonly long: boolean;
}

/** Upper body: a coat to the knee, a dress, or a jacket to the hip. */
export function torso(figure: Figure, skirted: boolean): void {
  const { item, painter, side } = figure;
  const wide = side ? 0.15 : 0.23;
  const hem = skirted ? 0.52 : item.garment === 'coat' ? 0.58 : 0.84;
  const flare = skirted ? 0.13 : hem < 0.7 ? 0.05 : -0.02;
  const outline: Point[] = [
    [-wide - flare, hem],
    [wide + flare, hem],
    [wide * 0.92, 1.1],
    [wide, 1.4],
    [wide * 0.5, 1.48],
    [-wide * 0.5, 1.48],
    [-wide, 1.4],
    [-wide * 0.92, 1.1],
  ];
  painter.add(part(figure, outline), item.paint);
  if (item.traits.includes('striped')) {
    const stripes = [0.94, 1.1, 1.26]
      .map((up) =>
        part(figure, [
          [-wide * 0.95, up],
          [wide * 0.95, up],
          [wide * 0.95, up + 0.07],
          [-wide * 0.95, up + 0.07],
        ]),
      )
      .join('');
    painter.add(
      stripes,
      mixed(item.paint, item.paint[0] + item.paint[1] > 300 ? [60, 60, 80] : [240, 238, 230], 0.85),
      { mark: true },
    );
  } else if (!side && !figure.back && painterFine(figure)) {
    painter.add(
      part(figure, [
        [-0.015, hem + 0.02],
        [0.015, hem + 0.02],
        [0.015, 1.42],
        [-0.015, 1.42],
      ]),
      scaled(item.paint, 0.66),
      { mark: true },
    );
  }
}

export function head(figure: Figure, right: number, up: number): void {
  const { item, painter, board, side, back, skin, hair, long, size } = figure;
  const ellipse = (x: number, y: number, rx: number, ry: number): string =>
    board.ellipse(x * size, y * size, rx * size, ry * size);
  // A child's head is larger in proportion.
  const grow = item.height < 1.4 ? 1.22 : 1;
  painter.add(
    part(figure, [
      [right - 0.05, up - 0.18],
      [right + 0.05, up - 0.18],
      [right + 0.05, up],
      [right - 0.05, up],
    ]),
    scaled(skin, 0.88),
  );
  if (long) painter.add(ellipse(right - (side ? 0.05 : 0), up - 0.06, 0.145 * grow, 0.2 * grow), hair);
  painter.add(ellipse(right, up, 0.115 * grow, 0.145 * grow), back && !side ? hair : skin);
  if (!back || side) {
    const cap = (from: number): Point[] => [
      [right - 0.12 * grow, up + from],
      [right + 0.115 * grow, up + 0.06],
      [right + 0.1 * grow, up + 0.12 * grow],
      [right, up + 0.17 * grow],
      [right - 0.1 * grow, up + 0.13 * grow],
    ];
    painter.add(part(figure, cap(side ? -0.04 : 0.05)), hair);
  }
  if (item.traits.includes('hat')) {
    const brim: Point[] = [
      [right - 0.17, up + 0.07],
      [right + 0.18, up + 0.07],
      [right + 0.18, up + 0.1],
      [right + 0.11, up + 0.11],
      [right + 0.1, up + 0.22],
      [right - 0.1, up + 0.22],
      [right - 0.11, up + 0.11],
      [right - 0.17, up + 0.1],
    ];
    painter.add(part(figure, brim), scaled(item.trim, 0.8));
  }
  if (painterFine(figure) && (!back || side)) {
    const eyes = side ? [0.07] : [-0.045, 0.045];
    painter.add(eyes.map((x) => ellipse(right + x, up, 0.017, 0.02)).join(''), [44, 34, 34], { mark: true });
  }
}

function painterFine({ board }: Figure): boolean {
  return board.scale > 70;
}

export function part({ board, size }: Figure, points: readonly Point[]): string {
  return board.polygon(points.map(([right, up]) => [right * size, up * size]));
}

/** A bent limb, thinner towards its end. */
export function limb(
  { board, painter, size }: Figure,
  [start, joint, end]: readonly [Point, Point, Point],
  thickness: number,
  color: Color,
): void {
  const scaledPoint = ([right, up]: Point): Point => [right * size, up * size];
  const [a, b, c] = [scaledPoint(start), scaledPoint(joint), scaledPoint(end)];
  painter.add(
    board.bar(a, b, thickness * size) +
      board.bar(b, c, thickness * 0.82 * size) +
      board.ellipse(...b, thickness * 0.42 * size),
    color,
  );
}

export function shoe({ board, painter, size, side }: Figure, right: number, up: number): void {
  painter.add(
    board.ellipse((right + (side ? 0.05 : 0)) * size, up * size, (side ? 0.12 : 0.075) * size, 0.05 * size),
    [44, 40, 42],
  );
}

export function hands({ board, painter, size, skin }: Figure, places: readonly Point[]): void {
  painter.add(places.map(([right, up]) => board.ellipse(right * size, up * size, 0.05 * size)).join(''), skin);
}

/** −1 … 1, up and down once: a triangle with its corners rounded. */
export function wave(phase: number): number {
  const place = phase - Math.floor(phase);
  const half = place < 0.5 ? place * 2 : (place - 0.5) * 2;
  const bow = 4 * half * (1 - half);
  return place < 0.5 ? bow : -bow;
}
