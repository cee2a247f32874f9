/** What stands on the pavement: fences, traffic lights, signs, lamps, benches, clutter. */
import type { Point } from './camera.ts';
import { scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import { Board, Frame, Painter, aspectOf, drawPrism, type Stage } from './painter.ts';
import { CIRCLE, type Shape } from './shape.ts';

const STEEL: Color = [104, 108, 114];

/** Draws a traffic light. */
export function drawTrafficLight(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const board = new Board(stage.view, item.x, item.z);
  if (!board.visible) return [];
  const away = aspectOf(stage.view, item.turn)[1] > 0.5;
  const { height } = item;
  painter.shadow(item.x, item.z, 0.25);
  painter.add(board.box(-0.07, 0, 0.07, height - 0.9), STEEL);
  painter.add(board.box(-0.24, height - 1.12, 0.24, height), [36, 40, 42]);
  if (away) return painter.shapes;
  const lamps: readonly (readonly [string, Color])[] = [
    ['red', [240, 52, 44]],
    ['yellow', [250, 196, 60]],
    ['green', [60, 206, 110]],
  ];
  for (const [index, [name, color]] of lamps.entries()) {
    const up = height - 0.2 - index * 0.36;
    const on = item.color === name;
    if (on) painter.add(board.ellipse(0, up, 0.34), color, { mark: true, glow: true, opacity: 0.35 });
    painter.add(board.ellipse(0, up, 0.145), on ? color : scaled(color, 0.26), { glow: on, mark: true });
  }
  return painter.shapes;
}

/** Draws a road sign: a plate of its shape, without text. */
export function drawSign(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const board = new Board(stage.view, item.x, item.z);
  if (!board.visible) return [];
  const { height, width, paint, trim, form } = item;
  const radius = width / 2;
  const middle = height - radius;
  const plate = (size: number): string =>
    board.polygon(outlineOf(form).map(([x, y]) => [x * radius * size, middle + y * radius * size]));
  painter.shadow(item.x, item.z, 0.2);
  painter.add(board.box(-0.045, 0, 0.045, middle), STEEL);
  if (aspectOf(stage.view, item.turn)[1] > 0.4) {
    painter.add(plate(1), [128, 130, 134]);
    return painter.shapes;
  }
  painter.add(plate(1), paint);
  if (form === 'octagonal')
    painter.add(
      plate(0.9) + board.box(-radius * 0.55, middle - radius * 0.14, radius * 0.55, middle + radius * 0.14),
      paint,
      { mark: true },
    );
  else painter.add(plate(form === 'triangular' ? 0.6 : 0.68), trim, { mark: true });
  const symbol: Color =
    form === 'octagonal'
      ? [244, 240, 234]
      : paint[0] + paint[1] + paint[2] > 560
        ? [50, 50, 54]
        : form === 'square'
          ? paint
          : [48, 48, 54];
  if (form === 'octagonal' || form === 'round')
    painter.add(board.box(-radius * 0.5, middle - radius * 0.13, radius * 0.5, middle + radius * 0.13), symbol, {
      mark: true,
    });
  else
    painter.add(board.box(-radius * 0.09, middle - radius * 0.3, radius * 0.09, middle + radius * 0.32), symbol, {
      mark: true,
    });
  return painter.shapes;
}

function outlineOf(form: string): readonly Point[] {
  if (form === 'triangular')
    return [
      [-1, -0.7],
      [1, -0.7],
      [0, 1],
    ];
  if (form === 'square')
    return [
      [-0.88, -0.88],
      [0.88, -0.88],
      [0.88, 0.88],
      [-0.88, 0.88],
    ];
  if (form === 'octagonal')
    return [
      [-1, -0.414],
      [-0.414, -1],
      [0.414, -1],
      [1, -0.414],
      [1, 0.414],
      [0.414, 1],
      [-0.414, 1],
      [-1, 0.414],
    ];
  return CIRCLE;
}

/** Draws a street lamp; `form` says how its head hangs. */
export function drawLamp(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const [right] = aspectOf(stage.view, item.turn);
  const board = new Board(stage.view, item.x, item.z, right < 0 ? -1 : 1);
  if (!board.visible) return [];
  const { height, paint } = item;
  if (board.scale > 40) painter.shadow(item.x, item.z, 0.22);
  const glow: Color = [255, 232, 168];
  const bulb: Color = painter.dark ? glow : [232, 232, 220];
  painter.add(
    board.polygon([
      [-0.1, 0],
      [0.1, 0],
      [0.055, height * 0.94],
      [-0.055, height * 0.94],
    ]) + board.box(-0.16, 0, 0.16, 0.3),
    paint,
  );
  if (item.form === 'lantern') {
    painter.add(
      board.polygon([
        [-0.13, height - 0.62],
        [0.13, height - 0.62],
        [0.24, height - 0.14],
        [-0.24, height - 0.14],
      ]),
      bulb,
      { glow: painter.dark },
    );
    painter.add(
      board.polygon([
        [-0.28, height - 0.14],
        [0.28, height - 0.14],
        [0, height + 0.14],
      ]),
      paint,
    );
    halo(painter, board, 0, height - 0.38, glow);
    return painter.shapes;
  }
  const reach = Math.max(0.35, Math.abs(right)) * 1.3;
  painter.add(
    board.bar([0, height * 0.93], [reach * 0.5, height], 0.1) +
      board.bar([reach * 0.45, height], [reach, height], 0.1) +
      board.polygon([
        [reach - 0.3, height + 0.06],
        [reach + 0.3, height + 0.02],
        [reach + 0.26, height - 0.12],
        [reach - 0.26, height - 0.12],
      ]),
    paint,
  );
  if (board.scale > 24) painter.add(board.ellipse(reach, height - 0.13, 0.22, 0.08), bulb, { glow: painter.dark });
  halo(painter, board, reach, height - 0.2, glow);
  return painter.shapes;
}

function halo(painter: Painter, board: Board, right: number, up: number, color: Color): void {
  if (!painter.dark || board.scale < 20) return;
  for (const [radius, opacity] of [
    [1.1, 0.12],
    [0.6, 0.22],
  ] as const)
    painter.add(board.ellipse(right, up, radius), color, { mark: true, glow: true, opacity });
}

/** Draws a bench that looks along its turn. */
export function drawBench(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const { view } = stage;
  const half = item.width / 2;
  painter.shadow(item.x, item.z, half, 0.4);
  const frame = new Frame(item.x, item.z, item.turn);
  const faces = frame.sees(view, [item.x, 0, item.z], frame.direction(1, 0, 0));
  const seat = (): void => {
    for (const side of [-1, 1])
      drawPrism(
        painter,
        new Frame(...place(frame, 0, side * (half - 0.14)), item.turn),
        [
          [-0.22, 0],
          [0.24, 0],
          [0.24, 0.42],
          [-0.22, 0.42],
        ],
        0.05,
        STEEL,
      );
    drawPrism(
      painter,
      frame,
      [
        [-0.24, 0.4],
        [0.3, 0.4],
        [0.3, 0.48],
        [-0.24, 0.48],
      ],
      half,
      item.paint,
    );
  };
  const back = (): void => {
    for (const low of [0.56, 0.76])
      drawPrism(
        painter,
        frame,
        [
          [-0.3, low],
          [-0.24, low],
          [-0.28, low + 0.16],
          [-0.34, low + 0.16],
        ],
        half,
        item.paint,
      );
    for (const side of [-1, 1])
      drawPrism(
        painter,
        new Frame(...place(frame, 0, side * (half - 0.14)), item.turn),
        [
          [-0.3, 0.4],
          [-0.25, 0.4],
          [-0.3, 0.9],
          [-0.35, 0.9],
        ],
        0.04,
        STEEL,
      );
  };
  for (const draw of faces ? [back, seat] : [seat, back]) draw();
  return painter.shapes;
}

function place(frame: Frame, u: number, w: number): [number, number] {
  const [x, , z] = frame.at(u, w, 0);
  return [x, z];
}

/** Draws clutter: a hydrant, a bin, a letter box, a pile of boxes. It has no class, and the masks leave it out. */
export function drawClutter(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const board = new Board(stage.view, item.x, item.z);
  if (!board.visible) return [];
  const { width, height, paint } = item;
  const half = width / 2;
  painter.shadow(item.x, item.z, half * 1.1, 0.2);
  if (item.form === 'hydrant') {
    painter.add(
      board.box(-half * 0.6, 0, half * 0.6, height * 0.8) +
        board.ellipse(0, height * 0.8, half * 0.62, height * 0.2) +
        board.box(-half, height * 0.48, half, height * 0.64),
      paint,
    );
    painter.add(board.box(-half * 0.2, height * 0.5, half * 0.2, height * 0.62), scaled(paint, 0.7), { mark: true });
  } else if (item.form === 'boxes') {
    painter.add(board.box(-half, 0, half * 0.3, height * 0.6) + board.box(0, 0, half, height * 0.45), paint);
    painter.add(board.box(-half * 0.6, height * 0.6, half * 0.1, height), scaled(paint, 1.1));
    painter.add(board.box(-half * 0.42, 0, -half * 0.3, height * 0.6), scaled(paint, 0.75), { mark: true });
  } else {
    painter.add(
      board.polygon([
        [-half * 0.86, 0],
        [half * 0.86, 0],
        [half, height * 0.9],
        [-half, height * 0.9],
      ]),
      paint,
    );
    painter.add(board.box(-half * 1.1, height * 0.84, half * 1.1, height), scaled(paint, 0.8));
  }
  return painter.shapes;
}
