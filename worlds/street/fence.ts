/** Fences. */
import type { Point3 } from './camera.ts';
import { scaled } from './color.ts';
import type { Item } from './item.ts';
import { Frame, Painter, type Stage } from './painter.ts';
import type { Shape } from './shape.ts';

/**
 * Draws one panel of a fence, `offset` meters from its middle; the mask takes the gaps as fence, as an annotator would.
 */
export function drawFencePanel(item: Item, stage: Stage, offset: number, panel: number): Shape[] {
  const frame = new Frame(item.x, item.z, item.turn);
  const [x, , z] = frame.at(0, offset, 0);
  const painter = new Painter(stage, x, z);
  const { height, paint } = item;
  const half = panel / 2;
  const rectangle = (from: number, to: number, low: number, high: number): Point3[] => [
    frame.at(0, offset + from, low),
    frame.at(0, offset + to, low),
    frame.at(0, offset + to, high),
    frame.at(0, offset + from, high),
  ];
  const near = painter.view.unitsPerMeter(Math.max(1, painter.distance)) > 52;
  if (item.form === 'plank' || !near) {
    painter.face(rectangle(-half, half, 0.05, height), item.form === 'plank' ? paint : scaled(paint, 0.9));
    if (near)
      painter.faces(
        [-0.5, 0, 0.5, 1].map((share) => rectangle(share * half - 0.03, share * half + 0.03, 0.05, height)),
        scaled(paint, 0.66),
        { mark: true },
      );
    return painter.shapes;
  }
  const whole = rectangle(-half, half, 0.12, height * 0.96);
  painter.face(whole, [60, 70, 60], { opacity: 0.16 });
  const posts: Point3[][] = [];
  const step = item.form === 'iron' ? 0.2 : 0.23;
  const thick = item.form === 'iron' ? 0.035 : 0.075;
  for (let place = -half + step / 2; place < half; place += step) {
    posts.push(
      item.form === 'iron'
        ? rectangle(place - thick, place + thick, 0.08, height)
        : [
            ...rectangle(place - thick, place + thick, 0.06, height * 0.9).slice(0, 3),
            frame.at(0, offset + place, height),
            frame.at(0, offset + place - thick, height * 0.9),
          ],
    );
  }
  painter.faces(
    [rectangle(-half, half, height * 0.2, height * 0.3), rectangle(-half, half, height * 0.66, height * 0.76)],
    scaled(paint, 0.86),
    { mark: true },
  );
  painter.faces(posts, paint, { mark: true });
  return painter.shapes;
}
