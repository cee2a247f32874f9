/** Bicycles, parked or ridden: two wheels and a few bars, narrower the more they come towards the camera. */
import type { Point } from './camera.ts';
import { scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import { Board, Painter, aspectOf, type Stage } from './painter.ts';
import type { Shape } from './shape.ts';

const RUBBER: Color = [38, 38, 42];
const RADIUS = 0.34;
const HUBS: readonly [Point, Point] = [
  [-0.52, RADIUS],
  [0.54, RADIUS],
];

/** Draws a bicycle; the mask takes its wheels as discs, as an annotator would. */
export function drawBicycle(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const [right, away] = aspectOf(stage.view, item.turn);
  const squeeze = (right < 0 ? -1 : 1) * Math.max(0.16, Math.abs(right));
  const board = new Board(stage.view, item.x, item.z, squeeze);
  if (!board.visible) return [];
  painter.shadow(item.x, item.z, 0.75 * Math.abs(squeeze) + 0.1, 0.2);
  const size = item.length / 1.75;
  const at = ([x, y]: Point): Point => [x * size, y * size];
  const bars = (pairs: readonly (readonly [Point, Point])[], thickness: number, color: Color): void => {
    painter.add(pairs.map(([from, to]) => board.bar(at(from), at(to), thickness * size)).join(''), color);
  };
  const narrow = Math.abs(squeeze) < 0.5;
  const discs = HUBS.map(([x, y]) => board.ellipse(x * size, y * size, RADIUS * size, RADIUS * size)).join('');
  const inner = HUBS.map(([x, y]) =>
    board.ellipse(x * size, y * size, (RADIUS - 0.075) * size, (RADIUS - 0.075) * size),
  ).join('');
  painter.add(discs, RUBBER);
  painter.add(inner, scaled([150, 154, 158], 0.95), { mark: true });
  if (narrow) painter.add(board.bar([0, 0], [0, 0.68 * size], 0.1 * size), RUBBER);
  const seat: Point = [-0.2, 0.92];
  const crank: Point = [0, 0.32];
  const bar: Point = [0.4, 0.98];
  const front: Point = [0.36, 0.78];
  bars(
    [
      [HUBS[0], crank],
      [HUBS[0], [-0.16, 0.76]],
      [crank, seat],
      [[-0.15, 0.74], front],
      [crank, front],
      [bar, HUBS[1]],
    ],
    0.075,
    item.paint,
  );
  bars(
    [
      [
        [-0.34, 0.94],
        [-0.08, 0.94],
      ],
      [
        [0.3, 1.02],
        [0.5, 1],
      ],
    ],
    0.08,
    RUBBER,
  );
  if (narrow) {
    // The handlebar runs across the way and is seen at its full width.
    const wide = (0.28 * size) / Math.max(0.16, Math.abs(squeeze));
    painter.add(board.bar([-wide, 1.02 * size], [wide, 1.02 * size], 0.06 * size), RUBBER);
    painter.add(board.ellipse(0, 0.82 * size, 0.2 * size, 0.05 * size), away < 0 ? [250, 246, 220] : [200, 40, 40], {
      glow: painter.dark,
    });
  }
  if (item.form === 'basket')
    painter.add(
      board.polygon([
        [0.42 * size, 0.74 * size],
        [0.7 * size, 0.74 * size],
        [0.74 * size, 0.98 * size],
        [0.4 * size, 0.98 * size],
      ]),
      [158, 112, 66],
    );
  return painter.shapes;
}
