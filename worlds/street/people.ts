/** People – walking, standing, riding – and their umbrellas: flat figures made of a few limbs. */
import { scaled, type Color } from './color.ts';
import { hands, head, limb, part, shoe, torso, wave, type Figure } from './figure.ts';
import type { Item } from './item.ts';
import { Board, Painter, aspectOf, type Stage } from './painter.ts';
import { Random } from './random.ts';
import { drawRider } from './rider.ts';
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
