/** Cars, vans and buses: bodies of one outline across their width, with glass, lights and wheels on them. */
import type { Point } from './camera.ts';
import { mixed, scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import { Frame, Painter, drawPrism, type Stage } from './painter.ts';
import type { Shape } from './shape.ts';

/** A body form; lengths in meters, u from the middle to the front. */
export interface VehicleForm {
  readonly length: number;
  readonly width: number;
  readonly height: number;
  /** Outlines in (u, v), counter-clockwise from the lower back. */
  readonly body: readonly Point[];
  readonly cabin?: readonly Point[];
  /** Side windows: [from u, to u, lower v, upper v, slant back, slant front]. */
  readonly windows: readonly (readonly [number, number, number, number, number, number])[];
  readonly wheels: readonly number[];
  readonly wheel: number;
}

/** Forms by name; the first part of a name is the class. */
export const VEHICLE_FORMS: Readonly<Record<string, VehicleForm>> = {
  'car sedan': {
    length: 4.5,
    width: 1.8,
    height: 1.45,
    wheels: [-1.38, 1.38],
    wheel: 0.34,
    body: [
      [-2.25, 0.3],
      [2.25, 0.3],
      [2.25, 0.7],
      [2.05, 0.82],
      [0.95, 0.95],
      [-1.6, 0.98],
      [-2.2, 0.93],
    ],
    cabin: [
      [-1.7, 0.95],
      [1.1, 0.93],
      [0.35, 1.42],
      [-0.95, 1.45],
    ],
    windows: [
      [-1.3, -0.3, 1, 1.36, 0.4, 0],
      [-0.2, 0.82, 1, 1.36, 0, 0.48],
    ],
  },
  'car hatchback': {
    length: 3.8,
    width: 1.72,
    height: 1.52,
    wheels: [-1.2, 1.22],
    wheel: 0.33,
    body: [
      [-1.9, 0.3],
      [1.9, 0.3],
      [1.9, 0.72],
      [1.7, 0.86],
      [0.95, 0.98],
      [-1.85, 1],
    ],
    cabin: [
      [-1.88, 0.98],
      [1.05, 0.96],
      [0.35, 1.5],
      [-1.5, 1.52],
    ],
    windows: [
      [-1.66, -0.45, 1.04, 1.43, 0.22, 0],
      [-0.34, 0.78, 1.04, 1.43, 0, 0.42],
    ],
  },
  'car suv': {
    length: 4.6,
    width: 1.95,
    height: 1.85,
    wheels: [-1.4, 1.42],
    wheel: 0.4,
    body: [
      [-2.3, 0.38],
      [2.3, 0.38],
      [2.3, 0.95],
      [2.15, 1.1],
      [1, 1.18],
      [-2.25, 1.2],
    ],
    cabin: [
      [-2.25, 1.18],
      [1.15, 1.16],
      [0.6, 1.82],
      [-2, 1.85],
    ],
    windows: [
      [-2, -1.1, 1.25, 1.73, 0.12, 0],
      [-1, -0.1, 1.25, 1.73, 0, 0],
      [0, 0.88, 1.25, 1.73, 0, 0.38],
    ],
  },
  'car beetle': {
    length: 3.9,
    width: 1.65,
    height: 1.5,
    wheels: [-1.15, 1.25],
    wheel: 0.34,
    body: [
      [-1.85, 0.3],
      [1.9, 0.3],
      [1.95, 0.6],
      [1.6, 0.86],
      [0.9, 0.98],
      [-1.1, 1.02],
      [-1.7, 0.82],
    ],
    cabin: [
      [-1.45, 0.95],
      [1, 0.93],
      [0.6, 1.35],
      [0, 1.5],
      [-0.6, 1.46],
      [-1.1, 1.25],
    ],
    windows: [
      [-1, -0.22, 1.02, 1.36, 0.3, 0],
      [-0.12, 0.72, 1.02, 1.36, 0, 0.36],
    ],
  },
  'car pickup': {
    length: 5.2,
    width: 1.95,
    height: 1.8,
    wheels: [-1.55, 1.6],
    wheel: 0.4,
    body: [
      [-2.6, 0.4],
      [2.6, 0.4],
      [2.6, 0.95],
      [2.4, 1.08],
      [1.2, 1.16],
      [-2.6, 1.14],
    ],
    cabin: [
      [-0.5, 1.12],
      [1.35, 1.12],
      [0.8, 1.78],
      [-0.35, 1.8],
    ],
    windows: [
      [-0.25, 0.4, 1.22, 1.7, 0.02, 0],
      [0.48, 1.05, 1.22, 1.7, 0, 0.36],
    ],
  },
  'van box': {
    length: 5.4,
    width: 2.05,
    height: 2.5,
    wheels: [-1.7, 1.75],
    wheel: 0.38,
    body: [
      [-2.7, 0.36],
      [2.7, 0.36],
      [2.7, 0.95],
      [2.5, 1.2],
      [1.85, 1.38],
      [1.25, 2.35],
      [1, 2.5],
      [-2.7, 2.5],
    ],
    windows: [[0.55, 1.6, 1.4, 2.1, 0, 0.42]],
  },
  'van camper': {
    length: 4.6,
    width: 1.95,
    height: 2.1,
    wheels: [-1.35, 1.45],
    wheel: 0.36,
    body: [
      [-2.3, 0.34],
      [2.3, 0.34],
      [2.35, 0.9],
      [2.2, 1.25],
      [1.85, 1.98],
      [1.6, 2.1],
      [-2.2, 2.1],
      [-2.3, 1.9],
    ],
    windows: [
      [-2, -1.05, 1.3, 1.85, 0.05, 0],
      [-0.9, 0.15, 1.3, 1.85, 0, 0],
      [0.3, 1.95, 1.3, 1.85, 0, 0.3],
    ],
  },
  'bus city': {
    length: 10.5,
    width: 2.5,
    height: 3.1,
    wheels: [-3.1, 3.2],
    wheel: 0.48,
    body: [
      [-5.25, 0.35],
      [5.25, 0.35],
      [5.3, 1.2],
      [5.15, 3],
      [5, 3.1],
      [-5.2, 3.1],
    ],
    windows: [-4.9, -3.55, -2.2, -0.85, 0.5, 1.85, 3.2].map((u) => [u, u + 1.2, 1.45, 2.6, 0, 0] as const),
  },
  'bus school': {
    length: 8.6,
    width: 2.4,
    height: 2.9,
    wheels: [-2.5, 3],
    wheel: 0.46,
    body: [
      [-4.3, 0.4],
      [4.3, 0.4],
      [4.3, 1.35],
      [3.1, 1.55],
      [2.8, 2.8],
      [2.6, 2.9],
      [-4.2, 2.9],
      [-4.3, 2.7],
    ],
    windows: [-3.95, -2.95, -1.95, -0.95, 0.05, 1.05].map((u) => [u, u + 0.86, 1.6, 2.5, 0, 0] as const),
  },
  'bus double': {
    length: 9.6,
    width: 2.5,
    height: 4.3,
    wheels: [-2.9, 2.9],
    wheel: 0.48,
    body: [
      [-4.8, 0.35],
      [4.8, 0.35],
      [4.85, 1.2],
      [4.7, 4.15],
      [4.5, 4.3],
      [-4.7, 4.3],
    ],
    windows: [-4.5, -3.2, -1.9, -0.6, 0.7, 2, 3.3].flatMap((u) => [
      [u, u + 1.16, 1.35, 2.15, 0, 0] as const,
      [u, u + 1.16, 2.75, 3.75, 0, 0] as const,
    ]),
  },
};

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
