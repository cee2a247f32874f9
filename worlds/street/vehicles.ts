/** Cars, vans and buses: bodies of one outline across their width, with glass, lights and wheels on them. */
import { mixed, scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import { Frame, Painter, drawPrism, type Stage } from './painter.ts';
import type { Shape } from './shape.ts';
import { VEHICLE_FORMS, type VehicleForm } from './vehicle-forms.ts';

const RUBBER: Color = [34, 34, 38];
const CHROME: Color = [176, 180, 186];

/** Draws a car, van or bus. */
export function drawVehicle(item: Item, stage: Stage): Shape[] {
  const form = VEHICLE_FORMS[`${item.kind} ${item.form}`]!;
  const painter = new Painter(stage, item.x, item.z);
  const frame = new Frame(item.x, item.z, item.turn);
  const { view } = stage;
  const half = form.width / 2;
  const fine = view.unitsPerMeter(Math.max(1, painter.distance)) > 26;
  const glass: Color = painter.dark ? [66, 74, 92] : mixed([72, 92, 112], painter.weather.skyTop, 0.25);

  const ends = form.length / 2;
  painter.face(
    [
      frame.at(-ends - 0.2, -half - 0.2, 0),
      frame.at(ends + 0.2, -half - 0.2, 0),
      frame.at(ends + 0.2, half + 0.2, 0),
      frame.at(-ends - 0.2, half + 0.2, 0),
    ],
    [28, 30, 38],
    { mark: true, opacity: 0.34 },
  );
  drawUnderside(painter, frame, form, half);
  const roof = item.traits.includes('striped') ? item.trim : undefined;
  drawPrism(
    painter,
    frame,
    form.body,
    half,
    item.paint,
    form.cabin === undefined && roof !== undefined
      ? form.body.map((_, index) => (index === form.body.length - 2 ? roof : undefined))
      : [],
  );
  if (item.traits.includes('striped')) drawBand(painter, frame, form, half, item.trim);
  if (form.cabin !== undefined) drawPrism(painter, frame, form.cabin, half - 0.02, item.paint, [], 0.16);
  drawScreens(painter, frame, form, half, glass, item.kind);
  drawSides(painter, frame, form, half, glass, item, fine);
  if (fine) drawEnds(painter, frame, form, half, item);
  return painter.shapes;
}

/** Tires as seen from the front or back, under the body. */
function drawUnderside(painter: Painter, frame: Frame, form: VehicleForm, half: number): void {
  for (const u of form.wheels) {
    for (const side of [-1, 1]) {
      const [inner, outer] = [side * (half - 0.24), side * (half - 0.02)];
      const reach = u + (u > 0 ? form.wheel : -form.wheel) * 0.8;
      painter.face(
        [
          frame.at(reach, inner, 0),
          frame.at(reach, outer, 0),
          frame.at(reach, outer, 0.5),
          frame.at(reach, inner, 0.5),
        ],
        RUBBER,
      );
    }
  }
}

/** A band along both sides. */
function drawBand(painter: Painter, frame: Frame, form: VehicleForm, half: number, color: Color): void {
  const low = form.cabin === undefined ? 0.85 : 0.58;
  const high = low + (form.cabin === undefined ? 0.38 : 0.2);
  const end = form.length / 2 - 0.05;
  for (const side of [-1, 1]) {
    const normal = frame.direction(0, side, 0);
    if (!frame.sees(painter.view, frame.at(0, side * half, 1), normal)) continue;
    painter.face(
      [
        frame.at(-end, side * half, low),
        frame.at(end, side * half, low),
        frame.at(end, side * half, high),
        frame.at(-end, side * half, high),
      ],
      color,
      { normal, mark: true },
    );
  }
}

/** Windscreen and rear window: insets of the steep edges between waist and roof. */
function drawScreens(
  painter: Painter,
  frame: Frame,
  form: VehicleForm,
  half: number,
  glass: Color,
  kind: string,
): void {
  const outline = form.cabin ?? form.body;
  const top = form.height;
  for (let index = 0; index < outline.length; index++) {
    const [u1, v1] = outline[index]!;
    const [u2, v2] = outline[(index + 1) % outline.length]!;
    const rise = Math.abs(v2 - v1);
    if (rise < 0.2 || Math.max(v1, v2) < top * 0.72 || Math.abs(u2 - u1) > 1.2) continue;
    if (kind === 'van' && u1 < 0) continue;
    const length = Math.sqrt((u2 - u1) * (u2 - u1) + (v2 - v1) * (v2 - v1));
    const normal = frame.direction((v2 - v1) / length, 0, -(u2 - u1) / length);
    if (!frame.sees(painter.view, frame.at((u1 + u2) / 2, 0, (v1 + v2) / 2), normal)) continue;
    const waist = kind === 'bus' ? Math.max(0, 1.3 - Math.min(v1, v2)) / rise : 0.1;
    const at = (share: number, w: number): ReturnType<Frame['at']> =>
      frame.at(u1 + (u2 - u1) * share, w, v1 + (v2 - v1) * share);
    const [low, high] = v1 < v2 ? [waist, 0.9] : [1 - waist, 0.1];
    const wide = half * (form.cabin === undefined ? 0.88 : 0.8);
    painter.face([at(low, -wide * 1.06), at(low, wide * 1.06), at(high, wide), at(high, -wide)], glass, {
      normal,
      mark: true,
    });
  }
}

/** Windows, door lines and wheels of the side that is seen. */
function drawSides(
  painter: Painter,
  frame: Frame,
  form: VehicleForm,
  half: number,
  glass: Color,
  item: Item,
  fine: boolean,
): void {
  for (const side of [-1, 1]) {
    const normal = frame.direction(0, side, 0);
    if (!frame.sees(painter.view, frame.at(0, side * half, 0.8), normal)) continue;
    const w = side * (half - (form.cabin === undefined ? 0 : 0.1));
    const panes = form.windows.map(([from, to, low, high, back, front]) => [
      frame.at(from, w, low),
      frame.at(to, w, low),
      frame.at(to - front, w, high),
      frame.at(from + back, w, high),
    ]);
    const lit = painter.dark && item.kind === 'bus';
    painter.faces(panes, lit ? [246, 222, 150] : glass, { normal, glow: lit, mark: true });
    const outer = side * half;
    const wheels = (radius: number): ReturnType<Frame['wheel']>[] =>
      form.wheels.map((u) => frame.wheel(u, outer, form.wheel, radius));
    painter.faces(wheels(form.wheel), RUBBER);
    if (!fine) continue;
    painter.faces(wheels(form.wheel * 0.52), CHROME, { mark: true });
    const seam =
      item.kind === 'bus'
        ? [form.length / 2 - 1.1, form.length / 2 - 0.25]
        : [form.windows[0]![0] + 0.1, form.windows.at(-1)![0] - 0.05];
    const high = item.kind === 'bus' ? 2.6 : form.windows[0]![2];
    painter.faces(
      seam.map((u) => [
        frame.at(u, outer, form.wheel + 0.15),
        frame.at(u + 0.045, outer, form.wheel + 0.15),
        frame.at(u + 0.045, outer, high),
        frame.at(u, outer, high),
      ]),
      scaled(item.paint, 0.62),
      { normal, mark: true },
    );
  }
}

/** Lights, bumpers and plates. */
function drawEnds(painter: Painter, frame: Frame, form: VehicleForm, half: number, item: Item): void {
  const waist = item.kind === 'car' ? 0.78 : 0.95;
  for (const end of [-1, 1]) {
    const normal = frame.direction(end, 0, 0);
    const u = end * (form.length / 2 + 0.02);
    if (!frame.sees(painter.view, frame.at(u, 0, 0.6), normal)) continue;
    const quad = (from: number, to: number, low: number, high: number): ReturnType<Frame['at']>[] => [
      frame.at(u, from, low),
      frame.at(u, to, low),
      frame.at(u, to, high),
      frame.at(u, from, high),
    ];
    painter.faces([quad(-half, half, form.wheel + 0.02, form.wheel + 0.16)], scaled(item.paint, 0.5), { normal });
    const lamps = [
      quad(-half + 0.08, -half + 0.42, waist - 0.24, waist - 0.04),
      quad(half - 0.42, half - 0.08, waist - 0.24, waist - 0.04),
    ];
    painter.faces(lamps, end > 0 ? [255, 246, 210] : [206, 30, 36], { glow: painter.dark || end > 0, mark: true });
    painter.faces([quad(-0.28, 0.28, form.wheel + 0.18, form.wheel + 0.32)], [232, 232, 222], { normal, mark: true });
    if (item.kind === 'bus')
      painter.faces([quad(-half + 0.3, half - 0.3, form.height - 0.42, form.height - 0.16)], [42, 42, 46], {
        normal,
        mark: true,
      });
    if (item.kind === 'van' && end < 0)
      painter.faces([quad(-half + 0.2, -0.1, 1.4, 2), quad(0.1, half - 0.2, 1.4, 2)], [70, 84, 100], {
        normal,
        mark: true,
      });
  }
}
