/** An open umbrella over a person. */
import type { Point } from './camera.ts';
import { scaled } from './color.ts';
import type { Item } from './item.ts';
import { Board, Painter, type Stage } from './painter.ts';
import type { Shape } from './shape.ts';

/** Draws an open umbrella over its walker's head. */
export function drawUmbrella(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const board = new Board(stage.view, item.x, item.z);
  if (!board.visible) return [];
  const { height: top, width } = item;
  const half = width / 2;
  painter.add(board.bar([0.16, top - 0.95], [0.1, top], 0.035), [70, 62, 58]);
  const dome: Point[] = [
    [-1, 0.02],
    [-0.92, 0.24],
    [-0.7, 0.46],
    [-0.36, 0.6],
    [0, 0.65],
    [0.36, 0.6],
    [0.7, 0.46],
    [0.92, 0.24],
    [1, 0.02],
    [0.75, 0.1],
    [0.5, 0],
    [0.25, 0.1],
    [0, 0],
    [-0.25, 0.1],
    [-0.5, 0],
    [-0.75, 0.1],
  ];
  const place = ([right, up]: Point): Point => [0.08 + right * half, top - 0.34 + up * half];
  painter.add(board.polygon(dome.map(place)), item.paint);
  const ribs: Point[][] = [
    [
      [-0.5, 0],
      [-0.3, 0.58],
      [0, 0.65],
      [-0.08, 0.3],
      [0, 0],
    ],
    [
      [0.5, 0],
      [0.36, 0.6],
      [0.64, 0.5],
      [0.92, 0.24],
      [1, 0.02],
      [0.75, 0.1],
    ],
  ];
  const striped = item.traits.includes('striped');
  painter.add(
    ribs.map((rib) => board.polygon(rib.map(place))).join(''),
    striped ? item.trim : scaled(item.paint, 0.82),
    { mark: true },
  );
  painter.add(board.bar(place([0, 0.62]), place([0, 0.76]), 0.03), [70, 62, 58]);
  return painter.shapes;
}
