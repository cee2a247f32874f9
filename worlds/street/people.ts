/** People – walking, standing, riding – and their umbrellas: flat figures made of a few limbs. */
import type { Point } from './camera.ts';
import { mixed, scaled, type Color } from './color.ts';
import type { Item } from './item.ts';
import { Board, Painter, aspectOf, type Stage } from './painter.ts';
import { Random } from './random.ts';
import type { Shape } from './shape.ts';

const SKINS: readonly Color[] = [
  [240, 204, 176],
  [222, 174, 138],
  [186, 130, 94],
  [134, 88, 62],
  [92, 60, 44],
];
const HAIRS: readonly Color[] = [
  [52, 38, 32],
  [96, 62, 38],
  [196, 152, 84],
  [30, 28, 30],
  [150, 76, 44],
  [176, 174, 172],
];

/** What the figure is drawn from; meters for a grown-up of 1.75 m, scaled to the person's height. */
interface Figure {
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

/** Draws a person. */
export function drawPerson(item: Item, stage: Stage): Shape[] {
  const painter = new Painter(stage, item.x, item.z);
  const [right, away] = aspectOf(stage.view, item.turn);
  const side = Math.abs(right) > 0.5;
  const squeeze = side ? Math.sign(right) : 1;
  const board = new Board(stage.view, item.x, item.z, squeeze);
  if (!board.visible) return [];
  const random = new Random(item.seed);
  const figure: Figure = {
    item,
    painter,
    board,
    size: item.height / 1.75,
    side,
    back: away > 0,
    skin: random.pick(SKINS),
    hair: random.pick(HAIRS),
    long: item.form === 'woman' || item.form === 'girl',
  };
  if (!item.traits.includes('riding')) painter.shadow(item.x, item.z, 0.36 * figure.size, 0.24);
  if (item.traits.includes('riding')) drawRider(figure);
  else drawWalker(figure);
  return painter.shapes;
}

function drawWalker(figure: Figure): void {
  const { item, side } = figure;
  const swing = item.traits.includes('walking') ? wave(item.gait) : 0;
  const hip = 0.9;
  const skirted = item.garment === 'dress';
  const spread = side ? 0.28 * swing : 0.02;
  const legs: Color = skirted ? figure.skin : item.trim;
  const lift = side ? 0 : 0.08 * swing;
  // Far leg and arm first, a little darker.
  if (side) {
    limb(
      figure,
      [
        [0, hip],
        [-spread * 0.4, 0.5],
        [-spread - 0.02, 0.06],
      ],
      0.15,
      scaled(legs, 0.78),
    );
    limb(
      figure,
      [
        [0.02, 1.4],
        [spread * 0.5, 1.12],
        [spread * 0.9 + 0.05, 0.86],
      ],
      0.1,
      scaled(item.paint, 0.76),
    );
    shoe(figure, -spread - 0.02, 0.04);
    limb(
      figure,
      [
        [0, hip],
        [spread * 0.6 + 0.03, 0.5],
        [spread, 0.06],
      ],
      0.16,
      legs,
    );
    shoe(figure, spread, 0.04);
  } else {
    limb(
      figure,
      [
        [-0.1, hip],
        [-0.11, 0.5],
        [-0.11, 0.06 + Math.max(0, lift)],
      ],
      0.16,
      legs,
    );
    limb(
      figure,
      [
        [0.1, hip],
        [0.11, 0.5],
        [0.11, 0.06 + Math.max(0, -lift)],
      ],
      0.16,
      legs,
    );
    shoe(figure, -0.11, 0.03 + Math.max(0, lift));
    shoe(figure, 0.11, 0.03 + Math.max(0, -lift));
    const arm = item.traits.includes('walking') ? 0.06 * swing : 0;
    limb(
      figure,
      [
        [-0.23, 1.38],
        [-0.3, 1.1],
        [-0.29, 0.84 + arm],
      ],
      0.1,
      scaled(item.paint, 0.85),
    );
    limb(
      figure,
      [
        [0.23, 1.38],
        [0.3, 1.1],
        [0.29, 0.84 - arm],
      ],
      0.1,
      scaled(item.paint, 0.85),
    );
    hands(figure, [
      [-0.29, 0.8 + arm],
      [0.29, 0.8 - arm],
    ]);
  }
  torso(figure, skirted);
  if (side) {
    limb(
      figure,
      [
        [0, 1.4],
        [-spread * 0.5, 1.12],
        [-spread * 0.8 + 0.06, 0.86],
      ],
      0.11,
      scaled(item.paint, 0.88),
    );
    hands(figure, [[-spread * 0.8 + 0.07, 0.82]]);
  }
  if (item.traits.includes('bag')) {
    const at = side ? -0.16 : 0.2;
    figure.painter.add(
      part(figure, [
        [at - 0.11, 0.78],
        [at + 0.11, 0.78],
        [at + 0.1, 1.06],
        [at - 0.1, 1.06],
      ]),
      [112, 72, 48],
    );
  }
  head(figure, 0.02, 1.6);
}

/** Upper body: a coat to the knee, a dress, or a jacket to the hip. */
function torso(figure: Figure, skirted: boolean): void {
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

function head(figure: Figure, right: number, up: number): void {
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

function drawRider(figure: Figure): void {
  const { item, painter, side, size } = figure;
  if (!side) {
    limb(
      figure,
      [
        [-0.12, 1.02],
        [-0.17, 0.72],
        [-0.13, 0.34],
      ],
      0.15,
      item.trim,
    );
    limb(
      figure,
      [
        [0.12, 1.02],
        [0.17, 0.78],
        [0.13, 0.5],
      ],
      0.15,
      scaled(item.trim, 0.85),
    );
    limb(
      figure,
      [
        [-0.2, 1.5],
        [-0.3, 1.3],
        [-0.26, 1.1],
      ],
      0.1,
      scaled(item.paint, 0.86),
    );
    limb(
      figure,
      [
        [0.2, 1.5],
        [0.3, 1.3],
        [0.26, 1.1],
      ],
      0.1,
      scaled(item.paint, 0.86),
    );
    painter.add(
      part(figure, [
        [-0.2, 0.98],
        [0.2, 0.98],
        [0.22, 1.52],
        [0.1, 1.6],
        [-0.1, 1.6],
        [-0.22, 1.52],
      ]),
      item.paint,
    );
    head(figure, 0, 1.74);
    return;
  }
  const push = wave(item.gait);
  limb(
    figure,
    [
      [-0.22, 1.02],
      [0.2, 0.78 - push * 0.06],
      [0.06, 0.36 + push * 0.12],
    ],
    0.14,
    scaled(item.trim, 0.78),
  );
  limb(
    figure,
    [
      [-0.22, 1.02],
      [0.22, 0.72 + push * 0.08],
      [0.06, 0.3 - push * 0.12],
    ],
    0.15,
    item.trim,
  );
  painter.add(
    part(figure, [
      [-0.36, 0.98],
      [-0.1, 0.94],
      [0.2, 1.42],
      [0.16, 1.52],
      [0, 1.55],
      [-0.18, 1.34],
    ]),
    item.paint,
  );
  limb(
    figure,
    [
      [0.1, 1.44],
      [0.24, 1.18],
      [0.48 / size, 1.06],
    ],
    0.1,
    scaled(item.paint, 0.85),
  );
  head(figure, 0.18, 1.68);
}

function painterFine({ board }: Figure): boolean {
  return board.scale > 70;
}

function part({ board, size }: Figure, points: readonly Point[]): string {
  return board.polygon(points.map(([right, up]) => [right * size, up * size]));
}

/** A bent limb, thinner towards its end. */
function limb(
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

function shoe({ board, painter, size, side }: Figure, right: number, up: number): void {
  painter.add(
    board.ellipse((right + (side ? 0.05 : 0)) * size, up * size, (side ? 0.12 : 0.075) * size, 0.05 * size),
    [44, 40, 42],
  );
}

function hands({ board, painter, size, skin }: Figure, places: readonly Point[]): void {
  painter.add(places.map(([right, up]) => board.ellipse(right * size, up * size, 0.05 * size)).join(''), skin);
}

/** −1 … 1, up and down once: a triangle with its corners rounded. */
export function wave(phase: number): number {
  const place = phase - Math.floor(phase);
  const half = place < 0.5 ? place * 2 : (place - 0.5) * 2;
  const bow = 4 * half * (1 - half);
  return place < 0.5 ? bow : -bow;
}

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
