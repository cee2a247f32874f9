/** Awnings of shops. */
import type { Point3 } from './camera.ts';
import { scaled } from './color.ts';
import type { Item } from './item.ts';
import { Frame, Painter, type Stage } from './painter.ts';
import type { Shape } from './shape.ts';

/** Draws an awning: its place is on the wall, its turn where the wall looks; `length` is how far it reaches out. */
export function drawAwning(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const frame = new Frame(item.x, item.z, item.turn);
  const half = item.width / 2;
  const [high, low] = [item.height + 0.75, item.height];
  const reach = item.length;
  const stripes = Math.max(4, Math.round(item.width / 0.55));
  const slope = Math.sqrt(0.75 * 0.75 + reach * reach);
  const top = frame.direction(0.75 / slope, 0, reach / slope);
  const front = frame.direction(1, 0, 0);
  const strip = (index: number, hanging: boolean): Point3[] => {
    const [from, to] = [-half + (item.width * index) / stripes, -half + (item.width * (index + 1)) / stripes];
    if (!hanging)
      return [
        frame.at(0.02, from, high),
        frame.at(0.02, to, high),
        frame.at(reach, to, low),
        frame.at(reach, from, low),
      ];
    const middle = (from + to) / 2;
    return [
      frame.at(reach, from, low),
      frame.at(reach, to, low),
      frame.at(reach, to, low - 0.2),
      frame.at(reach, middle, low - 0.3),
      frame.at(reach, from, low - 0.2),
    ];
  };
  const all = Array.from({ length: stripes }, (_, index) => index);
  for (const side of [-1, 1])
    painter.face(
      [frame.at(0, side * half, high), frame.at(reach, side * half, low), frame.at(0, side * half, low)],
      scaled(item.paint, 0.8),
    );
  for (const hanging of [false, true]) {
    const normal = hanging ? front : top;
    const above = frame.sees(painter.view, frame.at(reach, 0, low), normal);
    const paint = above ? item.paint : scaled(item.paint, 0.6);
    if (hanging)
      painter.faces(
        all.map((index) => strip(index, hanging)),
        paint,
        { normal },
      );
    else
      painter.face(
        [
          frame.at(0.02, -half, high),
          frame.at(0.02, half, high),
          frame.at(reach, half, low),
          frame.at(reach, -half, low),
        ],
        paint,
        { normal },
      );
    if (!above) continue;
    if (item.traits.includes('striped'))
      painter.faces(
        all.filter((index) => index % 2 === 1).map((index) => strip(index, hanging)),
        item.trim,
        { normal, mark: true },
      );
  }
  return painter.shapes;
}
